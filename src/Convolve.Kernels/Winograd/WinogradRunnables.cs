using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Winograd;

//     for each slab of filters:  WinogradWeights by all threads;  WinogradConvolution by all threads
//
// What each pointer's layout is, what is held where, and the bounds, are those of WinogradPass and WinogradGradient.

/// <summary>A convolution with Winograd: slab by slab, first the weights of some filters, then all images with them.</summary>
internal sealed class WinogradRunnable : Runnable
{
    private readonly WinogradPass _pass;
    private readonly TeamTask _weights, _images;

    public WinogradRunnable(WinogradPass pass) =>
        (_pass, _weights, _images) = (pass, new(new WeightsWork(pass)), new(new ImagesWork(pass)));

    public override void Run()
    {
        for (_pass.Slab = 0; _pass.Slab < _pass.Slabs; _pass.Slab++)
        {
            ThreadTeam.Run(_weights);
            ThreadTeam.Run(_images);
        }
    }

    public override void Dispose()
    {
        _weights.Dispose();
        _images.Dispose();
    }

    private sealed class WeightsWork(WinogradPass pass) : ITeamWork
    {
        public void Run(int thread, int threads) => pass.RunWeights(thread, ThreadTeam.RequireWhole(threads));
    }

    private sealed class ImagesWork(WinogradPass pass) : ITeamWork
    {
        public void Run(int thread, int threads) => pass.RunImages(thread, ThreadTeam.RequireWhole(threads));
    }
}

/// <summary>The gradient of a convolution's weights with Winograd.</summary>
internal sealed unsafe class WinogradGradientKernel(WinogradShape shape, bool isBFloat16) : ITeamWork
{
    /// <summary>Images, in blocks of the shape's size.</summary>
    public nint Source { get; init; }

    /// <summary>The gradient of what is behind, in blocks too.</summary>
    public nint DiffTarget { get; init; }

    public nint DiffWeights { get; init; }

    /// <summary>0 where there is no bias.</summary>
    public nint DiffBias { get; init; }

    /// <summary>Room for <see cref="WinogradGradient.ThreadBytes"/>, for each thread.</summary>
    public nint Scratch { get; init; }

    public void Run(int thread, int threads)
    {
        threads = ThreadTeam.RequireWhole(threads);
        if (isBFloat16)
            Run<BFloat16Pixel>(thread, threads);
        else
            Run<SinglePixel>(thread, threads);
    }

    private void Run<TPixel>(int thread, int threads) where TPixel : struct, IPixel
    {
        if (shape.Lanes == Floats16.Count)
            Run<TPixel, Floats16>(thread, threads);
        else
            Run<TPixel, Floats8>(thread, threads);
    }

    private void Run<TPixel, TVector>(int thread, int threads) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector> =>
        WinogradGradient.Run<TPixel, TVector>(shape, (byte*)Source, (byte*)DiffTarget, (float*)DiffWeights, (float*)DiffBias,
            (float*)(Scratch + (nint)(thread * WinogradGradient.ThreadBytes(shape))), thread, threads);
}
