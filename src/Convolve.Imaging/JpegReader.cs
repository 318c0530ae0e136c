using System.Runtime.InteropServices;

namespace Convolve.Imaging;

/// <summary>Has TurboJPEG decode a file.</summary>
internal static class JpegReader
{
    /// <summary>How often a file with harmless oddities is decoded until they are all known.</summary>
    private const int MostAttempts = 40;

    /// <summary>The pixels row by row, as they are stored: exactly what the header promised fits into the target.</summary>
    public static void Read(ReadOnlySpan<byte> data, string file, ImageHeader header, Span<byte> target)
    {
        if (Decode(data, header, target, out bool isWarning) is not { } reason)
            return;
        int attempts = MostAttempts;
        if (!isWarning || !IsHarmless(data.ToArray(), reason, header, target, ref attempts, ref reason))
            throw new ImageException(file,
                $"this JPEG file is damaged or of an unsupported kind: {reason.Trim()}. Get the file again, or convert it.");
    }

    private static bool IsHarmless(byte[] data, string warning, ImageHeader header, Span<byte> target, ref int attempts, ref string reason)
    {
        foreach (byte[] other in JpegOddities.Without(data, warning))
        {
            if (attempts-- <= 0)
                return false;
            if (Decode(other, header, target, out bool isWarning) is not { } next)
                return true;
            reason = next;
            if (isWarning && IsHarmless(other, next, header, target, ref attempts, ref reason))
                return true;
        }
        return false;
    }

    /// <summary>
    /// Decodes a file with a separate decompressor: one that is kept would decode a file that lacks tables with those of the file before.
    /// </summary>
    /// <returns>The first thing that the decoder has to say; null for nothing.</returns>
    private static unsafe string? Decode(ReadOnlySpan<byte> data, ImageHeader header, Span<byte> target, out bool isWarning)
    {
        (int height, int width) = (header.Info.StoredHeight, header.Info.StoredWidth);
        int format = header.Samples switch { 1 => TurboJpeg.Gray, 3 => TurboJpeg.Rgb, _ => TurboJpeg.Cmyk };
        isWarning = false;
        nint handle = TurboJpeg.tjInitDecompress();
        if (handle == 0)
            throw new InsufficientMemoryException("Not enough memory for a JPEG decoder.");
        try
        {
            int status;
            // The decoder never writes beyond height and width: of a head that it reads otherwise it would make a smaller picture.
            fixed (byte* from = data, to = target[..checked(height * width * header.Samples)])
                status = TurboJpeg.tjDecompress2(handle, from, (nuint)data.Length, to, width, width * header.Samples, height, format,
                    TurboJpeg.AccurateDct | TurboJpeg.LimitScans);
            if (status == 0)
                return null;
            isWarning = TurboJpeg.tjGetErrorCode(handle) == TurboJpeg.Warning;
            return Marshal.PtrToStringUTF8(TurboJpeg.tjGetErrorStr2(handle)) ?? "unknown error";
        }
        finally
        {
            _ = TurboJpeg.tjDestroy(handle);
        }
    }
}
