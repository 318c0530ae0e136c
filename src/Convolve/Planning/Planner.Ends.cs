using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;

namespace Convolve.Planning;

/// <summary>The two ends of a network: images of another size, and probabilities; and what a probe reads between them.</summary>
internal sealed partial class Planner
{
    private Tensor? _logitGradient;

    /// <summary>What the loss takes: the last node, or the input of a Softmax that stands there.</summary>
    private Node LogitsNode => _graph.GivesProbabilities ? _graph.Nodes[^1].Inputs[0] : _graph.Nodes[^1];

    private bool IsFinalSoftmax(Node node) => _graph.GivesProbabilities && node == _graph.Nodes[^1];

    private Tensor LowerSoftmax(Node node, Tensor source, ElementType type)
    {
        source = As(node, source, Layout.Plain(source.Layout.Type, Sizes(node.Output)), "reorder source");
        Tensor target = NewTensor(node.Name, Layout.Plain(type, Sizes(node.Output)));
        Emit(node, "forward", new SoftmaxWork(node.Output.Channels, IsBack: false), 0, new(Argument.Source, source, Access.Read),
            new(Argument.Target, target, Access.Write));
        return target;
    }

    private void BackSoftmax(Node node, Tensor gradient)
    {
        gradient = As(node, gradient, Plain(node.Output), "reorder gradient");
        bool inPlace = !_shared.Contains(gradient.Storage);
        Tensor result = inPlace ? gradient : NewTensor($"d {node.Inputs[0].Name}", gradient.Layout);
        Emit(node, "backward", new SoftmaxWork(node.Output.Channels, IsBack: true), 0,
            new(Argument.Target, _outputs[node.Index]!, Access.Read),
            new(Argument.DiffTarget, gradient, inPlace ? Access.ReadWrite : Access.Read), new(Argument.DiffSource, result, Access.Write));
        Give(node.Inputs[0], result);
    }

    private Tensor LowerResize(Node node)
    {
        Tensor source = InputOf(node);
        if (node.Input == node.Output)
            return source;
        ResamplingForward operation = new(_options.GoesBack, source.Layout, Any(node.Output));
        KernelDescription description = Required(operation, node);
        Tensor target = NewTensor(node.Name, description[Argument.Target]);
        Emit(node, "forward", operation, description, new(Argument.Source, source, Access.Read),
            new(Argument.Target, target, Access.Write));
        _forwards[node.Index] = operation with { Target = target.Layout };
        return target;
    }

    private void BackResize(Node node, Tensor gradient)
    {
        if (_forwards[node.Index] is ResamplingForward forward)
        {
            gradient = As(node, gradient, forward.Target, "reorder gradient");
            ResamplingBackward operation = new(forward.Source, gradient.Layout, forward);
            Tensor result = NewTensor($"d {node.Inputs[0].Name}", forward.Source);
            Emit(node, "backward", operation, Required(operation, node), new(Argument.DiffTarget, gradient, Access.Read),
                new(Argument.DiffSource, result, Access.Write));
            gradient = result;
        }
        Give(node.Inputs[0], gradient);
    }

    private Tensor Readable(Node node, Tensor tensor) =>
        As(node, tensor, Layout.Plain(ElementType.Float32, Sizes(node.Output)), "for reading");

    private List<Tensor> KeptOutputs() =>
        [.. (_options.Probe?.Layers ?? []).Select(i => Readable(_graph.Nodes[i], _outputs[i]!))];

    private Tensor? KeptGradient() => _options.Probe?.GradientOf is { } i ? Readable(_graph.Nodes[i], Collect(_graph.Nodes[i])) : null;
}
