using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels.Pixels;

//     for each 32 bytes:  sums += bytes, squares += bytes bytes
//
// pixels  bytes in any order
// Registers: eight sums of each kind, 32 bits, added to 64 bits before they overflow. Bound: widening, four instructions for 16 bytes.

/// <summary>Sum and sum of squares of some bytes: all that mean and standard deviation need of an image, exactly.</summary>
internal readonly record struct PixelMoments(long Sum, long Squares)
{
    /// <summary>So many blocks of 32 bytes, four squares to a lane, that no lane of 32 bits overflows.</summary>
    private const int MostBlocks = (int)(uint.MaxValue / (4L * 255 * 255));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static PixelMoments Of(ReadOnlySpan<byte> pixels)
    {
        long sum = 0, squares = 0;
        while (pixels.Length >= 32)
        {
            int blocks = Math.Min(pixels.Length / 32, MostBlocks);
            ref byte from = ref MemoryMarshal.GetReference(pixels);
            Vector256<uint> sums = default, squareSums = default;
            for (nuint i = 0; i < (nuint)blocks; i++)
            {
                (Vector256<ushort> low, Vector256<ushort> high) = Vector256.Widen(Vector256.LoadUnsafe(ref from, 32 * i));
                (Vector256<uint> a, Vector256<uint> b) = Vector256.Widen(low + high);
                (Vector256<uint> c, Vector256<uint> d) = Vector256.Widen(low * low);
                (Vector256<uint> e, Vector256<uint> f) = Vector256.Widen(high * high);
                sums += a + b;
                squareSums += c + d + (e + f);
            }
            for (int lane = 0; lane < Vector256<uint>.Count; lane++)
                (sum, squares) = (sum + sums[lane], squares + squareSums[lane]);
            pixels = pixels[(32 * blocks)..];
        }
        foreach (byte pixel in pixels)
            (sum, squares) = (sum + pixel, squares + pixel * pixel);
        return new(sum, squares);
    }
}
