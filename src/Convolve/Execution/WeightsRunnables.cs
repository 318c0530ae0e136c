using Convolve.Kernels.Contract;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Parameters;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Weights, or their gradient, in another layout or type.</summary>
internal sealed class WeightsCopyRunnable(Step step, Binder binder) : Runnable
{
    private readonly LayoutCopy _copy = new(step.Label, step[Argument.Source].Layout, step[Argument.Target].Layout);
    private readonly nint _source = binder.Address(step[Argument.Source]), _target = binder.Address(step[Argument.Target]);

    public override void Run() => _copy.Run(_source, _target);

    public override void Dispose() => _copy.Dispose();
}

/// <summary>A gradient of weights, and zeros for the taps that met nothing but padding.</summary>
internal sealed class UnseenTapsRunnable : Runnable
{
    private readonly Runnable _kernel, _zeros;

    public UnseenTapsRunnable(Step step, UnseenTapsWork work, Binder binder)
    {
        _kernel = Runnables.Create(step with { Work = work.Kernel }, binder);
        _zeros = new TeamRunnable(new ZeroTapsKernel(step[Argument.DiffWeights].Layout, work.Taps, work.Area,
            binder.Address(step[Argument.DiffWeights])));
    }

    public override void Run()
    {
        _kernel.Run();
        _zeros.Run();
    }

    public override void Dispose()
    {
        _zeros.Dispose();
        _kernel.Dispose();
    }
}
