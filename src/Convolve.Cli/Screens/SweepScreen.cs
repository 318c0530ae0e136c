using System.Globalization;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Drawing.Charts;
using Convolve.Evaluations;
using Convolve.Sweeps;
using Convolve.Training;

namespace Convolve.Cli.Screens;

/// <summary>What 'convolve sweep' shows: what is to be trained, and what came of it.</summary>
internal static class SweepScreen
{
    private const int WidestChart = 100;

    /// <summary>What is known before the first run.</summary>
    public static void Begin(SweepSettings settings, Recipe recipe, int arms, string folder, Output output)
    {
        output.Line();
        output.Line($"{recipe.Network} on {recipe.Dataset}: {Runs(arms, "arm")}, " +
            $"{Runs(settings.Seeds, "seed")} each{(settings.Axes.Count > 0 ? $", over {string.Join(", ", settings.Axes)}" : "")}");
        foreach (HalvingRound round in settings.Halves ? Halving.Rounds(arms, recipe.Epochs) : [])
            output.Line($"  {Runs(round.Arms, "arm")} to {Runs(round.Epochs, "epoch")}");
        output.Line($"sweep         {folder}");
    }

    /// <summary>Such as "batch-size 16, seed 1".</summary>
    public static string NameOf(SweepSettings settings, SweepArm arm, ulong seed) =>
        settings.Seeds == 1 ? arm.Name : string.Create(CultureInfo.InvariantCulture, $"{arm.Name}, seed {seed}");

    /// <summary>The head of a run's rows.</summary>
    public static void Next(string name, Recipe recipe, DataSplits data, Output output)
    {
        output.Line();
        output.Line($"{name}: {TrainScreen.Words(recipe, Math.Min(recipe.BatchSize, data.Train.Count), data.Train.Count)}");
    }

    /// <summary>What it came to.</summary>
    /// <param name="result">All of it.</param>
    /// <param name="output">Where to.</param>
    /// <param name="failures">Runs that failed, and why.</param>
    /// <param name="next">Trains the best arm; null without one.</param>
    public static void Show(SweepResult result, Output output, IReadOnlyList<(string Run, string Message)> failures, string? next)
    {
        output.Line();
        output.Table(TableOf(result));
        output.Line();
        output.Line($"Accuracies are of the {(result.IsValidated ? "validation split" : "training images")}" +
            (result.IsValidated ? ", never of the test split" : ", because there is no validation split") + "; between two epochs they " +
            "are interpolated. Times are of the training alone.");
        output.Line(result.Settings.Seeds > 1 ? "± is the 95 % interval of the mean over seeds (Student's t)."
            : "With one seed, it is unknown how much of a difference is chance: use --seeds 3 or more.");
        output.Line();
        Chart chart = SweepChart.Of(result);
        output.Line(chart.ToText(Math.Min(output.Width, WidestChart), isUnicode: output.HasUnicode));
        foreach ((string run, string message) in failures)
            output.Line($"failed        {run}: {message}");
        if (result.Best is { } best)
            output.Last($"best          {best.Arm.Name}: {result.AccuracyName} {Text(best.BestAccuracy, Format.Fraction)}, " +
                $"test accuracy {Text(best.TestAccuracy, Format.Fraction)}");
        output.Last($"table         {Path.Combine(result.Folder, SweepResult.CsvFileName)}");
        output.Line($"chart         {Path.Combine(result.Folder, SweepResult.ChartFileName)}");
        if (next is not null)
            output.Next((next, ""));
    }

    private static Table TableOf(SweepResult result)
    {
        IReadOnlyList<string> axes = result.Settings.Axes.Count > 0 ? result.Settings.Axes : ["arm"];
        Table table = Output.Columns([.. axes.Select(axis => new Column(IsNumeric(result, axis) ? $"{axis}#" : axis)),
            new("epochs#") { Rank = 4 }, "images/s#", new("memory planned#") { Rank = 3 }, new("memory measured#") { Rank = 2 },
            $"accuracy after {(result.SameImages is { } same ? Format.Count(same) : "the same")} images#",
            $"accuracy after {(result.SameSeconds is { } time ? Format.Duration(TimeSpan.FromSeconds(time)) : "the same time")}#",
            "best accuracy#"]);
        foreach (SweepRow row in result.Rows)
        {
            string epochs = row.Finished == result.Settings.Seeds ? Format.Count(row.Epochs) : $"{Format.Count(row.Epochs)}, stopped";
            Output.Row(table, [.. row.Arm.Values.DefaultIfEmpty(row.Arm.Name), epochs, Text(row.ImagesPerSecond, Format.Count),
                Text(row.EstimatedMemoryBytes is { } planned ? planned with { Half = null } : null, Bytes),
                Text(row.MeasuredMemoryBytes is { } measured ? measured with { Half = null } : null, Bytes),
                Text(result.SameImages is { } images ? row.AfterImages(images) : null, Format.Fraction),
                Text(result.SameSeconds is { } seconds ? row.AfterSeconds(seconds) : null, Format.Fraction),
                Text(row.BestAccuracy, Format.Fraction)]);
        }
        return table;
    }

    private static bool IsNumeric(SweepResult result, string axis) =>
        result.Settings.Axes.ToList().IndexOf(axis) is var i and >= 0
        && result.Settings.Values.All(arm => SweepAxis.Number(arm[i]) is not null);

    private static string Bytes(double bytes) => Format.Bytes((long)bytes);

    private static string Text(MeanInterval? figure, Func<double, string> format) => figure is not { } value ? "-"
        : format(value.Mean) + (value.Half is { } half ? $" ± {format(half)}" : "");

    private static string Runs(int count, string what) => $"{Format.Count(count)} {what}{(count == 1 ? "" : "s")}";
}
