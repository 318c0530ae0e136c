using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Pooling;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Adaptive average pooling or its gradient; every thread has its planes.</summary>
internal sealed unsafe class AdaptiveAverageKernel(Step step, AdaptiveAverageWork work, Binder binder) : ITeamWork
{
    private readonly bool _isBFloat16 = step.Uses[0].Tensor.Layout.Type == ElementType.BFloat16;
    private readonly nint _source = binder.Address(step[work.IsBack ? Argument.DiffTarget : Argument.Source]);
    private readonly nint _target = binder.Address(step[work.IsBack ? Argument.DiffSource : Argument.Target]);

    public void Run(int thread, int threads)
    {
        int first = (int)((long)work.Shape.Planes * thread / threads), end = (int)((long)work.Shape.Planes * (thread + 1) / threads);
        if (_isBFloat16)
            Run<BFloat16Pixel>(first, end);
        else
            Run<SinglePixel>(first, end);
    }

    private void Run<TPixel>(int first, int end) where TPixel : struct, IPixel
    {
        if (work.IsBack)
            AdaptiveAverage.Backward<TPixel>(work.Shape, (byte*)_source, (byte*)_target, first, end);
        else
            AdaptiveAverage.Forward<TPixel>(work.Shape, (byte*)_source, (byte*)_target, first, end);
    }
}
