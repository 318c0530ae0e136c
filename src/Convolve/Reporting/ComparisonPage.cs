using Convolve.Evaluations;

namespace Convolve.Reporting;

/// <summary>A comparison of runs as one HTML file, like <see cref="RunReport"/>.</summary>
internal static class ComparisonPage
{
    // A network of another kind differs in every layer.
    private const int MostDifferences = 60;

    /// <summary>The page as text.</summary>
    public static string ToHtml(RunComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        return ReportPage.Create($"{comparison.Runs.Count} runs compared", Lead(comparison),
        [
            new("results", "Results", Results(comparison)),
            new("curves", "Curves", Curves(comparison)),
            new("differences", "Differences", Differences(comparison)),
        ]);
    }

    private static Html Lead(RunComparison comparison) => Html.Of($"""
        <p class="lead">{string.Join(", ", comparison.Runs.Select(run => run.Name))}</p>
        {(comparison.IsOneDataset ? Html.None : Html.Of($"<p>The runs use different data sets. Their accuracies are for different " +
            $"pictures and don't say which network is better; recipes, curves, time and memory can be compared.</p>"))}
        """);

    private static Html Results(RunComparison comparison) => Html.Of($"""
        {Html.Table(["run", "network", "data set", "split", "accuracy#", "95 % interval", "loss#", "against the first", "difference#", "95 % interval", "only first right#", "only this right#", "p#"],
            comparison.Runs.Select(run => new Html[] { run.Name, run.Run.Summary.Recipe.Network, run.Run.Summary.Recipe.Dataset, run.SplitName,
                run.Accuracy is { } a ? Format.Fraction(a.Accuracy) : "-", run.Accuracy is { } b ? $"{b.Interval}" : "-", run.Loss is { } loss ? Format.Fraction(loss) : "-",
                run.Verdict, Cell(run, t => Format.Signed(t.Difference)), Cell(run, t => t.DifferenceInterval.ToSignedString()), Cell(run, t => Format.Count(t.OnlyFirst)), Cell(run, t => Format.Count(t.OnlySecond)), Cell(run, t => Format.Probability(t.PValue)) }))}
        <p class="soft">The two networks are compared by the pictures of which only one of them is right: McNemar's test in its exact form, two-sided. It sees what the intervals of the two accuracies hide,
        since the pictures are the same. p is how likely so large a difference would be between equally good networks; with several runs, some small p is luck. Other seeds of a recipe differ too.</p>
        {Html.Table(["run", "epochs#", "best epoch#", "training time#", "images/s#", "parameters#", "memory planned#", "memory measured#"],
            comparison.Runs.Select(run => (Run: run, run.Run.Summary)).Select(x => new Html[] { x.Run.Name, Format.Count(x.Summary.Epochs.Count), x.Summary.BestEpoch > 0 ? Format.Count(x.Summary.BestEpoch) : "-",
                Format.Duration(x.Run.TrainingTime), x.Summary.ImagesPerSecond is { } rate ? Format.Count(rate) : "-", Format.Count(x.Summary.Graph.ParameterCount),
                x.Summary.EstimatedMemoryBytes is { } planned ? Format.Bytes(planned) : "-", x.Summary.MeasuredMemoryBytes is { } measured ? Format.Bytes(measured) : "-" }))}
        {Html.Join(comparison.Runs.Where(run => run.Run.Problem is not null).Select(run => Html.Of($"<p>{run.Name} has no predictions: {run.Run.Problem}</p>\n")))}
        """);

    private static Html Curves(RunComparison comparison) =>
        ReportPage.Charts(comparison.AccuracyByEpoch, comparison.LossByEpoch, comparison.AccuracyByTime);

    private static Html Differences(RunComparison comparison) => comparison.Differences.Count == 0 ? "Recipes, networks and environments are the same." : Html.Of($"""
        {Html.Table(["value", .. comparison.Runs.Select(run => run.Name.TrimEnd('#'))], comparison.Differences.Take(MostDifferences)
            .Select(d => (Html[])[d.Name, .. d.Values.Select(value => (Html)(value ?? "-"))]))}
        {(comparison.Differences.Count > MostDifferences ? Html.Of($"<p>And {comparison.Differences.Count - MostDifferences} more.</p>") : Html.None)}
        """);

    private static Html Cell(ComparedRun run, Func<PairedTest, string> text) => run.Test is { } test ? text(test) : "";
}
