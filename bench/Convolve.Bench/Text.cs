using System.Globalization;
using System.Text;

namespace Convolve.Bench;

/// <summary>Figures and tables as text.</summary>
internal static class Text
{
    public static string Milliseconds(double ms) => ms.ToString(ms < 10 ? "F2" : ms < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);

    public static string Ratio(double ratio) => ratio.ToString("F2", CultureInfo.InvariantCulture);

    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:F1} %");

    public static string Signed(double share) => (share < 0 ? "" : "+") + Percent(share);

    public static string Mebibytes(double bytes) => (bytes / 1048576).ToString("F0", CultureInfo.InvariantCulture);

    public static string Count(double count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A median with the range around it, or a dash.</summary>
    public static string Show(Spread? spread, Func<double, string> text)
    {
        if (spread is not { } s)
            return "-";
        return s.Min == s.Max ? text(s.Median) : $"{text(s.Median)} ({text(s.Min)} to {text(s.Max)})";
    }

    /// <summary>A Markdown table that lines up as plain text too.</summary>
    /// <param name="heads">The columns' names; those that begin with a blank go to the right.</param>
    public static string Table(string[] heads, IEnumerable<string[]> rows)
    {
        List<string[]> all = [[.. heads.Select(h => h.Trim())], .. rows];
        int[] widths = [.. heads.Select((_, column) => Math.Max(3, all.Max(row => row[column].Length)))];
        bool[] isRight = [.. heads.Select(h => h[0] == ' ')];
        StringBuilder text = new();
        for (int i = 0; i < all.Count; i++)
        {
            text.Append("| ").AppendJoin(" | ", all[i].Select((cell, c) => isRight[c] ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c])))
                .AppendLine(" |");
            if (i == 0)
                text.Append("| ").AppendJoin(" | ", widths.Select((w, c) => isRight[c] ? new string('-', w - 1) + ":" : new string('-', w)))
                    .AppendLine(" |");
        }
        return text.ToString();
    }
}
