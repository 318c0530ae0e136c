using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Convolve.Imaging;

/// <summary>From the pixels that a library gives, sample by sample, to planes; their callers have checked every length.</summary>
internal static class PixelPlanes
{
    // ITU-R BT.601 in 1/65536.
    private const int Red = 19595, Green = 38470, Blue = 7471, Half = 32768;

    /// <summary>Turns stored pixels as EXIF says, and parts their samples.</summary>
    /// <param name="stored">1 or 4 samples per pixel.</param>
    /// <param name="samples">How many.</param>
    /// <param name="info">The size, and the turn.</param>
    /// <param name="channels">1: the first sample where the picture is gray, else that of its color; 3: the first three samples.</param>
    /// <param name="planes">Gets <paramref name="channels"/> planes.</param>
    public static void Write(ReadOnlySpan<byte> stored, int samples, ImageInfo info, int channels, Span<byte> planes)
    {
        int pixels = (int)info.PixelCount;
        if (info.Orientation == 1 && channels == 3)
        {
            Part(stored, planes[..pixels], planes.Slice(pixels, pixels), planes.Slice(2 * pixels, pixels));
            return;
        }
        // Where the first pixel shown is stored, and how far its neighbors below and to the right are.
        (int width, int last, int bottom) = (info.StoredWidth, info.StoredWidth - 1, (info.StoredHeight - 1) * info.StoredWidth);
        (int start, int down, int right) = info.Orientation switch
        {
            2 => (last, width, -1),
            3 => (bottom + last, -width, -1),
            4 => (bottom, -width, 1),
            5 => (0, 1, width),
            6 => (bottom, 1, -width),
            7 => (bottom + last, -1, -width),
            8 => (last, -1, width),
            _ => (0, width, 1),
        };
        for (int y = 0; y < info.Height; y++)
        {
            int from = (start + y * down) * samples, step = right * samples;
            for (int c = 0; c < channels; c++)
            {
                Span<byte> row = planes.Slice(c * pixels + y * info.Width, info.Width);
                if (channels == 1 && info.Channels == 3)
                    WriteGrey(stored, from, step, row);
                else
                    WriteSample(stored, from + c, step, row);
            }
        }
    }

    /// <summary>Makes RGB of inverted CMYK, in place: the fourth of each four bytes is left over.</summary>
    /// <remarks>Each is the product of two parts of 255, rounded as PIL rounds it.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CmykToRgb(Span<byte> pixels)
    {
        for (int at = 0; at + 3 < pixels.Length; at += 4)
        {
            int key = pixels[at + 3];
            for (int c = 0; c < 3; c++)
                pixels[at + c] = (byte)(key - Product(255 - pixels[at + c], key));
        }

        static int Product(int a, int b) => a * b + 128 is var x ? (x >> 8) + x >> 8 : 0;
    }

    /// <summary>Parts RGBA into three planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Part(ReadOnlySpan<byte> pixels, Span<byte> red, Span<byte> green, Span<byte> blue)
    {
        int i = 0;
        if (Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian)
        {
            ref uint from = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<byte, uint>(pixels));
            ref byte r = ref MemoryMarshal.GetReference(red), g = ref MemoryMarshal.GetReference(green),
                b = ref MemoryMarshal.GetReference(blue);
            for (; i <= red.Length - 16; i += 16)
            {
                nuint at = (nuint)i;
                Vector128<uint> w = Vector128.LoadUnsafe(ref from, at), x = Vector128.LoadUnsafe(ref from, at + 4),
                    y = Vector128.LoadUnsafe(ref from, at + 8), z = Vector128.LoadUnsafe(ref from, at + 12);
                Lowest(w, x, y, z).StoreUnsafe(ref r, at);
                Lowest(w >> 8, x >> 8, y >> 8, z >> 8).StoreUnsafe(ref g, at);
                Lowest(w >> 16, x >> 16, y >> 16, z >> 16).StoreUnsafe(ref b, at);
            }
        }
        for (; i < red.Length; i++)
            (red[i], green[i], blue[i]) = (pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Lowest(Vector128<uint> w, Vector128<uint> x, Vector128<uint> y, Vector128<uint> z)
    {
        Vector128<uint> mask = Vector128.Create(0xFFu);
        return Vector128.Narrow(Vector128.Narrow(w & mask, x & mask), Vector128.Narrow(y & mask, z & mask));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteSample(ReadOnlySpan<byte> stored, int from, int step, Span<byte> row)
    {
        for (int x = 0; x < row.Length; x++, from += step)
            row[x] = stored[from];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void WriteGrey(ReadOnlySpan<byte> stored, int from, int step, Span<byte> row)
    {
        for (int x = 0; x < row.Length; x++, from += step)
            row[x] = (byte)(stored[from] * Red + stored[from + 1] * Green + stored[from + 2] * Blue + Half >> 16);
    }
}
