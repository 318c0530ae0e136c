using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels.Vectors;

/// <summary>
/// 16 float32 numbers in two <see cref="Floats8"/>: for kernels that are bound by latency, by memory or by what they do beside the numbers,
/// so that a pixel of 16 channels is visited once. With few registers left, tiles of sums are better off with <see cref="Floats8"/>.
/// </summary>
internal readonly unsafe struct Floats8x2(Vector256<float> low, Vector256<float> high) : IFloats<Floats8x2>
{
    private readonly Vector256<float> _low = low, _high = high;

    private Floats8 Low
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(_low);
    }

    private Floats8 High
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(_high);
    }

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }

    public static int Registers
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    public static Floats8x2 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<float>.Zero, Vector256<float>.Zero);
    }

    public static Floats8x2 Indices
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<float>.Indices, Vector256<float>.Indices + Vector256.Create(8f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 operator +(Floats8x2 a, Floats8x2 b) =>
        new(a._low + b._low, a._high + b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 operator -(Floats8x2 a, Floats8x2 b) =>
        new(a._low - b._low, a._high - b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 operator *(Floats8x2 a, Floats8x2 b) =>
        new(a._low * b._low, a._high * b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 operator /(Floats8x2 a, Floats8x2 b) =>
        new(a._low / b._low, a._high / b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 operator &(Floats8x2 a, Floats8x2 b) =>
        new(a._low & b._low, a._high & b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 operator |(Floats8x2 a, Floats8x2 b) =>
        new(a._low | b._low, a._high | b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 operator ^(Floats8x2 a, Floats8x2 b) =>
        new(a._low ^ b._low, a._high ^ b._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 operator -(Floats8x2 a) =>
        new(-a._low, -a._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 operator ~(Floats8x2 a) =>
        new(~a._low, ~a._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 Create(float value) =>
        new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 Load(void* from) =>
        new(Vector256.Load((float*)from), Vector256.Load((float*)from + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(void* to)
    {
        _low.Store((float*)to);
        _high.Store((float*)to + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(void* to)
    {
        _low.StoreAlignedNonTemporal((float*)to);
        _high.StoreAlignedNonTemporal((float*)to + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 LoadBFloat16(void* from) =>
        new(Floats8.LoadBFloat16(from).Value, Floats8.LoadBFloat16((ushort*)from + 8).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBFloat16(void* to) => Floats8.StoreBFloat16(Low, High, to, isStreamed: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Floats8x2 first, Floats8x2 second, void* to, bool isStreamed)
    {
        Floats8.StoreBFloat16(first.Low, first.High, to, isStreamed);
        Floats8.StoreBFloat16(second.Low, second.High, (ushort*)to + 16, isStreamed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16Pairs(Floats8x2 even, Floats8x2 odd, void* to)
    {
        Floats8.StoreBFloat16Pairs(even.Low, odd.Low, to);
        Floats8.StoreBFloat16Pairs(even.High, odd.High, (uint*)to + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 FusedMultiplyAdd(Floats8x2 a, Floats8x2 b, Floats8x2 c) =>
        new(Floats8.FusedMultiplyAdd(a.Low, b.Low, c.Low).Value, Floats8.FusedMultiplyAdd(a.High, b.High, c.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 Max(Floats8x2 a, Floats8x2 b) =>
        new(Floats8.Max(a.Low, b.Low).Value, Floats8.Max(a.High, b.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 Min(Floats8x2 a, Floats8x2 b) =>
        new(Floats8.Min(a.Low, b.Low).Value, Floats8.Min(a.High, b.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Floats8x2 value) =>
        Floats8.Sum(new(value._low + value._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 Sqrt(Floats8x2 x) => new(Vector256.Sqrt(x._low), Vector256.Sqrt(x._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 ReciprocalSqrt(Floats8x2 x) =>
        new(Floats8.ReciprocalSqrt(x.Low).Value, Floats8.ReciprocalSqrt(x.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 Power(Floats8x2 x, Floats8x2 exponent) =>
        new(Floats8.Power(x.Low, exponent.Low).Value, Floats8.Power(x.High, exponent.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 Align(Floats8x2 first, Floats8x2 second, int skipped) => skipped < 8
        ? new(Floats8.Align(first.Low, first.High, skipped).Value, Floats8.Align(first.High, second.Low, skipped).Value)
        : skipped == 8 ? new(first._high, second._low)
        : new(Floats8.Align(first.High, second.Low, skipped - 8).Value, Floats8.Align(second.Low, second.High, skipped - 8).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 GreaterThan(Floats8x2 a, Floats8x2 b) =>
        new(Floats8.GreaterThan(a.Low, b.Low).Value, Floats8.GreaterThan(a.High, b.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 GreaterOrNaN(Floats8x2 a, Floats8x2 b) =>
        new(Floats8.GreaterOrNaN(a.Low, b.Low).Value, Floats8.GreaterOrNaN(a.High, b.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 LessThan(Floats8x2 a, Floats8x2 b) =>
        new(Floats8.LessThan(a.Low, b.Low).Value, Floats8.LessThan(a.High, b.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 Unordered(Floats8x2 a, Floats8x2 b) =>
        new(Floats8.Unordered(a.Low, b.Low).Value, Floats8.Unordered(a.High, b.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 Select(Floats8x2 mask, Floats8x2 a, Floats8x2 b) =>
        new(Floats8.Select(mask.Low, a.Low, b.Low).Value, Floats8.Select(mask.High, a.High, b.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 WhereGreater(Floats8x2 a, Floats8x2 b, Floats8x2 x, Floats8x2 y) =>
        new(Floats8.WhereGreater(a.Low, b.Low, x.Low, y.Low).Value, Floats8.WhereGreater(a.High, b.High, x.High, y.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 WhereEqual(Floats8x2 a, Floats8x2 b, Floats8x2 x, Floats8x2 y) =>
        new(Floats8.WhereEqual(a.Low, b.Low, x.Low, y.Low).Value, Floats8.WhereEqual(a.High, b.High, x.High, y.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 WhereUnordered(Floats8x2 a, Floats8x2 b, Floats8x2 x, Floats8x2 y) =>
        new(Floats8.WhereUnordered(a.Low, b.Low, x.Low, y.Low).Value, Floats8.WhereUnordered(a.High, b.High, x.High, y.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 WhereSameBits(Floats8x2 a, Floats8x2 b, Floats8x2 x, Floats8x2 y) =>
        new(Floats8.WhereSameBits(a.Low, b.Low, x.Low, y.Low).Value, Floats8.WhereSameBits(a.High, b.High, x.High, y.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 AddWhereSameBits(Floats8x2 a, Floats8x2 b, Floats8x2 sum, Floats8x2 x) => new(
        Floats8.AddWhereSameBits(a.Low, b.Low, sum.Low, x.Low).Value, Floats8.AddWhereSameBits(a.High, b.High, sum.High, x.High).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 CreateBits(int value) =>
        new(Vector256.Create(value).AsSingle(), Vector256.Create(value).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 LoadBytes(byte* from) =>
        new(Floats8.LoadBytes(from).Value, Floats8.LoadBytes(from + 8).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBytes(byte* to)
    {
        Low.StoreBytes(to);
        High.StoreBytes(to + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8x2 Gather(float** rows, int row, int column) =>
        new(Floats8.Gather(rows, row, column).Value, Floats8.Gather(rows, row + 8, column).Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Floats8x2, Floats8x2, Floats8x2, Floats8x2) Transpose(Floats8x2 row0, Floats8x2 row1, Floats8x2 row2, Floats8x2 row3)
    {
        var (l0, l1, l2, l3) = Floats8.Transpose(row0.Low, row1.Low, row2.Low, row3.Low);
        var (h0, h1, h2, h3) = Floats8.Transpose(row0.High, row1.High, row2.High, row3.High);
        return (new(l0.Value, h0.Value), new(l1.Value, h1.Value), new(l2.Value, h2.Value), new(l3.Value, h3.Value));
    }
}
