using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Terminal;
using Convolve.Evaluations;
using Convolve.Zoo.Experiments;

namespace Convolve.Cli.Screens;

/// <summary>What 'convolve reproduce' shows: the experiments, the start of one, and its results.</summary>
internal static class ReproduceScreen
{
    /// <summary>The experiments at once, and then, one after another, the time and the memory that each takes here.</summary>
    public static int List(Output output, CancellationToken cancellation)
    {
        Table table = Output.Columns(new("experiment"), new("network") { Rank = 3 }, new("data") { Rank = 2 }, "runs", "published#",
            new("what it shows") { Folds = true });
        foreach (Experiment experiment in ExperimentCatalog.All)
        {
            (string network, string data, string runs) = experiment is TrainingExperiment training
                ? (training.Arms[0].Recipe.Network, training.Arms[0].Recipe.Dataset, RunsOf(training))
                : (((CostExperiment)experiment).Network, "-", "-");
            Output.Row(table, experiment.Name, network, data, runs, PublishedOf(experiment) is { } accuracy ? Format.Fraction(accuracy)
                : "-", experiment.Purpose);
        }
        output.Table(table);
        output.Line();
        output.Line("Runs are arms x seeds x epochs.");
        output.Next(($"{ProgramName.Current} reproduce NAME [--quick] [--seeds N] [--epochs N]", ""));
        output.Line();
        if (output.IsQuiet && !output.IsJson)
            return Failures.Success;
        JsonArray all = Measure(output, cancellation);
        if (output.IsJson)
            Output.Json(new() { ["experiments"] = all });
        return Failures.Success;
    }

    /// <summary>What is known before the first run.</summary>
    public static void Begin(TrainingExperiment experiment, ExperimentSettings settings, Output output)
    {
        Head(experiment, output);
        if (settings.Quick)
            output.Line("quick: few images and epochs; the figures are not those of the experiment");
        else if (settings.Epochs is { } most && experiment.Arms.Any(a => a.Recipe.Epochs > most))
            output.Line(
                $"cut short: at most {most} of {experiment.Arms.Max(a => a.Recipe.Epochs)} epochs; the figures are not those of the " +
                $"experiment");
    }

    /// <summary>What it came to.</summary>
    public static void Show(ExperimentResult result, Output output)
    {
        output.Line();
        output.Table(result.Arms.Count == 1 ? TableOf(result.Arms[0].Figures.Concat(result.Arms[0].Costs), result.IsComparable)
            : TableOf(result));
        output.Line();
        if (result.Settings.Seeds > 1)
            output.Line(
                $"± is the 95 % interval of the mean over seeds (Student's " +
                $"t){(result.IsComparable ? "; the test accuracies of two arms are compared seed by seed" : "")}.");
        else
            output.Line("The range is the 95 % Wilson interval for this number of test images, without the variation between seeds " +
                "(--seeds N).");
        if (!result.IsComparable)
            output.Line("The run was cut short: its figures say nothing about the experiment, so differences are not shown.");
        output.Line(
            $"differences: {(result.Settings.Quick ? "--quick trains on few images for few epochs. " : "")}" +
            $"{string.Join(' ', [result.Experiment.Differences, .. result.DataRemarks])}");
        if (result.Changed.Count > 0)
            output.Line($"the experiment has changed since: {string.Join("; ", result.Changed)}");
        if (output.IsQuiet)
        {
            foreach (ArmResult arm in result.Arms)
                output.Last(
                    $"{result.Experiment.Name}, {arm.Arm.Name}: test accuracy {Format.Fraction(MeanInterval.Of(arm.TestAccuracies).Mean)}");
        }
        if (result.Experiment.DrawsFilters)
            output.Last($"filters       {Path.Combine(result.Folder, ExperimentResult.FiltersFileName)}");
        output.Last($"result        {Path.Combine(result.Folder, ExperimentResult.FileName)}");
    }

    /// <summary>What an experiment that trains nothing came to.</summary>
    public static void Show(CostResult result, Output output)
    {
        output.Line();
        output.Table(TableOf(result.Figures, isComparable: true));
        output.Line();
        output.Line($"differences: {result.Experiment.Differences}");
        output.Last($"result        {Path.Combine(result.Folder, ExperimentResult.FileName)}");
    }

    /// <summary>What an experiment is about.</summary>
    public static void Head(Experiment experiment, Output output)
    {
        output.Line();
        output.Line($"{experiment.Name}: {experiment.Purpose}");
        output.Line($"source: {experiment.Source}");
    }

    // Half a minute in all: each line comes when it is known.
    private static JsonArray Measure(Output output, CancellationToken cancellation)
    {
        int width = ExperimentCatalog.All.Max(e => e.Name.Length);
        string Row(string name, string time, string memory) => $"{name.PadRight(width)}  {time,11}  {memory,10}";
        output.Line("On this machine (time: extrapolated from a few measured steps; memory: from the plans):");
        output.Title(Row("experiment", "time", "memory"));
        JsonArray all = [];
        ProgressLine bar = new(output);
        try
        {
            foreach (Experiment experiment in ExperimentCatalog.All)
            {
                cancellation.ThrowIfCancellationRequested();
                bar.Show((double)all.Count / ExperimentCatalog.All.Count, "measuring", experiment.Name);
                JsonObject json = new() { ["name"] = experiment.Name, ["purpose"] = experiment.Purpose, ["source"] = experiment.Source };
                string row = Row(experiment.Name, "a few s", "-");
                if (experiment is TrainingExperiment training)
                {
                    ExpectedCost cost = ExpectedCost.Of(training);
                    row = Row(experiment.Name, Format.Duration(cost.Time), Format.Bytes(cost.MemoryBytes));
                    json["arms"] = new JsonArray([.. training.Arms.Select(a => (JsonNode)a.Name)]);
                    json["seeds"] = training.Seeds;
                    json["expected_seconds"] = cost.Time.TotalSeconds;
                    json["expected_memory_bytes"] = cost.MemoryBytes;
                    json["published_test_accuracy"] = PublishedOf(training);
                }
                bar.Clear();
                output.Line(row);
                all.Add((JsonNode)json);
            }
        }
        finally
        {
            bar.Clear();
        }
        return all;
    }

    private static string RunsOf(TrainingExperiment experiment)
    {
        string epochs = string.Join(", ", experiment.Arms.Select(a => a.Recipe.Epochs).Distinct());
        int[] factors = [.. new[] { experiment.Arms.Count, experiment.Seeds }.Where(n => n > 1)];
        return string.Concat(factors.Select(n => string.Create(CultureInfo.InvariantCulture, $"{n} x "))) + epochs;
    }

    private static double? PublishedOf(Experiment experiment) =>
        (experiment as TrainingExperiment)?.Arms.Select(a => a.Published?.TestAccuracy).FirstOrDefault(a => a is not null);

    private static Table TableOf(IEnumerable<Figure> figures, bool isComparable)
    {
        Table table = Output.Columns([new("figure") { Folds = true }, "published#", "measured#",
            .. isComparable ? [new Column("difference#")] : Array.Empty<Column>()]);
        foreach (Figure figure in figures)
            Output.Row(table, [figure.Name, figure.PublishedText, figure.MeasuredText, .. isComparable ? [figure.DifferenceText]
                : Array.Empty<string>()]);
        return table;
    }

    private static Table TableOf(ExperimentResult result)
    {
        bool isPair = result.TestDifference is not null && result.IsComparable;
        Table table = Output.Columns([new("figure") { Folds = true }, .. result.Arms.Select(a => new Column(a.Arm.Name + "#")),
            .. isPair ? [new Column("difference#")] : Array.Empty<Column>()]);
        foreach (ComparedRow row in ComparedRow.Of(result))
            Output.Row(table, [row.Name, .. row.Cells, .. isPair ? [row.Difference] : Array.Empty<string>()]);
        return table;
    }
}
