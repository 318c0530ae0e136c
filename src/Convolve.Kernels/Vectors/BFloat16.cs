using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Vectors;

/// <summary>bfloat16 as its 16 bits: the upper half of a float, rounded to nearest, ties to even.</summary>
internal static class BFloat16
{
    // 1, 3, 5 ... 63: the upper half of each float of two vectors.
    private static Vector512<ushort> UpperHalves => Vector512.CreateSequence<ushort>(1, 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>16 values as the bits of floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Widen(Vector256<ushort> values)
    {
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector512UInt32(values) << 16;
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(values);
        return Vector512.Create(low, high) << 16;
    }

    /// <summary>16 floats, rounded; infinities stay, and so does NaN as processors make it, whose lower half is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ushort> Narrow(Vector512<float> values)
    {
        Vector512<uint> rounded = Round(values) >>> 16;
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector256UInt16(rounded);
        return Vector256.Narrow(rounded.GetLower(), rounded.GetUpper());
    }

    /// <summary>Two times 16 floats, rounded; infinities stay, and so does NaN as processors make it, whose lower half is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ushort> Narrow(Vector512<float> first, Vector512<float> second) => Avx512BW.IsSupported
        ? Avx512BW.PermuteVar32x16x2(Round(first).AsUInt16(), UpperHalves, Round(second).AsUInt16())
        : Vector512.Narrow(Round(first) >>> 16, Round(second) >>> 16);

    /// <summary>8 floats, rounded; infinities stay, and so does NaN as processors make it, whose lower half is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Narrow(Vector256<float> values)
    {
        Vector256<uint> rounded = Round(values) >>> 16;
        if (Sse41.IsSupported)
            return Sse41.PackUnsignedSaturate(rounded.GetLower().AsInt32(), rounded.GetUpper().AsInt32());
        return Vector128.Narrow(rounded.GetLower(), rounded.GetUpper());
    }

    /// <summary>8 floats, rounded; the result is in the upper halves, and the lower ones are anything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Round(Vector256<float> values)
    {
        Vector256<uint> bits = values.AsUInt32();
        return bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256<uint>.One);
    }

    /// <summary>16 floats, rounded; the result is in the upper halves, and the lower ones are anything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Round(Vector512<float> values)
    {
        Vector512<uint> bits = values.AsUInt32();
        return bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One);
    }
}
