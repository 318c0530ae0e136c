using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Zoo.Experiments;
using Spectre.Console;

namespace Convolve.Cli;

/// <summary>What 'convolve reproduce' shows: the experiments, how one begins, and what it came to.</summary>
internal static class ReproduceScreen
{
    /// <summary>The experiments with the time and the memory that they take here.</summary>
    public static int List(Output output, CancellationToken cancellation)
    {
        JsonArray all = [];
        Table table = Output.Columns("experiment", "network", "data", "runs#", "time#", "memory#", "published#", "what it shows");
        foreach (Experiment experiment in ExperimentCatalog.All)
        {
            cancellation.ThrowIfCancellationRequested();
            all.Add(experiment is TrainingExperiment training ? Add(table, training) : Add(table, (CostExperiment)experiment));
        }
        output.Table(table);
        output.Line();
        output.Line("Runs are arms x seeds x epochs. Times are those of a few steps on this machine, times the steps of the experiment; memory is that of the plans.");
        output.Line("next:  convolve reproduce NAME [--quick] [--seeds N] [--epochs N]");
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
            output.Line($"cut short: at most {most} of {experiment.Arms.Max(a => a.Recipe.Epochs)} epochs; the figures are not those of the experiment");
    }

    /// <summary>What it came to.</summary>
    public static void Show(ExperimentResult result, Output output)
    {
        output.Line();
        output.Table(result.Arms.Count == 1 ? TableOf(result.Arms[0].Figures.Concat(result.Arms[0].Costs), result.Settings.IsCut) : TableOf(result));
        output.Line();
        if (result.Settings.Seeds > 1)
            output.Line("± is the 95 % interval of the mean over seeds (Student's t); the test accuracies of two arms are compared seed by seed.");
        else
            output.Line("The range is Wilson's 95 % interval for so many test images; other seeds add to it: --seeds N.");
        output.Line($"differences: {(result.Settings.Quick ? "--quick trains on few images for few epochs. " : "")}{string.Join(' ', [result.Experiment.Differences, .. result.DataRemarks])}");
        if (result.Changed.Count > 0)
            output.Line($"the experiment has changed since: {string.Join("; ", result.Changed)}");
        if (output.IsQuiet)
        {
            foreach (ArmResult arm in result.Arms)
                output.Last($"{result.Experiment.Name}, {arm.Arm.Name}: test accuracy {Format.Fraction(MeanInterval.Of(arm.TestAccuracies).Mean)}");
        }
        if (result.Experiment.DrawsFilters)
            output.Last($"filters       {Path.Combine(result.Folder, ExperimentResult.FiltersFileName)}");
        output.Last($"result        {Path.Combine(result.Folder, ExperimentResult.FileName)}");
    }

    /// <summary>What an experiment that trains nothing came to.</summary>
    public static void Show(CostResult result, Output output)
    {
        output.Line();
        output.Table(TableOf(result.Figures, isCut: false));
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

    private static JsonObject Add(Table table, TrainingExperiment experiment)
    {
        ExpectedCost cost = ExpectedCost.Of(experiment);
        ExperimentArm first = experiment.Arms[0];
        double? published = experiment.Arms.Select(a => a.Published?.TestAccuracy).FirstOrDefault(a => a is not null);
        string epochs = string.Join(", ", experiment.Arms.Select(a => a.Recipe.Epochs).Distinct());
        int[] factors = [.. new[] { experiment.Arms.Count, experiment.Seeds }.Where(n => n > 1)];
        string runs = string.Concat(factors.Select(n => string.Create(CultureInfo.InvariantCulture, $"{n} x "))) + epochs;
        Output.Row(table, experiment.Name, first.Recipe.Network, first.Recipe.Dataset, runs, Format.Duration(cost.Time), Format.Bytes(cost.MemoryBytes),
            published is { } accuracy ? Format.Fraction(accuracy) : "-", experiment.Purpose);
        return new()
        {
            ["name"] = experiment.Name,
            ["purpose"] = experiment.Purpose,
            ["source"] = experiment.Source,
            ["arms"] = new JsonArray([.. experiment.Arms.Select(a => (JsonNode)a.Name)]),
            ["seeds"] = experiment.Seeds,
            ["expected_seconds"] = cost.Time.TotalSeconds,
            ["expected_memory_bytes"] = cost.MemoryBytes,
            ["published_test_accuracy"] = published,
        };
    }

    private static JsonObject Add(Table table, CostExperiment experiment)
    {
        Output.Row(table, experiment.Name, experiment.Network, "-", "-", "a few s", "-", "-", experiment.Purpose);
        return new() { ["name"] = experiment.Name, ["purpose"] = experiment.Purpose, ["source"] = experiment.Source };
    }

    private static Table TableOf(IEnumerable<Figure> figures, bool isCut)
    {
        Table table = Output.Columns("figure", "published#", "measured#", "difference#");
        foreach (Figure figure in figures)
            Output.Row(table, figure.Name, figure.PublishedText, figure.MeasuredText, isCut ? "-" : figure.DifferenceText);
        return table;
    }

    private static Table TableOf(ExperimentResult result)
    {
        bool isPair = result.TestDifference is not null;
        Table table = Output.Columns(["figure", .. result.Arms.Select(a => a.Arm.Name + "#"), .. isPair ? ["difference#"] : Array.Empty<string>()]);
        foreach (ComparedRow row in ComparedRow.Of(result))
            Output.Row(table, [row.Name, .. row.Cells, .. isPair ? [row.Difference] : Array.Empty<string>()]);
        return table;
    }
}
