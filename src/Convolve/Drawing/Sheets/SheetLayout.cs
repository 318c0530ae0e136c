using Convolve.Imaging;

namespace Convolve.Drawing.Sheets;

/// <summary>A line of letters on a sheet.</summary>
/// <param name="Text">As much as there is room for.</param>
/// <param name="Left">Where it begins.</param>
/// <param name="Top">Its upper edge.</param>
/// <param name="Scale">1 for small letters, 2 for others.</param>
/// <param name="IsSoft">Whether the ink is soft.</param>
internal readonly record struct SheetText(string Text, int Left, int Top, int Scale, bool IsSoft);

/// <summary>Where everything on a sheet is, in pixels.</summary>
internal sealed class SheetLayout
{
    public const int Frame = 3;
    private const int Margin = 12, Gap = 6, Wide = 18, UsualWidth = 960, LeastWidth = 480, Large = 2;

    public SheetLayout(IReadOnlyList<SheetSection> sections)
    {
        int inner = Math.Max(LeastWidth, sections.Max(WidthOf));
        Width = inner + 2 * Margin;
        int top = Margin;
        foreach (SheetSection section in sections)
        {
            top = Write(section.Heading, top, inner, isSoft: false);
            top = Write(section.Note, top, inner, isSoft: true) + Gap;
            top = Place(section, top) + Wide;
        }
        Height = top - Wide + Margin;
    }

    public int Width { get; }

    public int Height { get; }

    public List<SheetText> Texts { get; } = [];

    public List<(Tile Tile, int Left, int Top)> Tiles { get; } = [];

    private static int Line(int scale) => PixelText.Height * scale + 3;

    private static int PitchOf(SheetSection section) => section.Tiles.Max(tile => tile.Width) + 2 * Frame + Gap;

    // As many as a row has room for, and then in rows of equal length.
    private static int ColumnsOf(SheetSection section)
    {
        int most = Math.Max(1, (UsualWidth + Gap) / PitchOf(section)), rows = (section.Tiles.Count + most - 1) / most;
        return (section.Tiles.Count + rows - 1) / rows;
    }

    private static int WidthOf(SheetSection section) =>
        section.Tiles.Count == 0 ? 0 : ColumnsOf(section) * PitchOf(section) - Gap;

    private int Write(string text, int top, int width, bool isSoft)
    {
        string line = "";
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string longer = line.Length == 0 ? word : $"{line} {word}";
            if (line.Length > 0 && PixelText.WidthOf(longer, Large) > width)
            {
                Texts.Add(new(line, Margin, top, Large, isSoft));
                (top, longer) = (top + Line(Large), word);
            }
            line = longer;
        }
        if (line.Length == 0)
            return top;
        Texts.Add(new(PixelText.Shorten(line, width, Large), Margin, top, Large, isSoft));
        return top + Line(Large);
    }

    private int Place(SheetSection section, int top)
    {
        if (section.Tiles.Count == 0)
            return top;
        int columns = ColumnsOf(section), pitch = PitchOf(section);
        foreach (Tile[] row in section.Tiles.Chunk(columns))
        {
            int bottom = top + row.Max(tile => tile.Height) + 2 * Frame + 2, end = bottom;
            foreach ((int i, Tile tile) in row.Index())
            {
                int left = Margin + i * pitch + Frame, at = bottom;
                Tiles.Add((tile, left, top + Frame));
                foreach (string caption in tile.Captions)
                    at = Write(caption, left, at, pitch - Gap, Large);
                foreach (string note in tile.Notes)
                    at = Write(note, left, at, pitch - Gap, 1);
                end = Math.Max(end, at);
            }
            top = end + Gap;
        }
        return top - Gap;
    }

    private int Write(string text, int left, int top, int width, int scale)
    {
        Texts.Add(new(PixelText.Shorten(text, width, scale), left, top, scale, scale == 1));
        return top + Line(scale);
    }
}
