using Convolve.Graphs;
using Convolve.Kernels.BatchInterleaved;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Layers;

namespace Convolve.Planning;

internal sealed partial class Planner
{
    // Measured on LeNet-5: with few channels the library pads them to 16 and picks slow kernels, and 16 images in the lanes are 2 to 3
    // times faster; with more channels than this the library is as fast.
    private const int LargestInterleavedChannels = 16, LargestInterleavedFilters = 32, LargestInterleavedTaps = 400;

    // The library computes this many images sooner than 16, of which the rest is nothing.
    private const int LargestBatchWithoutLanes = 4;

    // A group's values before the pooling are scratch space of each thread, and should stay in its cache.
    private const long LargestInterleavedGroupBytes = 8 << 20;

    private readonly List<InterleavedPart> _lanes = [];
    private readonly HashSet<Node> _interleaved = [];

    /// <summary>A convolution with what follows it, run in lanes.</summary>
    private sealed record InterleavedPart(InterleavedStage Stage, Node Convolution, Node Last)
    {
        public Tensor? Source { get; set; }

        public Tensor? Target { get; set; }

        public Tensor? Activations { get; set; }

        public Tensor? Argmax { get; set; }
    }

    private bool IsInterleaved(Node node) => _interleaved.Contains(node);

    // The chain from the input on, where it holds every convolution of the network.
    private void LowerInterleaved()
    {
        if (_type != ElementType.Float32 || (!_options.IsTraining && Batch <= LargestBatchWithoutLanes))
            return;
        List<InterleavedPart> parts = [];
        for (Node last = _graph.Nodes[0]; NextPart(last) is { } part; last = part.Last)
            parts.Add(part);
        if (parts.Count == 0 || parts.Count != _graph.Nodes.Count(n => n.Layer is Conv2d))
            return;
        Node first = parts[0].Convolution;
        Tensor current = CopyInterleaved(first, "to batch-interleaved", _outputs[0]!, InterleavedLayoutOf(first.Input), first.Input, true);
        foreach (InterleavedPart part in parts)
            current = LowerInterleaved(part, current);
        Node end = parts[^1].Last;
        _outputs[end.Index] = CopyInterleaved(end, "from batch-interleaved", current, Plain(end.Output), end.Output, false);
        _lanes.AddRange(parts);
    }

    private InterleavedPart? NextPart(Node previous)
    {
        if (OnlyConsumer(previous) is not { Layer: Conv2d conv } node || !SuitsInterleaving(node, conv))
            return null;
        Node last = node;
        InterleavedActivation activation = InterleavedActivation.None;
        float slope = 0;
        if (OnlyConsumer(last) is { Layer: Activation { NeverFalls: true } } next)
        {
            last = next;
            ElementwiseFunction function = Fusion.FunctionOf(next.Layer);
            slope = function.Alpha;
            activation = function.Kind switch
            {
                ElementwiseKind.ReLU => slope == 0 ? InterleavedActivation.ReLU : InterleavedActivation.LeakyReLU,
                ElementwiseKind.Tanh => InterleavedActivation.Tanh,
                ElementwiseKind.Logistic => InterleavedActivation.Sigmoid,
                _ => throw new NotSupportedException($"No batch-interleaved kernel is known for {next.Layer}."),
            };
        }
        InterleavedPool? pool = null;
        if (OnlyConsumer(last) is { Layer: Pool2d pooling and not MinPool2d } after && pooling.Kernel.Height * pooling.Kernel.Width <= 256)
        {
            last = after;
            Window w = pooling.Walk(after.Input);
            InterleavedPoolKind kind = pooling switch
            {
                AvgPool2d { CountsPadding: true } => InterleavedPoolKind.AverageIncludingPadding,
                AvgPool2d => InterleavedPoolKind.Average,
                _ => InterleavedPoolKind.Max,
            };
            pool = new(kind, after.Input.Channels, after.Input.Height, after.Input.Width, pooling.Kernel.Height, pooling.Kernel.Width,
                pooling.Stride.Height, pooling.Stride.Width, w.Before.Height, w.Before.Width, w.After.Height, w.After.Width);
        }
        Window window = conv.Walk(node.Input);
        InterleavedConv shape = new(node.Input.Channels, node.Input.Height, node.Input.Width, conv.Filters, conv.Kernel.Height,
            conv.Kernel.Width,
            conv.Stride.Height, conv.Stride.Width, window.Before.Height, window.Before.Width, window.After.Height, window.After.Width);
        return new(new(shape, activation, slope, pool), node, last);
    }

    private static bool SuitsInterleaving(Node node, Conv2d conv) => conv is { Groups: 1, HasBias: true } && conv.Dilation == 1
        && node.Input.Channels <= LargestInterleavedChannels && conv.Filters <= LargestInterleavedFilters
        && node.Input.Channels * conv.Kernel.Height * conv.Kernel.Width <= LargestInterleavedTaps
        && node.Output.Elements * Interleaving.VectorBytes <= LargestInterleavedGroupBytes;

    private Node? OnlyConsumer(Node node)
    {
        if (_options.Probe?.Keeps(node.Index) == true)
            return null;
        Node[] all = [.. _graph.Nodes.Where(n => n.Inputs.Contains(node))];
        return all.Length == 1 && all[0].Inputs.Count == 1 ? all[0] : null;
    }

    private Tensor LowerInterleaved(InterleavedPart part, Tensor source)
    {
        Node conv = part.Convolution;
        for (Node? node = conv; node != null && _interleaved.Add(node) && node != part.Last; node = OnlyConsumer(node))
        {
        }
        part.Source = source;
        part.Target = NewTensor(part.Last.Name, InterleavedLayoutOf(part.Last.Output));
        List<Use> uses =
        [
            new(Argument.Source, source, Access.Read), new(Argument.Weights, PlainParameter(conv, "weight"), Access.Read),
            new(Argument.Bias, PlainParameter(conv, "bias"), Access.Read), new(Argument.Target, part.Target, Access.Write),
        ];
        if (_options.IsTraining && part.Stage.KeepsActivations)
            uses.Add(new(Argument.FirstSource, part.Activations = NewTensor($"{conv.Name} activations", InterleavedLayoutOf(conv.Output)),
                Access.Write));
        if (_options.IsTraining && part.Stage.Pool is { Kind: InterleavedPoolKind.Max } pool)
            uses.Add(new(Argument.Workspace, part.Argmax =
                NewTensor($"{part.Last.Name} argmax", Layout.Plain(ElementType.UInt8, pool.ArgmaxBytes((int)Batch))), Access.Write));
        Emit(conv, "forward", new InterleavedForwardWork(part.Stage), _options.Threads * InterleavedStages.ForwardScratchBytes(part.Stage),
            [.. uses]);
        return part.Target;
    }

    private void BackInterleaved()
    {
        if (_lanes.Count == 0 || !_options.IsTraining)
            return;
        Node end = _lanes[^1].Last;
        Tensor gradient = As(end, Collect(end), Plain(end.Output), "reorder gradient");
        gradient = CopyInterleaved(end, "gradient to batch-interleaved", gradient, InterleavedLayoutOf(end.Output), end.Output, true);
        for (int i = _lanes.Count - 1; i >= 0; i--)
            gradient = BackInterleaved(_lanes[i], gradient, isFirst: i == 0);
    }

    private Tensor BackInterleaved(InterleavedPart part, Tensor gradient, bool isFirst)
    {
        Node conv = part.Convolution;
        long sumsBytes = _options.Threads * InterleavedConvolution.WeightSumsBytes(part.Stage.Conv);
        Tensor sums = NewTensor($"d {conv.Name} sums", Layout.Plain(ElementType.UInt8, sumsBytes));
        List<Use> uses =
        [
            new(Argument.Source, part.Source!, Access.Read), new(Argument.Weights, PlainParameter(conv, "weight"), Access.Read),
            new(Argument.Target, part.Target!, Access.Read), new(Argument.DiffTarget, gradient, Access.Read),
            new(Argument.DiffWeights, sums, Access.Write),
        ];
        if (part.Activations is not null)
            uses.Add(new(Argument.FirstSource, part.Activations, Access.Read));
        if (part.Argmax is not null)
            uses.Add(new(Argument.Workspace, part.Argmax, Access.Read));
        Tensor result = gradient;
        if (!isFirst)
            uses.Add(new(Argument.DiffSource, result = NewTensor($"d {conv.Inputs[0].Name}", InterleavedLayoutOf(conv.Input)),
                Access.Write));
        Emit(conv, "backward", new InterleavedBackwardWork(part.Stage),
            _options.Threads * InterleavedStages.BackwardScratchBytes(part.Stage),
            [.. uses]);
        Emit(conv, "sum of weight gradients", new InterleavedReduceWork(part.Stage.Conv), 0, new(Argument.Source, sums, Access.Read),
            new(Argument.DiffWeights, Parameter(conv, "weight", Region.Gradients), Access.Write),
            new(Argument.DiffBias, Parameter(conv, "bias", Region.Gradients), Access.Write));
        return result;
    }

    private Tensor PlainParameter(Node node, string name) =>
        ParameterAs(node, name, Layout.Plain(ElementType.Float32, [.. Master(node, name).Sizes]));

    private Tensor CopyInterleaved(Node node, string name, Tensor source, Layout target, Shape shape, bool isInterleaving)
    {
        Tensor result = NewTensor($"{source.Storage.Name} {name}", target);
        Emit(node, name, new InterleavedCopyWork((int)shape.Elements, isInterleaving), 0, new(Argument.Source, source, Access.Read),
            new(Argument.Target, result, Access.Write));
        return result;
    }

    private Layout InterleavedLayoutOf(Shape shape) =>
        Layout.Plain(ElementType.Float32, Interleaving.Groups((int)Batch), shape.Channels, shape.Height, shape.Width, Interleaving.Width);
}
