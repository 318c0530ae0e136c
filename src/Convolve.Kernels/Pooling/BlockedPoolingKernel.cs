using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>Max or min pooling of blocks of 16 channels, or its gradient.</summary>
internal sealed unsafe class BlockedPoolingKernel(BlockedPool pool, bool isBFloat16) : ITeamWork
{
    public bool IsBack { get; init; }

    /// <summary>Takes the smallest of each window.</summary>
    public bool IsMin { get; init; }

    /// <summary>Takes the maximum of what a ReLU would leave.</summary>
    public bool TakesReLU { get; init; }

    /// <summary>The images, or the gradient behind the pooling.</summary>
    public nint From { get; init; }

    /// <summary>The result.</summary>
    public nint To { get; init; }

    /// <summary>Where in each window the chosen element is, a byte each; 0 where nobody asks.</summary>
    public nint Places { get; init; }

    public void Run(int thread, int threads)
    {
        if (isBFloat16)
            Run<BFloat16Pixel>(thread, threads);
        else
            Run<SinglePixel>(thread, threads);
    }

    private void Run<TPixel>(int thread, int threads) where TPixel : struct, IPixel
    {
        if (IsBack)
            BlockedMaxPooling.Backward<TPixel>(pool, (byte*)From, (byte*)Places, (byte*)To, thread, threads);
        else if (IsMin)
            BlockedMinPooling.Forward<TPixel>(pool, (byte*)From, (byte*)To, (byte*)Places, thread, threads);
        else
            BlockedMaxPooling.Forward<TPixel>(pool, (byte*)From, (byte*)To, (byte*)Places, TakesReLU, thread, threads);
    }
}
