using Convolve.Kernels.Contract;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>A kernel of the library.</summary>
internal sealed class NativeRunnable : Runnable
{
    private readonly Kernel _kernel;

    public NativeRunnable(Step step, NativeWork work, Binder binder)
    {
        _kernel = KernelLibrary.Current.Compile(work.Operation, step.Label);
        foreach (Use use in step.Uses)
        {
            var (buffer, offset) = binder.Locate(use.Tensor);
            _kernel.Bind(use.Argument, use.Tensor.Layout, buffer, offset);
        }
        if (step.Scratchpad is { } scratchpad)
            _kernel.BindScratchpad(binder.Arena, scratchpad.Offset, scratchpad.Bytes);
    }

    public override void Run() => _kernel.Execute();

    public override void Dispose() => _kernel.Dispose();
}
