using SkiaSharp;

namespace Convolve.Imaging;

/// <summary>Has Skia decode a file.</summary>
internal static class SkiaReader
{
    /// <summary>The pixels row by row, as they are stored: exactly what the header promised fits into the target.</summary>
    public static unsafe void Read(ReadOnlySpan<byte> data, string file, ImageHeader header, Span<byte> target)
    {
        ImageInfo info = header.Info;
        fixed (byte* from = data, to = target)
        {
            using SKData bytes = SKData.Create((nint)from, data.Length);
            using SKCodec codec = SKCodec.Create(bytes)
                ?? throw Damaged(file, info, "its header or the start of its data can't be read");
            if ((codec.Info.Height, codec.Info.Width) != (info.StoredHeight, info.StoredWidth))
                throw Damaged(file, info, $"its data are of {codec.Info.Width} x {codec.Info.Height} pixels, and its header says " +
                    $"{info.StoredWidth} x {info.StoredHeight}");
            // Without a color space, color profiles and gAMA change nothing.
            SKImageInfo wanted = header.Samples == 1 ? new(info.StoredWidth, info.StoredHeight, SKColorType.Gray8, SKAlphaType.Opaque)
                : new(info.StoredWidth, info.StoredHeight, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            switch (codec.GetPixels(wanted, (nint)to, wanted.RowBytes, SKCodecOptions.Default))
            {
                case SKCodecResult.Success:
                    return;
                case SKCodecResult.IncompleteInput:
                    throw Damaged(file, info, "its data end early");
                case SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput:
                    throw Damaged(file, info, "its data are corrupt");
                case SKCodecResult.InternalError:
                    throw Damaged(file, info, "its data can't be decoded");
                case var other:
                    throw Damaged(file, info, $"the decoder says {other}");
            }
        }
    }

    private static ImageException Damaged(string file, ImageInfo info, string reason) =>
        new(file, $"this {ImageInfo.NameOf(info.Format)} file is damaged or of an unsupported kind: {reason}. Get the file again, " +
            $"or convert it.");
}
