namespace Convolve.Imaging;

/// <summary>Pixels as programs hold them, whose channels lie side by side, and as Convolve takes them, in planes.</summary>
internal static class PixelOrder
{
    /// <summary>Parts the channels.</summary>
    /// <param name="pixels">Pixel by pixel: gray, RGB, or RGBA, whose alpha is not read.</param>
    /// <param name="stored">Channels of a pixel: 1, 3 or 4.</param>
    /// <param name="channels">1 or 3: gray is repeated for 3, and color becomes gray for 1 (ITU-R BT.601).</param>
    public static byte[] ToPlanes(ReadOnlySpan<byte> pixels, int stored, int channels)
    {
        byte[] planes = new byte[pixels.Length / stored * channels];
        ToPlanes(pixels, stored, channels, planes);
        return planes;
    }

    /// <inheritdoc cref="ToPlanes(ReadOnlySpan{byte}, int, int)"/>
    /// <param name="pixels">As above.</param>
    /// <param name="stored">As above.</param>
    /// <param name="channels">As above.</param>
    /// <param name="planes">Room for the result.</param>
    public static void ToPlanes(ReadOnlySpan<byte> pixels, int stored, int channels, Span<byte> planes)
    {
        int count = pixels.Length / stored;
        for (int c = 0; c < channels; c++)
        {
            Span<byte> plane = planes.Slice(c * count, count);
            if (stored > 1 && channels == 1)
                PixelPlanes.WriteGrey(pixels, 0, stored, plane);
            else
                for (int i = 0, from = stored == 1 ? 0 : c; i < count; i++, from += stored)
                    plane[i] = pixels[from];
        }
    }
}
