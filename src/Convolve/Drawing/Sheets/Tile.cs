using Convolve.Data;

namespace Convolve.Drawing.Sheets;

/// <summary>What the frame around a picture says.</summary>
internal enum TileFrame
{
    None,
    Good,
    Bad,
}

/// <summary>A picture on a sheet.</summary>
/// <param name="Planes">Bytes by channel, row, column.</param>
/// <param name="Size">Channels (1 for gray, 3), height and width.</param>
/// <param name="Factor">The side of the square that each pixel is shown as.</param>
internal sealed record Tile(byte[] Planes, ImageSize Size, int Factor = 1)
{
    /// <summary>Lines below it; each is cut where it is wider than the picture.</summary>
    public IReadOnlyList<string> Captions { get; init; } = [];

    /// <summary>Lines below these, in small letters.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public TileFrame Frame { get; init; }

    public int Height => Size.Height * Factor;

    public int Width => Size.Width * Factor;
}

/// <summary>Pictures that belong together, in rows, all with the same room.</summary>
/// <param name="Heading">Above them.</param>
/// <param name="Note">Below the heading, in softer ink; empty for none.</param>
/// <param name="Tiles">In order.</param>
internal sealed record SheetSection(string Heading, string Note, IReadOnlyList<Tile> Tiles);
