using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static Convolve.Kernels.Winograd.WinogradShape;
using static Convolve.Kernels.Winograd.WinogradTransform;

namespace Convolve.Kernels.Winograd;

/// <summary>
/// Between weights in blocks of 16 by 16, [O/16][I/16][K][K][16 i][16 o], and their 64 points, [point][pair of blocks of filters][channel][32 filters].
/// </summary>
internal static unsafe class WinogradWeights
{
    /// <summary>Floats that each call needs as scratch: a block of weights turned around, and a transform.</summary>
    public const int ScratchFloats = (16 * 25 + Points) * VectorFloats;

    /// <summary>The floats of the points of some pairs.</summary>
    public static long PointFloats(in WinogradShape shape, int pairs) => (long)Points * pairs * shape.Channels * 2 * VectorFloats;

    /// <summary>The points of the weights of some filters: a thread's share of the blocks of channels.</summary>
    /// <param name="shape">The convolution that runs: for the gradient of the input, the transposed one.</param>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="isTransposed">Whether the weights are the other way around: channels and filters swapped, rows and columns reversed.</param>
    /// <param name="firstPair">The first pair of blocks of filters.</param>
    /// <param name="pairs">How many.</param>
    /// <param name="points">The result.</param>
    /// <param name="scratch">Room for <see cref="ScratchFloats"/>.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">All that share the work.</param>
    public static void ToPoints(in WinogradShape shape, float* weights, bool isTransposed, int firstPair, int pairs, float* points, float* scratch, int thread, int threads)
    {
        int area = shape.Kernel * shape.Kernel, units = pairs * 2 * shape.ChannelBlocks;
        nint pointStep = (nint)pairs * shape.Channels * 2 * VectorFloats;
        for (int unit = (int)((long)units * thread / threads); unit < (int)((long)units * (thread + 1) / threads); unit++)
        {
            int block = unit / shape.ChannelBlocks, channelBlock = unit % shape.ChannelBlocks, filterBlock = 2 * firstPair + block;
            float* to = points + ((nint)(block / 2) * shape.Channels + channelBlock * VectorFloats) * 2 * VectorFloats + block % 2 * VectorFloats;
            bool isEmpty = filterBlock >= shape.FilterBlocks;
            float* from = weights + (isTransposed ? (nint)channelBlock * shape.FilterBlocks + filterBlock : (nint)filterBlock * shape.ChannelBlocks + channelBlock)
                * area * VectorFloats * VectorFloats;
            if (isTransposed && !isEmpty)
            {
                Turn(from, scratch, area);
                from = scratch;
            }
            for (int c = 0; c < VectorFloats; c++, from += VectorFloats, to += 2 * VectorFloats)
            {
                if (isEmpty)
                    Clear(to, pointStep);
                else if (shape.Kernel == 3)
                    ToPoints<Side3>(from, scratch + 16 * 25 * VectorFloats, to, pointStep);
                else
                    ToPoints<Side5>(from, scratch + 16 * 25 * VectorFloats, to, pointStep);
            }
        }
    }

    /// <summary>The gradient of the weights of one channel and 16 filters from that of their points.</summary>
    public static void FromPoints<TKernel>(float* points, nint pointStep, float* to, float* scratch) where TKernel : struct, ISide
    {
        float* line = scratch + Points * VectorFloats;
        for (int j = 0; j < Side; j++)
        {
            for (int i = 0; i < Side; i++)
                Vector512.Store(Vector512.Load(points + (i * Side + j) * pointStep) * Vector512.Create(Scale[i] * Scale[j]), line + i * VectorFloats);
            Collect<TKernel>(line, VectorFloats, scratch + j * VectorFloats, Side * VectorFloats);
        }
        for (int y = 0; y < TKernel.Value; y++)
            Collect<TKernel>(scratch + y * Side * VectorFloats, VectorFloats, to + y * TKernel.Value * VectorFloats * VectorFloats, VectorFloats * VectorFloats);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToPoints<TKernel>(float* from, float* scratch, float* to, nint pointStep) where TKernel : struct, ISide
    {
        const int tap = VectorFloats * VectorFloats;
        int side = TKernel.Value;
        float* line = scratch + (Points - Side) * VectorFloats;
        for (int x = 0; x < side; x++)
            Evaluate<TKernel>(from + x * tap, side * tap, scratch + x * VectorFloats, side * VectorFloats);
        for (int i = 0; i < Side; i++)
        {
            Evaluate<TKernel>(scratch + i * side * VectorFloats, VectorFloats, line, VectorFloats);
            for (int j = 0; j < Side; j++)
                Vector512.Store(Vector512.Load(line + j * VectorFloats) * Vector512.Create(Scale[i] * Scale[j]), to + (i * Side + j) * pointStep);
        }
    }

    private static void Clear(float* to, nint pointStep)
    {
        for (int i = 0; i < Points; i++)
            Vector512.Store(Vector512<float>.Zero, to + i * pointStep);
    }

    // [tap][16 i][16 o] to [reversed tap][16 o][16 i].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(float* from, float* to, int area)
    {
        for (int tap = 0; tap < area; tap++)
        {
            float* source = from + tap * VectorFloats * VectorFloats, target = to + (area - 1 - tap) * VectorFloats * VectorFloats;
            for (int i = 0; i < VectorFloats; i++)
                for (int o = 0; o < VectorFloats; o++)
                    target[o * VectorFloats + i] = source[i * VectorFloats + o];
        }
    }
}
