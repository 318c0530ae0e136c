namespace Convolve.Drawing.Charts;

/// <summary>
/// Draws a chart in letters: one series in dots of braille, eight to a letter; several, or without Unicode, with a sign for each. Pale
/// lines are left out.
/// </summary>
internal static class ChartLetters
{
    private const int DotColumns = 2, DotRows = 4;
    private const char Blank = '\u2800';
    private const string Signs = "*o+x#@%&$=";

    // The bit of each dot of a letter of braille, by row and column.
    private static readonly int[,] Bits = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };

    public static string Draw(Chart chart, int columns, int rows, bool isUnicode)
    {
        int mostTicks = Math.Max(2, rows / 4);
        Series[] shown = [.. chart.OnLeft.Where(series => series.Style is not (SeriesStyle.Faint or SeriesStyle.Trend))];
        AxisRange vertical = AxisRange.Of(chart.Y, shown.SelectMany(series => series.Points).Select(point => point.Y), mostTicks,
            endsAtTicks: true);
        AxisRange horizontal = AxisRange.Of(chart.X, shown.SelectMany(series => series.Points).Select(point => point.X), 5,
            endsAtTicks: false);
        var ticks = vertical.Ticks(mostTicks).ToLookup(tick => Place(1 - vertical.At(tick.Value), rows), tick => tick.Label);
        int margin = ticks.SelectMany(labels => labels).Select(label => label.Length).DefaultIfEmpty().Max(), width = columns - margin - 2;
        ChartEvent[] events = [.. chart.Events.Where(mark => horizontal.HasPlace(mark.X) && horizontal.At(mark.X) is >= 0 and <= 1)];
        (char upright, char corner, char level, char dotted) = isUnicode ? ('\u2502', '\u2514', '\u2500', '\u250a') : ('|', '+', '-', ':');
        char[][] frame = Frame(shown, horizontal, vertical, width, rows, isUnicode && shown.Length == 1);
        foreach (int column in events.Select(mark => Place(horizontal.At(mark.X), width)))
            foreach (char[] row in frame)
                row[column] = row[column] is ' ' or Blank ? dotted : row[column];

        List<string> lines = [chart.Title, .. Legend(chart.Y.Title, shown, columns)];
        lines.AddRange(frame.Select((row, i) =>
            $"{(ticks[i].FirstOrDefault() ?? "").PadLeft(margin)} {upright}{new string(row).TrimEnd(' ', Blank)}"));
        lines.Add($"{new string(' ', margin)} {corner}{new string(level, width)}");
        lines.Add(HorizontalLabels(horizontal, margin + 2, width).TrimEnd());
        lines.Add(new string(' ', margin + 2 + Math.Max(0, (width - chart.X.Title.Length) / 2)) + chart.X.Title);
        if (events.Length > 0)
            lines.Add($"{dotted} {string.Join(", ", events.Select(mark => $"{mark.Words} at {AxisRange.Words(mark.X)}"))}");
        return string.Concat(lines.Select(line => Cut(line, columns) + "\n"));
    }

    // The axis and, if there are several series, their signs, in as many lines as they need.
    private static IEnumerable<string> Legend(string axis, Series[] shown, int columns)
    {
        string line = axis, gap = "    ";
        foreach (string entry in shown.Length > 1 ? shown.Select((series, i) => $"{SignOf(i)} {series.Name}") : [])
        {
            if (line.Length + gap.Length + entry.Length > columns)
            {
                yield return line;
                (line, gap) = (new(' ', axis.Length), "    ");
            }
            line += gap + entry;
            gap = "   ";
        }
        yield return line;
    }

    private static char[][] Frame(Series[] all, AxisRange horizontal, AxisRange vertical, int width, int rows, bool hasDots)
    {
        (int across, int down) = hasDots ? (DotColumns, DotRows) : (1, 1);
        char[][] frame = [.. Enumerable.Range(0, rows).Select(_ => new string(hasDots ? Blank : ' ', width).ToCharArray())];
        for (int i = 0; i < all.Length; i++)
        {
            (int X, int Y)? before = null;
            foreach (ChartPoint point in all[i].Points)
            {
                if (!horizontal.HasPlace(point.X) || !vertical.HasPlace(point.Y) || vertical.At(point.Y) is < 0 or > 1
                    || horizontal.At(point.X) is < 0 or > 1)
                {
                    before = null;
                    continue;
                }
                (int X, int Y) at = (Place(horizontal.At(point.X), width * across), Place(1 - vertical.At(point.Y), rows * down));
                (int X, int Y) from = all[i].Style is SeriesStyle.Points or SeriesStyle.Bars ? at : before ?? at;
                int steps = Math.Max(1, Math.Max(Math.Abs(at.X - from.X), Math.Abs(at.Y - from.Y)));
                for (int step = 0; step <= steps; step++)
                    Set(from.X + (int)Math.Round((at.X - from.X) * (double)step / steps),
                        from.Y + (int)Math.Round((at.Y - from.Y) * (double)step / steps), SignOf(i));
                before = at;
            }
        }
        return frame;

        void Set(int x, int y, char sign)
        {
            ref char letter = ref frame[y / down][x / across];
            letter = hasDots ? (char)(letter | Bits[y % down, x % across]) : sign;
        }
    }

    private static string HorizontalLabels(AxisRange range, int indent, int width)
    {
        char[] line = new string(' ', indent + width).ToCharArray();
        int free = 0;
        foreach ((double value, string label) in range.Ticks(Math.Max(2, width / 12)))
        {
            int begin = Math.Clamp(indent + Place(range.At(value), width) - label.Length / 2, 0, Math.Max(0, line.Length - label.Length));
            if (begin < free || begin + label.Length > line.Length)
                continue;
            label.CopyTo(line.AsSpan(begin));
            free = begin + label.Length + 2;
        }
        return new(line);
    }

    private static char SignOf(int series) => Signs[series % Signs.Length];

    private static int Place(double share, int count) => (int)Math.Clamp(Math.Round(share * (count - 1)), 0, count - 1);

    private static string Cut(string text, int columns) => text.Length <= columns ? text : text[..columns];
}
