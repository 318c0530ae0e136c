using System.Globalization;
using Convolve.Evaluations;

namespace Convolve.Zoo.Experiments;

/// <summary>One figure of an experiment: what was published and what was measured.</summary>
/// <param name="Name">Such as "test accuracy".</param>
/// <param name="Published">Null where the source gives none.</param>
/// <param name="Measured">By the runs, the mean where there are several.</param>
/// <param name="Format">How it is written, as .NET's numeric formats.</param>
internal sealed record Figure(string Name, double? Published, MeanInterval Measured, string Format = "F4")
{
    /// <summary>The interval that one run leaves open, for a share of this many images; null elsewhere.</summary>
    public Interval? Range { get; init; }

    /// <summary>Measured minus published; null where nothing was published.</summary>
    public double? Difference => Measured.Mean - Published;

    /// <summary>Such as "0.9123 ± 0.0012" or "0.9123 (0.9066 to 0.9177)".</summary>
    public string MeasuredText => Text(Measured.Mean)
        + (Measured.Half is { } half ? $" ± {Text(half)}" : Range is { } range ? $" ({Text(range.Low)} to {Text(range.High)})" : "");

    /// <summary>Such as "0.9080"; a dash where there is none.</summary>
    public string PublishedText => Published is { } value ? Text(value) : "-";

    /// <summary>Such as "+0.0043"; a dash where nothing was published.</summary>
    public string DifferenceText => Difference is { } value ? Signed(value) : "-";

    internal string Signed(double value)
    {
        string text = Text(Math.Abs(value));
        return text.AsSpan().ContainsAnyInRange('1', '9') ? (value < 0 ? "-" : "+") + text : text;
    }

    internal string Text(double value) => value.ToString(Format, CultureInfo.InvariantCulture);
}
