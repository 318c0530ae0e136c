using System.Runtime.CompilerServices;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Winograd;

//     Multiply:    for each channel:  sums[tile][2 vectors of filters] += input[tile][channel] * weights[channel][2 vectors]
//     Accumulate:  for each tile:     sums[channel][2 vectors of filters] += input[tile][channel] * diffs[tile][2 vectors]
//
// input  [block of channels][tile][b]  float32, of one point; diffs the same, of filters
// weights, and sums of Accumulate  [channel][2 b]  float32; sums of Multiply  [block of filters][tile][b]
// Registers: the sums, two operands and a broadcast. L1: the tiles' channels. L2 or L3: the weights. Bound: two multiply-adds a cycle.

/// <summary>
/// The matrix products between the transforms, in tiles whose sums stay in registers: the sums are locals, 24 or 16 of 32 registers, 12 or
/// 8 of 16.
/// </summary>
internal static unsafe class WinogradProducts
{
    /// <summary>The tiles of images that <see cref="Multiply{TVector}"/> takes at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Rows<TVector>() where TVector : unmanaged, IFloats<TVector> => TVector.Registers == 32 ? 12 : 6;

    /// <summary>The channels that <see cref="Accumulate{TVector}"/> takes at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Channels<TVector>() where TVector : unmanaged, IFloats<TVector> => TVector.Registers == 32 ? 8 : 4;

    // Floats of weights: far enough to come from the last cache in time.
    private const int Ahead = 1024;

    /// <summary>12 or 6 tiles by two vectors of filters, summed over all channels.</summary>
    /// <param name="tiles">The first tile's block of channels; the next tile follows it.</param>
    /// <param name="blockStep">From a block of channels to the next, in floats.</param>
    /// <param name="blocks">Blocks of channels.</param>
    /// <param name="weights">Two vectors of filters for each channel, channel after channel.</param>
    /// <param name="sums">Where the first tile's first vector of filters goes; the next tile follows it.</param>
    /// <param name="pairStep">From the first vector of filters to the second, in floats.</param>
    // bounds: whole blocks of channels and tiles; prefetching may reach beyond.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVector>(float* tiles, nint blockStep, int blocks, float* weights, float* sums, nint pairStep)
        where TVector : unmanaged, IFloats<TVector>
    {
        bool isTall = TVector.Registers == 32;
        int lanes = TVector.Count;
        TVector a0 = TVector.Zero, b0 = TVector.Zero, a1 = TVector.Zero, b1 = TVector.Zero, a2 = TVector.Zero, b2 = TVector.Zero;
        TVector a3 = TVector.Zero, b3 = TVector.Zero, a4 = TVector.Zero, b4 = TVector.Zero, a5 = TVector.Zero, b5 = TVector.Zero;
        TVector a6 = TVector.Zero, b6 = TVector.Zero, a7 = TVector.Zero, b7 = TVector.Zero, a8 = TVector.Zero, b8 = TVector.Zero;
        TVector a9 = TVector.Zero, b9 = TVector.Zero, a10 = TVector.Zero, b10 = TVector.Zero, a11 = TVector.Zero, b11 = TVector.Zero;
        for (; blocks > 0; blocks--, tiles += blockStep)
        {
            for (int t = 0; t < Rows<TVector>(); t++)
                Caches.Prefetch(tiles + blockStep + t * lanes);
            float* end = tiles + lanes;
            for (float* x = tiles; x < end; x++, weights += 2 * lanes)
            {
                Caches.Prefetch(weights + Ahead);
                if (isTall)
                    Caches.Prefetch(weights + Ahead + lanes);
                TVector first = TVector.Load(weights), second = TVector.Load(weights + lanes), value;
                value = TVector.Create(*x);
                a0 = TVector.FusedMultiplyAdd(value, first, a0);
                b0 = TVector.FusedMultiplyAdd(value, second, b0);
                value = TVector.Create(x[1 * lanes]);
                a1 = TVector.FusedMultiplyAdd(value, first, a1);
                b1 = TVector.FusedMultiplyAdd(value, second, b1);
                value = TVector.Create(x[2 * lanes]);
                a2 = TVector.FusedMultiplyAdd(value, first, a2);
                b2 = TVector.FusedMultiplyAdd(value, second, b2);
                value = TVector.Create(x[3 * lanes]);
                a3 = TVector.FusedMultiplyAdd(value, first, a3);
                b3 = TVector.FusedMultiplyAdd(value, second, b3);
                value = TVector.Create(x[4 * lanes]);
                a4 = TVector.FusedMultiplyAdd(value, first, a4);
                b4 = TVector.FusedMultiplyAdd(value, second, b4);
                value = TVector.Create(x[5 * lanes]);
                a5 = TVector.FusedMultiplyAdd(value, first, a5);
                b5 = TVector.FusedMultiplyAdd(value, second, b5);
                if (!isTall)
                    continue;
                value = TVector.Create(x[6 * lanes]);
                a6 = TVector.FusedMultiplyAdd(value, first, a6);
                b6 = TVector.FusedMultiplyAdd(value, second, b6);
                value = TVector.Create(x[7 * lanes]);
                a7 = TVector.FusedMultiplyAdd(value, first, a7);
                b7 = TVector.FusedMultiplyAdd(value, second, b7);
                value = TVector.Create(x[8 * lanes]);
                a8 = TVector.FusedMultiplyAdd(value, first, a8);
                b8 = TVector.FusedMultiplyAdd(value, second, b8);
                value = TVector.Create(x[9 * lanes]);
                a9 = TVector.FusedMultiplyAdd(value, first, a9);
                b9 = TVector.FusedMultiplyAdd(value, second, b9);
                value = TVector.Create(x[10 * lanes]);
                a10 = TVector.FusedMultiplyAdd(value, first, a10);
                b10 = TVector.FusedMultiplyAdd(value, second, b10);
                value = TVector.Create(x[11 * lanes]);
                a11 = TVector.FusedMultiplyAdd(value, first, a11);
                b11 = TVector.FusedMultiplyAdd(value, second, b11);
            }
        }

        Store(a0, b0, sums, pairStep);
        Store(a1, b1, sums + 1 * lanes, pairStep);
        Store(a2, b2, sums + 2 * lanes, pairStep);
        Store(a3, b3, sums + 3 * lanes, pairStep);
        Store(a4, b4, sums + 4 * lanes, pairStep);
        Store(a5, b5, sums + 5 * lanes, pairStep);
        if (!isTall)
            return;
        Store(a6, b6, sums + 6 * lanes, pairStep);
        Store(a7, b7, sums + 7 * lanes, pairStep);
        Store(a8, b8, sums + 8 * lanes, pairStep);
        Store(a9, b9, sums + 9 * lanes, pairStep);
        Store(a10, b10, sums + 10 * lanes, pairStep);
        Store(a11, b11, sums + 11 * lanes, pairStep);
    }

    /// <summary>Adds to 8 or 4 channels by two vectors of filters what some tiles give.</summary>
    /// <param name="tiles">The first tile's first of the channels; the next tile is one vector further on.</param>
    /// <param name="blockStep">From a block of channels to the next, in floats: what is wanted next.</param>
    /// <param name="diffs">The first tile's gradients of the first vector of filters; the next tile follows it.</param>
    /// <param name="pairStep">From the first vector of filters to the second, in floats.</param>
    /// <param name="count">Tiles.</param>
    /// <param name="sums">Two vectors of filters for each channel, channel after channel.</param>
    // bounds: as above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate<TVector>(float* tiles, nint blockStep, float* diffs, nint pairStep, int count, float* sums)
        where TVector : unmanaged, IFloats<TVector>
    {
        bool isTall = TVector.Registers == 32;
        int lanes = TVector.Count;
        for (int i = 0; i < 2 * Channels<TVector>(); i++)
            Caches.Prefetch(sums + (2 * Channels<TVector>() + i) * lanes);
        TVector a0 = TVector.Load(sums), b0 = TVector.Load(sums + 1 * lanes);
        TVector a1 = TVector.Load(sums + 2 * lanes), b1 = TVector.Load(sums + 3 * lanes);
        TVector a2 = TVector.Load(sums + 4 * lanes), b2 = TVector.Load(sums + 5 * lanes);
        TVector a3 = TVector.Load(sums + 6 * lanes), b3 = TVector.Load(sums + 7 * lanes);
        TVector a4 = isTall ? TVector.Load(sums + 8 * lanes) : default, b4 = isTall ? TVector.Load(sums + 9 * lanes) : default;
        TVector a5 = isTall ? TVector.Load(sums + 10 * lanes) : default, b5 = isTall ? TVector.Load(sums + 11 * lanes) : default;
        TVector a6 = isTall ? TVector.Load(sums + 12 * lanes) : default, b6 = isTall ? TVector.Load(sums + 13 * lanes) : default;
        TVector a7 = isTall ? TVector.Load(sums + 14 * lanes) : default, b7 = isTall ? TVector.Load(sums + 15 * lanes) : default;
        for (float* end = tiles + (nint)count * lanes; tiles < end; tiles += lanes, diffs += lanes)
        {
            Caches.Prefetch(tiles + blockStep);
            TVector first = TVector.Load(diffs), second = TVector.Load(diffs + pairStep), value;
            value = TVector.Create(*tiles);
            a0 = TVector.FusedMultiplyAdd(value, first, a0);
            b0 = TVector.FusedMultiplyAdd(value, second, b0);
            value = TVector.Create(tiles[1]);
            a1 = TVector.FusedMultiplyAdd(value, first, a1);
            b1 = TVector.FusedMultiplyAdd(value, second, b1);
            value = TVector.Create(tiles[2]);
            a2 = TVector.FusedMultiplyAdd(value, first, a2);
            b2 = TVector.FusedMultiplyAdd(value, second, b2);
            value = TVector.Create(tiles[3]);
            a3 = TVector.FusedMultiplyAdd(value, first, a3);
            b3 = TVector.FusedMultiplyAdd(value, second, b3);
            if (!isTall)
                continue;
            value = TVector.Create(tiles[4]);
            a4 = TVector.FusedMultiplyAdd(value, first, a4);
            b4 = TVector.FusedMultiplyAdd(value, second, b4);
            value = TVector.Create(tiles[5]);
            a5 = TVector.FusedMultiplyAdd(value, first, a5);
            b5 = TVector.FusedMultiplyAdd(value, second, b5);
            value = TVector.Create(tiles[6]);
            a6 = TVector.FusedMultiplyAdd(value, first, a6);
            b6 = TVector.FusedMultiplyAdd(value, second, b6);
            value = TVector.Create(tiles[7]);
            a7 = TVector.FusedMultiplyAdd(value, first, a7);
            b7 = TVector.FusedMultiplyAdd(value, second, b7);
        }

        Store(a0, b0, sums, lanes);
        Store(a1, b1, sums + 2 * lanes, lanes);
        Store(a2, b2, sums + 4 * lanes, lanes);
        Store(a3, b3, sums + 6 * lanes, lanes);
        if (!isTall)
            return;
        Store(a4, b4, sums + 8 * lanes, lanes);
        Store(a5, b5, sums + 10 * lanes, lanes);
        Store(a6, b6, sums + 12 * lanes, lanes);
        Store(a7, b7, sums + 14 * lanes, lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVector>(TVector first, TVector second, float* to, nint step) where TVector : unmanaged, IFloats<TVector>
    {
        first.Store(to);
        second.Store(to + step);
    }
}
