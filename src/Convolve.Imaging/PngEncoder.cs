using System.Buffers;
using System.Runtime.InteropServices;

namespace Convolve.Imaging;

/// <summary>Bytes in planes to a PNG file: 8 bits, gray or RGB, not interlaced, without a note of time or program, so that the same picture
/// is the same bytes.</summary>
public static class PngEncoder
{
    private const byte GreyType = 0, ColorType = 2;

    /// <summary>Encodes a picture.</summary>
    /// <param name="planes">Channel, row, column.</param>
    /// <param name="channels">1 for gray, 3 for red, green, blue.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <returns>The bytes of the file.</returns>
    /// <exception cref="ArgumentException">The planes are not of that size.</exception>
    /// <exception cref="ImageLibraryException">The library is not installed.</exception>
    public static byte[] Encode(ReadOnlySpan<byte> planes, int channels, int height, int width)
    {
        if (channels is not (1 or 3) || height < 1 || width < 1 || (long)channels * height * width != planes.Length)
            throw new ArgumentException(
                $"Expected 1 or 3 channels and one byte per value, got {planes.Length} bytes for " +
                $"{channels}x{height}x{width}.", nameof(planes));
        if (channels == 1)
            return EncodeStored(planes, GreyType, height, width);
        byte[] stored = ArrayPool<byte>.Shared.Rent(planes.Length);
        try
        {
            int pixels = height * width;
            for (int i = 0; i < pixels; i++)
                for (int c = 0; c < 3; c++)
                    stored[3 * i + c] = planes[c * pixels + i];
            return EncodeStored(stored.AsSpan(0, planes.Length), ColorType, height, width);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    private static unsafe byte[] EncodeStored(ReadOnlySpan<byte> stored, byte type, int height, int width)
    {
        nint context = Spng.spng_ctx_new(Spng.EncoderContext);
        byte* file = null;
        try
        {
            Spng.Header header = new() { Width = (uint)width, Height = (uint)height, BitDepth = 8, ColorType = type };
            Check(Spng.spng_set_option(context, Spng.EncodeToBuffer, 1));
            Check(Spng.spng_set_ihdr(context, &header));
            fixed (byte* from = stored)
                Check(Spng.spng_encode_image(context, from, (nuint)stored.Length, Spng.Png, Spng.FinalizeImage));
            nuint bytes;
            int status;
            file = Spng.spng_get_png_buffer(context, &bytes, &status);
            Check(status);
            return new ReadOnlySpan<byte>(file, checked((int)bytes)).ToArray();
        }
        finally
        {
            NativeMemory.Free(file); // the library gives its buffer away, from malloc
            Spng.spng_ctx_free(context);
        }
    }

    private static void Check(int status)
    {
        if (status != 0)
            throw new InsufficientMemoryException($"Can't encode the picture as PNG: {Spng.TextOf(status)}.");
    }
}
