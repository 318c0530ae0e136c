using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;

namespace Convolve.OneDnn;

/// <summary>What the library's primitives are made of, whichever version it is.</summary>
internal static class Parts
{
    /// <summary>The tensors of an operation.</summary>
    public static IEnumerable<Argument> Arguments(Operation operation) => operation switch
    {
        ConvolutionForward o => With([Argument.Source, Argument.Weights, Argument.Target], o.Bias, Argument.Bias),
        ConvolutionBackwardData => [Argument.DiffSource, Argument.Weights, Argument.DiffTarget],
        ConvolutionBackwardWeights o => With([Argument.Source, Argument.DiffWeights, Argument.DiffTarget], o.DiffBias, Argument.DiffBias),
        InnerProductForward o => With([Argument.Source, Argument.Weights, Argument.Target], o.Bias, Argument.Bias),
        InnerProductBackwardData => [Argument.DiffSource, Argument.Weights, Argument.DiffTarget],
        InnerProductBackwardWeights o => With([Argument.Source, Argument.DiffWeights, Argument.DiffTarget], o.DiffBias, Argument.DiffBias),
        PoolingForward o => o is { IsTraining: true, Kind: PoolingKind.Max } ? [Argument.Source, Argument.Target, Argument.Workspace]
        : [Argument.Source, Argument.Target],
        PoolingBackward o => o.Forward.Kind == PoolingKind.Max ? [Argument.DiffSource, Argument.DiffTarget, Argument.Workspace]
        : [Argument.DiffSource, Argument.DiffTarget],
        ElementwiseForward => [Argument.Source, Argument.Target],
        ResamplingForward => [Argument.Source, Argument.Target],
        ResamplingBackward => [Argument.DiffSource, Argument.DiffTarget],
        ElementwiseBackward o => [o.Function.DerivesFromInput ? Argument.Source : Argument.Target, Argument.DiffTarget,
        Argument.DiffSource],
        Reorder => [Argument.Source, Argument.Target],
        Sum o => [Argument.Target, .. Enumerable.Range(0, o.Count).Select(i => Argument.FirstSource + i)],
        _ => throw new NotSupportedException($"No arguments are known for {operation}."),
    };

    /// <summary>The function that runs inside an operation; null for none.</summary>
    public static ElementwiseFunction? Activation(Operation operation) => operation switch
    {
        ConvolutionForward o => o.Activation,
        InnerProductForward o => o.Activation,
        _ => null,
    };

    /// <summary>The forward operation that a gradient belongs to; null for an operation that is none.</summary>
    public static Operation? Hint(Operation operation) => operation switch
    {
        ConvolutionBackwardData o => o.Forward,
        ConvolutionBackwardWeights o => o.Forward,
        InnerProductBackwardData o => o.Forward,
        InnerProductBackwardWeights o => o.Forward,
        PoolingBackward o => o.Forward,
        ElementwiseBackward o => new ElementwiseForward(o.Function, o.Data),
        ResamplingBackward o => o.Forward,
        _ => null,
    };

    private static IEnumerable<Argument> With(Argument[] always, Layout? bias, Argument argument) => bias is null ? always
        : always.Append(argument);
}
