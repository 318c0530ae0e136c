using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Execution.Lanes;

/// <summary>An activation and its derivative, told to a kernel as a type so that the compiler makes one kernel for each.</summary>
internal interface ILanesFunction
{
    static abstract Vector512<float> Apply(Vector512<float> x, Vector512<float> slope);

    /// <summary>The input's gradient from the gradient <paramref name="d"/> of the output and the output <paramref name="y"/>.</summary>
    static abstract Vector512<float> Backward(Vector512<float> d, Vector512<float> y, Vector512<float> slope);
}

internal readonly struct Identity : ILanesFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> x, Vector512<float> slope) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Backward(Vector512<float> d, Vector512<float> y, Vector512<float> slope) => d;
}

internal readonly struct Rectify : ILanesFunction
{
    // The operands' order keeps a NaN: the instruction returns its second operand when one is NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> x, Vector512<float> slope) => Avx512F.Max(Vector512<float>.Zero, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Backward(Vector512<float> d, Vector512<float> y, Vector512<float> slope) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(y, Vector512<float>.Zero), d, Vector512<float>.Zero);
}

internal readonly struct LeakyRectify : ILanesFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> x, Vector512<float> slope) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512<float>.Zero), x, x * slope);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Backward(Vector512<float> d, Vector512<float> y, Vector512<float> slope) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(y, Vector512<float>.Zero), d, d * slope);
}

internal readonly struct HyperbolicTangent : ILanesFunction
{
    /// <summary>
    /// x P(x^2) / Q(x^2) on [-9, 9], where the rational function is within 3.2e-8 of tanh(x), relatively; rounding makes it 3.5e-7.
    /// </summary>
    /// <remarks>
    /// The coefficients are a minimax fit by Lawson's iteration in 40 digits, then a search among the nearest float32. Beyond 9 the
    /// nearest float32 is 1.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> x, Vector512<float> slope)
    {
        x = Avx512F.Max(Vector512.Create(-9f), Avx512F.Min(Vector512.Create(9f), x));
        Vector512<float> t = x * x;
        var p = Avx512F.FusedMultiplyAdd(t, Vector512.Create(1.33530147e-8f), Vector512.Create(2.06080949e-5f));
        var q = Avx512F.FusedMultiplyAdd(t, Vector512.Create(7.77594266e-7f), Vector512.Create(3.28554626e-4f));
        p = Avx512F.FusedMultiplyAdd(p, t, Vector512.Create(3.49553907e-3f));
        q = Avx512F.FusedMultiplyAdd(q, t, Vector512.Create(2.58768070e-2f));
        p = Avx512F.FusedMultiplyAdd(p, t, Vector512.Create(0.133809879f));
        q = Avx512F.FusedMultiplyAdd(q, t, Vector512.Create(0.467143059f));
        p = Avx512F.FusedMultiplyAdd(p, t, Vector512.Create(1f));
        q = Avx512F.FusedMultiplyAdd(q, t, Vector512.Create(1f));
        return Avx512F.Max(Vector512.Create(-1f), Avx512F.Min(Vector512.Create(1f), x * p / q));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Backward(Vector512<float> d, Vector512<float> y, Vector512<float> slope) =>
        d * Avx512F.FusedMultiplyAddNegated(y, y, Vector512.Create(1f));
}

internal readonly struct Logistic : ILanesFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> x, Vector512<float> slope)
    {
        Vector512<float> half = Vector512.Create(0.5f);
        return Avx512F.FusedMultiplyAdd(half, HyperbolicTangent.Apply(x * half, slope), half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Backward(Vector512<float> d, Vector512<float> y, Vector512<float> slope) =>
        d * Avx512F.FusedMultiplyAddNegated(y, y, y);
}

/// <summary>A number for a kernel as a type: <c>sizeof</c> is a constant when the kernel is compiled, so unused branches vanish.</summary>
internal static class Number
{
    [StructLayout(LayoutKind.Sequential, Size = 1)]
    internal readonly struct N1;

    [StructLayout(LayoutKind.Sequential, Size = 2)]
    internal readonly struct N2;

    [StructLayout(LayoutKind.Sequential, Size = 3)]
    internal readonly struct N3;

    [StructLayout(LayoutKind.Sequential, Size = 4)]
    internal readonly struct N4;

    [StructLayout(LayoutKind.Sequential, Size = 5)]
    internal readonly struct N5;

    [StructLayout(LayoutKind.Sequential, Size = 6)]
    internal readonly struct N6;

    [StructLayout(LayoutKind.Sequential, Size = 7)]
    internal readonly struct N7;

    [StructLayout(LayoutKind.Sequential, Size = 8)]
    internal readonly struct N8;
}
