using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Normalization;

/// <summary>Powers of s, which share a root.</summary>
internal interface IPower
{
    /// <summary>What the other two take.</summary>
    static abstract Vector512<float> Root(Vector512<float> s);

    /// <summary>s^-beta.</summary>
    static abstract Vector512<float> Inverse(Vector512<float> s, Vector512<float> root, Vector512<float> beta);

    /// <summary>1 / s.</summary>
    static abstract Vector512<float> Reciprocal(Vector512<float> s, Vector512<float> root);
}

/// <summary>beta = 3/4: with r = s^-1/2, s^-3/4 is r * r^1/2.</summary>
internal readonly struct ThreeQuarters : IPower
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Root(Vector512<float> s)
    {
        if (!Avx512F.IsSupported)
            return Vector512<float>.One / Vector512.Sqrt(s);
        // The estimate has 14 bits, and one step of Newton's doubles them.
        Vector512<float> r = Avx512F.ReciprocalSqrt14(s), half = r * Vector512.Create(0.5f);
        return Vector512.FusedMultiplyAdd(Avx512F.FusedMultiplyAddNegated(s * r, r, Vector512<float>.One), half, r);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Inverse(Vector512<float> s, Vector512<float> root, Vector512<float> beta) => root * root * Root(root);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Reciprocal(Vector512<float> s, Vector512<float> root) => root * root;
}

internal readonly struct AnyPower : IPower
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Root(Vector512<float> s) => s;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Inverse(Vector512<float> s, Vector512<float> root, Vector512<float> beta) =>
        Vector512.Exp(Vector512.Log(s) * -beta);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Reciprocal(Vector512<float> s, Vector512<float> root) => Vector512<float>.One / s;
}
