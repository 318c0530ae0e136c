using System.Globalization;
using System.Text;

namespace Convolve.Drawing.Charts;

/// <summary>Draws a chart as SVG.</summary>
internal sealed class ChartDrawing(Chart chart)
{
    private const int MostHits = 400, MostMarks = 24;
    private const double Overshoot = 2;
    private readonly ChartFrame _frame = new(chart);
    private readonly List<(double X, double Y, double Width)> _labels = [];

    public string ToSvg()
    {
        using SvgWriter svg = new("chart", chart.Width, _frame.Height, chart.Title, Description(), ChartColors.Rules);
        double room = chart.Width - 2 * ChartFrame.Edge;
        svg.Text(SvgWriter.Fit(chart.Title, ChartFrame.TitleSize, room), _frame.TitleAt, "ink", ChartFrame.TitleSize, isBold: true);
        if (chart.Note.Length > 0)
            svg.Text(SvgWriter.Fit(chart.Note, ChartFrame.SmallSize, room), _frame.NoteAt, "soft", ChartFrame.SmallSize);
        foreach ((Series series, int color, Point at) in _frame.Legend)
            DrawLegend(svg, series, color, at);
        DrawAxes(svg);
        // What lies outside of fixed limits is cut off at the frame.
        Begin(svg, _frame.Left - Overshoot, _frame.Top - Overshoot, _frame.Right - _frame.Left + 2 * Overshoot,
            _frame.Bottom - _frame.Top + 2 * Overshoot);
        foreach ((Series series, int color) in chart.Series.Zip(ChartFrame.ColorsOf(chart)))
            DrawSeries(svg, series, color);
        svg.End();
        foreach ((ChartEvent mark, int row) in chart.Events.Zip(_frame.EventRows).Where(pair => pair.Second >= 0))
            DrawEvent(svg, mark, row);
        if (!chart.Series.Any(series => series.Points.Any(point => HasPlace(series, point))))
            svg.Text("no values", new((_frame.Left + _frame.Right) / 2, (_frame.Top + _frame.Bottom) / 2), "soft", ChartFrame.TextSize,
                "middle");
        return svg.Finish();
    }

    private string Description() => string.Join("; ", chart.Series.Where(series => series.Points.Count > 0).Select(series =>
        $"{(series.Name.Length > 0 ? series.Name : chart.Y.Label)}: {series.Points.Count} values, the last one " +
            $"{AxisRange.Words(series.Points[^1].Y)} at {chart.X.Label} {AxisRange.Words(series.Points[^1].X)}"));

    private bool HasPlace(Series series, ChartPoint point) => _frame.Horizontal.HasPlace(point.X)
        && (IsOnRight(series) ? _frame.RightVertical! : _frame.Vertical).HasPlace(point.Y);

    private bool IsOnRight(Series series) => series.IsOnRight && chart.Right is not null;

    private Point At(Series series, double x, double y) => _frame.At(x, y, IsOnRight(series));

    // The coordinates within are those of the whole chart.
    private static void Begin(SvgWriter svg, double x, double y, double width, double height) =>
        svg.Begin("svg", ("x", SvgWriter.Number(x)), ("y", SvgWriter.Number(y)),
        ("width", SvgWriter.Number(width)), ("height", SvgWriter.Number(height)),
        ("viewBox", $"{SvgWriter.Number(x)} {SvgWriter.Number(y)} {SvgWriter.Number(width)} {SvgWriter.Number(height)}"));

    private void DrawAxes(SvgWriter svg)
    {
        foreach ((double value, string label) in _frame.Vertical.Ticks(_frame.MostVerticalTicks))
        {
            double y = _frame.At(0, value).Y;
            Line(svg, "grid", new(_frame.Left, y), new(_frame.Right, y));
            svg.Text(label, new(_frame.Left - 6, y + 4), "soft", ChartFrame.SmallSize, "end");
        }
        foreach ((double value, string label) in _frame.RightVertical?.Ticks(_frame.MostVerticalTicks) ?? [])
        {
            double y = _frame.At(0, value, isOnRight: true).Y;
            Line(svg, "axis", new(_frame.Right, y), new(_frame.Right + 3, y));
            svg.Text(label, new(_frame.Right + 6, y + 4), "soft", ChartFrame.SmallSize);
        }
        foreach ((double value, string label) in _frame.Horizontal.Ticks(_frame.MostHorizontalTicks))
        {
            double x = _frame.AtX(value);
            Line(svg, "axis", new(x, _frame.Bottom), new(x, _frame.Bottom + 4));
            svg.Text(label, new(x, _frame.Bottom + 4 + ChartFrame.SmallSize), "soft", ChartFrame.SmallSize, "middle");
        }
        Line(svg, "axis", new(_frame.Left, _frame.Bottom), new(_frame.Right, _frame.Bottom));
        double half = (chart.Width - 3 * ChartFrame.Edge) / (chart.Right is null ? 1 : 2);
        svg.Text(SvgWriter.Fit(chart.Y.Title, ChartFrame.TextSize, half), new(ChartFrame.Edge, _frame.AxisTitleY), "ink",
            ChartFrame.TextSize);
        if (chart.Right is not null)
            svg.Text(SvgWriter.Fit(chart.Right.Title, ChartFrame.TextSize, half), new(chart.Width - ChartFrame.Edge, _frame.AxisTitleY),
                "ink", ChartFrame.TextSize, "end");
        svg.Text(SvgWriter.Fit(chart.X.Title, ChartFrame.TextSize, chart.Width - 2 * ChartFrame.Edge),
            new((_frame.Left + _frame.Right) / 2, _frame.Height - ChartFrame.Edge), "ink",
            ChartFrame.TextSize, "middle");
    }

    private void DrawEvent(SvgWriter svg, ChartEvent mark, int row)
    {
        double x = _frame.AtX(mark.X), y = _frame.Top - 3 - row * (ChartFrame.SmallSize + 3);
        if (x < _frame.Left - 1 || x > _frame.Right + 1)
            return;
        Line(svg, "event", new(x, y - ChartFrame.SmallSize + 3), new(x, _frame.Bottom));
        bool isLeft = _frame.IsWordLeft(mark);
        svg.Text(mark.Words, new(x + (isLeft ? -4 : 4), y), "ink", ChartFrame.SmallSize, isLeft ? "end" : "start");
    }

    private void DrawLegend(SvgWriter svg, Series series, int color, Point at)
    {
        Point middle = new(at.X + 10, at.Y - 4);
        if (series.Style == SeriesStyle.Bars)
            svg.Element("rect", ("class", $"bar {ChartColors.Fill(color)}"), ("x", SvgWriter.Number(at.X + 4)),
                ("y", SvgWriter.Number(at.Y - 10)), ("width", "12"), ("height", "12"));
        else if (series.Style != SeriesStyle.Points)
            Line(svg, $"{ClassOf(series.Style)} {ChartColors.Stroke(color)}", middle with { X = at.X }, middle with { X = at.X + 20 });
        if (series.Style is SeriesStyle.Line or SeriesStyle.Points)
            svg.Element("path", ("class", ChartColors.Fill(color)), ("d", ChartColors.Mark(middle, color)));
        svg.Text(SvgWriter.Fit(series.Name, ChartFrame.TextSize, chart.Width - 2 * ChartFrame.Edge - 25), new(at.X + 25, at.Y), "ink",
            ChartFrame.TextSize);
    }

    private void DrawSeries(SvgWriter svg, Series series, int color)
    {
        ChartPoint[] shown = [.. series.Points.Where(point => HasPlace(series, point))];
        if (series.Style == SeriesStyle.Bars)
            DrawBars(svg, series, shown, color);
        else if (series.Style != SeriesStyle.Points)
            svg.Element("path", ("class", $"{ClassOf(series.Style)} {ChartColors.Stroke(color)}"), ("d", Way(series)));
        if (series.Style != SeriesStyle.Bars)
            foreach (ChartPoint point in shown.Where(point => point.Low is not null || point.High is not null))
                DrawWhisker(svg, color, At(series, point.X, point.Low ?? point.Y), At(series, point.X, point.High ?? point.Y));
        if (series.Style is SeriesStyle.Line or SeriesStyle.Points)
        {
            // Of a long line some marks are enough to tell it from others.
            int stride = series.Style == SeriesStyle.Points ? 1 : Math.Max(1, (shown.Length + MostMarks - 1) / MostMarks);
            string marks = string.Join(' ', shown.Where((_, i) => i % stride == 0 || i == shown.Length - 1)
                .Select(point => ChartColors.Mark(At(series, point.X, point.Y), color)));
            svg.Element("path", ("class", ChartColors.Fill(color)), ("d", marks));
        }
        if (shown.Length <= MostHits && series.Style is SeriesStyle.Line or SeriesStyle.Points)
            foreach (ChartPoint point in shown)
                DrawHit(svg, series, point);
        ChartPoint[] labeled = [.. shown.Where(point => point.Label is { Length: > 0 })];
        // No label lies over a mark.
        _labels.AddRange(labeled.Select(point => At(series, point.X, point.Y)).Select(at => (at.X - 3, at.Y + 4, 6.0)));
        foreach (ChartPoint point in labeled)
            DrawLabel(svg, point.Label!, At(series, point.X, point.Y));
    }

    private void DrawBars(SvgWriter svg, Series series, ChartPoint[] shown, int color)
    {
        double width = ChartFrame.BarWidthOf(series);
        foreach (ChartPoint point in shown)
        {
            Point head = At(series, point.X - width / 2, point.Y), foot = At(series, point.X + width / 2, point.Low ?? 0);
            double gap = Math.Min(2, (foot.X - head.X) * 0.15);
            svg.Begin("rect", ("class", $"bar {ChartColors.Fill(color)}"), ("x", SvgWriter.Number(head.X + gap)),
                ("y", SvgWriter.Number(Math.Min(head.Y, foot.Y))),
                ("width", SvgWriter.Number(Math.Max(0.5, foot.X - head.X - 2 * gap))),
                ("height", SvgWriter.Number(Math.Abs(foot.Y - head.Y))));
            svg.Words("title", Words(series, point));
            svg.End();
        }
    }

    private static void DrawWhisker(SvgWriter svg, int color, Point low, Point high)
    {
        string style = $"whisker {ChartColors.Stroke(color)}";
        Line(svg, style, low, high);
        foreach (Point end in (Point[])[low, high])
            Line(svg, style, end with { X = end.X - 4 }, end with { X = end.X + 4 });
    }

    private void DrawHit(SvgWriter svg, Series series, ChartPoint point)
    {
        Point at = At(series, point.X, point.Y);
        svg.Begin("circle", ("class", "hit"), ("cx", SvgWriter.Number(at.X)), ("cy", SvgWriter.Number(at.Y)), ("r", "7"));
        svg.Words("title", Words(series, point));
        svg.End();
    }

    // At the right, the left, above or below, or a row further away, where no other label stands; else nowhere.
    private void DrawLabel(SvgWriter svg, string label, Point at)
    {
        double width = SvgWriter.WidthOf(label, ChartFrame.SmallSize), middle = at.X - width / 2;
        foreach (Point corner in (Point[])[new(at.X + 7, at.Y + 4), new(at.X - 7 - width, at.Y + 4), new(middle, at.Y - 7),
            new(middle, at.Y + 15), new(middle, at.Y - 19), new(middle, at.Y + 27)])
        {
            bool isInside = corner.X >= _frame.Left && corner.X + width <= _frame.Right && corner.Y - ChartFrame.SmallSize >= _frame.Top - 8
                && corner.Y <= _frame.Bottom + 5;
            if (!isInside || _labels.Any(other => corner.X < other.X + other.Width + 4 && other.X < corner.X + width + 4
                && Math.Abs(corner.Y - other.Y) < ChartFrame.SmallSize))
                continue;
            _labels.Add((corner.X, corner.Y, width));
            svg.Text(label, corner, "ink", ChartFrame.SmallSize);
            return;
        }
    }

    // Gaps where there is no value; what lies on the point before is left out.
    private string Way(Series series)
    {
        StringBuilder way = new();
        bool isDrawing = false;
        Point? last = null;
        foreach (ChartPoint point in series.Points)
        {
            if (!HasPlace(series, point))
            {
                isDrawing = false;
                continue;
            }
            Point at = At(series, point.X, point.Y);
            if (isDrawing && last is { } before && Math.Abs(before.X - at.X) < 0.1 && Math.Abs(before.Y - at.Y) < 0.1)
                continue;
            way.Append(CultureInfo.InvariantCulture, $"{(isDrawing ? "L" : "M")}{SvgWriter.Pair(at)} ");
            (isDrawing, last) = (true, at);
        }
        return way.ToString().TrimEnd();
    }

    private string Words(Series series, ChartPoint point)
    {
        string interval = point.Low is null && point.High is null || series.Style == SeriesStyle.Bars ? ""
            : $" ({AxisRange.Words(point.Low ?? point.Y)} to {AxisRange.Words(point.High ?? point.Y)})";
        Axis axis = IsOnRight(series) ? chart.Right! : chart.Y;
        string name = point.Label is { Length: > 0 } label ? $"{label}, " : series.Name.Length > 0 ? $"{series.Name}, " : "";
        return $"{name}{chart.X.Title} {AxisRange.Words(point.X)}: {axis.Title} {AxisRange.Words(point.Y)}{interval}";
    }

    private static string ClassOf(SeriesStyle style) => style.ToString().ToLowerInvariant();

    private static void Line(SvgWriter svg, string style, Point from, Point to) => svg.Element("line", ("class", style),
        ("x1", SvgWriter.Number(from.X)), ("y1", SvgWriter.Number(from.Y)), ("x2", SvgWriter.Number(to.X)), ("y2", SvgWriter.Number(to.Y)));
}
