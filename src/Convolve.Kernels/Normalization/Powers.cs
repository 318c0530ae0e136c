using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Normalization;

/// <summary>Powers of s, which share a root.</summary>
internal interface IPower
{
    /// <summary>What the other two take.</summary>
    static abstract T Root<T>(T s) where T : unmanaged, IFloats<T>;

    /// <summary>s^-beta.</summary>
    static abstract T Inverse<T>(T s, T root, T beta) where T : unmanaged, IFloats<T>;

    /// <summary>1 / s.</summary>
    static abstract T Reciprocal<T>(T s, T root) where T : unmanaged, IFloats<T>;
}

/// <summary>beta = 3/4: with r = s^-1/2, s^-3/4 is r * r^1/2.</summary>
internal readonly struct ThreeQuarters : IPower
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Root<T>(T s) where T : unmanaged, IFloats<T> => T.ReciprocalSqrt(s);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Inverse<T>(T s, T root, T beta) where T : unmanaged, IFloats<T> => root * root * T.ReciprocalSqrt(root);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Reciprocal<T>(T s, T root) where T : unmanaged, IFloats<T> => root * root;
}

internal readonly struct AnyPower : IPower
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Root<T>(T s) where T : unmanaged, IFloats<T> => s;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Inverse<T>(T s, T root, T beta) where T : unmanaged, IFloats<T> => T.Power(s, -beta);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Reciprocal<T>(T s, T root) where T : unmanaged, IFloats<T> => T.Create(1) / s;
}
