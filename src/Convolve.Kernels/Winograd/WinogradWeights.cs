using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.Winograd.WinogradShape;
using static Convolve.Kernels.Winograd.WinogradTransform;

namespace Convolve.Kernels.Winograd;

//     for each block of filters, each channel:  for each column of the kernel: evaluate;  for each of 8 rows: evaluate and scale
//
// weights  [O/b][I/b][K][K][b i][b o]  float32
// points   [64][pair of blocks of filters][channel][2 b]  float32
// Registers: a column or a row. L1: the weights of one channel. Bound: the stores of points, 7 or 2.6 times the weights.

/// <summary>
/// Between weights in blocks, [O/16][I/16][K][K][16 i][16 o] or the same with 8, and their 64 points, [point][pair of blocks of
/// filters][channel][both blocks].
/// </summary>
internal static unsafe class WinogradWeights
{
    /// <summary>Floats that each call needs as scratch: a block of weights turned around, and a transform.</summary>
    public static int ScratchFloats(in WinogradShape shape) => (shape.Lanes * 25 + Points) * shape.Lanes;

    /// <summary>The floats of the points of some pairs.</summary>
    public static long PointFloats(in WinogradShape shape, int pairs) => (long)Points * pairs * shape.Channels * 2 * shape.Lanes;

    /// <summary>The points of the weights of some filters: a thread's share of the blocks of channels.</summary>
    /// <param name="shape">The convolution that runs: for the gradient of the input, the transposed one.</param>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="isTransposed">Whether the weights are the other way around: channels and filters swapped, rows and columns
    /// reversed.</param>
    /// <param name="firstPair">The first pair of blocks of filters.</param>
    /// <param name="pairs">How many.</param>
    /// <param name="points">The result.</param>
    /// <param name="scratch">Room for <see cref="ScratchFloats"/>.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">All that share the work.</param>
    public static void ToPoints<TVector>(in WinogradShape shape, float* weights, bool isTransposed, int firstPair, int pairs, float* points,
        float* scratch, int thread, int threads)
        where TVector : unmanaged, IFloats<TVector>
    {
        int area = shape.Kernel * shape.Kernel, units = pairs * 2 * shape.ChannelBlocks;
        nint pointStep = (nint)pairs * shape.Channels * 2 * TVector.Count;
        for (int unit = (int)((long)units * thread / threads); unit < (int)((long)units * (thread + 1) / threads); unit++)
        {
            int pair = unit / shape.ChannelBlocks, channelBlock = unit % shape.ChannelBlocks, filterBlock = 2 * firstPair + pair;
            float* to = points + ((nint)(pair / 2) * shape.Channels + channelBlock * TVector.Count) * 2 * TVector.Count + pair % 2
                * TVector.Count;
            bool isEmpty = filterBlock >= shape.FilterBlocks;
            float* from = weights + (isTransposed ? shape.WeightsAt(channelBlock, filterBlock, shape.Filters)
                : shape.WeightsAt(filterBlock, channelBlock, shape.Channels));
            int block = shape.Block;
            if (isTransposed && !isEmpty)
            {
                Turn<TVector>(from, block, scratch, area);
                from = scratch;
                block = TVector.Count;
            }
            for (int c = 0; c < TVector.Count; c++, from += block, to += 2 * TVector.Count)
            {
                if (isEmpty)
                    Clear<TVector>(to, pointStep);
                else if (shape.Kernel == 3)
                    ToPoints<TVector, Side3>(from, block * block, scratch + TVector.Count * 25 * TVector.Count, to, pointStep);
                else
                    ToPoints<TVector, Side5>(from, block * block, scratch + TVector.Count * 25 * TVector.Count, to, pointStep);
            }
        }
    }

    /// <summary>The gradient of the weights of one channel and a block of filters from that of their points.</summary>
    // bounds: 64 points a step apart; a kernel's taps a block of weights apart.
    public static void FromPoints<TVector, TKernel>(float* points, nint pointStep, float* to, nint tapStep, float* scratch)
        where TVector : unmanaged, IFloats<TVector> where TKernel : struct, ISide
    {
        float* line = scratch + Points * TVector.Count;
        for (int j = 0; j < Side; j++)
        {
            for (int i = 0; i < Side; i++)
                (TVector.Load(points + (i * Side + j) * pointStep) * TVector.Create(Scale[i] * Scale[j])).Store(line + i * TVector.Count);
            Collect<TVector, TKernel>(line, TVector.Count, scratch + j * TVector.Count, Side * TVector.Count);
        }
        for (int y = 0; y < TKernel.Value; y++)
            Collect<TVector, TKernel>(scratch + y * Side * TVector.Count, TVector.Count,
                to + y * TKernel.Value * tapStep, tapStep);
    }

    // bounds: as above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToPoints<TVector, TKernel>(float* from, nint tap, float* scratch, float* to, nint pointStep)
        where TVector : unmanaged, IFloats<TVector> where TKernel : struct, ISide
    {
        int side = TKernel.Value;
        float* line = scratch + (Points - Side) * TVector.Count;
        for (int x = 0; x < side; x++)
            Evaluate<TVector, TKernel>(from + x * tap, side * tap, scratch + x * TVector.Count, side * TVector.Count);
        for (int i = 0; i < Side; i++)
        {
            Evaluate<TVector, TKernel>(scratch + i * side * TVector.Count, TVector.Count, line, TVector.Count);
            for (int j = 0; j < Side; j++)
                (TVector.Load(line + j * TVector.Count) * TVector.Create(Scale[i] * Scale[j])).Store(to + (i * Side + j) * pointStep);
        }
    }

    private static void Clear<TVector>(float* to, nint pointStep) where TVector : unmanaged, IFloats<TVector>
    {
        for (int i = 0; i < Points; i++)
            TVector.Zero.Store(to + i * pointStep);
    }

    // [tap][i][o] to [reversed tap][o][i].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn<TVector>(float* from, int block, float* to, int area) where TVector : unmanaged, IFloats<TVector>
    {
        for (int tap = 0; tap < area; tap++)
        {
            float* source = from + tap * block * block, target = to + (area - 1 - tap) * TVector.Count * TVector.Count;
            for (int i = 0; i < TVector.Count; i++)
                for (int o = 0; o < TVector.Count; o++)
                    target[o * TVector.Count + i] = source[i * block + o];
        }
    }
}
