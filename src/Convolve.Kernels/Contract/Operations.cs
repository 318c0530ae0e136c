using Convolve.Kernels.Layouts;

namespace Convolve.Kernels.Contract;

/// <summary>What a kernel computes, as data: two equal operations give the same kernel.</summary>
internal abstract record Operation;

/// <summary>How a window walks: steps, distances of the taps (1 means dense), zeros before and after; height first.</summary>
internal readonly record struct Walk((int Height, int Width) Stride, (int Height, int Width) Dilation, (int Height, int Width) Before,
    (int Height, int Width) After);

/// <summary>A function of each element.</summary>
internal enum ElementwiseKind
{
    /// <summary>max(0, x), or slope times x where x is negative.</summary>
    ReLU,
    Tanh,
    Logistic,

    /// <summary>x / 2 * (1 + erf(x / sqrt 2)).</summary>
    GeluErf,

    /// <summary>Its approximation by a hyperbolic tangent.</summary>
    GeluTanh,

    /// <summary>x * logistic(alpha x).</summary>
    Swish,
}

/// <summary>A function of each element with its parameter.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Alpha">The slope of a leaky ReLU, or the factor within a Swish.</param>
internal readonly record struct ElementwiseFunction(ElementwiseKind Kind, float Alpha = 0)
{
    /// <summary>
    /// Whether the derivative is taken from the function's input; else from its output, so that the input need not be kept.
    /// </summary>
    public bool DerivesFromInput => Kind is ElementwiseKind.GeluErf or ElementwiseKind.GeluTanh or ElementwiseKind.Swish;
}

internal sealed record ConvolutionForward(bool IsTraining, Layout Source, Layout Weights, Layout? Bias, Layout Target,
    Walk Walk, ElementwiseFunction? Activation = null) : Operation;

internal sealed record ConvolutionBackwardData(Layout DiffSource, Layout Weights, Layout DiffTarget, ConvolutionForward Forward)
    : Operation;

internal sealed record ConvolutionBackwardWeights(Layout Source, Layout DiffWeights, Layout? DiffBias, Layout DiffTarget,
    ConvolutionForward Forward) : Operation;

internal sealed record InnerProductForward(bool IsTraining, Layout Source, Layout Weights, Layout? Bias, Layout Target,
    ElementwiseFunction? Activation = null) : Operation;

internal sealed record InnerProductBackwardData(Layout DiffSource, Layout Weights, Layout DiffTarget, InnerProductForward Forward)
    : Operation;

internal sealed record InnerProductBackwardWeights(Layout Source, Layout DiffWeights, Layout? DiffBias, Layout DiffTarget,
    InnerProductForward Forward) : Operation;

/// <summary>How a window becomes one number.</summary>
internal enum PoolingKind
{
    Max,
    AverageWithPadding,
    AverageWithoutPadding,
}

internal sealed record PoolingForward(bool IsTraining, PoolingKind Kind, Layout Source, Layout Target, (int Height, int Width) Kernel,
    Walk Walk) : Operation;

internal sealed record PoolingBackward(Layout DiffSource, Layout DiffTarget, PoolingForward Forward) : Operation;

internal sealed record ElementwiseForward(ElementwiseFunction Function, Layout Data) : Operation;

/// <summary>
/// The gradient, from the function's output, or from its input where <see cref="ElementwiseFunction.DerivesFromInput"/> says so.
/// </summary>
internal sealed record ElementwiseBackward(ElementwiseFunction Function, Layout DiffData, Layout Data) : Operation;

/// <summary>Bilinear interpolation of images between the centers of the pixels.</summary>
internal sealed record ResamplingForward(bool IsTraining, Layout Source, Layout Target) : Operation;

internal sealed record ResamplingBackward(Layout DiffSource, Layout DiffTarget, ResamplingForward Forward) : Operation;

/// <summary>Copies into another layout or element type.</summary>
internal sealed record Reorder(Layout Source, Layout Target) : Operation;

/// <summary>Adds tensors of one layout.</summary>
internal sealed record Sum(Layout Data, int Count) : Operation;
