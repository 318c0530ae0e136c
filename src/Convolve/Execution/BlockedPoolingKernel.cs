using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Pooling;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Max or min pooling of blocks of 16 channels, or its gradient.</summary>
internal sealed unsafe class BlockedPoolingKernel(Step step, BlockedPoolingWork work, Binder binder) : ITeamWork
{
    private readonly nint _from = binder.Address(step[work.IsBack ? Argument.DiffTarget : Argument.Source]);
    private readonly nint _to = binder.Address(step[work.IsBack ? Argument.DiffSource : Argument.Target]);
    private readonly nint _places = step.Uses.FirstOrDefault(u => u.Argument == Argument.Workspace) is { } use ? binder.Address(use.Tensor)
        : 0;
    private readonly bool _isBFloat16 = step[work.IsBack ? Argument.DiffTarget : Argument.Source].Layout.Type == ElementType.BFloat16;

    public void Run(int thread, int threads)
    {
        if (_isBFloat16)
            Run<BFloat16Pixel>(thread, threads);
        else
            Run<SinglePixel>(thread, threads);
    }

    private void Run<TPixel>(int thread, int threads) where TPixel : struct, IPixel
    {
        if (work.IsBack)
            BlockedMaxPooling.Backward<TPixel>(work.Pool, (byte*)_from, (byte*)_places, (byte*)_to, thread, threads);
        else if (work.IsMin)
            BlockedMinPooling.Forward<TPixel>(work.Pool, (byte*)_from, (byte*)_to, (byte*)_places, thread, threads);
        else
            BlockedMaxPooling.Forward<TPixel>(work.Pool, (byte*)_from, (byte*)_to, (byte*)_places, work.TakesReLU, thread, threads);
    }
}
