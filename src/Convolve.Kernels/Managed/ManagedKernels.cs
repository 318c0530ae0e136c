using System.Runtime.InteropServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Direct;
using Convolve.Kernels.Elementwise;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Machines;
using Convolve.Kernels.Pooling;
using Convolve.Kernels.Products;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Managed;

/// <summary>Own kernels for every operation, on every machine; images in blocks of 16 channels, weights in float32.</summary>
internal sealed class ManagedKernels : IKernelLibrary
{
    private const int Block = Pixel.Channels;

    public const string LibraryName = "own kernels";

    public string Name => LibraryName;

    public InstructionSet InstructionSet => Floats16.IsSupported ? InstructionSet.Avx512
        : Floats8.RegisterBits switch
        {
            256 => InstructionSet.Avx2,
            128 => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? InstructionSet.AdvSimd : InstructionSet.Sse41,
            _ => InstructionSet.Scalar,
        };

    int IKernelLibrary.Block => Block;

    public KernelDescription? Describe(Operation operation) => Create(operation, "")?.Description;

    public Kernel Compile(Operation operation, string label) => Create(operation, label)
        ?? throw new KernelLibraryException($"{label}: {Name} have no kernel for {operation}.");

    private static TeamKernel? Create(Operation operation, string label)
    {
        TeamKernel? kernel = operation switch
        {
            ConvolutionForward o => Forward(o),
            ConvolutionBackwardData o => BackwardData(o),
            ConvolutionBackwardWeights o => BackwardWeights(o),
            InnerProductForward o when ProductWeights(o.Weights) is { } weights => new InnerProductForwardKernel(o, weights),
            InnerProductBackwardData o when ProductWeights(o.Weights) is { } weights =>
                InnerProductTransposedKernel.Suits(o.DiffTarget.Sizes[0], weights) ? new InnerProductTransposedKernel(o, weights)
                    : new InnerProductBackwardDataKernel(o, weights),
            InnerProductBackwardWeights o when ProductWeights(o.DiffWeights) is { } weights =>
                new InnerProductBackwardWeightsKernel(o, weights),
            PoolingForward o when IsImage(o.Source) && Like(o.Source, o.Target) is { } target => new PoolingKernel(o, target),
            PoolingBackward o when IsImage(o.DiffTarget) && Like(o.DiffTarget, o.DiffSource) is { } source => new PoolingKernel(o, source),
            ElementwiseForward o => new ElementwiseKernel(o),
            ElementwiseBackward o => new ElementwiseKernel(o),
            ResamplingForward o when IsImage(o.Source) && Like(o.Source, o.Target) is { } target =>
                new ResamplingKernel(o.Source, target, isBack: false),
            ResamplingBackward o when IsImage(o.DiffTarget) && Like(o.DiffTarget, o.DiffSource) is { } source =>
                new ResamplingKernel(source, o.DiffTarget, isBack: true),
            Reorder o => new ReorderKernel(o),
            Sum o => new SumKernel(o),
            _ => null,
        };
        if (kernel is not null)
            kernel.Label = label;
        return kernel;
    }

    private static TeamKernel? Forward(ConvolutionForward o)
    {
        Layout source = Image(o.Source), target = Image(o.Target);
        ConvolutionShape shape = ConvolutionShape.Of(source, o.Weights, target, o.Walk);
        return Weights(shape, source, o.Weights) is { } weights && target.IsBlockedBy(Block)
            ? new DirectForward(o, shape, source, weights, target, isPlanar: source.IsPlain) : null;
    }

    private static TeamKernel? BackwardData(ConvolutionBackwardData o)
    {
        Layout source = Image(o.DiffSource), target = Image(o.DiffTarget);
        ConvolutionShape shape = ConvolutionShape.Of(source, o.Weights, target, o.Forward.Walk);
        // The weights are as the forward pass has them, whatever kind that is.
        Layout asked = o.Weights.IsAny && !o.Forward.Weights.IsAny ? o.Forward.Weights : o.Weights;
        bool isPlanar = shape is { Groups: 1 } && asked.Equals(WeightLayouts.Of(shape, [.. asked.Sizes], isPlanar: true));
        Layout blocked = WeightLayouts.Of(shape, [.. asked.Sizes], isPlanar);
        return source.IsBlockedBy(Block) && target.IsBlockedBy(Block) && (asked.IsAny || asked.Equals(blocked))
            ? new DirectBackwardData(shape, source, blocked, target, isPlanar) : null;
    }

    private static TeamKernel? BackwardWeights(ConvolutionBackwardWeights o)
    {
        Layout source = Image(o.Source), target = Image(o.DiffTarget);
        ConvolutionShape shape = ConvolutionShape.Of(source, o.DiffWeights, target, o.Forward.Walk);
        return Weights(shape, source, o.DiffWeights) is { } weights && target.IsBlockedBy(Block)
            ? new DirectBackwardWeights(shape, source, weights, o.DiffBias, target, isPlanar: source.IsPlain) : null;
    }

    /// <summary>As asked where that is theirs, or chosen; null for others.</summary>
    private static Layout? Weights(in ConvolutionShape shape, Layout source, Layout asked)
    {
        if (!IsImage(source) || (source.IsPlain && shape.Groups > 1))
            return null;
        Layout own = WeightLayouts.Of(shape, [.. asked.Sizes], source.IsPlain);
        return asked.IsAny || asked.Equals(own) ? own : null;
    }

    private static Layout? ProductWeights(Layout asked)
    {
        Layout own = WeightLayouts.OfProduct([.. asked.Sizes]);
        return asked.IsAny || asked.Equals(own) ? own : null;
    }

    private static bool IsImage(Layout layout) => layout.IsPlain || layout.IsBlockedBy(Block);

    private static Layout Image(Layout asked) => asked.IsAny ? Layout.Blocked(asked.Type, Block, [.. asked.Sizes]) : asked;

    private static Layout? Like(Layout other, Layout asked)
    {
        Layout own = other.IsPlain ? Layout.Plain(asked.Type, [.. asked.Sizes]) : Layout.Blocked(asked.Type, Block, [.. asked.Sizes]);
        return asked.IsAny || asked.Equals(own) ? own : null;
    }
}
