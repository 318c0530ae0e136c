using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Pixels;

/// <summary>Sixteen bytes as sixteen integers and back, in one instruction where there is one.</summary>
internal static class PixelVectors
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Widen(Vector128<byte> bytes)
    {
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector512Int32(bytes);
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(bytes);
        return Vector512.Create(Wide(low), Wide(high));
    }

    /// <summary>Values below 0 must not come; those above 255 become 255.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Narrow(Vector512<int> values)
    {
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector128ByteWithSaturation(values.AsUInt32());
        Vector512<int> least = Vector512.Min(values, Vector512.Create(255));
        Vector256<short> shorts = Vector256.Narrow(least.GetLower(), least.GetUpper());
        return Vector128.Narrow(shorts.GetLower(), shorts.GetUpper()).AsByte();
    }

    /// <summary>Truncated as a cast does, after being brought into [0, 255].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Truncate(Vector512<float> values) =>
        Narrow(Vector512.ConvertToInt32Native(Vector512.Min(Vector512.Max(values, Vector512<float>.Zero), Vector512.Create(255f))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Floats(ref byte from, nuint at) => Vector512.ConvertToSingle(Widen(Vector128.LoadUnsafe(ref from, at)));

    private static Vector256<int> Wide(Vector128<ushort> values)
    {
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(values);
        return Vector256.Create(low, high).AsInt32();
    }
}
