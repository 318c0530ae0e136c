using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;

namespace Convolve.OneDnn;

/// <summary>What Convolve's words are to oneDNN.</summary>
internal static class Codes
{
    private static readonly ElementType[] Types = Enum.GetValues<ElementType>();

    public static Number Of(ElementType type) => type switch
    {
        ElementType.BFloat16 => Numbers.BFloat16,
        ElementType.Float32 => Numbers.Float32,
        ElementType.Int32 => Numbers.Int32,
        ElementType.UInt8 => Numbers.UInt8,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Types that no tensor of ours has, and none at all, are taken as bytes: such layouts stay the library's.</summary>
    public static ElementType TypeOf(int code, int major)
    {
        foreach (ElementType type in Types)
            if (Of(type).In(major) == code)
                return type;
        return ElementType.UInt8;
    }

    /// <summary>The same in both versions.</summary>
    public static int Of(Argument argument) => argument switch
    {
        Argument.Source => Numbers.Source.In3,
        Argument.Target => Numbers.Target.In3,
        Argument.Weights => Numbers.Weights.In3,
        Argument.Bias => Numbers.Bias.In3,
        Argument.Workspace => Numbers.Workspace.In3,
        Argument.Scratchpad => Numbers.Scratchpad.In3,
        Argument.DiffSource => Numbers.DiffSource.In3,
        Argument.DiffTarget => Numbers.DiffTarget.In3,
        Argument.DiffWeights => Numbers.DiffWeights.In3,
        Argument.DiffBias => Numbers.DiffBias.In3,
        >= Argument.FirstSource => Numbers.FirstSource.In3 + (argument - Argument.FirstSource),
        _ => throw new ArgumentOutOfRangeException(nameof(argument)),
    };

    public static Number Propagation(bool isTraining) => isTraining ? Numbers.ForwardTraining : Numbers.ForwardInference;

    public static Number Of(PoolingKind kind) => kind switch
    {
        PoolingKind.Max => Numbers.MaxPooling,
        PoolingKind.AverageWithPadding => Numbers.AverageWithPadding,
        PoolingKind.AverageWithoutPadding => Numbers.AverageWithoutPadding,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    // A plain ReLU is ELU with factor 0, x or 0 * (exp(x) - 1): the library's ReLU turns NaN into 0 (decisions/0018).
    public static Number Forward(ElementwiseFunction function) => function.Kind switch
    {
        ElementwiseKind.ReLU => function.Alpha == 0 ? Numbers.Elu : Numbers.ReLU,
        ElementwiseKind.Tanh => Numbers.Tanh,
        ElementwiseKind.Logistic => Numbers.Logistic,
        ElementwiseKind.GeluErf => Numbers.GeluErf,
        ElementwiseKind.GeluTanh => Numbers.GeluTanh,
        ElementwiseKind.Swish => Numbers.Swish,
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    // From the function's output where the library has that form.
    public static Number Backward(ElementwiseKind kind) => kind switch
    {
        ElementwiseKind.ReLU => Numbers.ReLUFromTarget,
        ElementwiseKind.Tanh => Numbers.TanhFromTarget,
        ElementwiseKind.Logistic => Numbers.LogisticFromTarget,
        _ => Forward(new(kind)),
    };
}
