using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Parameters;

/// <summary>A gradient that several threads computed in parts, each for its images.</summary>
/// <param name="Sum">The address of the first part, which the sum goes to.</param>
/// <param name="Others">The addresses of the other parts.</param>
/// <param name="Floats">In each.</param>
internal readonly record struct GradientParts(nint Sum, nint[] Others, long Floats);

/// <summary>Adds the parts of gradients, in their order.</summary>
internal sealed unsafe class PartsSumKernel(GradientParts[] gradients) : ITeamWork
{
    // bounds: a share is whole vectors below the number of floats, and the last one the rest up to it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int thread, int threads)
    {
        foreach ((nint address, nint[] others, long floats) in gradients)
        {
            float* sum = (float*)address;
            long vectors = floats / Vector256<float>.Count, from = vectors * thread / threads * Vector256<float>.Count;
            long to = vectors * (thread + 1) / threads * Vector256<float>.Count, end = thread == threads - 1 ? floats : to;
            foreach (nint part in others)
            {
                float* other = (float*)part;
                for (long i = from; i < to; i += Vector256<float>.Count)
                    (Vector256.Load(sum + i) + Vector256.Load(other + i)).Store(sum + i);
                for (long i = to; i < end; i++)
                    sum[i] += other[i];
            }
        }
    }
}
