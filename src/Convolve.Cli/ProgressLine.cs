using System.Globalization;
using System.Text;

namespace Convolve.Cli;

/// <summary>A bar on the last line of a terminal, drawn over itself; nothing elsewhere.</summary>
internal sealed class ProgressLine(Output output)
{
    private const int BarWidth = 24;
    private int _shown;

    /// <summary>Draws it.</summary>
    /// <param name="share">Done, in [0, 1]; null if nobody knows.</param>
    /// <param name="before">In front of the bar.</param>
    /// <param name="after">Behind it.</param>
    public void Show(double? share, string before, string after)
    {
        if (!output.IsTerminal || output.IsQuiet)
            return;
        int full = (int)((share ?? 0) * BarWidth), width = Math.Max(10, output.Width - 1);
        string percent = share is { } done ? string.Create(CultureInfo.InvariantCulture, $"{(int)(done * 100),3} %") : "  ? %";
        string text = $"{before} {Bar(full)} {percent}  {after}";
        if (text.Length > width)
            text = text[..width];
        StringBuilder line = new("\r");
        line.Append(text);
        line.Append(' ', Math.Max(0, Math.Min(_shown, width) - text.Length));
        if (output.HasColors && text.Length >= before.Length + BarWidth + 1)
        {
            int start = 1 + before.Length + 1;
            line.Insert(start + BarWidth, "\e[0m").Insert(start + full, "\e[90m").Insert(start, "\e[32m");
        }
        output.Words.Write(line.ToString());
        _shown = text.Length;
    }

    /// <summary>Takes it away.</summary>
    public void Clear()
    {
        if (_shown > 0)
            output.Words.Write("\r" + new string(' ', _shown) + "\r");
        _shown = 0;
    }

    private string Bar(int full) => output.HasUnicode
        ? new string('\u2501', BarWidth)
        : new string('#', full) + new string('.', BarWidth - full);
}
