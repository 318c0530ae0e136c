using System.Globalization;
using System.Text;

namespace Convolve.Cli.Terminal;

/// <summary>A bar on the last line of a terminal, drawn over itself; nothing elsewhere.</summary>
internal sealed class ProgressLine(Output output)
{
    private const int BarWidth = 24, LeastBar = 6;
    private int _shown;

    /// <summary>Draws it.</summary>
    /// <param name="share">The share that is done, in [0, 1]; null if unknown.</param>
    /// <param name="before">In front of the bar.</param>
    /// <param name="after">Behind it.</param>
    public void Show(double? share, string before, string after)
    {
        if (!output.IsTerminal || output.IsQuiet)
            return;
        int width = Math.Max(10, output.Width - 1);
        string percent = share is { } done ? string.Create(CultureInfo.InvariantCulture, $"{(int)(done * 100),3} %") : "  ? %";
        // What is said comes first: the bar becomes shorter, and then parts at the end are left out, each whole.
        int size = Math.Clamp(width - before.Length - percent.Length - after.Length - 4, LeastBar, BarWidth);
        while (before.Length + size + percent.Length + after.Length + 4 > width && after.LastIndexOf("  ", StringComparison.Ordinal) is > 0
            and int cut)
            after = after[..cut];
        int full = (int)((share ?? 0) * size);
        string text = $"{before} {Bar(full, size)} {percent}  {after}".TrimEnd();
        if (text.Length > width)
            text = text[..width];
        StringBuilder line = new("\r");
        line.Append(text);
        line.Append(' ', Math.Max(0, Math.Min(_shown, width) - text.Length));
        if (output.HasColors && text.Length >= before.Length + size + 1)
        {
            int start = 1 + before.Length + 1;
            line.Insert(start + size, "\e[0m").Insert(start + full, "\e[90m").Insert(start, "\e[32m");
        }
        output.Words.Write(line.ToString());
        _shown = text.Length;
    }

    /// <summary>Removes it.</summary>
    public void Clear()
    {
        if (_shown > 0)
            output.Words.Write("\r" + new string(' ', _shown) + "\r");
        _shown = 0;
    }

    private string Bar(int full, int size) => output.HasUnicode
        ? new string('\u2501', size)
        : new string('#', full) + new string('.', size - full);
}
