namespace Convolve.Imaging;

/// <summary>Has libspng decode a file.</summary>
internal static class PngReader
{
    /// <summary>The most that a comment or a color profile may take, packed and unpacked.</summary>
    private const nuint LargestChunk = 64 << 20;

    /// <summary>The pixels row by row, as they are stored: exactly what the header promised fits into the target.</summary>
    public static unsafe void Read(ReadOnlySpan<byte> data, string file, ImageHeader header, Span<byte> target)
    {
        nint context = Spng.spng_ctx_new(0);
        if (context == 0)
            throw new InsufficientMemoryException("Not enough memory for a PNG decoder.");
        try
        {
            fixed (byte* from = data, to = target)
            {
                Check(Spng.spng_set_png_buffer(context, from, (nuint)data.Length), file);
                Check(Spng.spng_set_image_limits(context, (uint)header.Info.StoredWidth, (uint)header.Info.StoredHeight), file);
                Check(Spng.spng_set_chunk_limits(context, LargestChunk, LargestChunk), file);
                Check(Spng.spng_decode_image(context, to, (nuint)target.Length, header.Samples == 1 ? Spng.Gray8 : Spng.Rgb8, 0), file);
            }
        }
        finally
        {
            Spng.spng_ctx_free(context);
        }
    }

    private static void Check(int status, string file)
    {
        if (status != 0)
            throw status == Spng.OutOfMemory ? new InsufficientMemoryException($"Not enough memory to decode {file}.")
                : new ImageException(file, $"this PNG file is damaged: {Spng.TextOf(status)}. Get the file again.");
    }
}
