using System.Globalization;
using Convolve.Drawing.Charts;
using Convolve.Evaluations;

namespace Convolve.Sweeps;

/// <summary>
/// The chart of a sweep: accuracies and speed by the first setting that is a number, a line for each combination of the others; without
/// one, accuracy by time, a line for each arm.
/// </summary>
internal static class SweepChart
{
    // From this ratio on, values are better seen by their ratios.
    private const double LogarithmicFrom = 8;
    private const int MostTicks = 12;

    public static Chart Of(SweepResult result)
    {
        IReadOnlyList<string> axes = result.Settings.Axes;
        int axis = Enumerable.Range(0, axes.Count).FirstOrDefault(i => Numbers(result, i) is { Length: > 1 }, -1);
        return axis < 0 ? ByTime(result) : ByValue(result, axis, axes[axis], Numbers(result, axis)!);
    }

    private static Chart ByValue(SweepResult result, int axis, string name, double[] numbers)
    {
        bool isAlone = result.Settings.Axes.Count == 1;
        List<Series> series = [];
        foreach (IGrouping<string, SweepRow> group in result.Rows.GroupBy(row => Others(row.Arm, axis)))
        {
            if (!isAlone)
            {
                series.Add(Line(group.Key, group, row => row.BestAccuracy));
                continue;
            }
            if (result.SameImages is { } images)
                series.Add(Line($"after {Format.Count(images)} images", group, row => row.AfterImages(images)));
            if (result.SameSeconds is { } seconds)
                series.Add(Line($"after {Format.Duration(TimeSpan.FromSeconds(seconds))}", group, row => row.AfterSeconds(seconds)));
            series.Add(Line("images/s (right)", group, row => row.ImagesPerSecond) with { IsOnRight = true });
        }
        double[] ticks = [.. numbers.Distinct().Order()];
        bool isLog = ticks[0] > 0 && ticks[^1] / ticks[0] >= LogarithmicFrom;
        Axis x = new(name) { Scale = isLog ? AxisScale.Log : AxisScale.Linear, Ticks = ticks.Length <= MostTicks ? ticks : null };
        return new(Title(result), x, new(result.AccuracyName), series)
        {
            Right = isAlone ? new("images/s") { Min = 0 } : null,
            Note = Note(result),
        };

        Series Line(string words, IEnumerable<SweepRow> rows, Func<SweepRow, MeanInterval?> figure) => new(words,
            [.. rows.Select(row => (X: SweepAxis.Number(row.Arm.Values[axis])!.Value, Y: figure(row))).Where(p => p.Y is not null)
                .OrderBy(p => p.X).Select(p => Point(p.X, p.Y!.Value))]);
    }

    private static Chart ByTime(SweepResult result) => new(Title(result), new("training time", "s"), new(result.AccuracyName),
        [.. result.Rows.Where(row => row.Runs.Count > 0).Select(row => Series.Line(row.Arm.Name,
            row.Curves[0].Points.Select(point => (point.Seconds, point.Accuracy))))])
    { Note = Note(result) };

    private static ChartPoint Point(double x, MeanInterval y) =>
        new(x, y.Mean, y.Half is { } low ? y.Mean - low : null, y.Half is { } high ? y.Mean + high : null);

    private static string Others(SweepArm arm, int axis) =>
        (arm with { Axes = [.. arm.Axes.Where((_, i) => i != axis)], Values = [.. arm.Values.Where((_, i) => i != axis)] }).Name;

    // Null where a value is not a number.
    private static double[]? Numbers(SweepResult result, int axis)
    {
        double?[] values = [.. result.Settings.Values.Select(arm => SweepAxis.Number(arm[axis]))];
        return values.All(value => value is not null) && values.Distinct().Count() > 1 ? [.. values.OfType<double>()] : null;
    }

    private static string Title(SweepResult result)
    {
        var recipe = result.Rows.SelectMany(row => row.Runs).FirstOrDefault()?.Recipe;
        return recipe is null ? "sweep" : $"{recipe.Network} on {recipe.Dataset}";
    }

    private static string Note(SweepResult result) => result.Settings.Seeds == 1 ? "one seed" : string.Create(
        CultureInfo.InvariantCulture, $"mean of {result.Settings.Seeds} seeds, 95 % intervals");
}
