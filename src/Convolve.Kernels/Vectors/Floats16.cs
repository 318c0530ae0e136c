using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Vectors;

/// <summary>16 float32 numbers: a register of AVX-512. With AVX2 it computes the same, slowly: tests see it there too.</summary>
internal readonly unsafe struct Floats16(Vector512<float> value) : IFloats<Floats16>
{
    private readonly Vector512<float> _value = value;

    /// <summary>Whether the machine has such registers.</summary>
    public static bool IsSupported
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.IsHardwareAccelerated && Avx512F.IsSupported;
    }

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }

    public static int Registers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 32;
    }

    public static Floats16 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<float>.Zero);
    }

    public static Floats16 Indices
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<float>.Indices);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator +(Floats16 a, Floats16 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator -(Floats16 a, Floats16 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator -(Floats16 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator *(Floats16 a, Floats16 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator /(Floats16 a, Floats16 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator &(Floats16 a, Floats16 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator |(Floats16 a, Floats16 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator ^(Floats16 a, Floats16 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 operator ~(Floats16 a) => new(~a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Load(void* from) => new(Vector512.Load((float*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* to) => _value.Store((float*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(void* to) => _value.StoreAlignedNonTemporal((float*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 LoadBFloat16(void* from) => new(BFloat16.Widen(Vector256.Load((ushort*)from)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBFloat16(void* to) => BFloat16.Narrow(_value).Store((ushort*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Floats16 first, Floats16 second, void* to, bool isStreamed)
    {
        Vector512<ushort> pair = BFloat16.Narrow(first._value, second._value);
        if (!isStreamed)
        {
            pair.Store((ushort*)to);
        }
        else if (((nint)to & 63) == 0)
        {
            pair.StoreAlignedNonTemporal((ushort*)to);
        }
        else
        {
            pair.GetLower().StoreAlignedNonTemporal((ushort*)to);
            pair.GetUpper().StoreAlignedNonTemporal((ushort*)to + Vector256<ushort>.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16Pairs(Floats16 even, Floats16 odd, void* to) =>
        ((BFloat16.Round(even._value) >>> 16) | (BFloat16.Round(odd._value) & Vector512.Create(0xFFFF0000u))).Store((uint*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 FusedMultiplyAdd(Floats16 a, Floats16 b, Floats16 c) =>
        new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Max(Floats16 a, Floats16 b) =>
        new(Avx512F.IsSupported ? Avx512F.Max(a._value, b._value) : Vector512.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Min(Floats16 a, Floats16 b) =>
        new(Avx512F.IsSupported ? Avx512F.Min(a._value, b._value) : Vector512.MinNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Floats16 value) => Floats8.Sum(new(value._value.GetLower() + value._value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Sqrt(Floats16 x) => new(Vector512.Sqrt(x._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 ReciprocalSqrt(Floats16 x)
    {
        if (!Avx512F.IsSupported)
            return new(Vector512<float>.One / Vector512.Sqrt(x._value));
        // The estimate has 14 bits, and one step of Newton's doubles them.
        Vector512<float> r = Avx512F.ReciprocalSqrt14(x._value), half = r * Vector512.Create(0.5f);
        return new(Vector512.FusedMultiplyAdd(Avx512F.FusedMultiplyAddNegated(x._value * r, r, Vector512<float>.One), half, r));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Power(Floats16 x, Floats16 exponent) => new(Vector512.Exp(Vector512.Log(x._value) * exponent._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
#pragma warning disable CA1857 // a constant once this is inlined
    public static Floats16 Align(Floats16 first, Floats16 second, int skipped) => Avx512F.IsSupported
        ? new(Avx512F.AlignRight32(second._value.AsInt32(), first._value.AsInt32(), (byte)skipped).AsSingle())
        : AlignHalves(first, second, skipped);
#pragma warning restore CA1857

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 GreaterThan(Floats16 a, Floats16 b) => new(Vector512.GreaterThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 GreaterOrNaN(Floats16 a, Floats16 b) =>
        new(Vector512.GreaterThan(a._value, b._value) | ~Vector512.Equals(a._value, a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 LessThan(Floats16 a, Floats16 b) => new(Vector512.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Unordered(Floats16 a, Floats16 b) =>
        new(Avx512F.IsSupported ? Avx512F.CompareUnordered(a._value, b._value) : Vector512.IsNaN(a._value) | Vector512.IsNaN(b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Select(Floats16 mask, Floats16 a, Floats16 b) =>
        new(Vector512.ConditionalSelect(mask._value, a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 WhereGreater(Floats16 a, Floats16 b, Floats16 x, Floats16 y) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(a._value, b._value), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 WhereEqual(Floats16 a, Floats16 b, Floats16 x, Floats16 y) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(a._value, b._value), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 WhereUnordered(Floats16 a, Floats16 b, Floats16 x, Floats16 y) => Avx512F.IsSupported
        ? new(Vector512.ConditionalSelect(Avx512F.CompareUnordered(a._value, b._value), x._value, y._value))
        : Select(Unordered(a, b), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 WhereSameBits(Floats16 a, Floats16 b, Floats16 x, Floats16 y) =>
        new(Vector512.ConditionalSelect(Vector512.Equals(a._value.AsInt32(), b._value.AsInt32()).AsSingle(), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 AddWhereSameBits(Floats16 a, Floats16 b, Floats16 sum, Floats16 x) => new(Vector512.ConditionalSelect(
        Vector512.Equals(a._value.AsInt32(), b._value.AsInt32()).AsSingle(), sum._value + x._value, sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 CreateBits(int value) => new(Vector512.Create(value).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 LoadBytes(byte* from)
    {
        Vector128<byte> bytes = Vector128.Load(from);
        if (Avx512F.IsSupported)
            return new(Avx512F.ConvertToVector512Int32(bytes).AsSingle());
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(bytes);
        (Vector256<uint> first, Vector256<uint> second) = Vector256.Widen(Vector256.Create(low, high));
        return new(Vector512.Create(first, second).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBytes(byte* to)
    {
        Vector512<int> values = _value.AsInt32();
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128Byte(values).Store(to);
            return;
        }
        Vector256<short> halves = Vector256.Narrow(values.GetLower(), values.GetUpper());
        Vector128.Narrow(halves.GetLower(), halves.GetUpper()).AsByte().Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats16 Gather(float** rows, int row, int column) => new(Vector512.Create(
        Vector256.Create(Vector128.Load(rows[row] + column), Vector128.Load(rows[row + 4] + column)),
        Vector256.Create(Vector128.Load(rows[row + 8] + column), Vector128.Load(rows[row + 12] + column))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Floats16, Floats16, Floats16, Floats16) Transpose(Floats16 row0, Floats16 row1, Floats16 row2, Floats16 row3)
    {
        if (!Avx512F.IsSupported)
            return TransposeHalves(row0, row1, row2, row3);
        Vector512<double> low01 = Avx512F.UnpackLow(row0._value, row1._value).AsDouble(),
            low23 = Avx512F.UnpackLow(row2._value, row3._value).AsDouble();
        Vector512<double> high01 = Avx512F.UnpackHigh(row0._value, row1._value).AsDouble(),
            high23 = Avx512F.UnpackHigh(row2._value, row3._value).AsDouble();
        return (new(Avx512F.UnpackLow(low01, low23).AsSingle()), new(Avx512F.UnpackHigh(low01, low23).AsSingle()),
            new(Avx512F.UnpackLow(high01, high23).AsSingle()), new(Avx512F.UnpackHigh(high01, high23).AsSingle()));
    }

    private static Floats16 AlignHalves(Floats16 first, Floats16 second, int skipped)
    {
        float* both = stackalloc float[2 * Vector512<float>.Count];
        first.Store(both);
        second.Store(both + Vector512<float>.Count);
        return Load(both + skipped);
    }

    private static (Floats16, Floats16, Floats16, Floats16) TransposeHalves(Floats16 row0, Floats16 row1, Floats16 row2, Floats16 row3)
    {
        static Floats8 Low(Floats16 row) => new(row._value.GetLower());
        static Floats8 High(Floats16 row) => new(row._value.GetUpper());
        var (l0, l1, l2, l3) = Floats8.Transpose(Low(row0), Low(row1), Low(row2), Low(row3));
        var (h0, h1, h2, h3) = Floats8.Transpose(High(row0), High(row1), High(row2), High(row3));
        return (new(Vector512.Create(l0.Value, h0.Value)), new(Vector512.Create(l1.Value, h1.Value)),
            new(Vector512.Create(l2.Value, h2.Value)), new(Vector512.Create(l3.Value, h3.Value)));
    }
}
