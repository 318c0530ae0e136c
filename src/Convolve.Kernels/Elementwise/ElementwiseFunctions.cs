using System.Runtime.CompilerServices;
using Convolve.Kernels.BatchInterleaved;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Elementwise;

/// <summary>Activation functions and their derivatives, a vector at a time.</summary>
internal static class ElementwiseFunctions
{
    private const float RootHalf = 0.70710678f, RootTwoOverPi = 0.79788456f, GeluCubic = 0.044715f, NormalPeak = 0.39894228f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T>(ElementwiseFunction function, T x) where T : unmanaged, IFloats<T> => function.Kind switch
    {
        ElementwiseKind.ReLU when function.Alpha == 0 => Rectify.Apply(x, x),
        ElementwiseKind.ReLU => LeakyRectify.Apply(x, T.Create(function.Alpha)),
        ElementwiseKind.Tanh => HyperbolicTangent.Apply(x, x),
        ElementwiseKind.Logistic => Logistic.Apply(x, x),
        ElementwiseKind.GeluErf => x * NormalBelow(x),
        ElementwiseKind.GeluTanh => x * Logistic.Apply(TwiceGeluArgument(x), x),
        _ => x * Logistic.Apply(x * T.Create(function.Alpha), x),
    };

    /// <summary>
    /// The derivative times <paramref name="d"/>, from what is kept: the output, or the input where the function
    /// <see cref="ElementwiseFunction.DerivesFromInput"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(ElementwiseFunction function, T d, T kept) where T : unmanaged, IFloats<T>
    {
        T one = T.Create(1);
        switch (function.Kind)
        {
            case ElementwiseKind.ReLU:
                return function.Alpha == 0 ? Rectify.Backward(d, kept, d) : LeakyRectify.Backward(d, kept, T.Create(function.Alpha));
            case ElementwiseKind.Tanh:
                return HyperbolicTangent.Backward(d, kept, d);
            case ElementwiseKind.Logistic:
                return Logistic.Backward(d, kept, d);
            case ElementwiseKind.GeluErf:
                T density = T.Create(NormalPeak) * Exp(kept * kept * T.Create(-0.5f));
                return d * T.FusedMultiplyAdd(kept, density, NormalBelow(kept));
            case ElementwiseKind.GeluTanh:
                T gate = Logistic.Apply(TwiceGeluArgument(kept), kept);
                T slope = T.Create(2 * RootTwoOverPi) * T.FusedMultiplyAdd(kept * kept, T.Create(3 * GeluCubic), one);
                return d * T.FusedMultiplyAdd(kept * gate * (one - gate), slope, gate);
            default:
                T alpha = T.Create(function.Alpha), share = Logistic.Apply(kept * alpha, kept);
                return d * T.FusedMultiplyAdd(kept * share * (one - share), alpha, share);
        }
    }

    // 2 sqrt(2 / pi) (x + .044715 x^3): (1 + tanh(a)) / 2 is the logistic function of 2 a.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T TwiceGeluArgument<T>(T x) where T : unmanaged, IFloats<T> =>
        T.Create(2 * RootTwoOverPi) * x * T.FusedMultiplyAdd(x * x, T.Create(GeluCubic), T.Create(1));

    /// <summary>
    /// The normal distribution below x: half of erfc(-x / sqrt 2), by the rational approximation 7.1.26 of Abramowitz and Stegun, whose
    /// error is 1.5e-7.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T NormalBelow<T>(T x) where T : unmanaged, IFloats<T>
    {
        T one = T.Create(1), z = T.Max(x, -x) * T.Create(RootHalf), t = one / T.FusedMultiplyAdd(T.Create(0.3275911f), z, one);
        T p = T.FusedMultiplyAdd(t, T.Create(1.061405429f), T.Create(-1.453152027f));
        p = T.FusedMultiplyAdd(t, p, T.Create(1.421413741f));
        p = T.FusedMultiplyAdd(t, p, T.Create(-0.284496736f));
        p = T.FusedMultiplyAdd(t, p, T.Create(0.254829592f));
        T above = T.Create(0.5f) * p * t * Exp(-z * z); // beyond |x|
        return T.WhereGreater(x, T.Zero, one - above, above);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Exp<T>(T x) where T : unmanaged, IFloats<T> => T.Power(T.Create(MathF.E), x);
}
