using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Machines;

namespace Convolve.Testing.Software;

/// <summary>
/// A kernel library in plain loops: it says that it has AVX-512 with bfloat16, chooses the layouts that oneDNN chooses there, sums in
/// float64 and rounds where it writes. With it plans in bfloat16 are made and run on any machine, own kernels and weight copies included.
/// </summary>
internal sealed class SoftwareLibrary : IKernelLibrary
{
    private SoftwareLibrary()
    {
    }

    public string Name => "software";

    public InstructionSet InstructionSet => InstructionSet.Avx512BFloat16;

    public int Block => 16;

    /// <summary>Takes the place of the process's library until the result is disposed. No model outlives the exchange.</summary>
    public static IDisposable Use()
    {
        KernelLibrary.Substitute = new SoftwareLibrary();
        return new Exchange();
    }

    public KernelDescription? Describe(Operation operation) =>
        new("jit:software", Speed.Tuned, Arguments(operation).ToDictionary(a => a.Argument, a => a.Layout), 0);

    public Kernel Compile(Operation operation, string label) => new SoftwareKernel(operation);

    private static IEnumerable<(Argument Argument, Layout Layout)> Arguments(Operation operation) => operation switch
    {
        ConvolutionForward o => [(Argument.Source, Image(o.Source)), (Argument.Weights, Weights(o.Weights)), .. Bias(Argument.Bias, o.Bias),
            (Argument.Target, Image(o.Target))],
        ConvolutionBackwardData o => [(Argument.DiffSource, Image(o.DiffSource)), (Argument.Weights, TransposedWeights(o.Weights)),
        (Argument.DiffTarget, Image(o.DiffTarget))],
        ConvolutionBackwardWeights o => [(Argument.Source, Image(o.Source)), (Argument.DiffWeights, Weights(o.DiffWeights)),
        .. Bias(Argument.DiffBias, o.DiffBias), (Argument.DiffTarget, Image(o.DiffTarget))],
        InnerProductForward o => [(Argument.Source, o.Source), (Argument.Weights, Weights(o.Weights)), .. Bias(Argument.Bias, o.Bias),
        (Argument.Target, o.Target)],
        InnerProductBackwardData o => [(Argument.DiffSource, o.DiffSource), (Argument.Weights, TransposedWeights(o.Weights)),
        (Argument.DiffTarget, o.DiffTarget)],
        InnerProductBackwardWeights o => [(Argument.Source, o.Source), (Argument.DiffWeights, Weights(o.DiffWeights)),
        .. Bias(Argument.DiffBias, o.DiffBias), (Argument.DiffTarget, o.DiffTarget)],
        PoolingForward { IsTraining: true, Kind: PoolingKind.Max } o =>
        [(Argument.Source, o.Source), (Argument.Target, Like(o.Source, o.Target)), (Argument.Workspace, Workspace(o.Target))],
        PoolingForward o => [(Argument.Source, o.Source), (Argument.Target, Like(o.Source, o.Target))],
        PoolingBackward { Forward.Kind: PoolingKind.Max } o =>
        [(Argument.DiffSource, Like(o.DiffTarget, o.DiffSource)), (Argument.DiffTarget, o.DiffTarget),
        (Argument.Workspace, Workspace(o.DiffTarget))],
        PoolingBackward o => [(Argument.DiffSource, Like(o.DiffTarget, o.DiffSource)), (Argument.DiffTarget, o.DiffTarget)],
        ElementwiseForward o => [(Argument.Source, o.Data), (Argument.Target, o.Data)],
        ElementwiseBackward o => [(o.Function.DerivesFromInput ? Argument.Source : Argument.Target, o.Data),
        (Argument.DiffTarget, o.DiffData), (Argument.DiffSource, o.DiffData)],
        ResamplingForward o => [(Argument.Source, o.Source), (Argument.Target, Like(o.Source, o.Target))],
        ResamplingBackward o => [(Argument.DiffSource, Like(o.DiffTarget, o.DiffSource)), (Argument.DiffTarget, o.DiffTarget)],
        Reorder o => [(Argument.Source, o.Source), (Argument.Target, o.Target)],
        Sum o => [.. Enumerable.Range(0, o.Count).Select(i => (Argument.FirstSource + i, o.Data)), (Argument.Target, o.Data)],
        _ => throw new NotSupportedException($"{operation} has no software kernel."),
    };

    private static (Argument, Layout)[] Bias(Argument argument, Layout? layout) => layout is null ? [] : [(argument, layout)];

    private static Layout Image(Layout asked) => asked.IsAny ? Layout.Blocked(asked.Type, 16, [.. asked.Sizes]) : asked;

    private static Layout Like(Layout other, Layout asked) => !asked.IsAny ? asked : other.IsPlain
        ? Layout.Plain(asked.Type, [.. asked.Sizes]) : Layout.Blocked(asked.Type, 16, [.. asked.Sizes]);

    private static Layout Workspace(Layout target) => Layout.Plain(ElementType.Int32, [.. target.Sizes]);

    // Pairs of rows lie interleaved in bfloat16, as the processor's dot products want them.
    private static Layout Weights(Layout asked) => !asked.IsAny ? asked : (asked.Sizes.Count, asked.Type) switch
    {
        (2, ElementType.BFloat16) => LayoutFormat.Create(asked.Type, asked.Sizes, "AB8b64a2b"),
        (2, _) => LayoutFormat.Create(asked.Type, asked.Sizes, "AB16b64a"),
        (4, ElementType.BFloat16) => LayoutFormat.Create(asked.Type, asked.Sizes, "ABcd8b16a2b"),
        (4, _) => LayoutFormat.Create(asked.Type, asked.Sizes, "ABcd16b16a"),
        _ => Layout.Plain(asked.Type, [.. asked.Sizes]),
    };

    private static Layout TransposedWeights(Layout asked) => !asked.IsAny ? asked : asked.Sizes.Count switch
    {
        2 => LayoutFormat.Create(asked.Type, asked.Sizes, "AB8a64b2a"),
        4 => LayoutFormat.Create(asked.Type, asked.Sizes, "ABcd8a16b2a"),
        _ => Layout.Plain(asked.Type, [.. asked.Sizes]),
    };

    private sealed class Exchange : IDisposable
    {
        public void Dispose() => KernelLibrary.Substitute = null;
    }
}
