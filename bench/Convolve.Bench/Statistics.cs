namespace Convolve.Bench;

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>A median and the values around it.</summary>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    /// <summary>Of some values, or null of none.</summary>
    public static Spread? Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return all.Length == 0 ? null : new(Statistics.Median(all), all.Min(), all.Max());
    }

    public static Spread operator *(Spread spread, double factor) => new(spread.Median * factor, spread.Min * factor, spread.Max * factor);
}
