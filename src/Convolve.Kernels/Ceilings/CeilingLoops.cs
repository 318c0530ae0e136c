using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Ceilings;

//     MultiplyAdds:  for each round:  12 sums += x * y
//     Read:          for each round, each vector:  one of 8 sums += from[vector]
//
// from  [vectors]  float32, as many bytes as the caller wants to be in the caches
// Registers: the sums and two operands. Bound: MultiplyAdds by the multiply-add units alone; Read by the loads of the level that holds
// the numbers.

/// <summary>Loops that do nothing but what bounds a kernel, to measure how fast that can be.</summary>
internal static unsafe class CeilingLoops
{
    /// <summary>Multiply-adds of a vector's lane in a round.</summary>
    public const int Sums = 12;

    /// <summary>Vectors that a round of <see cref="Read{TVector}"/> takes at once: the count is a multiple of it.</summary>
    public const int Loads = 8;

    /// <summary>Multiplies and adds in registers.</summary>
    /// <returns>The sum of all lanes, so that nothing is left out.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float MultiplyAdds<TVector>(long rounds) where TVector : unmanaged, IFloats<TVector>
    {
        TVector x = TVector.Create(0.5f), y = TVector.Create(1e-3f);
        TVector s0 = x, s1 = x, s2 = x, s3 = x, s4 = x, s5 = x, s6 = x, s7 = x, s8 = x, s9 = x, s10 = x, s11 = x;
        for (long i = 0; i < rounds; i++)
        {
            s0 = TVector.FusedMultiplyAdd(s0, x, y);
            s1 = TVector.FusedMultiplyAdd(s1, x, y);
            s2 = TVector.FusedMultiplyAdd(s2, x, y);
            s3 = TVector.FusedMultiplyAdd(s3, x, y);
            s4 = TVector.FusedMultiplyAdd(s4, x, y);
            s5 = TVector.FusedMultiplyAdd(s5, x, y);
            s6 = TVector.FusedMultiplyAdd(s6, x, y);
            s7 = TVector.FusedMultiplyAdd(s7, x, y);
            s8 = TVector.FusedMultiplyAdd(s8, x, y);
            s9 = TVector.FusedMultiplyAdd(s9, x, y);
            s10 = TVector.FusedMultiplyAdd(s10, x, y);
            s11 = TVector.FusedMultiplyAdd(s11, x, y);
        }
        return TVector.Sum(s0 + s1 + s2 + s3 + (s4 + s5 + s6 + s7) + (s8 + s9 + s10 + s11));
    }

    /// <summary>Reads numbers over and over.</summary>
    /// <param name="from">The first.</param>
    /// <param name="vectors">How many vectors, a multiple of <see cref="Loads"/>.</param>
    /// <param name="rounds">How often.</param>
    /// <returns>The sum of all of them, so that nothing is left out.</returns>
    // bounds: as many vectors as the caller has behind the pointer.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Read<TVector>(float* from, long vectors, long rounds) where TVector : unmanaged, IFloats<TVector>
    {
        TVector s0 = TVector.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        for (long round = 0; round < rounds; round++)
        {
            float* end = from + vectors * TVector.Count;
            for (float* p = from; p < end; p += Loads * TVector.Count)
            {
                s0 += TVector.Load(p);
                s1 += TVector.Load(p + TVector.Count);
                s2 += TVector.Load(p + 2 * TVector.Count);
                s3 += TVector.Load(p + 3 * TVector.Count);
                s4 += TVector.Load(p + 4 * TVector.Count);
                s5 += TVector.Load(p + 5 * TVector.Count);
                s6 += TVector.Load(p + 6 * TVector.Count);
                s7 += TVector.Load(p + 7 * TVector.Count);
            }
        }
        return TVector.Sum(s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7)));
    }
}
