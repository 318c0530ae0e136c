using Convolve.Drawing.Charts;
using Convolve.Evaluations;

namespace Convolve.Reporting;

/// <summary>
/// Precision against recall, and recall against false alarms: the classes that are ranked worst by name, the others pale.
/// </summary>
internal static class RankingCharts
{
    // There are so many colors beside gray.
    private const int Named = 5, Gray = 5;

    // Of both axes: what is nearer to the point before isn't seen.
    private const double Resolution = 0.004;

    /// <summary>Precision by recall.</summary>
    public static Chart PrecisionRecall(IReadOnlyList<RankingCurve> curves) =>
        Create("Precision by recall", new("recall") { Min = 0, Max = 1 }, new("precision") { Max = 1 }, curves,
            curve => curve.Points.Select(point => (point.Recall, point.Precision)));

    /// <summary>Receiver operating characteristic: recall by false alarms.</summary>
    public static Chart Roc(IReadOnlyList<RankingCurve> curves) =>
        Create("Recall by false alarms (ROC)", new("share of other classes found") { Min = 0, Max = 1 },
            new("recall") { Min = 0, Max = 1 }, [.. curves.Where(curve => curve.HasNegatives)],
            curve => curve.Points.Select(point => (point.FalseAlarms, point.Recall)).Prepend((0, 0)));

    private static Chart Create(string title, Axis x, Axis y, IReadOnlyList<RankingCurve> curves,
        Func<RankingCurve, IEnumerable<(double, double)>> points)
    {
        RankingCurve[] shown = [.. curves.Where(curve => curve.Points.Count > 0).OrderBy(curve => curve.AveragePrecision)];
        return new(title, x, y,
        [
            .. shown.Skip(Named).Select(curve => Series.Line("", Thinned(points(curve))) with { Style = SeriesStyle.Faint, Color = Gray }),
            .. shown.Take(Named).Select((curve, i) => Series.Line(curve.Name, Thinned(points(curve))) with { Color = i }),
        ])
        {
            Note = shown.Length > Named ? $"by name the {Named} classes with the lowest average precision" : "",
        };
    }

    private static IEnumerable<(double, double)> Thinned(IEnumerable<(double X, double Y)> points)
    {
        (double X, double Y) kept = (double.NegativeInfinity, 0), last = kept;
        foreach ((double X, double Y) point in points)
        {
            if (Math.Abs(point.X - kept.X) >= Resolution || Math.Abs(point.Y - kept.Y) >= Resolution)
                yield return kept = point;
            last = point;
        }
        if (last != kept)
            yield return last;
    }
}
