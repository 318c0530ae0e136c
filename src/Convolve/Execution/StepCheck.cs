using Convolve.Kernels.Checks;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Checks the kernel of a step.</summary>
internal static class StepCheck
{
    /// <summary>Runs a step of a plan, and checks it; on the executor thread.</summary>
    /// <exception cref="KernelCheckException">The kernel is wrong.</exception>
    public static void Run(Step step, Runnable runnable, Binder binder)
    {
        if (step.Work is GatherPartsWork)
        {
            runnable.Run(); // with other ranks, and so once
            return;
        }
        CheckedTensor[] tensors =
            [.. step.Uses.Select(u => new CheckedTensor(u.Argument.ToString(), u.Tensor.Layout, binder.Address(u.Tensor), u.Access))];
        Work work = step.Work is UnseenTapsWork taps ? taps.Kernel : step.Work;
        string kernel = work is NativeWork native ? $"{native.Implementation} ({native.Operation.GetType().Name})"
            : $"{work.RunBy} ({work.GetType().Name})";
        MemoryPiece scratch = step.Scratchpad is { } s ? new(binder.Arena.At(s.Offset, s.Bytes), s.Bytes) : default;
        KernelCheck.Run(step.Label, kernel, tensors, scratch, runnable.Run);
    }
}
