using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Elementwise;

/// <summary>ReLU over numbers in any order: max(x, 0), and NaN where x is.</summary>
/// <remarks>One loop over source and target, which have the same layout, whatever it is. Memory is the bound.</remarks>
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
        if (Floats8.IsWidest)
            Forward<Floats8, Shorts16>(isBFloat16, source + first, target + first, end - first);
        else
            Forward<Floats16, Shorts32>(isBFloat16, source + first, target + first, end - first);
    }

    private static void Forward<TVector, TShorts>(bool isBFloat16, byte* source, byte* target, long bytes)
        where TVector : unmanaged, IFloats<TVector> where TShorts : unmanaged, IShorts<TShorts>
    {
        if (isBFloat16)
            Forward<TShorts>((short*)source, (short*)target, bytes / sizeof(short));
        else
            Forward<TVector>((float*)source, (float*)target, bytes / sizeof(float));
    }

    // bounds: whole vectors up to count, and the rest one by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward<TVector>(float* source, float* target, long count) where TVector : unmanaged, IFloats<TVector>
    {
        long i = 0;
        for (; i + TVector.Count <= count; i += TVector.Count)
        {
            TVector x = TVector.Load(source + i);
            TVector.WhereGreater(TVector.Zero, x, TVector.Zero, x).Store(target + i);
        }
        for (; i < count; i++)
            target[i] = source[i] < 0 ? 0 : source[i];
    }

    // bounds: as above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward<TShorts>(short* source, short* target, long count) where TShorts : unmanaged, IShorts<TShorts>
    {
        TShorts least = TShorts.Create(NegativeInfinity);
        long i = 0;
        for (; i + TShorts.Count <= count; i += TShorts.Count)
        {
            TShorts x = TShorts.Load(source + i);
            TShorts.WhereGreater(x, least, x, TShorts.Create(0)).Store(target + i);
        }
        for (; i < count; i++)
            target[i] = source[i] > NegativeInfinity ? source[i] : (short)0;
    }
}
