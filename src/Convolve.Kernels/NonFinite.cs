using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels;

/// <summary>Looks for NaN and infinity.</summary>
/// <remarks>One loop over values in any order; two sums, or the largest magnitude, stay in registers. Memory is the bound.</remarks>
internal static unsafe class NonFinite
{
    private const int Exponent = 0x7F80;

    /// <summary>Whether some value is NaN or infinite.</summary>
    public static bool IsIn(ReadOnlySpan<float> values) => Floats8.IsWidest ? IsIn<Floats8x2>(values) : IsIn<Floats16>(values);

    /// <summary>Whether some value in bfloat16 is NaN or infinite.</summary>
    public static bool IsInBFloat16(ReadOnlySpan<ushort> values) =>
        Floats8.IsWidest ? IsInBFloat16<Shorts16>(values) : IsInBFloat16<Shorts32>(values);

    // bounds: whole pairs of vectors in the span, and the rest one by one.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool IsIn<TVector>(ReadOnlySpan<float> values) where TVector : unmanaged, IFloats<TVector>
    {
        TVector suspects = TVector.Zero, others = suspects;
        int whole = values.Length - values.Length % (2 * TVector.Count);
        fixed (float* first = values)
            // Anything times 0 is 0 but for NaN and infinity.
            for (float* at = first, end = first + whole; at < end; at += 2 * TVector.Count)
            {
                suspects = TVector.FusedMultiplyAdd(TVector.Load(at), TVector.Zero, suspects);
                others = TVector.FusedMultiplyAdd(TVector.Load(at + TVector.Count), TVector.Zero, others);
            }
        float sum = TVector.Sum(suspects + others);
        foreach (float value in values[whole..])
            sum += value * 0;
        return sum != 0;
    }

    // bounds: as above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool IsInBFloat16<TShorts>(ReadOnlySpan<ushort> values) where TShorts : unmanaged, IShorts<TShorts>
    {
        TShorts largest = TShorts.Create(0), other = largest, magnitude = TShorts.Create(0x7FFF);
        int whole = values.Length - values.Length % (2 * TShorts.Count);
        fixed (ushort* first = values)
            for (ushort* at = first, end = first + whole; at < end; at += 2 * TShorts.Count)
            {
                largest = TShorts.Max(largest, TShorts.Load((short*)at) & magnitude);
                other = TShorts.Max(other, TShorts.Load((short*)at + TShorts.Count) & magnitude);
            }
        bool isIn = TShorts.IsAnyGreater(TShorts.Max(largest, other), TShorts.Create(Exponent - 1));
        foreach (ushort bits in values[whole..])
            isIn |= (bits & Exponent) == Exponent;
        return isIn;
    }

    /// <summary>What is wrong with some values, such as "3 of 150 values are NaN"; null where all are finite.</summary>
    public static string? Describe(ReadOnlySpan<float> values, long all)
    {
        if (!IsIn(values))
            return null;
        long nan = 0, infinite = 0;
        foreach (float value in values)
        {
            nan += float.IsNaN(value) ? 1 : 0;
            infinite += float.IsInfinity(value) ? 1 : 0;
        }
        string kind = infinite == 0 ? "NaN" : nan == 0 ? "infinite" : "NaN or infinite";
        return FormattableString.Invariant($"{nan + infinite:N0} of {all:N0} values {(nan + infinite == 1 ? "is" : "are")} {kind}");
    }
}
