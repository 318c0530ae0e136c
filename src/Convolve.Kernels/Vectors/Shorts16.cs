using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Convolve.Kernels.Vectors;

/// <summary>16 16-bit integers: a register of AVX2.</summary>
internal readonly unsafe struct Shorts16(Vector256<short> value) : IShorts<Shorts16>
{
    private readonly Vector256<short> _value = value;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 operator +(Shorts16 a, Shorts16 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 operator -(Shorts16 a, Shorts16 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 operator &(Shorts16 a, Shorts16 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 operator |(Shorts16 a, Shorts16 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 operator ^(Shorts16 a, Shorts16 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 operator ~(Shorts16 a) => new(~a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 Create(short value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 Load(short* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 LoadFirst(short* from) => Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 LoadSecond(short* from) => Load(from + Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 LoadThird(short* from) => Load(from + 2 * Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(short* to) => _value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(short* to) => _value.StoreAlignedNonTemporal(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBytes(byte* to) => Vector128.Narrow(_value.GetLower().AsUInt16(), _value.GetUpper().AsUInt16()).Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 TurnNegative(Shorts16 value) =>
        new(Vector256.Abs(value._value) ^ (value._value & Vector256.Create(short.MinValue)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 Max(Shorts16 a, Shorts16 b) => new(Vector256.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts16 WhereGreater(Shorts16 a, Shorts16 b, Shorts16 x, Shorts16 y) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(a._value, b._value), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAnyGreater(Shorts16 a, Shorts16 b) => Vector256.GreaterThanAny(a._value, b._value);
}
