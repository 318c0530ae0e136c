using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Files;
using Convolve.Reporting;

namespace Convolve.Cli.Commands;

/// <summary>convolve compare RUN RUN...</summary>
internal sealed class CompareCommand
{
    private const string UsualFile = "compare.html";
    private const int MostDifferences = 20, ChartRows = 14, MostColumns = 100, MostRuns = 100;

    private readonly Argument<string[]> _runs = new("RUN RUN")
    {
        HelpName = "RUN RUN",
        Arity = new(2, MostRuns),
        Description = "Two or more run folders; the others are compared with the first.",
    };

    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();
    private readonly Option<string?> _out = Inputs.Word("--out", "FILE",
        $"The HTML file to write; replaced if it exists. Default: {UsualFile} in the current folder.");
    private readonly Option<bool> _json = Inputs.Json();

    public static Command Create()
    {
        CompareCommand compare = new();
        Command command = new("compare",
            "Compare runs: their settings, their curves, and whether one is better on the same pictures.") { compare._runs };
        foreach (Option option in (Option[])[compare._dataDirectory, compare._out, compare._json])
            command.Add(option);
        command.SetAction(compare.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json));
        RunArgument[] runs = [.. line.GetRequiredValue(_runs).Select(run => new RunArgument(run))];
        string file = OutputPath.File(line.GetValue(_out) ?? UsualFile, _out.Name);
        using Interruption interruption = new("stopping ...");
        RunComparison comparison =
            new([.. runs.Select(run => ReportCommand.Load(run, line.GetValue(_dataDirectory), output, interruption.Token))]);
        AtomicFile.WriteText(file, ComparisonPage.ToHtml(comparison));
        if (output.IsJson)
            Output.Json(Json(comparison, file));
        else
            Show(output, comparison, file);
        return Failures.Success;
    }

    private static void Show(Output output, RunComparison comparison, string file)
    {
        output.Line();
        output.Table(DifferencesOf(comparison));
        if (comparison.Differences.Count > MostDifferences)
            output.Line($"and {comparison.Differences.Count - MostDifferences} more, in {file}");
        output.Line();
        output.Line(comparison.AccuracyByEpoch.ToText(Math.Min(MostColumns, output.Width), ChartRows, output.HasUnicode));
        output.Table(CostsOf(comparison));
        output.Line();
        output.Table(ResultsOf(comparison));
        output.Line();
        foreach (ComparedRun run in comparison.Runs.Where(run => run.Run.Problem is not null))
            output.Line($"{run.Name} has no predictions: {run.Run.Problem}");
        output.Line(comparison.IsOneDataset ? "p is from McNemar's exact test on the same pictures; other seeds of a recipe differ too."
            : "The runs use different data sets: their accuracies don't say which network is better.");
        output.Last($"comparison  {file}");
    }

    private static Table DifferencesOf(RunComparison comparison)
    {
        Table table = Output.Columns(["differs", .. comparison.Runs.Select(run => new Column(run.Name.TrimEnd('#')) { Folds = true })]);
        foreach ((string name, IReadOnlyList<string?> values) in comparison.Differences.Take(MostDifferences))
            Output.Row(table, [name, .. values.Select(value => value ?? "-")]);
        if (comparison.Differences.Count == 0)
            Output.Row(table, ["nothing", .. comparison.Runs.Select(_ => "")]);
        return table;
    }

    private static Table CostsOf(RunComparison comparison)
    {
        Table table = Output.Columns(new("run") { Folds = true }, "epochs#", "best epoch#", "training time#", "images/s#", "parameters#",
            "memory#");
        foreach (ComparedRun run in comparison.Runs)
        {
            var summary = run.Run.Summary;
            Output.Row(table, run.Name, Format.Count(summary.Epochs.Count), summary.BestEpoch > 0 ? Format.Count(summary.BestEpoch) : "-",
                Format.Duration(run.TrainingTime),
                summary.ImagesPerSecond is { } rate ? Format.Count(rate) : "-", Format.Count(summary.Graph.ParameterCount),
                summary.MeasuredMemoryBytes is { } memory ? Format.Bytes(memory) : "-");
        }
        return table;
    }

    private static Table ResultsOf(RunComparison comparison)
    {
        Table table = Output.Columns(new("run") { Folds = true }, new("split") { Rank = 3 }, "accuracy#", new("95 % interval") { Rank = 5 },
            new("loss#") { Rank = 4 }, "difference#", new("95 % interval of the difference") { Rank = 2 }, "p#",
            new("against the first") { Folds = true });
        foreach (ComparedRun run in comparison.Runs)
        {
            Output.Row(table, run.Name, run.SplitName, run.Accuracy is { } a ? Format.Fraction(a.Accuracy) : "-",
                run.Accuracy is { } b ? $"{b.Interval}" : "-",
                run.Loss is { } loss ? Format.Fraction(loss) : "-", run.Test is { } t ? Format.Signed(t.Difference) : "",
                run.Test is { } u ? u.DifferenceInterval.ToSignedString() : "", run.Test is { } v ? Format.Probability(v.PValue) : "",
                run.Verdict);
        }
        return table;
    }

    private static JsonObject Json(RunComparison comparison, string file) => new()
    {
        ["comparison"] = Path.GetFullPath(file),
        ["one_dataset"] = comparison.IsOneDataset,
        ["runs"] = new JsonArray([.. comparison.Runs.Select(run => new JsonObject
        {
            ["run"] = Path.GetFullPath(run.Run.Summary.Folder),
            ["name"] = run.Name,
            ["network"] = run.Run.Summary.Recipe.Network,
            ["dataset"] = run.Run.Summary.Recipe.Dataset,
            ["split"] = run.SplitName,
            ["images"] = run.Accuracy?.Images,
            ["accuracy"] = run.Accuracy?.Accuracy,
            ["accuracy_interval"] = run.Accuracy is { } accuracy ? Output.Pair(accuracy.Interval) : null,
            ["loss"] = run.Loss is { } loss ? Output.Finite(loss) : null,
            ["epochs"] = run.Run.Summary.Epochs.Count,
            ["best_epoch"] = run.Run.Summary.BestEpoch,
            ["training_seconds"] = run.TrainingTime.TotalSeconds,
            ["images_per_second"] = run.Run.Summary.ImagesPerSecond,
            ["parameters"] = run.Run.Summary.Graph.ParameterCount,
            ["estimated_memory_bytes"] = run.Run.Summary.EstimatedMemoryBytes,
            ["measured_memory_bytes"] = run.Run.Summary.MeasuredMemoryBytes,
            ["difference"] = run.Test?.Difference,
            ["difference_interval"] = run.Test is { } test ? Output.Pair(test.DifferenceInterval) : null,
            ["only_first_right"] = run.Test?.OnlyFirst,
            ["only_this_right"] = run.Test?.OnlySecond,
            ["p"] = run.Test?.PValue,
            ["verdict"] = run.Verdict.Length > 0 ? run.Verdict : null,
            ["problem"] = run.Run.Problem,
        })]),
        ["differences"] = new JsonArray([.. comparison.Differences.Select(d => new JsonObject
        {
            ["name"] = d.Name,
            ["values"] = new JsonArray([.. d.Values.Select(value => (JsonNode?)value)]),
        })]),
    };
}
