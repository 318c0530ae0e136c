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
    /// <param name="stored">1 or 3 samples per pixel.</param>
    /// <param name="samples">How many.</param>
    /// <param name="info">The size, and the turn.</param>
    /// <param name="channels">1: the first sample where the picture is gray, else the gray of its color; 3: the three samples.</param>
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

    /// <summary>Makes RGB of inverted CMYK, in place: three bytes for every four.</summary>
    /// <remarks>Each is the product of two parts of 255, rounded as PIL rounds it.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CmykToRgb(Span<byte> pixels)
    {
        for (int from = 0, to = 0; from + 3 < pixels.Length; from += 4, to += 3)
        {
            int key = pixels[from + 3];
            for (int c = 0; c < 3; c++)
                pixels[to + c] = (byte)(key - Product(255 - pixels[from + c], key));
        }

        static int Product(int a, int b) => a * b + 128 is var x ? (x >> 8) + x >> 8 : 0;
    }

    /// <summary>Parts RGB into three planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Part(ReadOnlySpan<byte> pixels, Span<byte> red, Span<byte> green, Span<byte> blue)
    {
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref byte from = ref MemoryMarshal.GetReference(pixels);
            ref byte r = ref MemoryMarshal.GetReference(red), g = ref MemoryMarshal.GetReference(green),
                b = ref MemoryMarshal.GetReference(blue);
            // An index beyond 15 gives 0.
            Vector128<byte> r0 = Vector128.Create((byte)0, 3, 6, 9, 12, 15, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99);
            Vector128<byte> r1 = Vector128.Create((byte)99, 99, 99, 99, 99, 99, 2, 5, 8, 11, 14, 99, 99, 99, 99, 99);
            Vector128<byte> r2 = Vector128.Create((byte)99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 1, 4, 7, 10, 13);
            Vector128<byte> g0 = Vector128.Create((byte)1, 4, 7, 10, 13, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99);
            Vector128<byte> g1 = Vector128.Create((byte)99, 99, 99, 99, 99, 0, 3, 6, 9, 12, 15, 99, 99, 99, 99, 99);
            Vector128<byte> g2 = Vector128.Create((byte)99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 2, 5, 8, 11, 14);
            Vector128<byte> b0 = Vector128.Create((byte)2, 5, 8, 11, 14, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99);
            Vector128<byte> b1 = Vector128.Create((byte)99, 99, 99, 99, 99, 1, 4, 7, 10, 13, 99, 99, 99, 99, 99, 99);
            Vector128<byte> b2 = Vector128.Create((byte)99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 0, 3, 6, 9, 12, 15);
            for (; i <= red.Length - 16; i += 16)
            {
                nuint at = (nuint)i;
                Vector128<byte> x = Vector128.LoadUnsafe(ref from, 3 * at), y = Vector128.LoadUnsafe(ref from, 3 * at + 16),
                    z = Vector128.LoadUnsafe(ref from, 3 * at + 32);
                (Vector128.Shuffle(x, r0) | Vector128.Shuffle(y, r1) | Vector128.Shuffle(z, r2)).StoreUnsafe(ref r, at);
                (Vector128.Shuffle(x, g0) | Vector128.Shuffle(y, g1) | Vector128.Shuffle(z, g2)).StoreUnsafe(ref g, at);
                (Vector128.Shuffle(x, b0) | Vector128.Shuffle(y, b1) | Vector128.Shuffle(z, b2)).StoreUnsafe(ref b, at);
            }
        }
        for (; i < red.Length; i++)
            (red[i], green[i], blue[i]) = (pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteSample(ReadOnlySpan<byte> stored, int from, int step, Span<byte> row)
    {
        for (int x = 0; x < row.Length; x++, from += step)
            row[x] = stored[from];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteGrey(ReadOnlySpan<byte> stored, int from, int step, Span<byte> row)
    {
        for (int x = 0; x < row.Length; x++, from += step)
            row[x] = (byte)(stored[from] * Red + stored[from + 1] * Green + stored[from + 2] * Blue + Half >> 16);
    }
}
