using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>
/// A first convolution with stride 4 on one or three channels, such as AlexNet's 11x11, as a convolution with stride 1: every 4x4 patch of
/// a channel becomes 16 channels of one pixel, and the kernel likewise, filled up with zeros to 12x12. It costs 19 % more multiplications,
/// but fills the vectors that one channel leaves empty: in bfloat16 pairs of channels. Measured on alexnet-d2l at batch 128: forward and
/// backward weights 28 ms instead of 36. In float32 there are no pairs to fill, and nothing is gained.
/// </summary>
internal sealed partial class Planner
{
    private const int DepthStride = 4;

    private readonly Dictionary<Node, SpaceToDepthShape> _depths = [];

    private SpaceToDepthShape? SpaceToDepthOf(Node node, Conv2d conv)
    {
        if (_type != ElementType.BFloat16 || _fusion.NeedsGradient(node.Inputs[0]) || !InputOf(node).Layout.IsPlain
            || conv.Stride != DepthStride || conv.Dilation != 1 || conv.Groups != 1
            || node.Input.Channels > 4 || conv.Kernel.Height <= DepthStride || conv.Kernel.Width <= DepthStride)
            return null;
        Window window = conv.Walk(node.Input);
        return new(node.Input.Channels, node.Input.Height, node.Input.Width, conv.Filters, conv.Kernel.Height, conv.Kernel.Width,
            window.Before.Height, window.Before.Width, window.Output.Height, window.Output.Width);
    }

    private Tensor? LowerSpaceToDepth(Node node, Conv2d conv)
    {
        if (SpaceToDepthOf(node, conv) is not { } depth)
            return null;
        ElementwiseFunction? activation = _fusion.ActivationOf(node) is { } fused ? Fusion.FunctionOf(fused.Layer) : null;
        Layout? bias = conv.HasBias ? Layout.Plain(ElementType.Float32, conv.Filters) : null;
        Layout any = Layout.Any(_type, conv.Filters, depth.DeepChannels, depth.DeepKernelHeight, depth.DeepKernelWidth);
        ConvolutionForward operation = new(_options.GoesBack,
            Layout.Any(_type, Batch, depth.DeepChannels, depth.DeepHeight, depth.DeepWidth),
            any, bias, Any(node.Output), new((1, 1), (1, 1), (0, 0), (0, 0)), activation);
        KernelDescription? description = _library.Describe(operation);
        if (SpeedOf(description) < Speed.Tuned || !description![Argument.Source].IsBlockedBy(Pixel.Channels))
            return null;
        ConvolutionForward asked = operation;
        operation = operation with
        {
            Source = description[Argument.Source],
            Weights = description[Argument.Weights],
            Target = description[Argument.Target]
        };

        Tensor source = NewTensor($"{node.Name} deep source", operation.Source);
        Emit(node, "space to depth", new SpaceToDepthWork(depth), 0, new(Argument.Source, InputOf(node), Access.Read),
            new(Argument.Target, source, Access.Write));
        Tensor weights = NewTensor($"{node.Name} deep weights", DeepWeights(depth));
        Emit(node, "weights to depth", new WeightsToDepthWork(depth, IsBack: false), 0,
            new(Argument.Source, PlainParameter(node, "weight"), Access.Read), new(Argument.Target, weights, Access.Write));
        Tensor target = NewTensor(node.Name, operation.Target);
        List<Use> uses = [new(Argument.Source, source, Access.Read),
            new(Argument.Weights, WeightsAs(node, weights, operation.Weights, "reorder weights"), Access.Read)];
        if (bias is not null)
            uses.Add(new(Argument.Bias, Parameter(node, "bias"), Access.Read));
        uses.Add(new(Argument.Target, target, Access.Write));
        Emit(node, "forward", Settled(operation, asked, description), description, [.. uses]);
        (_forwards[node.Index], _sources[node.Index], _depths[node]) = (operation, source, depth);
        return target;
    }

    private void BackSpaceToDepth(Node node, SpaceToDepthShape depth, Tensor gradient)
    {
        var forward = (ConvolutionForward)_forwards[node.Index]!;
        Layout any = Layout.Any(ElementType.Float32, [.. forward.Weights.Sizes]);
        ConvolutionBackwardWeights operation = new(forward.Source, any, forward.Bias, forward.Target, forward);
        KernelDescription description = Required(operation, node);
        Tensor result = NewTensor($"d {node.Name} deep weights", description[Argument.DiffWeights]);
        List<Use> uses =
        [
            new(Argument.Source, As(node, _sources[node.Index], description[Argument.Source]), Access.Read),
            new(Argument.DiffTarget, As(node, gradient, description[Argument.DiffTarget], "reorder gradient"), Access.Read),
            new(Argument.DiffWeights, result, Access.Write),
        ];
        if (forward.Bias is not null)
            uses.Add(new(Argument.DiffBias, Parameter(node, "bias", Region.Gradients), Access.Write));
        Emit(node, "backward weights", operation, description, [.. uses]);
        Tensor plain = WeightsAs(node, result, DeepWeights(depth), "reorder gradient of weights");
        Layout master = Master(node, "weight");
        Tensor target = Parameter(node, "weight", Region.Gradients), flat = master.IsPlain ? target
            : NewTensor($"d {node.Name}.weight", Layout.Plain(ElementType.Float32, [.. master.Sizes]));
        Emit(node, "weights from depth", new WeightsToDepthWork(depth, IsBack: true), 0, new(Argument.Source, plain, Access.Read),
            new(Argument.Target, flat, Access.Write));
        if (flat != target)
            CopyWeights(node, flat, target, "reorder gradient of weights");
    }

    private static Layout DeepWeights(SpaceToDepthShape depth) =>
        Layout.Plain(ElementType.Float32, depth.Filters, depth.DeepChannels, depth.DeepKernelHeight, depth.DeepKernelWidth);
}
