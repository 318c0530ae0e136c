using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Elementwise;

/// <summary>ReLU that no layer before it computes on its way out.</summary>
internal sealed unsafe class RectifierKernel(bool isBFloat16, nint source, nint target, long bytes) : ITeamWork
{
    public void Run(int thread, int threads) => Rectifier.Forward(isBFloat16, (byte*)source, (byte*)target, bytes, thread, threads);
}
