namespace Convolve.Imaging;

/// <summary>What decoding needs to know of a file before it makes room for the picture.</summary>
/// <param name="Info">What callers see of it.</param>
/// <param name="Samples">Values per stored pixel, as the library gives them: 1 gray, 3 RGB, 4 CMYK. Of a gray picture only the first
/// counts.</param>
internal readonly record struct ImageHeader(ImageInfo Info, int Samples)
{
    private const int PeekedBytes = 8;

    /// <summary>Reads the head of a JPEG or PNG file, and whether its end is there.</summary>
    /// <exception cref="ImageException">It is neither, it is damaged or cut off, or it has more pixels than allowed.</exception>
    public static ImageHeader Read(ReadOnlySpan<byte> data, string file, long maxPixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxPixels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPixels, ImageDecoder.LargestMaxPixels);
        if (data.IsEmpty)
            throw new ImageException(file, "the file is empty (0 bytes). Get it again.");
        ImageHeader header = JpegHeader.IsJpeg(data) ? JpegHeader.Read(data, file)
            : PngHeader.IsPng(data) ? PngHeader.Read(data, file)
            : throw new ImageException(file,
            $"this is not a JPEG or PNG file: it begins with {Convert.ToHexString(data[..Math.Min(PeekedBytes, data.Length)])}"
                + $"{Guess(data)}. Convert it, or remove it.");
        ImageInfo info = header.Info;
        if (info.Height < 1 || info.Width < 1)
            throw new ImageException(file,
                $"its header says {info.Width} columns and {info.Height} rows, expected at least 1 of each. Get the file again.");
        return info.PixelCount <= maxPixels ? header
            : throw new ImageException(file, FormattableString.Invariant(
                $"its {info.Width} x {info.Height} pixels are more than the limit of {maxPixels} pixels. Make the picture smaller."));
    }

    private static string Guess(ReadOnlySpan<byte> data) =>
        data.StartsWith("GIF8"u8) ? ", as GIF files do"
        : data.StartsWith("RIFF"u8) && data.Length >= 12 && data[8..12].SequenceEqual("WEBP"u8) ? ", as WebP files do"
        : data.StartsWith("BM"u8) ? ", as BMP files do"
        : data.StartsWith("II*\0"u8) || data.StartsWith("MM\0*"u8) ? ", as TIFF files do"
        : "";
}
