using System.Globalization;
using Convolve.Imaging;

namespace Convolve.Drawing.Sheets;

/// <summary>Pictures with words, as a PNG file or as an SVG document whose words are letters and whose pictures are PNG files.</summary>
/// <param name="title">Its name, for those who cannot see it.</param>
/// <param name="sections">From top to bottom; at least one.</param>
internal sealed class Sheet(string title, IReadOnlyList<SheetSection> sections)
{
    // Of the letters of a bitmap font that high.
    private const double LargeLetters = 14, SmallLetters = 9;
    private static readonly byte[] Background = [245, 245, 245], Ink = [32, 32, 32], Soft = [96, 96, 96], Good = [0, 135, 95],
        Bad = [213, 94, 0];
    private readonly SheetLayout _layout = new(sections);

    public int Height => _layout.Height;

    public int Width => _layout.Width;

    /// <summary>A PNG file.</summary>
    public byte[] ToPng()
    {
        byte[] planes = new byte[checked(3 * Height * Width)];
        Fill(planes, 0, 0, Height, Width, Background);
        foreach ((Tile tile, int left, int top) in _layout.Tiles)
        {
            if (tile.Frame != TileFrame.None)
                Fill(planes, left - SheetLayout.Frame, top - SheetLayout.Frame, tile.Height + 2 * SheetLayout.Frame,
                    tile.Width + 2 * SheetLayout.Frame, ColorOf(tile.Frame));
            for (int c = 0; c < 3; c++)
                for (int y = 0; y < tile.Height; y++)
                    for (int x = 0, from = (Math.Min(c, tile.Size.Channels - 1) * tile.Size.Height + y / tile.Factor) * tile.Size.Width;
                        x < tile.Width; x++)
                        planes[(c * Height + top + y) * Width + left + x] = tile.Planes[from + x / tile.Factor];
        }
        foreach (SheetText text in _layout.Texts)
            PixelText.Write(planes, Height, Width, text.Text, text.Left, text.Top, text.IsSoft ? Soft : Ink, text.Scale);
        return PngEncoder.Encode(planes, 3, Height, Width);
    }

    /// <summary>An SVG document.</summary>
    public string ToSvg()
    {
        using SvgWriter svg = new("sheet", Width, Height, title, string.Join(" ", sections.Select(section => section.Heading)),
            [new("image", "image-rendering:pixelated")]);
        foreach ((Tile tile, int left, int top) in _layout.Tiles)
        {
            if (tile.Frame != TileFrame.None)
                svg.Element("rect", [.. Box(left - SheetLayout.Frame, top - SheetLayout.Frame, tile.Width + 2 * SheetLayout.Frame,
                    tile.Height + 2 * SheetLayout.Frame), ("fill", $"rgb({string.Join(',', ColorOf(tile.Frame))})")]);
            svg.Element("image", [.. Box(left, top, tile.Width, tile.Height), ("href", "data:image/png;base64," +
                Convert.ToBase64String(PngEncoder.Encode(tile.Planes, tile.Size.Channels, tile.Size.Height, tile.Size.Width)))]);
        }
        foreach (SheetText text in _layout.Texts)
            svg.Text(text.Text, new(text.Left, text.Top + text.Scale * (PixelText.Height - 1)), text.IsSoft ? "soft" : "ink",
                text.Scale > 1 ? LargeLetters : SmallLetters);
        return svg.Finish();
    }

    private static byte[] ColorOf(TileFrame frame) => frame == TileFrame.Good ? Good : Bad;

    private static (string, string)[] Box(int left, int top, int width, int height) => [("x", Text(left)), ("y", Text(top)),
        ("width", Text(width)), ("height", Text(height))];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Fill(byte[] planes, int left, int top, int height, int width, byte[] color)
    {
        for (int c = 0; c < 3; c++)
            for (int y = top; y < top + height; y++)
                planes.AsSpan((c * Height + y) * Width + left, width).Fill(color[c]);
    }
}
