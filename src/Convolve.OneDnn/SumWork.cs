using System.Runtime.CompilerServices;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.OneDnn;

/// <summary>
/// target[i] = sources[0][i] + sources[1][i] + ..., in this order, in float32, rounded once. All have the same layout, so that a tensor is
/// a row of numbers. Memory is the bound.
/// </summary>
internal sealed unsafe class SumWork(ElementType type, nint[] sources, nint target, long bytes) : ITeamWork
{
    private const int LineBytes = 64;

    public void Run(int thread, int threads)
    {
        long lines = (bytes + LineBytes - 1) / LineBytes, first = lines * thread / threads * LineBytes,
            end = Math.Min(bytes, lines * (thread + 1) / threads * LineBytes);
        if (Floats8.IsWidest)
            Run<Floats8>(first, end);
        else
            Run<Floats16>(first, end);
    }

    private void Run<T>(long first, long end) where T : unmanaged, IFloats<T>
    {
        if (type == ElementType.BFloat16)
            AddBFloat16<T>(first / sizeof(ushort), end / sizeof(ushort));
        else
            AddSingle<T>(first / sizeof(float), end / sizeof(float));
    }

    // bounds: whole vectors up to end, and the rest one by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddSingle<T>(long first, long end) where T : unmanaged, IFloats<T>
    {
        nint[] from = sources;
        float* to = (float*)target;
        long i = first;
        for (; i + T.Count <= end; i += T.Count)
        {
            T sum = T.Load((float*)from[0] + i);
            for (int k = 1; k < from.Length; k++)
                sum += T.Load((float*)from[k] + i);
            sum.Store(to + i);
        }
        for (; i < end; i++)
        {
            float sum = ((float*)from[0])[i];
            for (int k = 1; k < from.Length; k++)
                sum += ((float*)from[k])[i];
            to[i] = sum;
        }
    }

    // bounds: as above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddBFloat16<T>(long first, long end) where T : unmanaged, IFloats<T>
    {
        nint[] from = sources;
        ushort* to = (ushort*)target;
        long i = first;
        for (; i + T.Count <= end; i += T.Count)
        {
            T sum = T.LoadBFloat16((ushort*)from[0] + i);
            for (int k = 1; k < from.Length; k++)
                sum += T.LoadBFloat16((ushort*)from[k] + i);
            sum.StoreBFloat16(to + i);
        }
        for (; i < end; i++)
        {
            float sum = BFloat16.ToSingle(((ushort*)from[0])[i]);
            for (int k = 1; k < from.Length; k++)
                sum += BFloat16.ToSingle(((ushort*)from[k])[i]);
            to[i] = BFloat16.FromSingle(sum);
        }
    }
}
