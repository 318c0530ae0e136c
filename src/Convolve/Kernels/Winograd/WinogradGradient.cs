using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static Convolve.Kernels.Winograd.WinogradShape;
using static Convolve.Kernels.Winograd.WinogradTransform;

namespace Convolve.Kernels.Winograd;

/// <summary>
/// The gradient of a convolution's weights by Winograd's way: each thread adds up the points of its own filters and channels over all tiles,
/// so the sums need no joining and their order does not depend on timing.
/// </summary>
internal static unsafe class WinogradGradient
{
    private const long SumBytes = 6 << 20;
    private const int Tiles = 48;

    /// <summary>Pairs of filter blocks whose sums a thread holds at once.</summary>
    private static int PairsAtOnce(in WinogradShape shape) =>
        (int)Math.Clamp(SumBytes / ((long)Points * shape.Channels * 2 * VectorFloats * sizeof(float)), 1, shape.FilterPairs);

    /// <summary>Scratch of one thread.</summary>
    public static long ThreadBytes(in WinogradShape shape) => sizeof(float) * (WinogradTiles.ScratchFloats + (long)Points * VectorFloats
        * (Tiles * (shape.ChannelBlocks + 2L * PairsAtOnce(shape)) + 2L * PairsAtOnce(shape) * shape.Channels + 3));

    /// <summary>A thread's share of the filters and channels.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="source">Its input [N][C/16][H][W][16].</param>
    /// <param name="diffs">The gradient of its output [N][O/16][H][W][16].</param>
    /// <param name="weights">Where the gradient of the weights goes, [O/16][I/16][K][K][16 i][16 o].</param>
    /// <param name="bias">Where the gradient of the bias goes, or null.</param>
    /// <param name="scratch">The thread's own, of <see cref="ThreadBytes"/>.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">All that share the work.</param>
    public static void Run<TPixel>(in WinogradShape shape, byte* source, byte* diffs, float* weights, float* bias, float* scratch, int thread, int threads)
        where TPixel : struct, IPixel
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
                Part<TPixel, Side3, Side6>(shape, source, diffs, weights, partBias, scratch, firstBlock, endBlock - firstBlock, first, end - first);
            else
                Part<TPixel, Side5, Side4>(shape, source, diffs, weights, partBias, scratch, firstBlock, endBlock - firstBlock, first, end - first);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Part<TPixel, TKernel, TOut>(in WinogradShape shape, byte* source, byte* diffs, float* weights, float* bias, float* scratch,
        int firstBlock, int blocks, int firstPair, int pairs)
        where TPixel : struct, IPixel where TKernel : struct, ISide where TOut : struct, ISide
    {
        // One vector more than needed: the 64 points of a tile would else fall into few sets of the cache.
        nint blockStep = Tiles * VectorFloats, inputStep = blockStep * blocks + VectorFloats, diffStep = blockStep * 2 * pairs + VectorFloats;
        nint pairFloats = (nint)blocks * VectorFloats * 2 * VectorFloats, sumStep = pairFloats * pairs + VectorFloats;
        float* input = scratch + WinogradTiles.ScratchFloats, diff = input + Points * inputStep, sums = diff + Points * diffStep;
        NativeMemory.Clear(sums, (nuint)(Points * sumStep * sizeof(float)));
        int firstFilterBlock = 2 * firstPair, filterBlocks = Math.Min(2 * pairs, shape.FilterBlocks - firstFilterBlock);
        if (filterBlocks < 2 * pairs)
            NativeMemory.Clear(diff, (nuint)(Points * diffStep * sizeof(float)));
        if (bias != null)
            NativeMemory.Clear(bias + firstFilterBlock * VectorFloats, (nuint)(filterBlocks * VectorFloats * sizeof(float)));
        for (int first = 0; first < shape.Tiles; first += Tiles)
        {
            int count = Math.Min(Tiles, shape.Tiles - first);
            for (int t = 0; t < count; t++)
                WinogradTiles.Input<TPixel>(shape, source, first + t, firstBlock, blocks, input + t * VectorFloats, blockStep, inputStep, scratch);
            for (int b = 0; b < filterBlocks; b++)
            {
                Vector512<float> sum = Vector512<float>.Zero;
                for (int t = 0; t < count; t++)
                    sum += WinogradTiles.Diff<TPixel, TOut>(shape, diffs, first + t, firstFilterBlock + b, diff + b * blockStep + t * VectorFloats, diffStep, scratch);
                float* to = bias + (firstFilterBlock + b) * VectorFloats;
                if (bias != null)
                    Vector512.Store(Vector512.Load(to) + sum, to);
            }
            for (int point = 0; point < Points; point++)
                for (int p = 0; p < pairs; p++)
                    for (int c = 0; c < blocks * VectorFloats; c += WinogradProducts.Channels)
                        WinogradProducts.Accumulate(input + point * inputStep + c / VectorFloats * blockStep + c % VectorFloats, blockStep,
                            diff + point * diffStep + 2 * p * blockStep, blockStep, count, sums + point * sumStep + p * pairFloats + c * 2 * VectorFloats);
        }
        for (int b = 0; b < filterBlocks; b++)
            for (int c = 0; c < blocks * VectorFloats; c++)
                WinogradWeights.FromPoints<TKernel>(sums + b / 2 * pairFloats + (c * 2 + b % 2) * VectorFloats, sumStep,
                    weights + (((nint)(firstFilterBlock + b) * shape.ChannelBlocks + firstBlock + c / VectorFloats) * TKernel.Value * TKernel.Value * VectorFloats
                        + c % VectorFloats) * VectorFloats, scratch);
    }
}
