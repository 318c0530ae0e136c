using System.Runtime.CompilerServices;
using Convolve.Kernels.BatchInterleaved;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.Winograd.WinogradShape;

namespace Convolve.Kernels.Winograd;

/// <summary>How a pass is cut so that what it works on stays in the caches.</summary>
/// <param name="Tiles">Tiles that a thread takes through all three stages at once, a multiple of 12.</param>
/// <param name="SlabPairs">Pairs of filter blocks whose transformed weights are held at once.</param>
/// <param name="GroupPairs">Pairs of filter blocks whose products are held at once.</param>
internal readonly record struct WinogradBlocking(int Tiles, int SlabPairs, int GroupPairs)
{
    private const long SlabBytes = 12 << 20;

    public static WinogradBlocking For(in WinogradShape shape)
    {
        long pairBytes = WinogradWeights.PointFloats(shape, 1) * sizeof(float);
        int slabs = (int)Math.Ceiling(shape.FilterPairs / (double)Math.Clamp(SlabBytes / pairBytes, 1, shape.FilterPairs));
        int slabPairs = (shape.FilterPairs + slabs - 1) / slabs;
        return new(Math.Clamp((shape.Tiles + 11) / 12 * 12, 12, 24), slabPairs, Math.Min(slabPairs, 2));
    }
}

//     for each few tiles:  transform;
//         for each group of pairs of filter blocks:  for each point, pair, 12 or 6 tiles: Multiply;  transform back
//
// source, target  [N][C/b][H][W][b]  float32 or bfloat16; weights are points [64][pair][channel][2 b], bias one number a filter
// scratch         points of the tiles [64][C/b][tile][b], and of the products [64][2 pairs][tile][b]  float32, the thread's own
// L2: the tiles' points. L3: a slab of weights. Bound: the multiply-adds of Multiply.

/// <summary>
/// Winograd convolution with stride 1 in float32, from and to images in blocks of channels, in float32 or bfloat16.
/// </summary>
internal static unsafe class WinogradConvolution
{
    /// <summary>Whether this machine runs it at full speed on blocks of this many channels.</summary>
    public static bool IsSupported(int block) => block % Floats8.Count == 0;

    /// <summary>Channels of a vector of this machine in blocks of this size.</summary>
    public static int LanesOf(int block) => block == Floats16.Count && Interleaving.IsWide ? Floats16.Count : Floats8.Count;

    /// <summary>Scratch of one thread.</summary>
    public static long ThreadBytes(in WinogradShape shape, in WinogradBlocking blocking) =>
        sizeof(float) * Math.Max(WinogradWeights.ScratchFloats(shape),
        (long)Points * shape.Lanes * (blocking.Tiles * (shape.ChannelBlocks + 2 * blocking.GroupPairs) + 2)
        + WinogradTiles.ScratchFloats(shape));

    /// <summary>A thread's share of the tiles, for the filters of one slab.</summary>
    /// <param name="shape">The convolution.</param>
    /// <param name="blocking">How it is cut.</param>
    /// <param name="source">Images [N][C/b][H][W][b].</param>
    /// <param name="firstPair">The first pair of filter blocks of the slab.</param>
    /// <param name="pairs">The pairs of the slab.</param>
    /// <param name="weights">Their points, from <see cref="WinogradWeights.ToPoints{TVector}"/>.</param>
    /// <param name="bias">One number a filter, or null.</param>
    /// <param name="slope">What a negative result is multiplied by: 1 for no activation, 0 for ReLU.</param>
    /// <param name="target">Images [N][O/b][H][W][b].</param>
    /// <param name="scratch">The thread's own, of <see cref="ThreadBytes"/>.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">All that share the work.</param>
    public static void Run<TPixel, TVector>(in WinogradShape shape, in WinogradBlocking blocking, byte* source, int firstPair, int pairs,
        float* weights, float* bias, float slope,
        byte* target, float* scratch, int thread, int threads)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int unit = WinogradProducts.Rows<TVector>();
        long units = (shape.Tiles + unit - 1) / unit;
        int end = (int)Math.Min(shape.Tiles, units * (thread + 1) / threads * unit);
        for (int first = (int)(units * thread / threads * unit); first < end; first += blocking.Tiles)
        {
            int count = Math.Min(blocking.Tiles, end - first);
            if (shape.Kernel == 3)
                Chunk<TPixel, TVector, Side6>(shape, blocking, source, firstPair, pairs, weights, bias, slope, target, scratch, first,
                    count);
            else
                Chunk<TPixel, TVector, Side4>(shape, blocking, source, firstPair, pairs, weights, bias, slope, target, scratch, first,
                    count);
        }
    }

    // bounds: tiles of the batch; scratch has room for blocking.Tiles of them as ThreadBytes counts.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Chunk<TPixel, TVector,
        TOut>(in WinogradShape shape, in WinogradBlocking blocking, byte* source, int firstPair, int pairs, float* weights, float* bias,
        float slope, byte* target, float* scratch, int first, int count)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector> where TOut : struct, ISide
    {
        int unit = WinogradProducts.Rows<TVector>();
        nint blockStep = (nint)blocking.Tiles * TVector.Count;
        // One vector more than needed: the 64 points of a tile would else fall into few sets of the cache.
        nint inputStep = blockStep * shape.ChannelBlocks + TVector.Count, outputStep = blockStep * 2 * blocking.GroupPairs + TVector.Count;
        float* input = scratch + WinogradTiles.ScratchFloats(shape), output = input + Points * inputStep;
        for (int t = 0; t < count; t++)
            WinogradTiles.Input<TPixel, TVector>(shape, source, first + t, 0, shape.ChannelBlocks, input + t * TVector.Count, blockStep,
                inputStep, scratch);
        for (int group = 0; group < pairs; group += blocking.GroupPairs)
        {
            int groupPairs = Math.Min(blocking.GroupPairs, pairs - group);
            for (int point = 0; point < Points; point++)
                for (int p = 0; p < groupPairs; p++)
                {
                    float* panel = weights + ((nint)point * pairs + group + p) * shape.Channels * 2 * TVector.Count;
                    for (int t = 0; t < count; t += unit)
                        WinogradProducts.Multiply<TVector>(input + point * inputStep + t * TVector.Count, blockStep, shape.ChannelBlocks,
                            panel,
                            output + point * outputStep + 2 * p * blockStep + t * TVector.Count, blockStep);
                }
            int firstBlock = 2 * (firstPair + group), blocks = Math.Min(2 * groupPairs, shape.FilterBlocks - firstBlock);
            for (int b = 0; b < blocks; b++)
            {
                TVector shift = bias == null ? TVector.Zero : TVector.Load(bias + (firstBlock + b) * TVector.Count);
                for (int t = 0; t < count; t++)
                    WinogradTiles.Output<TPixel, TVector,
                        TOut>(shape, output + b * blockStep + t * TVector.Count, outputStep, target, first + t, firstBlock + b,
                        shift, TVector.Create(slope), scratch);
            }
        }
    }
}
