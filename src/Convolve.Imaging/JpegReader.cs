using Convolve.Imaging.Jpeg;

namespace Convolve.Imaging;

/// <summary>Decodes a JPEG file: with TurboJPEG where it is installed, else with Skia, to the same pixels.</summary>
/// <remarks>
/// Both complete damaged data with gray, so whether a file is good is decided by its codes alone, and the same everywhere. TurboJPEG
/// reports an error that comes after a warning as a warning, so a file that it says anything of is decoded with Skia.
/// </remarks>
internal static class JpegReader
{
    /// <summary>The pixels row by row, as they are stored: exactly what the header promised fits into the target.</summary>
    public static void Read(ReadOnlySpan<byte> data, string file, ImageHeader header, Span<byte> target)
    {
        if (JpegEntropy.ProblemOf(data) is { } problem)
            throw new ImageException(file,
                $"this JPEG file is damaged or of an unsupported kind: {problem}. Get the file again, or convert it.");
        if (!ImageLibraries.UsesTurboJpeg || !TryDecode(data, header, target))
            SkiaReader.Read(data, file, header, target);
    }

    /// <summary>
    /// Decodes a file with a separate decompressor: one that is kept would decode a file that lacks tables with those of the file before.
    /// </summary>
    /// <returns>Whether that went without an error or a warning.</returns>
    private static unsafe bool TryDecode(ReadOnlySpan<byte> data, ImageHeader header, Span<byte> target)
    {
        (int height, int width) = (header.Info.StoredHeight, header.Info.StoredWidth);
        int format = header.Samples == 1 ? TurboJpeg.Gray : header.IsCmyk ? TurboJpeg.Cmyk : TurboJpeg.Rgba, status;
        nint handle = TurboJpeg.tjInitDecompress();
        if (handle == 0)
            return false;
        try
        {
            // The decoder never writes beyond height and width: of a head that it reads otherwise it would make a smaller picture.
            fixed (byte* from = data, to = target[..checked(height * width * header.Samples)])
                status = TurboJpeg.tjDecompress2(handle, from, (nuint)data.Length, to, width, width * header.Samples, height, format,
                    TurboJpeg.AccurateDct);
        }
        finally
        {
            _ = TurboJpeg.tjDestroy(handle);
        }
        if (status == 0 && header.IsCmyk)
            PixelPlanes.CmykToRgb(target);
        return status == 0;
    }
}
