using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels;

/// <summary>Looks for NaN and infinity at the speed of memory.</summary>
internal static class NonFinite
{
    private const int Lanes = 16, Exponent = 0x7F80;

    /// <summary>Whether some value is NaN or infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool IsIn(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<Vector512<float>> whole = MemoryMarshal.Cast<float, Vector512<float>>(values);
        Vector512<float> suspects = Vector512<float>.Zero, others = suspects;
        // Anything times 0 is 0 but for NaN and infinity.
        for (int i = 0; i + 1 < whole.Length; i += 2)
        {
            suspects = Vector512.FusedMultiplyAdd(whole[i], Vector512<float>.Zero, suspects);
            others = Vector512.FusedMultiplyAdd(whole[i + 1], Vector512<float>.Zero, others);
        }
        float sum = Vector512.Sum(suspects + others);
        foreach (float value in values[(whole.Length / 2 * 2 * Lanes)..])
            sum += value * 0;
        return sum != 0;
    }

    /// <summary>Whether some value in bfloat16 is NaN or infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool IsInBFloat16(ReadOnlySpan<ushort> values)
    {
        ReadOnlySpan<Vector512<ushort>> whole = MemoryMarshal.Cast<ushort, Vector512<ushort>>(values);
        Vector512<ushort> largest = Vector512<ushort>.Zero, magnitude = Vector512.Create((ushort)0x7FFF);
        foreach (Vector512<ushort> bits in whole)
            largest = Vector512.Max(largest, bits & magnitude);
        bool isIn = Vector512.GreaterThanOrEqualAny(largest, Vector512.Create((ushort)Exponent));
        foreach (ushort bits in values[(whole.Length * 2 * Lanes)..])
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
