using System.Runtime.CompilerServices;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Parameters;

//     for each gradient, each part but the first, each vector of the thread's share:  sum += part
//
// sum, parts  float32, in the layout of the gradient; the first part is the sum
// Bound: memory, or L2 where a share fits.

/// <summary>A gradient that several threads computed in parts, each for its images.</summary>
/// <param name="Sum">The address of the first part, which the sum goes to.</param>
/// <param name="Others">The addresses of the other parts.</param>
/// <param name="Floats">In each.</param>
internal readonly record struct GradientParts(nint Sum, nint[] Others, long Floats);

/// <summary>Adds the parts of gradients, in their order.</summary>
internal sealed unsafe class PartsSumKernel(GradientParts[] gradients) : ITeamWork
{
    public void Run(int thread, int threads)
    {
        if (Floats8.IsWidest)
            Run<Floats8x2>(thread, threads);
        else
            Run<Floats16>(thread, threads);
    }

    // bounds: a share is whole vectors below the number of floats, and the last one the rest up to it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run<T>(int thread, int threads) where T : unmanaged, IFloats<T>
    {
        foreach ((nint address, nint[] others, long floats) in gradients)
        {
            float* sum = (float*)address;
            long vectors = floats / T.Count, from = vectors * thread / threads * T.Count;
            long to = vectors * (thread + 1) / threads * T.Count, end = thread == threads - 1 ? floats : to;
            foreach (nint part in others)
            {
                float* other = (float*)part;
                for (long i = from; i < to; i += T.Count)
                    (T.Load(sum + i) + T.Load(other + i)).Store(sum + i);
                for (long i = to; i < end; i++)
                    sum[i] += other[i];
            }
        }
    }
}
