using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Winograd;

/// <summary>
/// The matrix products between the transforms, in tiles whose sums stay in registers: the sums are locals, 24 or 16 of the 32 registers.
/// </summary>
internal static unsafe class WinogradProducts
{
    /// <summary>The tiles of images that <see cref="Multiply"/> takes at once.</summary>
    public const int Rows = 12;

    /// <summary>The channels that <see cref="Accumulate"/> takes at once.</summary>
    public const int Channels = 8;

    private const int Lanes = 16;

    // Floats of weights: far enough to come from the last cache in time.
    private const int Ahead = 64 * Lanes;

    /// <summary>12 tiles by 32 filters, summed over all channels.</summary>
    /// <param name="tiles">The first tile's 16 channels; the next tile lies behind it.</param>
    /// <param name="blockStep">From 16 channels to the next 16, in floats.</param>
    /// <param name="blocks">Blocks of 16 channels.</param>
    /// <param name="weights">32 filters of each channel, channel after channel.</param>
    /// <param name="sums">Where the first tile's first 16 filters go; the next tile lies behind it.</param>
    /// <param name="pairStep">From the first 16 filters to the second, in floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* tiles, nint blockStep, int blocks, float* weights, float* sums, nint pairStep)
    {
        Vector512<float> a0 = Vector512<float>.Zero, b0 = Vector512<float>.Zero, a1 = Vector512<float>.Zero, b1 = Vector512<float>.Zero, a2 = Vector512<float>.Zero, b2 = Vector512<float>.Zero, a3 = Vector512<float>.Zero, b3 = Vector512<float>.Zero, a4 = Vector512<float>.Zero, b4 = Vector512<float>.Zero, a5 = Vector512<float>.Zero, b5 = Vector512<float>.Zero;
        Vector512<float> a6 = Vector512<float>.Zero, b6 = Vector512<float>.Zero, a7 = Vector512<float>.Zero, b7 = Vector512<float>.Zero, a8 = Vector512<float>.Zero, b8 = Vector512<float>.Zero, a9 = Vector512<float>.Zero, b9 = Vector512<float>.Zero, a10 = Vector512<float>.Zero, b10 = Vector512<float>.Zero, a11 = Vector512<float>.Zero, b11 = Vector512<float>.Zero;
        for (; blocks > 0; blocks--, tiles += blockStep)
        {
            for (int t = 0; t < Rows; t++)
                Sse.Prefetch0(tiles + blockStep + t * Lanes);
            float* end = tiles + Lanes;
            for (float* x = tiles; x < end; x++, weights += 2 * Lanes)
            {
                Sse.Prefetch0(weights + Ahead);
                Sse.Prefetch0(weights + Ahead + Lanes);
                Vector512<float> first = Vector512.Load(weights), second = Vector512.Load(weights + Lanes), value;
                value = Vector512.Create(*x);
                a0 = Vector512.FusedMultiplyAdd(value, first, a0);
                b0 = Vector512.FusedMultiplyAdd(value, second, b0);
                value = Vector512.Create(x[1 * Lanes]);
                a1 = Vector512.FusedMultiplyAdd(value, first, a1);
                b1 = Vector512.FusedMultiplyAdd(value, second, b1);
                value = Vector512.Create(x[2 * Lanes]);
                a2 = Vector512.FusedMultiplyAdd(value, first, a2);
                b2 = Vector512.FusedMultiplyAdd(value, second, b2);
                value = Vector512.Create(x[3 * Lanes]);
                a3 = Vector512.FusedMultiplyAdd(value, first, a3);
                b3 = Vector512.FusedMultiplyAdd(value, second, b3);
                value = Vector512.Create(x[4 * Lanes]);
                a4 = Vector512.FusedMultiplyAdd(value, first, a4);
                b4 = Vector512.FusedMultiplyAdd(value, second, b4);
                value = Vector512.Create(x[5 * Lanes]);
                a5 = Vector512.FusedMultiplyAdd(value, first, a5);
                b5 = Vector512.FusedMultiplyAdd(value, second, b5);
                value = Vector512.Create(x[6 * Lanes]);
                a6 = Vector512.FusedMultiplyAdd(value, first, a6);
                b6 = Vector512.FusedMultiplyAdd(value, second, b6);
                value = Vector512.Create(x[7 * Lanes]);
                a7 = Vector512.FusedMultiplyAdd(value, first, a7);
                b7 = Vector512.FusedMultiplyAdd(value, second, b7);
                value = Vector512.Create(x[8 * Lanes]);
                a8 = Vector512.FusedMultiplyAdd(value, first, a8);
                b8 = Vector512.FusedMultiplyAdd(value, second, b8);
                value = Vector512.Create(x[9 * Lanes]);
                a9 = Vector512.FusedMultiplyAdd(value, first, a9);
                b9 = Vector512.FusedMultiplyAdd(value, second, b9);
                value = Vector512.Create(x[10 * Lanes]);
                a10 = Vector512.FusedMultiplyAdd(value, first, a10);
                b10 = Vector512.FusedMultiplyAdd(value, second, b10);
                value = Vector512.Create(x[11 * Lanes]);
                a11 = Vector512.FusedMultiplyAdd(value, first, a11);
                b11 = Vector512.FusedMultiplyAdd(value, second, b11);
            }
        }

        Store(a0, b0, sums, pairStep);
        Store(a1, b1, sums + 1 * Lanes, pairStep);
        Store(a2, b2, sums + 2 * Lanes, pairStep);
        Store(a3, b3, sums + 3 * Lanes, pairStep);
        Store(a4, b4, sums + 4 * Lanes, pairStep);
        Store(a5, b5, sums + 5 * Lanes, pairStep);
        Store(a6, b6, sums + 6 * Lanes, pairStep);
        Store(a7, b7, sums + 7 * Lanes, pairStep);
        Store(a8, b8, sums + 8 * Lanes, pairStep);
        Store(a9, b9, sums + 9 * Lanes, pairStep);
        Store(a10, b10, sums + 10 * Lanes, pairStep);
        Store(a11, b11, sums + 11 * Lanes, pairStep);
    }

    /// <summary>Adds to 8 channels by 32 filters what some tiles give.</summary>
    /// <param name="tiles">The first tile's first of the 8 channels; the next tile lies 16 floats on.</param>
    /// <param name="blockStep">From 16 channels to the next 16, in floats: what is wanted next.</param>
    /// <param name="diffs">The first tile's gradients of the first 16 filters; the next tile lies behind it.</param>
    /// <param name="pairStep">From the first 16 filters to the second, in floats.</param>
    /// <param name="count">Tiles.</param>
    /// <param name="sums">32 filters of each channel, channel after channel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate(float* tiles, nint blockStep, float* diffs, nint pairStep, int count, float* sums)
    {
        for (int i = 0; i < 2 * Channels; i++)
            Sse.Prefetch0(sums + (2 * Channels + i) * Lanes);
        Vector512<float> a0 = Vector512.Load(sums), b0 = Vector512.Load(sums + 1 * Lanes);
        Vector512<float> a1 = Vector512.Load(sums + 2 * Lanes), b1 = Vector512.Load(sums + 3 * Lanes);
        Vector512<float> a2 = Vector512.Load(sums + 4 * Lanes), b2 = Vector512.Load(sums + 5 * Lanes);
        Vector512<float> a3 = Vector512.Load(sums + 6 * Lanes), b3 = Vector512.Load(sums + 7 * Lanes);
        Vector512<float> a4 = Vector512.Load(sums + 8 * Lanes), b4 = Vector512.Load(sums + 9 * Lanes);
        Vector512<float> a5 = Vector512.Load(sums + 10 * Lanes), b5 = Vector512.Load(sums + 11 * Lanes);
        Vector512<float> a6 = Vector512.Load(sums + 12 * Lanes), b6 = Vector512.Load(sums + 13 * Lanes);
        Vector512<float> a7 = Vector512.Load(sums + 14 * Lanes), b7 = Vector512.Load(sums + 15 * Lanes);
        for (float* end = tiles + (nint)count * Lanes; tiles < end; tiles += Lanes, diffs += Lanes)
        {
            Sse.Prefetch0(tiles + blockStep);
            Vector512<float> first = Vector512.Load(diffs), second = Vector512.Load(diffs + pairStep), value;
            value = Vector512.Create(*tiles);
            a0 = Vector512.FusedMultiplyAdd(value, first, a0);
            b0 = Vector512.FusedMultiplyAdd(value, second, b0);
            value = Vector512.Create(tiles[1]);
            a1 = Vector512.FusedMultiplyAdd(value, first, a1);
            b1 = Vector512.FusedMultiplyAdd(value, second, b1);
            value = Vector512.Create(tiles[2]);
            a2 = Vector512.FusedMultiplyAdd(value, first, a2);
            b2 = Vector512.FusedMultiplyAdd(value, second, b2);
            value = Vector512.Create(tiles[3]);
            a3 = Vector512.FusedMultiplyAdd(value, first, a3);
            b3 = Vector512.FusedMultiplyAdd(value, second, b3);
            value = Vector512.Create(tiles[4]);
            a4 = Vector512.FusedMultiplyAdd(value, first, a4);
            b4 = Vector512.FusedMultiplyAdd(value, second, b4);
            value = Vector512.Create(tiles[5]);
            a5 = Vector512.FusedMultiplyAdd(value, first, a5);
            b5 = Vector512.FusedMultiplyAdd(value, second, b5);
            value = Vector512.Create(tiles[6]);
            a6 = Vector512.FusedMultiplyAdd(value, first, a6);
            b6 = Vector512.FusedMultiplyAdd(value, second, b6);
            value = Vector512.Create(tiles[7]);
            a7 = Vector512.FusedMultiplyAdd(value, first, a7);
            b7 = Vector512.FusedMultiplyAdd(value, second, b7);
        }

        Store(a0, b0, sums, Lanes);
        Store(a1, b1, sums + 2 * Lanes, Lanes);
        Store(a2, b2, sums + 4 * Lanes, Lanes);
        Store(a3, b3, sums + 6 * Lanes, Lanes);
        Store(a4, b4, sums + 8 * Lanes, Lanes);
        Store(a5, b5, sums + 10 * Lanes, Lanes);
        Store(a6, b6, sums + 12 * Lanes, Lanes);
        Store(a7, b7, sums + 14 * Lanes, Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> first, Vector512<float> second, float* to, nint step)
    {
        Vector512.Store(first, to);
        Vector512.Store(second, to + step);
    }
}
