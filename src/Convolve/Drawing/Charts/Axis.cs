namespace Convolve.Drawing.Charts;

/// <summary>How values become places on an axis.</summary>
internal enum AxisScale
{
    /// <summary>Equal steps are equally long.</summary>
    Linear,

    /// <summary>Equal ratios are equally long; only values above 0 have a place.</summary>
    Log,
}

/// <summary>An axis of a chart.</summary>
/// <param name="Label">What it measures.</param>
/// <param name="Unit">In what, such as "s"; empty for a plain number.</param>
internal sealed record Axis(string Label, string Unit = "")
{
    /// <summary>Default linear.</summary>
    public AxisScale Scale { get; init; }

    /// <summary>Where it begins; null for the smallest value, and, of a vertical axis, the tick below it.</summary>
    public double? Min { get; init; }

    /// <summary>Where it ends; null for the largest value, and, of a vertical axis, the tick above it.</summary>
    public double? Max { get; init; }

    /// <summary>Whether only whole numbers are ticks, as of epochs.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Where the ticks are; null for round numbers.</summary>
    public IReadOnlyList<double>? Ticks { get; init; }

    /// <summary>Label and unit, such as "time (s)".</summary>
    public string Title => Unit.Length > 0 ? $"{Label} ({Unit})" : Label;
}
