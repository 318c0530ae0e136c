namespace Convolve.Drawing.Charts;

/// <summary>
/// Where the parts of a chart are: from above, title, note, legend, names of the vertical axes, words of the events, frame, ticks, name of
/// the horizontal axis.
/// </summary>
internal sealed class ChartFrame
{
    public const double Edge = 10, TitleSize = 14, TextSize = 12, SmallSize = 11, Row = 16;
    private const double TickGap = 6, HorizontalPitch = 64, VerticalPitch = 28, LeastHeight = 150;

    public ChartFrame(Chart chart)
    {
        double y = Edge + TitleSize;
        TitleAt = new(Edge, y);
        if (chart.Note.Length > 0)
            y += Row;
        NoteAt = new(Edge, y);
        Legend = MakeLegend(chart, ref y);
        y += Row + 4;
        AxisTitleY = y;
        double top = y + 8, below = Edge + 2 * Row + 2;
        MostVerticalTicks = Math.Max(2, (int)(Math.Max(LeastHeight, chart.Height - below - top) / VerticalPitch));
        Vertical = AxisRange.Of(chart.Y, Values(chart.OnLeft), MostVerticalTicks, endsAtTicks: true);
        RightVertical = chart.Right is null ? null : AxisRange.Of(chart.Right, Values(chart.OnRight), MostVerticalTicks, endsAtTicks: true);
        Left = Edge + TickGap + WidestOf(Vertical);
        Right = chart.Width - Edge - (RightVertical is null ? 4 : TickGap + WidestOf(RightVertical));
        MostHorizontalTicks = Math.Max(2, (int)((Right - Left) / HorizontalPitch));
        Horizontal = AxisRange.Of(chart.X, Places(chart), MostHorizontalTicks, endsAtTicks: false);
        EventRows = MakeEventRows(chart, out int rows);
        Top = top + rows * (SmallSize + 3);
        Height = Math.Max(chart.Height, Top + LeastHeight + below);
        Bottom = Height - below;
    }

    public Point TitleAt { get; }

    public Point NoteAt { get; }

    /// <summary>The base line of the names of the vertical axes.</summary>
    public double AxisTitleY { get; }

    public IReadOnlyList<(Series Series, int Color, Point At)> Legend { get; }

    /// <summary>The row of each event's label above the frame, from 0.</summary>
    public IReadOnlyList<int> EventRows { get; }

    /// <summary>Of the whole drawing: that of the chart, or more where legend and words leave too little.</summary>
    public double Height { get; }

    public double Left { get; }

    public double Right { get; }

    public double Top { get; }

    public double Bottom { get; }

    public AxisRange Horizontal { get; }

    public AxisRange Vertical { get; }

    public AxisRange? RightVertical { get; }

    public int MostHorizontalTicks { get; }

    public int MostVerticalTicks { get; }

    /// <summary>The color of each series of a chart.</summary>
    public static IReadOnlyList<int> ColorsOf(Chart chart)
    {
        int next = 0;
        return [.. chart.Series.Select(series => series.Color is { } color ? Math.Abs(color) : next++)];
    }

    /// <summary>The place of a value of a series.</summary>
    public Point At(double x, double y, bool isOnRight = false) =>
        new(AtX(x), Bottom - (isOnRight ? RightVertical ?? Vertical : Vertical).At(y) * (Bottom - Top));

    public double AtX(double x) => Left + Horizontal.At(x) * (Right - Left);

    /// <summary>Whether the label of an event is left of its line, because there is no room on the right.</summary>
    public bool IsWordLeft(ChartEvent mark) => AtX(mark.X) + WidthOf(mark) > Right + 4;

    private static double WidthOf(ChartEvent mark) => SvgWriter.WidthOf(mark.Words, SmallSize) + 8;

    private static IEnumerable<double> Values(IEnumerable<Series> all) =>
        from series in all
        from point in series.Points
        from value in new[] { point.Y, point.Low ?? (series.Style == SeriesStyle.Bars ? 0 : point.Y), point.High ?? point.Y }
        select value;

    // The outermost bars are within the frame to their edges.
    private static IEnumerable<double> Places(Chart chart) =>
        from series in chart.Series
        let half = series.Style == SeriesStyle.Bars && chart.X.Scale == AxisScale.Linear ? BarWidthOf(series) / 2 : 0
        from point in series.Points
        from place in new[] { point.X - half, point.X + half }
        select place;

    /// <summary>How wide the bars of a series may be, on its axis: the distance of the closest two.</summary>
    public static double BarWidthOf(Series series)
    {
        double[] places = [.. series.Points.Select(point => point.X).Where(double.IsFinite).Distinct().Order()];
        return places.Length < 2 ? 1 : places.Zip(places.Skip(1), (a, b) => b - a).Min();
    }

    private double WidestOf(AxisRange range) => range.Ticks(MostVerticalTicks).Select(tick => SvgWriter.WidthOf(tick.Label, SmallSize))
        .DefaultIfEmpty().Max();

    // A line of names, or several where they do not fit into one.
    private static List<(Series, int, Point)> MakeLegend(Chart chart, ref double y)
    {
        List<(Series, int, Point)> legend = [];
        (Series Series, int Color)[] named = [.. chart.Series.Zip(ColorsOf(chart)).Where(pair => pair.First.Name.Length > 0)];
        if (named.Length == 0)
            return legend;
        y += Row + 3;
        double x = Edge;
        foreach ((Series series, int color) in named)
        {
            double width = 40 + Math.Min(SvgWriter.WidthOf(series.Name, TextSize), chart.Width - 2 * Edge - 40);
            if (x > Edge && x + width > chart.Width - Edge + 14)
                (x, y) = (Edge, y + Row);
            legend.Add((series, color, new(x, y)));
            x += width;
        }
        return legend;
    }

    // The lowest row in which the words do not run into others.
    private List<int> MakeEventRows(Chart chart, out int rows)
    {
        List<double> ends = [];
        List<(int Index, int Row)> placed = [];
        foreach ((int index, ChartEvent mark) in chart.Events.Index().Where(pair => Horizontal.HasPlace(pair.Item.X))
            .OrderBy(pair => pair.Item.X))
        {
            double begin = AtX(mark.X) - (IsWordLeft(mark) ? WidthOf(mark) : 0);
            int row = ends.FindIndex(end => end <= begin);
            if (row < 0)
            {
                row = ends.Count;
                ends.Add(0);
            }
            ends[row] = begin + WidthOf(mark);
            placed.Add((index, row));
        }
        rows = ends.Count;
        return [.. chart.Events.Select((_, i) => placed.Where(p => p.Index == i).Select(p => p.Row).FirstOrDefault(-1))];
    }
}
