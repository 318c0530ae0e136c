using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Pooling;

/// <summary>Passes the NaNs of images on through a max pooling of the library.</summary>
internal sealed unsafe class PoolingNaNKernel(BlockedPool pool, int block, bool isBFloat16, nint source, nint target) : ITeamWork
{
    public void Run(int thread, int threads) =>
        MaxPoolingNaN.Restore(pool, block, isBFloat16, (byte*)source, (byte*)target, thread, threads);
}
