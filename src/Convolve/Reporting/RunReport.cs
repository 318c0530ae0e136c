using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Evaluations;
using Convolve.Files;
using Convolve.Imaging;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Reporting;

/// <summary>
/// The report of a run: one HTML file with curves, confusion matrix, classes, calibration, pictures with their predictions, filters,
/// network, memory, recipe and environment. It needs no network and no scripts, and works on light and dark screens, on phones and on
/// paper.
/// </summary>
/// <example><code>
/// RunReport.Write("runs/first", EvaluatedRun.Load("runs/first"));
/// </code></example>
internal static class RunReport
{
    /// <summary>Its name in the run folder.</summary>
    public const string FileName = RunFolder.ReportFile;

    /// <summary>Writes the report into a run folder, over an earlier one.</summary>
    /// <returns>The file.</returns>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public static string Write(string folder, EvaluatedRun run)
    {
        string file = Path.Combine(folder, FileName);
        AtomicFile.WriteText(file, ToHtml(run));
        return file;
    }

    /// <summary>The report as text.</summary>
    public static string ToHtml(EvaluatedRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return ReportPage.Create($"{run.Summary.Recipe.Network} on {run.Summary.Recipe.Dataset}",
            Html.Of($"{Lead(run)}\n{Origin(run.Summary)}\n{ReportPage.Facts(Facts(run))}"),
        [
            new("training", "Training", Training(run.Summary)),
            new("classes", "Classes", run.Predictions is { } all ? WithPictures(() => ClassesSection.Of(all)) : Html.None),
            new("calibration", "Calibration", run.Predictions is { } some ? Calibrated(some) : Html.None),
            new("pictures", "Pictures", WithPictures(() => PicturesSection.Of(run))),
            new("network", "Network", WithPictures(() => NetworkSection.Of(run))),
            new("recipe", "Recipe and environment", RecipeSection.Of(run.Summary)),
        ]);
    }

    // Everything else of a report is worth having without the library that encodes pictures.
    private static Html WithPictures(Func<Html> section)
    {
        try
        {
            return section();
        }
        catch (ImageLibraryException e)
        {
            return Html.Of($"<p>No pictures: {e.Message}</p>");
        }
    }

    private static Html Lead(EvaluatedRun run)
    {
        RunSummary summary = run.Summary;
        string weights = Format.WeightsOf(summary.BestEpoch, summary.Epochs.Count);
        if (run.Predictions is { } predictions)
            return Html.Of($"""
                <p class="lead">{(run.Split!.Name == "test" ? "Test" : "Validation")} accuracy <b>{predictions.Accuracy:F4}</b> on {predictions.Count:N0} pictures
                (95 % interval {predictions.AccuracyInterval}), {weights}.{(summary.Test is null ? " The run isn't finished, so the " +
                    "test split was not used." : "")}</p>
                """);
        Html problem = Html.Of($"<p>This report has no predictions or pictures: {run.Problem}</p>");
        return summary.Test is { } test
            ? Html.Of($"<p class=\"lead\">Test accuracy <b>{test.Accuracy:F4}</b> on {test.Images:N0} pictures, {weights}.</p>\n{problem}")
            : problem;
    }

    private static Html Origin(RunSummary run)
    {
        Html command = run.Environment[RunFolder.CommandKey] is JsonValue value && value.TryGetValue(out string? text)
            ? Html.Of($"<dt>trained by</dt><dd><code>{text}</code></dd>") : Html.None;
        return Html.Of($"<dl class=\"origin\"><dt>run folder</dt><dd><code>{Path.GetFullPath(run.Folder)}</code></dd>{command}</dl>");
    }

    private static IEnumerable<(string, string, string)> Facts(EvaluatedRun run)
    {
        RunSummary summary = run.Summary;
        if (run.Predictions is { } predictions)
        {
            yield return ("accuracy", Format.Fraction(predictions.Accuracy),
                $"{Format.Count(predictions.Correct)} of {Format.Count(predictions.Count)} correct");
            if (predictions.Top5Accuracy is { } top5)
                yield return ("top-5 accuracy", Format.Fraction(top5), "");
            yield return ("loss", Format.Fraction(predictions.Loss), "mean cross-entropy, nats");
        }
        else if (summary.Test is { } test)
        {
            yield return ("accuracy", Format.Fraction(test.Accuracy), "tested at the end of the run");
            yield return ("loss", Format.Fraction(test.Loss), "mean cross-entropy, nats");
        }
        if (summary.Best is { } best)
            yield return ("best epoch", $"{summary.BestEpoch} of {summary.Epochs.Count}",
                $"{(best.ValidationAccuracy is { } v ? $"validation {Format.Fraction(v)}, " : "")}training " +
                $"{Format.Fraction(best.TrainAccuracy)}");
        if (summary.Epochs.Count > 0)
            yield return ("training time", Format.Duration(TimeSpan.FromSeconds(summary.Epochs.Sum(e => e.Elapsed.TotalSeconds))),
                summary.Elapsed is { } whole ? $"{Format.Duration(whole)} with evaluation" : "");
        if ((summary.ImagesPerSecond ?? summary.Best?.ImagesPerSecond) is { } rate)
            yield return ("speed", Format.Count(rate), "images/s in training, including data loading");
        yield return ("parameters", Format.Count(summary.Graph.ParameterCount),
            $"{Format.Count(summary.Graph.MultiplyAdds)} multiply-adds per image");
        if (summary.EstimatedMemoryBytes is { } planned)
            yield return ("memory", Format.Bytes(planned), summary.MeasuredMemoryBytes is { } measured
                ? $"planned; the process grew by {Format.Bytes(measured)}" +
                $"{(summary.EstimatedGrowthBytes is { } growth ? $", estimated {Format.Bytes(growth)}" : "")}" : "planned");
        yield return ("seed", summary.Recipe.Seed.ToString(CultureInfo.InvariantCulture), "");
    }

    private static Html Training(RunSummary run) => run.Epochs.Count == 0 ? "No epoch has finished."
        : Html.Join([Noted(run.Notes), ReportPage.Charts(RunCharts.Loss(run), RunCharts.Accuracy(run), RunCharts.Time(run))]);

    private static Html Noted(IReadOnlyList<TrainingNote> notes) => notes.Count == 0 ? Html.None
        : Html.Of($"<ul>{Html.Join(notes.Select(n => Html.Of($"<li>Epoch {n.Epoch}: {n.Text}.</li>")))}</ul>");

    private static Html Calibrated(Predictions predictions)
    {
        Calibration calibration = new(predictions);
        return Html.Of($"""
            <p>Is the network right as often as it is sure? The gap is from the accuracy of a bar's pictures to their mean confidence: where it is on top of the bar, the network is too sure of itself.
            The expected calibration error is the mean length of the gap, over all pictures: {calibration.ExpectedError:F4}.</p>
            {ReportPage.Charts(RunCharts.Reliability(calibration), RunCharts.Confidences(calibration))}
            """);
    }
}
