namespace Convolve.Imaging;

/// <summary>What decoding needs to know of a file before it makes room for the picture.</summary>
/// <param name="Info">What callers see of it.</param>
/// <param name="Samples">Values per stored pixel, as they are decoded: 1 for gray, 4 for RGBA. Of a gray picture of four, the first
/// counts.</param>
internal readonly record struct ImageHeader(ImageInfo Info, int Samples)
{
    private const int PeekedBytes = 8;

    /// <summary>Whether a JPEG file has four inks.</summary>
    public bool IsCmyk { get; init; }

    /// <summary>The header of a picture whose stored size is known.</summary>
    /// <param name="stored">Height and width before the picture is turned.</param>
    /// <param name="isGrey">Whether its bytes can be decoded as gray.</param>
    public static ImageHeader Of(ImageInfo stored, bool isGrey) =>
        new(stored.IsTurned ? stored with { Height = stored.Width, Width = stored.Height } : stored, isGrey ? 1 : 4);

    /// <summary>Reads the head of a file, and whether its end is there.</summary>
    /// <exception cref="ImageException">Its format is unknown, it is damaged or cut off, or it has more pixels than allowed.</exception>
    public static ImageHeader Read(ReadOnlySpan<byte> data, string file, long maxPixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPixels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPixels, ImageDecoder.LargestMaxPixels);
        if (data.IsEmpty)
            throw new ImageException(file, "the file is empty (0 bytes). Get it again.");
        ImageHeader header = JpegHeader.IsJpeg(data) ? JpegHeader.Read(data, file)
            : PngHeader.IsPng(data) ? PngHeader.Read(data, file)
            : WebPHeader.IsWebP(data) ? WebPHeader.Read(data, file)
            : GifHeader.IsGif(data) ? GifHeader.Read(data, file)
            : BmpHeader.IsBmp(data) ? BmpHeader.Read(data, file)
            : IsTiff(data) ? throw new ImageException(file, "this is a TIFF file, which isn't supported. Convert it to PNG.")
            : throw new ImageException(file,
                $"this is not a JPEG, PNG, WebP, BMP or GIF file: it begins with " +
                $"{Convert.ToHexString(data[..Math.Min(PeekedBytes, data.Length)])}. Convert it to PNG, or remove it.");
        ImageInfo info = header.Info;
        if (info.Height < 1 || info.Width < 1)
            throw new ImageException(file,
                $"its header says {info.Width} columns and {info.Height} rows, expected at least 1 of each. Get the file again.");
        return info.PixelCount <= maxPixels ? header
            : throw new ImageException(file, FormattableString.Invariant(
                $"its {info.Width} x {info.Height} pixels are more than the limit of {maxPixels} pixels. Make the picture smaller."));
    }

    // TIFF 6.0, and BigTIFF with 43 in place of 42.
    private static bool IsTiff(ReadOnlySpan<byte> data) => data.StartsWith("II*\0"u8) || data.StartsWith("MM\0*"u8)
        || data.StartsWith("II+\0"u8) || data.StartsWith("MM\0+"u8);
}
