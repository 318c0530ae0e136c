using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Vectors;

/// <summary>Lanes of registers of 128 bits change places, two of which make a <see cref="Floats8"/>.</summary>
internal static unsafe class Halves
{
    /// <summary>Of both, one behind the other, the eight numbers behind the first few.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Align(Vector256<float> first, Vector256<float> second, int skipped)
    {
        Vector128<float> a = first.GetLower(), b = first.GetUpper(), c = second.GetLower(), d = second.GetUpper();
        return skipped switch
        {
            1 => Vector256.Create(Skip1(a, b), Skip1(b, c)),
            2 => Vector256.Create(Skip2(a, b), Skip2(b, c)),
            3 => Vector256.Create(Skip3(a, b), Skip3(b, c)),
            4 => Vector256.Create(b, c),
            5 => Vector256.Create(Skip1(b, c), Skip1(c, d)),
            6 => Vector256.Create(Skip2(b, c), Skip2(c, d)),
            _ => Vector256.Create(Skip3(b, c), Skip3(c, d)),
        };
    }

    /// <summary>Eight bytes as integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> LoadBytes(byte* from)
    {
        (Vector128<uint> low, Vector128<uint> high) =
            Vector128.Widen(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(from)).AsByte()));
        return Vector256.Create(low, high);
    }

    /// <summary>Of the rows, which are of two times four numbers, column 0, 1, 2 and 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float>, Vector256<float>, Vector256<float>, Vector256<float>) Transpose(
        Vector256<float> row0, Vector256<float> row1, Vector256<float> row2, Vector256<float> row3)
    {
        var (a0, a1, a2, a3) = Transpose(row0.GetLower(), row1.GetLower(), row2.GetLower(), row3.GetLower());
        var (b0, b1, b2, b3) = Transpose(row0.GetUpper(), row1.GetUpper(), row2.GetUpper(), row3.GetUpper());
        return (Vector256.Create(a0, b0), Vector256.Create(a1, b1), Vector256.Create(a2, b2), Vector256.Create(a3, b3));
    }

    /// <summary>Of the rows, which are of four numbers, the columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<float>, Vector128<float>, Vector128<float>, Vector128<float>) Transpose(
        Vector128<float> row0, Vector128<float> row1, Vector128<float> row2, Vector128<float> row3)
    {
        Vector128<float> low02 = ZipLow(row0, row2), low13 = ZipLow(row1, row3), high02 = ZipHigh(row0, row2), high13 = ZipHigh(row1, row3);
        return (ZipLow(low02, low13), ZipHigh(low02, low13), ZipLow(high02, high13), ZipHigh(high02, high13));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b)
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b) : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b)
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b) : Vector128.Create(a[2], b[2], a[3], b[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Skip1(Vector128<float> a, Vector128<float> b) => AdvSimd.IsSupported
        ? AdvSimd.ExtractVector128(a, b, 1) : Vector128.Create(a[1], a[2], a[3], b[0]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Skip2(Vector128<float> a, Vector128<float> b) => AdvSimd.IsSupported
        ? AdvSimd.ExtractVector128(a, b, 2) : Vector128.Create(a.GetUpper(), b.GetLower());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Skip3(Vector128<float> a, Vector128<float> b) => AdvSimd.IsSupported
        ? AdvSimd.ExtractVector128(a, b, 3) : Vector128.Create(a[3], b[0], b[1], b[2]);
}
