using System.Buffers;

namespace Convolve.Imaging;

/// <summary>
/// JPEG, PNG, WebP, BMP and GIF files to bytes in planes (channel, row, column), as PIL's <c>convert("RGB")</c> and <c>convert("L")</c>
/// give them.
/// </summary>
/// <remarks>
/// <para>What a file is, its first bytes say. Alpha, a transparent color and a palette's transparency are dropped, not blended with a
/// background; transparent parts of a GIF are black. Of an animation, the first frame is decoded. Of 16 bits, the upper 8 are used. gAMA,
/// sRGB and color profiles change nothing. CMYK counts as inverted, as Adobe
/// writes it. Gray of a color picture is (19595 R + 38470 G + 7471 B + 32768) / 65536 (ITU-R BT.601). The orientation of EXIF, and where
/// that says none of XMP, is carried out, which PIL does only by <c>ImageOps.exif_transpose</c>. A JPEG file without Huffman tables means
/// those of the standard, as frames of motion JPEG do. Of a 16 bit gray PNG PIL makes white of all above 255; that is not followed.</para>
/// <para>A file that is cut off, or whose data are damaged, is an error: no picture is completed with gray. All codes of a JPEG file are
/// checked for that, whichever library decodes it. Bytes behind the end, and between the segments of a JPEG file, do no harm.</para>
/// <para>Safe to use from several threads at once: each file has its own decoder, and nothing of a file is left for the next. After a
/// thread's first call, decoding an ordinary file allocates less than a kilobyte of managed memory; its work buffers come from the shared
/// pool of arrays. A picture takes up to 7 bytes per pixel while it is decoded, a progressive JPEG up to 15.</para>
/// </remarks>
internal static class ImageDecoder
{
    /// <summary>100 megapixels, as large as the largest cameras make: more is refused unless asked for.</summary>
    public const long UsualMaxPixels = 100_000_000;

    /// <summary>The most that can be asked for: what an array of four bytes per pixel holds.</summary>
    public const long LargestMaxPixels = 0x7FFFFFC7 / 4;

    /// <summary>Reads the head of a file: the size of the picture is known before there is memory for it.</summary>
    /// <param name="data">All bytes of the file.</param>
    /// <param name="file">Its name, for errors.</param>
    /// <param name="maxPixels">The largest picture, in pixels of one channel.</param>
    /// <exception cref="ImageException">It is none of these files, is damaged or cut off, or has more pixels than allowed.</exception>
    public static ImageInfo ReadInfo(ReadOnlySpan<byte> data, string file, long maxPixels = UsualMaxPixels) =>
        ImageHeader.Read(data, file, maxPixels).Info;

    /// <summary>Decodes a file into memory of the caller's.</summary>
    /// <param name="data">All bytes of the file.</param>
    /// <param name="file">Its name, for errors.</param>
    /// <param name="channels">1 for gray, 3 for red, green, blue: whatever the file has.</param>
    /// <param name="planes">Room for exactly <paramref name="channels"/> times height times width values, as <see cref="ReadInfo"/>
    /// says.</param>
    /// <param name="maxPixels">The largest picture, in pixels of one channel.</param>
    /// <exception cref="ImageException">It is none of these files, is damaged or cut off, or has more pixels than allowed.</exception>
    /// <exception cref="ImageLibraryException">The picture library can't be loaded.</exception>
    /// <exception cref="ArgumentException">The room is not exactly what the picture needs.</exception>
    public static ImageInfo Decode(ReadOnlySpan<byte> data, string file, int channels, Span<byte> planes, long maxPixels = UsualMaxPixels)
    {
        ImageHeader header = ImageHeader.Read(data, file, maxPixels);
        if (LengthOf(header.Info, channels) is var length && planes.Length != length)
            throw new ArgumentException(
                $"{file}, {header.Info}, needs room for {length} bytes with {channels} channels, got {planes.Length}.", nameof(planes));
        Decode(data, file, header, channels, planes);
        return header.Info;
    }

    /// <summary>Decodes a file into a new array.</summary>
    /// <inheritdoc cref="Decode(ReadOnlySpan{byte}, string, int, Span{byte}, long)"/>
    /// <param name="info">What the file is.</param>
    public static byte[] Decode(ReadOnlySpan<byte> data, string file, int channels, out ImageInfo info, long maxPixels = UsualMaxPixels)
    {
        ImageHeader header = ImageHeader.Read(data, file, maxPixels);
        byte[] planes = GC.AllocateUninitializedArray<byte>(LengthOf(header.Info, channels));
        Decode(data, file, header, channels, planes);
        info = header.Info;
        return planes;
    }

    private static int LengthOf(ImageInfo info, int channels) => channels is 1 or 3 ? checked((int)(info.PixelCount * channels))
        : throw new ArgumentOutOfRangeException(nameof(channels), channels, "Pictures are decoded to 1 or 3 channels.");

    private static void Decode(ReadOnlySpan<byte> data, string file, ImageHeader header, int channels, Span<byte> planes)
    {
        ImageInfo info = header.Info;
        int pixels = (int)info.PixelCount;
        if (header.Samples == 1 && info.Orientation == 1)
        {
            ReadStored(data, file, header, planes[..pixels]);
        }
        else
        {
            byte[] stored = ArrayPool<byte>.Shared.Rent(pixels * header.Samples);
            try
            {
                Span<byte> all = stored.AsSpan(0, pixels * header.Samples);
                ReadStored(data, file, header, all);
                PixelPlanes.Write(all, header.Samples, info, info.Channels == 1 ? 1 : channels, planes);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(stored);
            }
        }
        for (int c = info.Channels == 1 ? 1 : channels; c < channels; c++)
            planes[..pixels].CopyTo(planes.Slice(c * pixels, pixels));
    }

    private static void ReadStored(ReadOnlySpan<byte> data, string file, ImageHeader header, Span<byte> target)
    {
        if (header.Info.Format == ImageFormat.Jpeg)
            JpegReader.Read(data, file, header, target);
        else
            SkiaReader.Read(data, file, header, target);
    }
}
