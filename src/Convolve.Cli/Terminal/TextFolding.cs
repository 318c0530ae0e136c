using System.Text;
using System.Text.RegularExpressions;
using Spectre.Console.Rendering;

namespace Convolve.Cli.Terminal;

/// <summary>Text in lines of a width, broken between words only. Commands stay whole, so that they can be pasted.</summary>
internal static class TextFolding
{
    /// <summary>Shown as a space, at which no line ends.</summary>
    public const char Unbroken = '\u00a0';

    /// <summary>The columns that a text takes: some characters take two, some none.</summary>
    public static int Columns(string text) =>
        text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? new Segment(text).CellCount() : text.Length;

    /// <summary>The text with a space or an escape in place of what would move the cursor.</summary>
    public static string Printable(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '?' : c))
        : text;

    /// <summary>
    /// Folds one line. The lines after the first begin with as many spaces as it does, and <paramref name="indent"/> more. A word, path or
    /// command that is longer than a line stays whole.
    /// </summary>
    public static List<string> Fold(string text, int width, int indent = 0)
    {
        if (Columns(text) <= width)
            return [text.Replace(Unbroken, ' ')];
        int margin = text.Length - text.TrimStart(' ').Length;
        string hang = new(' ', margin + indent);
        List<string> lines = [];
        StringBuilder line = new(text[..margin]);
        int used = margin;
        bool isEmpty = true;
        foreach (Match match in Words().Matches(text[margin..]))
        {
            string gap = match.Groups["gap"].Value, word = match.Groups["word"].Value;
            int size = Columns(word);
            if (!isEmpty && used + gap.Length + size > width)
            {
                lines.Add(line.ToString());
                line.Clear().Append(hang);
                (used, isEmpty) = (hang.Length, true);
            }
            if (!isEmpty)
            {
                line.Append(gap);
                used += gap.Length;
            }
            line.Append(word);
            used += size;
            isEmpty = false;
        }
        lines.Add(line.ToString());
        return lines.ConvertAll(folded => folded.Replace(Unbroken, ' ').TrimEnd());
    }

    /// <summary>Folds a cell of a table. A word that is longer than the width is cut, after a hyphen or slash where there is one.</summary>
    public static List<string> FoldCell(string text, int width)
    {
        List<string> lines = [];
        foreach (string folded in Fold(text, width))
        {
            string rest = folded;
            while (Columns(rest) > width)
            {
                int take = rest.Length;
                while (take > 1 && Columns(rest[..take]) > width)
                    take--;
                int joint = rest.LastIndexOfAny(['-', '/', '_'], take - 1);
                if (joint >= take / 2)
                    take = joint + 1;
                lines.Add(rest[..take]);
                rest = rest[take..];
            }
            lines.Add(rest);
        }
        return lines;
    }

    private static Regex Words() =>
        new($@"(?<gap> *)(?<word>`[^`]*`[^ ]*|[^ ]*[0-9] (?:[KMG]iB|B|%|s|min|h)(?![^ ,.;:)])[^ ]*|'{Regex.Escape(ProgramName.Current)} " +
            $@"[^']*'[^ ]*|(?<=: ){Regex.Escape(ProgramName.Current)} .*$|[^ ]+)");
}
