using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels.Elementwise;

/// <summary>ReLU over numbers in any order: max(x, 0), and NaN where x is.</summary>
internal static unsafe class Rectifier
{
    private const int LineBytes = 64;

    // -inf as an integer: numbers below 0 are not above it; NaNs with a sign are.
    private const short NegativeInfinity = unchecked((short)0xFF80);

    /// <summary>A thread's share of the numbers.</summary>
    /// <param name="isBFloat16">Whether they are bfloat16, and not float32.</param>
    /// <param name="source">The numbers.</param>
    /// <param name="target">Receives the results; may be the source.</param>
    /// <param name="bytes">Of all of them.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">How many share the work.</param>
    public static void Forward(bool isBFloat16, byte* source, byte* target, long bytes, int thread, int threads)
    {
        long lines = (bytes + LineBytes - 1) / LineBytes, first = lines * thread / threads * LineBytes,
            end = Math.Min(bytes, lines * (thread + 1) / threads * LineBytes);
        if (isBFloat16)
            Forward((short*)(source + first), (short*)(target + first), (end - first) / sizeof(short));
        else
            Forward((float*)(source + first), (float*)(target + first), (end - first) / sizeof(float));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward(float* source, float* target, long count)
    {
        long i = 0;
        for (; i + 16 <= count; i += 16)
        {
            Vector512<float> x = Vector512.Load(source + i);
            Vector512.Store(Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), Vector512<float>.Zero, x),
                target + i);
        }
        for (; i < count; i++)
            target[i] = source[i] < 0 ? 0 : source[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward(short* source, short* target, long count)
    {
        Vector512<short> least = Vector512.Create(NegativeInfinity);
        long i = 0;
        for (; i + 32 <= count; i += 32)
        {
            Vector512<short> x = Vector512.Load(source + i);
            Vector512.Store(x & Vector512.GreaterThan(x, least), target + i);
        }
        for (; i < count; i++)
            target[i] = source[i] > NegativeInfinity ? source[i] : (short)0;
    }
}
