using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Convolve.Data;

/// <summary>bfloat16 as bits: the upper half of a float, rounded to nearest, ties to even.</summary>
internal static class BFloat16Bits
{
    public static ushort From(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)(bits >> 16 | 0x40) : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }

    /// <summary>Sixteen at once, one in the low half of each lane. Not for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> From(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32();
        return bits + Vector512.Create(0x7FFFu) + (bits >>> 16 & Vector512.Create(1u)) >>> 16;
    }

    /// <summary>Eight at once, one in the low half of each lane. Not for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> From(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        return bits + Vector256.Create(0x7FFFu) + (bits >>> 16 & Vector256.Create(1u)) >>> 16;
    }
}
