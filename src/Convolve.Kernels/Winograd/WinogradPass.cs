using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Winograd;

/// <summary>
/// A convolution with everything that it works on: for each slab of filters, <see cref="RunWeights"/> by all threads, then
/// <see cref="RunImages"/> by all.
/// </summary>
internal sealed unsafe class WinogradPass(WinogradShape shape, bool isTransposed, float slope, bool isBFloat16)
{
    private readonly WinogradBlocking _blocking = WinogradBlocking.For(shape);

    /// <summary>Images [N][C/b][H][W][b], b the shape's block.</summary>
    public nint Source { get; init; }

    /// <summary>Images [N][O/b][H][W][b].</summary>
    public nint Target { get; init; }

    /// <summary>The layer's weights, [O/b][I/b][K][K][b i][b o].</summary>
    public nint Weights { get; init; }

    /// <summary>One number a filter, or 0.</summary>
    public nint Bias { get; init; }

    /// <summary>Room for <see cref="ScratchBytes"/>, aligned to a cache line.</summary>
    public nint Scratch { get; init; }

    /// <summary>The slab that runs next.</summary>
    public int Slab { get; set; }

    public int Slabs => (shape.FilterPairs + _blocking.SlabPairs - 1) / _blocking.SlabPairs;

    private int FirstPair => Slab * _blocking.SlabPairs;

    private int Pairs => Math.Min(_blocking.SlabPairs, shape.FilterPairs - FirstPair);

    /// <summary>Scratch space of a pass on this many threads: the points of a slab's weights, and each thread's own.</summary>
    public static long ScratchBytes(in WinogradShape shape, int threads)
    {
        WinogradBlocking blocking = WinogradBlocking.For(shape);
        return PointBytes(shape, blocking) + threads * WinogradConvolution.ThreadBytes(shape, blocking);
    }

    public void RunWeights(int thread, int threads)
    {
        if (shape.Lanes == Floats16.Count)
            RunWeights<Floats16>(thread, threads);
        else
            RunWeights<Floats8>(thread, threads);
    }

    public void RunImages(int thread, int threads)
    {
        if (isBFloat16)
            RunImages<BFloat16Pixel>(thread, threads);
        else
            RunImages<SinglePixel>(thread, threads);
    }

    private void RunImages<TPixel>(int thread, int threads) where TPixel : struct, IPixel
    {
        if (shape.Lanes == Floats16.Count)
            RunImages<TPixel, Floats16>(thread, threads);
        else
            RunImages<TPixel, Floats8>(thread, threads);
    }

    private void RunWeights<TVector>(int thread, int threads) where TVector : unmanaged, IFloats<TVector> =>
        WinogradWeights.ToPoints<TVector>(shape, (float*)Weights, isTransposed, FirstPair, Pairs, (float*)Scratch, Own(thread), thread,
            threads);

    private void RunImages<TPixel, TVector>(int thread, int threads) where TPixel : struct, IPixel
        where TVector : unmanaged, IFloats<TVector> =>
        WinogradConvolution.Run<TPixel, TVector>(shape, _blocking, (byte*)Source, FirstPair, Pairs, (float*)Scratch, (float*)Bias, slope,
            (byte*)Target, Own(thread), thread, threads);

    private float* Own(int thread) =>
        (float*)(Scratch + (nint)(PointBytes(shape, _blocking) + thread * WinogradConvolution.ThreadBytes(shape, _blocking)));

    private static long PointBytes(in WinogradShape shape, in WinogradBlocking blocking) =>
        WinogradWeights.PointFloats(shape, blocking.SlabPairs) * sizeof(float);
}
