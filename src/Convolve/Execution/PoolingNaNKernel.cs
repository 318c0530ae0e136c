using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Pooling;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Passes the NaNs of images on through a max pooling of the library.</summary>
internal sealed unsafe class PoolingNaNKernel(Step step, PoolingNaNWork work, Binder binder) : ITeamWork
{
    private readonly nint _source = binder.Address(step[Argument.Source]), _target = binder.Address(step[Argument.Target]);
    private readonly bool _isBFloat16 = step[Argument.Source].Layout.Type == ElementType.BFloat16;

    public void Run(int thread, int threads) =>
        MaxPoolingNaN.Restore(work.Pool, work.Block, _isBFloat16, (byte*)_source, (byte*)_target, thread, threads);
}
