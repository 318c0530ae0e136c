namespace Convolve.Drawing.Charts;

/// <summary>How a series is drawn.</summary>
public enum SeriesStyle
{
    /// <summary>A line, with marks that tell it from others without colour.</summary>
    Line,

    /// <summary>A thin pale line, such as the raw values behind a smoothed curve.</summary>
    Faint,

    /// <summary>A broken line without marks, such as a bound.</summary>
    Dashed,

    /// <summary>Marks alone.</summary>
    Points,

    /// <summary>Bars as wide as the closest two are apart, from <see cref="ChartPoint.Low"/> or 0 to the value.</summary>
    Bars,
}

/// <summary>A value of a series.</summary>
/// <param name="X">Its place.</param>
/// <param name="Y">The value.</param>
/// <param name="Low">The lower end of its interval, or the foot of its bar; null for none.</param>
/// <param name="High">The upper end of its interval; null for none.</param>
/// <param name="Label">Written beside it where there is room, and always shown when it is pointed at.</param>
public readonly record struct ChartPoint(double X, double Y, double? Low = null, double? High = null, string? Label = null);

/// <summary>Values that belong together.</summary>
/// <param name="Name">For the legend; empty where it needs none.</param>
/// <param name="Points">In the order in which a line passes them.</param>
public sealed record Series(string Name, IReadOnlyList<ChartPoint> Points)
{
    /// <summary>Default a line.</summary>
    public SeriesStyle Style { get; init; }

    /// <summary>Which colour, from 0; null for the next one. Series of one colour belong together.</summary>
    public int? Color { get; init; }

    /// <summary>Whether the chart's right axis measures it.</summary>
    public bool IsOnRight { get; init; }

    /// <summary>A line through places and values.</summary>
    public static Series Line(string name, IEnumerable<(double X, double Y)> points) => new(name, [.. points.Select(point => new ChartPoint(point.X, point.Y))]);

    /// <summary>The same series as a running mean, where each step back counts less by a factor; the first values are not drawn towards 0.</summary>
    /// <param name="weight">The factor, from 0 (nothing is smoothed) to below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is outside.</exception>
    public Series Smoothed(double weight)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weight);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(weight, 1);
        double sum = 0, weights = 0;
        return this with
        {
            Points = [.. Points.Select(point =>
            {
                if (!double.IsFinite(point.Y))
                    return point;
                (sum, weights) = (weight * sum + point.Y, weight * weights + 1);
                return new ChartPoint(point.X, sum / weights);
            })],
        };
    }
}
