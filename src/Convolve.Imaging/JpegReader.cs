using System.Runtime.InteropServices;

namespace Convolve.Imaging;

/// <summary>Has TurboJPEG decode a file.</summary>
internal static class JpegReader
{
    // Warnings that cost no pixel; any other means that some are made up.
    private static readonly string[] Harmless =
        ["extraneous bytes before marker", "unknown JFIF revision number", "Unknown Adobe color transform code", "Invalid SOS parameters for sequential JPEG"];

    [ThreadStatic]
    private static TurboJpeg.Decompressor? _decompressor;

    /// <summary>The pixels row by row, as they are stored: exactly what the header promised fits into the target.</summary>
    public static unsafe void Read(ReadOnlySpan<byte> data, string file, ImageHeader header, Span<byte> target)
    {
        TurboJpeg.Decompressor decompressor = _decompressor ??= TurboJpeg.Decompressor.Create();
        (int height, int width) = (header.Info.StoredHeight, header.Info.StoredWidth);
        int format = header.Samples switch { 1 => TurboJpeg.Gray, 3 => TurboJpeg.Rgb, _ => TurboJpeg.Cmyk };
        int status;
        // The decoder never writes beyond height and width: of a head that it reads otherwise it would make a smaller picture.
        fixed (byte* from = data, to = target[..checked(height * width * header.Samples)])
            status = TurboJpeg.tjDecompress2(decompressor.DangerousGetHandle(), from, (nuint)data.Length, to, width, width * header.Samples, height, format,
                TurboJpeg.AccurateDct | TurboJpeg.LimitScans);
        if (status == 0)
            return;
        string reason = Marshal.PtrToStringUTF8(TurboJpeg.tjGetErrorStr2(decompressor.DangerousGetHandle())) ?? "unknown error";
        if (!IsHarmless(reason))
            throw new ImageException(file, $"this JPEG file is damaged or of a rare kind: {reason.Trim()}. Get the file again, or convert it.");
    }

    private static bool IsHarmless(string reason) => Harmless.Any(warning => reason.Contains(warning, StringComparison.Ordinal));
}
