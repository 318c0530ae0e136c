using Convolve.Cli.Terminal;
using Convolve.Evaluations;

namespace Convolve.Cli.Screens;

/// <summary>
/// A confusion matrix in letters: true classes from top to bottom, predictions from left to right by number. Where the terminal has colors,
/// the background is darker with the share of the row. Columns that a line has no room for follow below.
/// </summary>
internal static class ConfusionScreen
{
    private const int LongestName = 20, Gap = 1;

    // The 24 grays of terminals, from the darkest; the step from the middle on is where letters must be black.
    private const int DarkestGray = 236, Grays = 18, BlackFrom = 9;

    public static void Show(Output output, ConfusionMatrix matrix)
    {
        if (output.IsQuiet)
            return;
        int classes = matrix.ClassNames.Count, numbers = $"{classes - 1}".Length;
        string[] names = [.. matrix.ClassNames.Select(name => TextFolding.Printable(name))];
        int name = Math.Min(LongestName, names.Max(n => n.Length)), head = numbers + Gap + name;
        int cell = Gap + Math.Max(numbers, Enumerable.Range(0, classes * classes).Max(i => $"{matrix[i / classes, i % classes]}".Length));
        int columns = Math.Clamp((output.Width - head) / cell, 1, classes);
        output.Line("confusion matrix: true classes from top to bottom, predictions from left to right");
        for (int first = 0; first < classes; first += columns)
        {
            int end = Math.Min(classes, first + columns);
            output.Title("true".PadRight(head) +
                string.Concat(Enumerable.Range(first, end - first).Select(k => $"{k}".PadLeft(cell))));
            for (int label = 0; label < classes; label++)
                output.Words.WriteLine($"{$"{label}".PadLeft(numbers)} {Shortened(names[label], name).PadRight(name)}" +
                    string.Concat(Enumerable.Range(first, end - first).Select(k => Cell(output, matrix, label, k, cell))));
            output.Line();
        }
    }

    private static string Shortened(string name, int most) => name.Length <= most ? name : $"{name[..(most - 2)]}..";

    private static string Cell(Output output, ConfusionMatrix matrix, int label, int predicted, int width)
    {
        int count = matrix[label, predicted];
        string text = (count == 0 ? "." : $"{count}").PadLeft(width);
        if (!output.HasColors || count == 0)
            return text;
        double share = (double)count / matrix.Classes[label].Support;
        int gray = (int)Math.Round(Math.Sqrt(share) * (Grays - 1));
        return $"\e[{(gray >= BlackFrom ? "30" : "97")};48;5;{DarkestGray + gray}m{text}\e[0m";
    }
}
