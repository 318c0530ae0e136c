using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Vectors;

/// <summary>8 float32 numbers: a register of AVX2.</summary>
internal readonly unsafe struct Floats8(Vector256<float> value) : IFloats<Floats8>
{
    private readonly Vector256<float> _value = value;

    public Vector256<float> Value => _value;

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
    public static Floats8 LoadBFloat16(void* from)
    {
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Vector128.Load((ushort*)from));
        return new((Vector256.Create(low, high) << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBFloat16(void* to) => BFloat16.Narrow(_value).Store((ushort*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 FusedMultiplyAdd(Floats8 a, Floats8 b, Floats8 c) =>
        new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Max(Floats8 a, Floats8 b) => new(Avx.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Min(Floats8 a, Floats8 b) => new(Avx.Min(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 GreaterThan(Floats8 a, Floats8 b) => new(Vector256.GreaterThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 LessThan(Floats8 a, Floats8 b) => new(Vector256.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Unordered(Floats8 a, Floats8 b) => new(Avx.CompareUnordered(a._value, b._value));

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
        new(Vector256.ConditionalSelect(Avx.CompareUnordered(a._value, b._value), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 WhereSameBits(Floats8 a, Floats8 b, Floats8 x, Floats8 y) =>
        new(Vector256.ConditionalSelect(Vector256.Equals(a._value.AsInt32(), b._value.AsInt32()).AsSingle(), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 CreateBits(int value) => new(Vector256.Create(value).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 LoadBytes(byte* from) => new(Avx2.ConvertToVector256Int32(from).AsSingle());

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
        Vector256<double> low01 = Avx.UnpackLow(row0._value, row1._value).AsDouble(),
            low23 = Avx.UnpackLow(row2._value, row3._value).AsDouble();
        Vector256<double> high01 = Avx.UnpackHigh(row0._value, row1._value).AsDouble(),
            high23 = Avx.UnpackHigh(row2._value, row3._value).AsDouble();
        return (new(Avx.UnpackLow(low01, low23).AsSingle()), new(Avx.UnpackHigh(low01, low23).AsSingle()),
            new(Avx.UnpackLow(high01, high23).AsSingle()), new(Avx.UnpackHigh(high01, high23).AsSingle()));
    }
}
