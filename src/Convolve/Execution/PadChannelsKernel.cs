using System.Runtime.InteropServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Copies each sample's channels and writes zeros behind them; backward, copies what lies before the zeros.</summary>
internal sealed unsafe class PadChannelsKernel(Step step, PadChannelsWork work, Binder binder) : ITeamWork
{
    private readonly nint _short = binder.Address(step[work.IsBack ? Argument.DiffSource : Argument.Source]);
    private readonly nint _long = binder.Address(step[work.IsBack ? Argument.DiffTarget : Argument.Target]);
    private readonly long _batch = step.Uses[0].Tensor.Layout.Sizes[0];

    public void Run(int thread, int threads)
    {
        for (long n = _batch * thread / threads; n < _batch * (thread + 1) / threads; n++)
        {
            byte* @short = (byte*)_short + n * work.SourceBytes, @long = (byte*)_long + n * work.TargetBytes;
            Buffer.MemoryCopy(work.IsBack ? @long : @short, work.IsBack ? @short : @long, work.SourceBytes, work.SourceBytes);
            if (!work.IsBack)
                NativeMemory.Clear(@long + work.SourceBytes, (nuint)(work.TargetBytes - work.SourceBytes));
        }
    }
}
