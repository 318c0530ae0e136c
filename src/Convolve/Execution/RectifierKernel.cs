using Convolve.Kernels.Contract;
using Convolve.Kernels.Elementwise;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>ReLU that no layer before it computes on its way out.</summary>
internal sealed unsafe class RectifierKernel(Step step, Binder binder) : ITeamWork
{
    private readonly nint _source = binder.Address(step[Argument.Source]), _target = binder.Address(step[Argument.Target]);
    private readonly long _bytes = step[Argument.Source].Layout.Bytes;
    private readonly bool _isBFloat16 = step[Argument.Source].Layout.Type == ElementType.BFloat16;

    public void Run(int thread, int threads) => Rectifier.Forward(_isBFloat16, (byte*)_source, (byte*)_target, _bytes, thread, threads);
}
