using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels.Pixels;

//     for each 16 pixels:  each channel = base + factor (channel - base);  or, for the hue, three channels of one angle
//
// bytes  [channel][pixel]
// Registers: 16 pixels of three channels in float32. L1 or L2: the picture. Bound: conversions between bytes and float32.

/// <summary>
/// Changes of color in place. Those that blend do it as Pillow: base + factor (value - base) in single precision, truncated.
/// </summary>
internal static class PixelColors
{
    private const int Lanes = 16;

    /// <summary>Blends every byte with one value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Blend(Span<byte> bytes, int with, float factor)
    {
        ref byte values = ref MemoryMarshal.GetReference(bytes);
        Vector512<float> b = Vector512.Create((float)with), f = Vector512.Create(factor);
        nuint i = 0, length = (nuint)bytes.Length;
        for (; i + Lanes <= length; i += Lanes)
            PixelVectors.Truncate(b + f * (PixelVectors.Floats(ref values, i) - b)).StoreUnsafe(ref values, i);
        for (; i < length; i++)
            Unsafe.Add(ref values, i) = Blend(Unsafe.Add(ref values, i), with, factor);
    }

    /// <summary>Blends with black.</summary>
    public static void Brightness(Span<byte> bytes, float factor) => Blend(bytes, 0, factor);

    /// <summary>Blends with the rounded mean of the image's gray.</summary>
    public static void Contrast(Span<byte> bytes, int channels, float factor)
    {
        int plane = bytes.Length / channels;
        long sum = channels == 3 ? GraySum(bytes, plane) : Sum(bytes);
        Blend(bytes, (int)((double)sum / plane + 0.5), factor);
    }

    /// <summary>Blends each pixel of three planes with its gray.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Saturation(Span<byte> bytes, float factor)
    {
        nuint plane = (nuint)bytes.Length / 3, i = 0;
        ref byte red = ref MemoryMarshal.GetReference(bytes);
        ref byte green = ref Unsafe.Add(ref red, plane), blue = ref Unsafe.Add(ref green, plane);
        Vector512<float> f = Vector512.Create(factor);
        for (; i + Lanes <= plane; i += Lanes)
        {
            var (r, g, b) = (Load(ref red, i), Load(ref green, i), Load(ref blue, i));
            Vector512<float> gray = Vector512.ConvertToSingle(Gray(r, g, b));
            PixelVectors.Truncate(gray + f * (Vector512.ConvertToSingle(r) - gray)).StoreUnsafe(ref red, i);
            PixelVectors.Truncate(gray + f * (Vector512.ConvertToSingle(g) - gray)).StoreUnsafe(ref green, i);
            PixelVectors.Truncate(gray + f * (Vector512.ConvertToSingle(b) - gray)).StoreUnsafe(ref blue, i);
        }

        for (; i < plane; i++)
        {
            ref byte r = ref Unsafe.Add(ref red, i), g = ref Unsafe.Add(ref green, i), b = ref Unsafe.Add(ref blue, i);
            int gray = Gray(r, g, b);
            (r, g, b) = (Blend(r, gray, factor), Blend(g, gray, factor), Blend(b, gray, factor));
        }
    }

    /// <summary>Turns the hue of each pixel of three planes by a share of the circle; brightness (the largest) and chroma stay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Hue(Span<byte> bytes, float turn)
    {
        nuint plane = (nuint)bytes.Length / 3, i = 0;
        ref byte red = ref MemoryMarshal.GetReference(bytes);
        ref byte green = ref Unsafe.Add(ref red, plane), blue = ref Unsafe.Add(ref green, plane);
        Span<byte> rest = stackalloc byte[3 * Lanes];
        for (; i + Lanes <= plane; i += Lanes)
            Turn(ref Unsafe.Add(ref red, i), ref Unsafe.Add(ref green, i), ref Unsafe.Add(ref blue, i), turn);
        if (i == plane)
            return;
        int left = (int)(plane - i);
        for (int c = 0; c < 3; c++)
            bytes.Slice((int)(c * (int)plane + (int)i), left).CopyTo(rest[(c * Lanes)..]);
        ref byte first = ref rest[0];
        Turn(ref first, ref Unsafe.Add(ref first, Lanes), ref Unsafe.Add(ref first, 2 * Lanes), turn);
        for (int c = 0; c < 3; c++)
            rest.Slice(c * Lanes, left).CopyTo(bytes[(int)(c * (int)plane + (int)i)..]);
    }

    /// <summary>Adds one number, in units of bytes, to every byte.</summary>
    public static void Shift(Span<byte> bytes, float amount)
    {
        int whole = (int)Math.Clamp(MathF.Round(amount), -255, 255);
        Vector512<byte> change = Vector512.Create((byte)Math.Abs(whole));
        ref byte values = ref MemoryMarshal.GetReference(bytes);
        nuint i = 0, length = (nuint)bytes.Length, lanes = (nuint)Vector512<byte>.Count;
        for (; i + lanes <= length; i += lanes)
        {
            Vector512<byte> before = Vector512.LoadUnsafe(ref values, i);
            (whole < 0 ? Vector512.SubtractSaturate(before, change) : Vector512.AddSaturate(before, change)).StoreUnsafe(ref values, i);
        }

        for (; i < length; i++)
            Unsafe.Add(ref values, i) = (byte)Math.Clamp(Unsafe.Add(ref values, i) + whole, 0, 255);
    }

    // In sixths of the circle: the hue h is where the pixel is between the six full colors, and each channel of a hue is
    // max - chroma clamp(min(k, 4 - k), 0, 1) with k = (n + h) mod 6 and n = 5, 3, 1 for red, green, blue.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(ref byte red, ref byte green, ref byte blue, float turn)
    {
        Vector512<float> r = PixelVectors.Floats(ref red, 0), g = PixelVectors.Floats(ref green, 0), b = PixelVectors.Floats(ref blue, 0);
        Vector512<float> most = Vector512.Max(Vector512.Max(r, g), b), chroma = most - Vector512.Min(Vector512.Min(r, g), b);
        Vector512<float> per = Vector512<float>.One / Vector512.Max(chroma, Vector512<float>.One);
        Vector512<float> hue = Vector512.ConditionalSelect(Vector512.Equals(most, r), (g - b) * per,
            Vector512.ConditionalSelect(Vector512.Equals(most, g), (b - r) * per + Vector512.Create(2f),
            (r - g) * per + Vector512.Create(4f)));
        hue += Vector512.Create(turn * 6 + 6); // above 0, and below 17 with the 5 of red
        Store(most, chroma, hue + Vector512.Create(5f), ref red);
        Store(most, chroma, hue + Vector512.Create(3f), ref green);
        Store(most, chroma, hue + Vector512.Create(1f), ref blue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> most, Vector512<float> chroma, Vector512<float> place, ref byte to)
    {
        Vector512<float> six = Vector512.Create(6f);
        Vector512<float> k = place - six * Vector512.Floor(place * Vector512.Create(1 / 6f));
        Vector512<float> share = Vector512.Min(Vector512.Max(Vector512.Min(k, Vector512.Create(4f) - k), Vector512<float>.Zero),
            Vector512<float>.One);
        PixelVectors.Truncate(most - chroma * share + Vector512.Create(0.5f)).StoreUnsafe(ref to);
    }

    private static byte Blend(int value, int with, float factor) => (byte)Math.Clamp(with + factor * (value - with), 0, 255);

    private static int Gray(int r, int g, int b) => r * 19595 + g * 38470 + b * 7471 + 0x8000 >> 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Gray(Vector512<int> r, Vector512<int> g, Vector512<int> b) =>
        r * Vector512.Create(19595) + g * Vector512.Create(38470) + b * Vector512.Create(7471) + Vector512.Create(0x8000) >> 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Load(ref byte from, nuint at) => PixelVectors.Widen(Vector128.LoadUnsafe(ref from, at));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long GraySum(ReadOnlySpan<byte> bytes, int pixels)
    {
        nuint plane = (nuint)pixels, i = 0;
        ref byte red = ref MemoryMarshal.GetReference(bytes);
        ref byte green = ref Unsafe.Add(ref red, plane), blue = ref Unsafe.Add(ref green, plane);
        long sum = 0;
        while (i + Lanes <= plane)
        {
            // 2^20 sums of 255 stay within a lane.
            Vector512<int> part = Vector512<int>.Zero;
            for (nuint end = Math.Min(plane, i + (Lanes << 20)); i + Lanes <= end; i += Lanes)
                part += Gray(Load(ref red, i), Load(ref green, i), Load(ref blue, i));
            sum += Vector512.Sum(Vector512.WidenLower(part) + Vector512.WidenUpper(part));
        }

        for (; i < plane; i++)
            sum += Gray(Unsafe.Add(ref red, i), Unsafe.Add(ref green, i), Unsafe.Add(ref blue, i));
        return sum;
    }

    private static long Sum(ReadOnlySpan<byte> bytes)
    {
        long sum = 0;
        foreach (byte value in bytes)
            sum += value;
        return sum;
    }
}
