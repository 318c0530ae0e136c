using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.Winograd.WinogradShape;

namespace Convolve.Kernels.Winograd;

//     for each 48 tiles:  transform input and gradient;  for each point, pair of blocks of filters, 8 or 4 channels:  Accumulate
//     for each filter block, channel:  weights from points
//
// source, diffs  [N][C/b][H][W][b]  float32 or bfloat16; weights  [O/b][I/b][K][K][b i][b o]  float32
// scratch        points of 48 tiles, of their gradients, and the sums [64][pair][channel][2 b]  float32, all of the thread's own
// L2: the points of 48 tiles. L3 or memory: the sums, read and written once for every 48 tiles. Bound: the multiply-adds of Accumulate.

/// <summary>
/// The gradient of a convolution's weights with Winograd: each thread adds up the points of its own filters and channels over all
/// tiles, so the sums need no joining and their order does not depend on timing.
/// </summary>
internal static unsafe class WinogradGradient
{
    private const long SumBytes = 6 << 20;
    private const int Tiles = 48;

    /// <summary>Pairs of filter blocks whose sums a thread holds at once.</summary>
    private static int PairsAtOnce(in WinogradShape shape) =>
        (int)Math.Clamp(SumBytes / ((long)Points * shape.Channels * 2 * shape.Lanes * sizeof(float)), 1, shape.FilterPairs);

    /// <summary>Scratch of one thread.</summary>
    public static long ThreadBytes(in WinogradShape shape) =>
        sizeof(float) * (WinogradTiles.ScratchFloats(shape) + (long)Points * shape.Lanes
        * (Tiles * (shape.ChannelBlocks + 2L * PairsAtOnce(shape)) + 2L * PairsAtOnce(shape) * shape.Channels + 3));

    /// <summary>A thread's share of the filters and channels.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="source">Its input [N][C/b][H][W][b].</param>
    /// <param name="diffs">The gradient of its output [N][O/b][H][W][b].</param>
    /// <param name="weights">Where the gradient of the weights goes, [O/b][I/b][K][K][b i][b o].</param>
    /// <param name="bias">Where the gradient of the bias goes, or null.</param>
    /// <param name="scratch">The thread's own, of <see cref="ThreadBytes"/>.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">All that share the work.</param>
    public static void Run<TPixel, TVector>(in WinogradShape shape, byte* source, byte* diffs, float* weights, float* bias, float* scratch,
        int thread, int threads)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        // Filters are split first; where there are more threads than pairs of blocks, channels too.
        int columns = threads;
        while (columns > shape.FilterPairs || threads % columns != 0)
            columns--;
        int rows = threads / columns, row = thread / columns, column = thread % columns;
        int firstBlock = shape.ChannelBlocks * row / rows, endBlock = shape.ChannelBlocks * (row + 1) / rows;
        int firstPair = shape.FilterPairs * column / columns, endPair = shape.FilterPairs * (column + 1) / columns;
        if (firstBlock == endBlock)
            return;
        int atOnce = PairsAtOnce(shape);
        int parts = (endPair - firstPair + atOnce - 1) / atOnce;
        for (int part = 0; part < parts; part++)
        {
            int first = firstPair + (endPair - firstPair) * part / parts, end = firstPair + (endPair - firstPair) * (part + 1) / parts;
            float* partBias = firstBlock == 0 ? bias : null;
            if (shape.Kernel == 3)
                Part<TPixel, TVector, Side3, Side6>(shape, source, diffs, weights, partBias, scratch, firstBlock, endBlock - firstBlock,
                    first, end - first);
            else
                Part<TPixel, TVector, Side5, Side4>(shape, source, diffs, weights, partBias, scratch, firstBlock, endBlock - firstBlock,
                    first, end - first);
        }
    }

    // bounds: blocks and pairs are the thread's own; scratch has room for them as ThreadBytes counts.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Part<TPixel, TVector, TKernel,
        TOut>(in WinogradShape shape, byte* source, byte* diffs, float* weights, float* bias, float* scratch,
        int firstBlock, int blocks, int firstPair, int pairs)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector> where TKernel : struct, ISide where TOut : struct, ISide
    {
        // One vector more than needed: the 64 points of a tile would else fall into few sets of the cache.
        nint blockStep = Tiles * TVector.Count, inputStep = blockStep * blocks + TVector.Count,
            diffStep = blockStep * 2 * pairs + TVector.Count;
        nint pairFloats = (nint)blocks * TVector.Count * 2 * TVector.Count, sumStep = pairFloats * pairs + TVector.Count;
        float* input = scratch + WinogradTiles.ScratchFloats(shape), diff = input + Points * inputStep, sums = diff + Points * diffStep;
        NativeMemory.Clear(sums, (nuint)(Points * sumStep * sizeof(float)));
        int firstFilterBlock = 2 * firstPair, filterBlocks = Math.Min(2 * pairs, shape.FilterBlocks - firstFilterBlock);
        if (filterBlocks < 2 * pairs)
            NativeMemory.Clear(diff, (nuint)(Points * diffStep * sizeof(float)));
        if (bias != null)
            NativeMemory.Clear(bias + firstFilterBlock * TVector.Count, (nuint)(filterBlocks * TVector.Count * sizeof(float)));
        for (int first = 0; first < shape.Tiles; first += Tiles)
        {
            int count = Math.Min(Tiles, shape.Tiles - first);
            for (int t = 0; t < count; t++)
                WinogradTiles.Input<TPixel, TVector>(shape, source, first + t, firstBlock, blocks, input + t * TVector.Count, blockStep,
                    inputStep, scratch);
            for (int b = 0; b < filterBlocks; b++)
            {
                TVector sum = TVector.Zero;
                for (int t = 0; t < count; t++)
                    sum += WinogradTiles.Diff<TPixel, TVector,
                        TOut>(shape, diffs, first + t, firstFilterBlock + b, diff + b * blockStep + t * TVector.Count, diffStep, scratch);
                float* to = bias + (firstFilterBlock + b) * TVector.Count;
                if (bias != null)
                    (TVector.Load(to) + sum).Store(to);
            }
            for (int point = 0; point < Points; point++)
                for (int p = 0; p < pairs; p++)
                    for (int c = 0; c < blocks * TVector.Count; c += WinogradProducts.Channels<TVector>())
                        WinogradProducts.Accumulate<TVector>(input + point * inputStep + c / TVector.Count * blockStep + c % TVector.Count,
                            blockStep,
                            diff + point * diffStep + 2 * p * blockStep, blockStep, count,
                            sums + point * sumStep + p * pairFloats + c * 2 * TVector.Count);
        }
        for (int b = 0; b < filterBlocks; b++)
            for (int c = 0; c < blocks * TVector.Count; c++)
                WinogradWeights.FromPoints<TVector, TKernel>(sums + b / 2 * pairFloats + (c * 2 + b % 2) * TVector.Count, sumStep,
                    weights + shape.WeightsAt(firstFilterBlock + b, firstBlock + c / TVector.Count, shape.Channels)
                    + c % TVector.Count * shape.Block, shape.Block * shape.Block, scratch);
    }
}
