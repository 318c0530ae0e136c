using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Vectors;

/// <summary>32 16-bit integers: a register of AVX-512. Without it the same is computed by halves, slowly.</summary>
internal readonly unsafe struct Shorts32(Vector512<short> value) : IShorts<Shorts32>
{
    private readonly Vector512<short> _value = value;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 32;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 operator +(Shorts32 a, Shorts32 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 operator -(Shorts32 a, Shorts32 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 operator &(Shorts32 a, Shorts32 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 operator |(Shorts32 a, Shorts32 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 operator ^(Shorts32 a, Shorts32 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 operator ~(Shorts32 a) => new(~a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 Create(short value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 Load(short* from) => new(Vector512.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 LoadFirst(short* from)
    {
        Vector512<short> left = Vector512.Load(from), right = Vector512.Load(from + Count);
        return new(Avx512F.IsSupported ? Avx512F.Shuffle4x128(left.AsInt32(), right.AsInt32(), 0x44).AsInt16()
            : Vector512.Create(left.GetLower(), right.GetLower()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 LoadSecond(short* from)
    {
        Vector512<short> left = Vector512.Load(from), right = Vector512.Load(from + Count);
        return new(Avx512F.IsSupported ? Avx512F.Shuffle4x128(left.AsInt32(), right.AsInt32(), 0xEE).AsInt16()
            : Vector512.Create(left.GetUpper(), right.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 LoadThird(short* from) => new(Vector512.Load(from + Count).WithUpper(Vector256.Load(from + 2 * Count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(short* to) => _value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNonTemporal(short* to)
    {
        _value.GetLower().StoreAlignedNonTemporal(to);
        _value.GetUpper().StoreAlignedNonTemporal(to + Vector256<short>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreBytes(byte* to) => (Avx512BW.IsSupported ? Avx512BW.ConvertToVector256Byte(_value)
        : Vector256.Narrow(_value.GetLower().AsUInt16(), _value.GetUpper().AsUInt16())).Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 TurnNegative(Shorts32 value) =>
        new(Vector512.Abs(value._value) ^ (value._value & Vector512.Create(short.MinValue)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 Max(Shorts32 a, Shorts32 b) => new(Vector512.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Shorts32 WhereGreater(Shorts32 a, Shorts32 b, Shorts32 x, Shorts32 y) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(a._value, b._value), x._value, y._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsAnyGreater(Shorts32 a, Shorts32 b) => Vector512.GreaterThanAny(a._value, b._value);
}
