using Convolve.Drawing.Charts;
using Convolve.Planning;

namespace Convolve.Profiling;

/// <summary>The roofline of this machine with the layers of a network.</summary>
internal static class RooflineChart
{
    private const double Giga = 1e9, Margin = 2;
    private const int Height = 380, Width = 560;

    public static Chart Of(NetworkAnalysis analysis, string title)
    {
        LayerFigures[] layers = [.. analysis.Layers.Where(layer => layer.Flops > 0)];
        Ceilings ceilings = analysis.Ceilings;
        bool isBFloat16 = analysis.Plan.Options.Precision == Precision.BFloat16;
        double flat = ceilings.FlopsPerSecond(analysis.Plan.Options.Precision);
        IReadOnlyList<MemoryLevel> levels = ceilings.Levels;
        double[] places = [.. layers.Select(layer => layer.FlopsPerByte), .. levels.Select(level => flat / level.BytesPerSecond)];
        (double left, double right) = (places.Min() / Margin, places.Max() * Margin);
        List<Series> series = [];
        foreach (MemoryLevel level in levels)
            series.Add(Roof($"{level.Name} {Format.Count(level.BytesPerSecond / Giga)} GB/s", flat, level.BytesPerSecond, left, right));
        if (isBFloat16)
            series.Add(new($"float32 {Format.Count(ceilings.Float32FlopsPerSecond / Giga)} GFLOP/s",
                [new(left, ceilings.Float32FlopsPerSecond / Giga), new(right, ceilings.Float32FlopsPerSecond / Giga)])
            { Style = SeriesStyle.Faint });
        foreach (IGrouping<bool, LayerFigures> group in layers.GroupBy(layer => layer.Phase == Phase.Forward))
        {
            ChartPoint[] points = [.. group.Select(layer =>
                new ChartPoint(layer.FlopsPerByte, layer.FlopsPerSecond / Giga, Label: layer.Layer))];
            series.Add(new(group.Key ? "forward" : "backward", points) { Style = SeriesStyle.Points });
        }
        return new(title, new("FLOP/byte") { Scale = AxisScale.Log, Min = left, Max = right },
            new("GFLOP/s") { Scale = AxisScale.Log }, series)
        {
            Note = $"{ceilings.Processor}, {Format.Count(ceilings.Threads)} {(ceilings.Threads == 1 ? "thread" : "threads")}, " +
                $"{(isBFloat16 ? "bfloat16" : "float32")}: {Format.Count(flat / Giga)} GFLOP/s",
            Height = Height,
            Width = Width,
        };
    }

    // Up to where computing is the bound, then flat.
    private static Series Roof(string name, double flat, double bytesPerSecond, double left, double right)
    {
        double ridge = Math.Clamp(flat / bytesPerSecond, left, right);
        ChartPoint[] points = [.. new[] { left, ridge, right }.Select(x =>
            new ChartPoint(x, Roofline.Attainable(x, flat, bytesPerSecond) / Giga))];
        return new(name, points) { Style = SeriesStyle.Dashed };
    }
}
