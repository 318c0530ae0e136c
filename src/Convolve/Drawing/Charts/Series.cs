namespace Convolve.Drawing.Charts;

/// <summary>How a series is drawn.</summary>
internal enum SeriesStyle
{
    /// <summary>A line, with marks that distinguish it from others without color.</summary>
    Line,

    /// <summary>A thin pale line, such as the raw values behind a smoothed curve.</summary>
    Faint,

    /// <summary>A broad pale line over others, such as a curve's values smoothed.</summary>
    Trend,

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
/// <param name="Label">Written next to it if there is room, and always shown when it is pointed at.</param>
internal readonly record struct ChartPoint(double X, double Y, double? Low = null, double? High = null, string? Label = null);

/// <summary>Values that belong together.</summary>
/// <param name="Name">For the legend; empty where it needs none.</param>
/// <param name="Points">In the order in which a line passes them.</param>
internal sealed record Series(string Name, IReadOnlyList<ChartPoint> Points)
{
    /// <summary>Default a line.</summary>
    public SeriesStyle Style { get; init; }

    /// <summary>Which color, from 0; null for the next one. Series of one color belong together.</summary>
    public int? Color { get; init; }

    /// <summary>Whether the chart's right axis measures it.</summary>
    public bool IsOnRight { get; init; }

    /// <summary>A line through places and values.</summary>
    public static Series Line(string name, IEnumerable<(double X, double Y)> points) =>
        new(name, [.. points.Select(point => new ChartPoint(point.X, point.Y))]);

    /// <summary>
    /// The same series without its noise: each value is that of a straight line through the values around it, in which near ones count
    /// more. It does not lag behind.
    /// </summary>
    /// <remarks>Source: Cleveland 1979, without the steps against outliers; near are those few places away, whatever the axis.</remarks>
    /// <param name="reach">How many values on either side count, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public Series Smoothed(int reach)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reach, 1);
        return this with
        {
            Points =
            [.. Points.Select((point, i) => double.IsFinite(point.Y) ? new ChartPoint(point.X, LineAt(i, reach)) : point)]
        };
    }

    // The weighted least-squares line of the values around a place, at that place.
    private double LineAt(int place, int reach)
    {
        double weights = 0, far = 0, farSquared = 0, sum = 0, farSum = 0;
        for (int i = Math.Max(0, place - reach); i <= Math.Min(Points.Count - 1, place + reach); i++)
        {
            double distance = i - place, weight = Math.Pow(1 - Math.Pow(Math.Abs(distance) / (reach + 1), 3), 3);
            if (!double.IsFinite(Points[i].Y))
                continue;
            (weights, far, farSquared) = (weights + weight, far + weight * distance, farSquared + weight * distance * distance);
            (sum, farSum) = (sum + weight * Points[i].Y, farSum + weight * distance * Points[i].Y);
        }
        double spread = weights * farSquared - far * far;
        return spread > 1e-9 * weights * weights ? (farSquared * sum - far * farSum) / spread : sum / weights;
    }
}
