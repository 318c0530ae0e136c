using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Vectors;

/// <summary>
/// 8 float32 numbers: a register of AVX2, or two registers of 128 bits where those are the widest (ARM64, old processors), which the
/// compiler makes of it by itself (docs/decisions/0023).
/// </summary>
internal readonly unsafe struct Floats8(Vector256<float> value) : IFloats<Floats8>
{
    private readonly Vector256<float> _value = value;

    public Vector256<float> Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _value;
    }

    /// <summary>Whether one fills one register.</summary>
    public static bool IsRegister
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.IsHardwareAccelerated && Avx2.IsSupported;
    }

    /// <summary>The bits of a register that holds a part of it: 256, 128, or 32 where there are no vectors.</summary>
    public static int RegisterBits => IsRegister ? 256 : Vector128.IsHardwareAccelerated ? 128 : 32;

    /// <summary>Whether kernels should use it, and not <see cref="Floats16"/>.</summary>
    public static bool IsWidest
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !Floats16.IsSupported;
    }

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    public static int Registers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }

    public static Floats8 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<float>.Zero);
    }

    public static Floats8 Indices
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<float>.Indices);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator +(Floats8 a, Floats8 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator -(Floats8 a, Floats8 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator -(Floats8 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator *(Floats8 a, Floats8 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator /(Floats8 a, Floats8 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator &(Floats8 a, Floats8 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator |(Floats8 a, Floats8 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator ^(Floats8 a, Floats8 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 operator ~(Floats8 a) => new(~a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Load(void* from) => new(Vector256.Load((float*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* to) => _value.Store((float*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(void* to) => _value.StoreAlignedNonTemporal((float*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 LoadBFloat16(void* from)
    {
        if (IsRegister)
            return new((Avx2.ConvertToVector256Int32((ushort*)from) << 16).AsSingle());
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Load((ushort*)from));
        return new(Vector256.Create(low << 16, high << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBFloat16(void* to) => BFloat16.Narrow(_value).Store((ushort*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Floats8 first, Floats8 second, void* to, bool isStreamed)
    {
        Vector256<ushort> pair = Vector256.Narrow(BFloat16.Round(first._value) >>> 16, BFloat16.Round(second._value) >>> 16);
        if (isStreamed)
            pair.StoreAlignedNonTemporal((ushort*)to);
        else
            pair.Store((ushort*)to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16Pairs(Floats8 even, Floats8 odd, void* to) =>
        ((BFloat16.Round(even._value) >>> 16) | (BFloat16.Round(odd._value) & Vector256.Create(0xFFFF0000u))).Store((uint*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 FusedMultiplyAdd(Floats8 a, Floats8 b, Floats8 c) => new(Fma.IsSupported || AdvSimd.IsSupported
        ? Vector256.FusedMultiplyAdd(a._value, b._value, c._value) : a._value * b._value + c._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Max(Floats8 a, Floats8 b) =>
        IsRegister ? new(Avx.Max(a._value, b._value)) : WhereGreater(a, b, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Min(Floats8 a, Floats8 b) =>
        IsRegister ? new(Avx.Min(a._value, b._value)) : WhereGreater(b, a, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Floats8 value)
    {
        Vector128<float> quarter = value._value.GetLower() + value._value.GetUpper();
        quarter += Vector128.Shuffle(quarter, Vector128.Create(2, 3, 0, 1));
        return quarter[0] + quarter[1];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Sqrt(Floats8 x) => new(Vector256.Sqrt(x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 ReciprocalSqrt(Floats8 x) => new(Vector256<float>.One / Vector256.Sqrt(x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Power(Floats8 x, Floats8 exponent) => new(Vector256.Exp(Vector256.Log(x._value) * exponent._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Align(Floats8 first, Floats8 second, int skipped)
    {
        if (!IsRegister)
            return new(Halves.Align(first._value, second._value, skipped));
        // The upper half of the first and the lower half of the second: what a result has in its middle.
        Vector256<int> a = first._value.AsInt32(), b = second._value.AsInt32(), middle = Avx2.Permute2x128(a, b, 0x21);
        return new((skipped switch
        {
            1 => Avx2.AlignRight(middle, a, 4),
            2 => Avx2.AlignRight(middle, a, 8),
            3 => Avx2.AlignRight(middle, a, 12),
            4 => middle,
            5 => Avx2.AlignRight(b, middle, 4),
            6 => Avx2.AlignRight(b, middle, 8),
            _ => Avx2.AlignRight(b, middle, 12),
        }).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 GreaterThan(Floats8 a, Floats8 b) => new(Vector256.GreaterThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 GreaterOrNaN(Floats8 a, Floats8 b) =>
        new(Vector256.GreaterThan(a._value, b._value) | ~Vector256.Equals(a._value, a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 LessThan(Floats8 a, Floats8 b) => new(Vector256.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Unordered(Floats8 a, Floats8 b) => new(IsUnordered(a, b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Select(Floats8 mask, Floats8 a, Floats8 b) => new(Vector256.ConditionalSelect(mask._value, a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 WhereGreater(Floats8 a, Floats8 b, Floats8 x, Floats8 y) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(a._value, b._value), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 WhereEqual(Floats8 a, Floats8 b, Floats8 x, Floats8 y) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(a._value, b._value), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 WhereUnordered(Floats8 a, Floats8 b, Floats8 x, Floats8 y) =>
        new(Vector256.ConditionalSelect(IsUnordered(a, b), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 WhereSameBits(Floats8 a, Floats8 b, Floats8 x, Floats8 y) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(a._value.AsInt32(), b._value.AsInt32()).AsSingle(), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 AddWhereSameBits(Floats8 a, Floats8 b, Floats8 sum, Floats8 x) => new(Vector256.ConditionalSelect(
        Vector256.Equals(a._value.AsInt32(), b._value.AsInt32()).AsSingle(), sum._value + x._value, sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 CreateBits(int value) => new(Vector256.Create(value).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 LoadBytes(byte* from) =>
        new(IsRegister ? Avx2.ConvertToVector256Int32(from).AsSingle() : Halves.LoadBytes(from).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBytes(byte* to)
    {
        Vector128<short> halves = Vector128.Narrow(_value.AsInt32().GetLower(), _value.AsInt32().GetUpper());
        *(long*)to = Vector128.Narrow(halves, halves).AsInt64()[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Gather(float** rows, int row, int column) =>
        new(Vector256.Create(Vector128.Load(rows[row] + column), Vector128.Load(rows[row + 4] + column)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Floats8, Floats8, Floats8, Floats8) Transpose(Floats8 row0, Floats8 row1, Floats8 row2, Floats8 row3)
    {
        if (!IsRegister)
        {
            var (first, second, third, fourth) = Halves.Transpose(row0._value, row1._value, row2._value, row3._value);
            return (new(first), new(second), new(third), new(fourth));
        }
        Vector256<double> low01 = Avx.UnpackLow(row0._value, row1._value).AsDouble(),
            low23 = Avx.UnpackLow(row2._value, row3._value).AsDouble();
        Vector256<double> high01 = Avx.UnpackHigh(row0._value, row1._value).AsDouble(),
            high23 = Avx.UnpackHigh(row2._value, row3._value).AsDouble();
        return (new(Avx.UnpackLow(low01, low23).AsSingle()), new(Avx.UnpackHigh(low01, low23).AsSingle()),
            new(Avx.UnpackLow(high01, high23).AsSingle()), new(Avx.UnpackHigh(high01, high23).AsSingle()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> IsUnordered(Floats8 a, Floats8 b) =>
        IsRegister ? Avx.CompareUnordered(a._value, b._value) : Vector256.IsNaN(a._value) | Vector256.IsNaN(b._value);
}
