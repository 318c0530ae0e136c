namespace Convolve.Drawing.Charts;

/// <summary>
/// The colors and marks of a chart: those of Okabe and Ito (2008), which people with any color vision can distinguish, darker on white and
/// lighter on black.
/// </summary>
internal static class ChartColors
{
    private static readonly (string Light, string Dark)[] Colors =
        [("#0072b2", "#56b4e9"), ("#d55e00", "#ff9a57"), ("#00875f", "#2fd0a0"), ("#a8467f", "#e79fc9"), ("#8a6d00", "#f0d24a"),
        ("#475569", "#a8b4c6")];

    /// <summary>The style sheet of a chart.</summary>
    public static IReadOnlyList<SvgRule> Rules { get; } =
    [
        new(".grid", "stroke:#e2e8f0", "stroke:#27344b"), new(".axis", "stroke:#94a3b8", "stroke:#64748b"),
        new(".event", "stroke:#475569;stroke-dasharray:2 3", "stroke:#a8b4c6"),
        new(".line", "fill:none;stroke-width:2;stroke-linejoin:round"), new(".faint", "fill:none;stroke-width:1;stroke-opacity:.45"),
        new(".trend", "fill:none;stroke-width:7;stroke-opacity:.25;stroke-linejoin:round;stroke-linecap:round"),
        new(".dashed", "fill:none;stroke-width:1.5;stroke-dasharray:6 4"), new(".whisker", "stroke-width:1.5"),
        .. Colors.Select((color, i) => new SvgRule($".s{i}", $"stroke:{color.Light}", $"stroke:{color.Dark}")),
        .. Colors.Select((color, i) => new SvgRule($".f{i}", $"fill:{color.Light}", $"fill:{color.Dark}")),
        new(".bar", "fill-opacity:.75"), new(".hit", "fill:#000;fill-opacity:0"),
    ];

    /// <summary>The class of a line of that number.</summary>
    public static string Stroke(int number) => $"s{number % Colors.Length}";

    /// <summary>The class of an area of that number.</summary>
    public static string Fill(int number) => $"f{number % Colors.Length}";

    /// <summary>A mark around a place, whose shape distinguishes series without color.</summary>
    public static string Mark(Point at, int number) => (number % 4) switch
    {
        0 => $"M{SvgWriter.Pair(new(at.X - 3, at.Y))} a3 3 0 1 0 6 0 a3 3 0 1 0 -6 0 z",
        1 => $"M{SvgWriter.Pair(new(at.X - 2.8, at.Y - 2.8))} h5.6 v5.6 h-5.6 z",
        2 => $"M{SvgWriter.Pair(new(at.X, at.Y - 3.8))} l3.6 6.4 h-7.2 z",
        _ => $"M{SvgWriter.Pair(new(at.X, at.Y - 4))} l4 4 l-4 4 l-4 -4 z",
    };
}
