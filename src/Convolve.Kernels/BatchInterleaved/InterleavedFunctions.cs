using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.BatchInterleaved;

/// <summary>An activation and its derivative, passed to a kernel as a type so that the compiler makes one kernel for each.</summary>
internal interface IInterleavedFunction
{
    static abstract T Apply<T>(T x, T slope) where T : unmanaged, IFloats<T>;

    /// <summary>The input's gradient from the gradient <paramref name="d"/> of the output and the output <paramref name="y"/>.</summary>
    static abstract T Backward<T>(T d, T y, T slope) where T : unmanaged, IFloats<T>;
}

internal readonly struct Identity : IInterleavedFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T x, T slope) where T : unmanaged, IFloats<T> => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T d, T y, T slope) where T : unmanaged, IFloats<T> => d;
}

internal readonly struct Rectify : IInterleavedFunction
{
    // The operands' order keeps a NaN: the instruction returns its second operand when one is NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T x, T slope) where T : unmanaged, IFloats<T> => T.Max(T.Zero, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T d, T y, T slope) where T : unmanaged, IFloats<T> =>
        T.WhereGreater(y, T.Zero, d, T.Zero);
}

internal readonly struct LeakyRectify : IInterleavedFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T x, T slope) where T : unmanaged, IFloats<T> =>
        T.WhereGreater(x, T.Zero, x, x * slope);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T d, T y, T slope) where T : unmanaged, IFloats<T> =>
        T.WhereGreater(y, T.Zero, d, d * slope);
}

internal readonly struct HyperbolicTangent : IInterleavedFunction
{
    /// <summary>
    /// x P(x^2) / Q(x^2) on [-9, 9], where the rational function is within 3.2e-8 of tanh(x), relatively; rounding makes it 3.5e-7.
    /// </summary>
    /// <remarks>
    /// The coefficients are a minimax fit by Lawson's iteration in 40 digits, then a search among the nearest float32. Beyond 9 the
    /// nearest float32 is 1.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T x, T slope) where T : unmanaged, IFloats<T>
    {
        x = T.Max(T.Create(-9f), T.Min(T.Create(9f), x));
        T t = x * x;
        var p = T.FusedMultiplyAdd(t, T.Create(1.33530147e-8f), T.Create(2.06080949e-5f));
        var q = T.FusedMultiplyAdd(t, T.Create(7.77594266e-7f), T.Create(3.28554626e-4f));
        p = T.FusedMultiplyAdd(p, t, T.Create(3.49553907e-3f));
        q = T.FusedMultiplyAdd(q, t, T.Create(2.58768070e-2f));
        p = T.FusedMultiplyAdd(p, t, T.Create(0.133809879f));
        q = T.FusedMultiplyAdd(q, t, T.Create(0.467143059f));
        p = T.FusedMultiplyAdd(p, t, T.Create(1f));
        q = T.FusedMultiplyAdd(q, t, T.Create(1f));
        return T.Max(T.Create(-1f), T.Min(T.Create(1f), x * p / q));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T d, T y, T slope) where T : unmanaged, IFloats<T> =>
        d * T.FusedMultiplyAdd(-y, y, T.Create(1f));
}

internal readonly struct Logistic : IInterleavedFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(T x, T slope) where T : unmanaged, IFloats<T>
    {
        T half = T.Create(0.5f);
        return T.FusedMultiplyAdd(half, HyperbolicTangent.Apply(x * half, slope), half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T d, T y, T slope) where T : unmanaged, IFloats<T> =>
        d * T.FusedMultiplyAdd(-y, y, y);
}
