using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>Adaptive average pooling or its gradient; every thread has its planes.</summary>
internal sealed unsafe class AdaptiveAverageKernel(AdaptiveShape shape, bool isBack, bool isBFloat16, nint source, nint target) : ITeamWork
{
    public void Run(int thread, int threads)
    {
        int first = (int)((long)shape.Planes * thread / threads), end = (int)((long)shape.Planes * (thread + 1) / threads);
        if (isBFloat16)
            Run<BFloat16Pixel>(first, end);
        else
            Run<SinglePixel>(first, end);
    }

    private void Run<TPixel>(int first, int end) where TPixel : struct, IPixel
    {
        if (isBack)
            AdaptiveAverage.Backward<TPixel>(shape, (byte*)source, (byte*)target, first, end);
        else
            AdaptiveAverage.Forward<TPixel>(shape, (byte*)source, (byte*)target, first, end);
    }
}
