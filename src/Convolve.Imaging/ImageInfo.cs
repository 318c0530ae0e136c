namespace Convolve.Imaging;

/// <summary>The file formats that are read.</summary>
internal enum ImageFormat
{
    /// <summary>ISO/IEC 10918-1: baseline and progressive, Huffman; gray, RGB, YCbCr, CMYK, YCCK; 8 bits.</summary>
    Jpeg,

    /// <summary>ISO/IEC 15948: all color types, 1 to 16 bits, interlaced or not.</summary>
    Png,

    /// <summary>RFC 9649: lossy and lossless; of an animation, the first frame.</summary>
    WebP,

    /// <summary>Windows bitmaps: 1 to 32 bits, run lengths too.</summary>
    Bmp,

    /// <summary>GIF 87a and 89a; of an animation, the first frame.</summary>
    Gif,
}

/// <summary>What the head of a file says of the picture in it.</summary>
/// <param name="Format">The file format, by its first bytes; the name of the file says nothing.</param>
/// <param name="Channels">1 for a gray picture, with alpha or without, and for a gray palette of BMP and GIF; 3 for any
/// other.</param>
/// <param name="Height">Rows, once it is turned as <paramref name="Orientation"/> says.</param>
/// <param name="Width">Columns, once it is turned as <paramref name="Orientation"/> says.</param>
/// <param name="Orientation">EXIF's number, 1 to 8: how the stored rows and columns are to be shown; 1 where the file says nothing.</param>
internal readonly record struct ImageInfo(ImageFormat Format, int Channels, int Height, int Width, int Orientation)
{
    /// <summary>Pixels in one channel.</summary>
    public long PixelCount => (long)Height * Width;

    /// <summary>Whether the stored rows are shown as columns.</summary>
    internal bool IsTurned => Orientation >= 5;

    internal int StoredHeight => IsTurned ? Width : Height;

    internal int StoredWidth => IsTurned ? Height : Width;

    /// <summary>A format as people write it, such as PNG.</summary>
    internal static string NameOf(ImageFormat format) =>
        format == ImageFormat.WebP ? nameof(ImageFormat.WebP) : format.ToString().ToUpperInvariant();

    /// <summary>Format, channels, height, width, as in <c>Jpeg 3x480x640</c>.</summary>
    public override string ToString() => $"{Format} {Channels}x{Height}x{Width}";
}
