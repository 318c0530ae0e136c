using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels.Pixels;

//     for each 2,048 bytes:  draw;  for each 32 bytes: radius and angle of 16 draws, two bytes each
//
// bytes  in any order; draws 32 bits for two bytes
// L1: the draws of a part. Bound: logarithm, root, sine and cosine of 16 numbers for 32 bytes.

/// <summary>Random bytes.</summary>
internal static class PixelNoise
{
    private const int Lanes = 16;

    /// <summary>
    /// Adds normal noise of a deviation in units of bytes, rounded. Each draw of 32 bits gives two numbers (Box and Muller 1958).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(Span<byte> bytes, float deviation, ref CounterRandom random)
    {
        const int Part = 64 * Lanes;
        Span<uint> bits = stackalloc uint[Part];
        Span<byte> padded = stackalloc byte[2 * Lanes];
        for (int start = 0; start < bytes.Length; start += 2 * Part)
        {
            Span<byte> part = bytes[start..Math.Min(start + 2 * Part, bytes.Length)];
            int draws = (part.Length + 2 * Lanes - 1) / (2 * Lanes) * Lanes;
            random.Fill(bits[..draws]);
            for (int i = 0, at = 0; at < part.Length; i += Lanes, at += 2 * Lanes)
            {
                Span<byte> both = part[at..];
                if (both.Length < 2 * Lanes)
                    both.CopyTo(padded);
                Pair(bits.Slice(i, Lanes), deviation, both.Length < 2 * Lanes ? padded : both);
                if (both.Length < 2 * Lanes)
                    padded[..both.Length].CopyTo(both);
            }
        }
    }

    /// <summary>Fills a rectangle of every plane with random bytes, or each plane with one of <paramref name="fill"/>.</summary>
    public static void Fill(Span<byte> bytes, PictureSize size, (int Top, int Left, int Height, int Width) part, ReadOnlySpan<byte> fill,
        ref CounterRandom random)
    {
        for (int c = 0; c < size.Channels; c++)
        {
            for (int y = part.Top; y < part.Top + part.Height; y++)
            {
                Span<byte> row = bytes.Slice(c * size.PixelCount + y * size.Width + part.Left, part.Width);
                if (!fill.IsEmpty)
                {
                    row.Fill(fill[c]);
                    continue;
                }

                foreach (ref byte value in row)
                    value = (byte)random.NextUInt32();
            }
        }
    }

    // The lower half of the bits is the radius, to 4.9 deviations, the upper one the angle.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pair(ReadOnlySpan<uint> bits, float deviation, Span<byte> bytes)
    {
        Vector512<uint> drawn = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(bits));
        Vector512<float> share = (Vector512.ConvertToSingle((drawn & Vector512.Create(0xFFFFu)).AsInt32()) + Vector512.Create(0.5f))
            * Vector512.Create(1 / 65536f);
        Vector512<float> radius = Vector512.Create(deviation) * Vector512.Sqrt(Vector512.Create(-2f) * Vector512.Log(share));
        (Vector512<float> sin, Vector512<float> cos) =
            Vector512.SinCos(Vector512.ConvertToSingle((drawn >>> 16).AsInt32()) * Vector512.Create(MathF.Tau / 65536));
        ref byte values = ref MemoryMarshal.GetReference(bytes);
        Vector512<float> half = Vector512.Create(0.5f);
        PixelVectors.Truncate(PixelVectors.Floats(ref values, 0) + radius * cos + half).StoreUnsafe(ref values);
        PixelVectors.Truncate(PixelVectors.Floats(ref values, Lanes) + radius * sin + half).StoreUnsafe(ref values, Lanes);
    }
}
