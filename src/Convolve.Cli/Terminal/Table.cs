namespace Convolve.Cli.Terminal;

/// <summary>Rows of plain text under titles, made to fit a width: numbers are never broken.</summary>
internal sealed class Table(params Column[] columns)
{
    private const string Gap = "  ";
    private const int Narrow = 16, Narrowest = 10;
    private readonly List<string[]> _rows = [];

    /// <summary>A row; cells that are missing at its end are empty.</summary>
    public void Add(params ReadOnlySpan<string> cells)
    {
        string[] row = new string[columns.Length];
        for (int i = 0; i < row.Length; i++)
            row[i] = i < cells.Length ? TextFolding.Printable(cells[i]) : "";
        _rows.Add(row);
    }

    /// <summary>
    /// The table in lines. Where the width is too small, titles fold, then the columns that may; then columns are left out by rank; and if
    /// what remains is still too wide, it comes in several parts, each with the first column.
    /// </summary>
    /// <param name="width">Columns of the screen.</param>
    /// <returns>The lines, whether each is a title, and the titles of the columns that were left out.</returns>
    public (List<(string Text, bool IsTitle)> Lines, List<string> Hidden) Layout(int width)
    {
        List<int> shown = [.. Enumerable.Range(0, columns.Length)];
        int[]? widths;
        while ((widths = Fit(shown, width, Narrow, foldsAll: false)) is null && shown.Any(i => columns[i].Rank > 1))
            shown.Remove(shown.Where(i => columns[i].Rank > 1).OrderByDescending(i => columns[i].Rank).ThenByDescending(i => i).First());
        List<string> hidden = [.. Enumerable.Range(0, columns.Length).Except(shown).Select(i => columns[i].Title)];
        widths ??= Fit(shown, width, Narrowest, foldsAll: false) ?? Fit(shown, width, Narrowest, foldsAll: true);
        if (widths is not null)
            return (Lines(shown, widths), hidden);

        List<(string, bool)> lines = [];
        int next = 1;
        do
        {
            List<int> part = [shown[0]];
            int[] fitted = Fit(part, width, Narrowest, foldsAll: true) ?? [Natural(shown[0])];
            while (next < shown.Count && (part.Count == 1 || Fit([.. part, shown[next]], width, Narrowest, foldsAll: true) is not null))
            {
                part.Add(shown[next++]);
                fitted = Fit(part, width, Narrowest, foldsAll: true) ?? [.. part.Select(Natural)];
            }
            if (lines.Count > 0)
                lines.Add(("", false));
            lines.AddRange(Lines(part, fitted));
        }
        while (next < shown.Count);
        return (lines, hidden);
    }

    // The width of each shown column; null if they do not fit.
    private int[]? Fit(List<int> shown, int width, int narrow, bool foldsAll)
    {
        int[] widths = [.. shown.Select(Natural)];
        int excess = widths.Sum() + Gap.Length * (widths.Length - 1) - width;
        // A title of several words may take several lines; the one that is widest beside its cells goes first.
        foreach (int k in Enumerable.Range(0, shown.Count).OrderByDescending(k => widths[k] - TitleFolded(shown[k])))
            Shrink(k, TitleFolded(shown[k]));
        while (excess > 0)
        {
            int[] least =
                [.. shown.Select((i, k) => MayFold(i) ? Math.Min(widths[k], Math.Max(narrow, LongestWord(columns[i].Title))) : widths[k])];
            int widest = Enumerable.Range(0, shown.Count).Where(k => widths[k] > least[k]).OrderByDescending(k => widths[k]).Append(-1)
                .First();
            if (widest < 0)
                return foldsAll && columns[shown[^1]].IsPath ? widths : null;
            Shrink(widest, Math.Max(least[widest], widths[widest] - Math.Max(1, excess / 2)));
        }
        return widths;

        bool MayFold(int i) => columns[i].Folds || (foldsAll && !columns[i].IsNumber && !columns[i].IsPath);

        void Shrink(int k, int to)
        {
            int less = Math.Min(Math.Max(0, excess), widths[k] - to);
            widths[k] -= less;
            excess -= less;
        }
    }

    private int Natural(int i) => Math.Max(TextFolding.Columns(columns[i].Title), Cells(i));

    private int TitleFolded(int i) => Math.Max(LongestWord(columns[i].Title), Cells(i));

    private int Cells(int i) => _rows.Count == 0 ? 0 : _rows.Max(row => TextFolding.Columns(row[i]));

    private static int LongestWord(string text) => text.Split(' ').Max(TextFolding.Columns);

    private List<(string, bool)> Lines(List<int> shown, int[] widths)
    {
        List<(string, bool)> lines = [.. Row(i => columns[i].Title).Select(line => (line, true))];
        foreach (string[] row in _rows)
            lines.AddRange(Row(i => row[i]).Select(line => (line, false)));
        return lines;

        IEnumerable<string> Row(Func<int, string> cell)
        {
            List<string>[] cells = [.. shown.Select((i, k) => columns[i].IsPath ? [cell(i)] : TextFolding.FoldCell(cell(i), widths[k]))];
            for (int n = 0; n < cells.Max(c => c.Count); n++)
            {
                yield return string.Join(Gap, cells.Select((c, k) =>
                {
                    string text = n < c.Count ? c[n] : "", blanks = new(' ', Math.Max(0, widths[k] - TextFolding.Columns(text)));
                    return columns[shown[k]].IsNumber ? blanks + text : text + blanks;
                })).TrimEnd();
            }
        }
    }
}
