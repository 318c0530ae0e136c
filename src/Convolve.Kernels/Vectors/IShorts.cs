using System.Numerics;

namespace Convolve.Kernels.Vectors;

/// <summary>
/// A register of 16-bit integers, passed to a kernel as a type, as <see cref="IFloats{T}"/> is: for bfloat16 compared by its bits.
/// </summary>
internal unsafe interface IShorts<T> :
    IAdditionOperators<T, T, T>, ISubtractionOperators<T, T, T>, IBitwiseOperators<T, T, T>
    where T : unmanaged, IShorts<T>
{
    /// <summary>The numbers in one: a multiple of 16.</summary>
    static abstract int Count { get; }

    static abstract T Create(short value);

    static abstract T Load(short* from);

    /// <summary>Of windows that begin every 32 numbers, as many as fit: the first 16 numbers of each.</summary>
    static abstract T LoadFirst(short* from);

    /// <summary>The second 16 numbers of each.</summary>
    static abstract T LoadSecond(short* from);

    /// <summary>The third 16 numbers of each.</summary>
    static abstract T LoadThird(short* from);

    void Store(short* to);

    /// <summary>Stores past the caches, where <paramref name="to"/> is a multiple of 32 bytes.</summary>
    void StoreNonTemporal(short* to);

    /// <summary>The lower byte of each number.</summary>
    void StoreBytes(byte* to);

    /// <summary>
    /// From sign and magnitude to two's complement, or back; a magnitude of 0 has one form there. In one piece, so that the compiler finds
    /// the instruction for all of its bit operations.
    /// </summary>
    static abstract T TurnNegative(T value);

    static abstract T Max(T a, T b);

    /// <summary><paramref name="x"/> where a is greater, <paramref name="y"/> elsewhere.</summary>
    static abstract T WhereGreater(T a, T b, T x, T y);

    /// <summary>Whether a is greater somewhere.</summary>
    static abstract bool IsAnyGreater(T a, T b);
}
