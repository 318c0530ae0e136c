using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Pooling;
using Convolve.Kernels.Winograd;
using Convolve.Layers;

namespace Convolve.Planning;

internal sealed partial class Planner
{
    private readonly List<Tensor>?[] _gradients;
    private readonly Dictionary<int, Tensor> _sources = [];

    // Gradients that more than one branch reads must not be changed in place.
    private readonly HashSet<Storage> _shared = [];

    private void Backward(Tensor logits)
    {
        Node last = LogitsNode;
        Tensor gradient = NewTensor("d logits", Plain(last.Output));
        _phase = Phase.Loss;
        if (_options.IsTraining)
            Emit(last, "loss", new LossWork(last.Output.Channels, _options.LabelSmoothing), 0, new(Argument.Source, logits, Access.Read),
                new(Argument.Target, gradient, Access.Write));
        else
            _logitGradient = gradient;
        _phase = Phase.Backward;
        _gradients[last.Index] = [gradient];
        foreach (Node node in _graph.Nodes.Skip(1).Reverse()
            .Where(n => _fusion.NeedsGradient(n) && !IsInterleaved(n) && !IsFinalSoftmax(n) && n.Index != _options.Probe?.GradientOf))
            LoweringOf(node).Backward(Collect(node));
        BackInterleaved();
    }

    private Tensor Collect(Node node)
    {
        List<Tensor> parts = _gradients[node.Index]!;
        if (parts.Count == 1)
            return parts[0];
        Layout layout = _outputs[node.Index]!.Layout.Type == _type ? _outputs[node.Index]!.Layout : Plain(node.Output);
        return AddUp(node, "gather gradients", [.. parts.Select(p => As(node, p, layout))]);
    }

    private void Give(Node input, Tensor gradient)
    {
        if (_fusion.NeedsGradient(input))
            (_gradients[input.Index] ??= []).Add(gradient);
    }

    private void BackConvolution(Node node, Tensor gradient)
    {
        if (_depths.TryGetValue(node, out SpaceToDepthShape depth))
        {
            BackSpaceToDepth(node, depth, gradient);
            return;
        }
        var forward = (ConvolutionForward)_forwards[node.Index]!;
        Tensor source = _sources[node.Index];
        Layout anyTarget = Any(node.Output);
        gradient = As(node, gradient, forward.Target, "reorder gradient");
        if (_winograds.TryGetValue(node, out WinogradShape shape))
        {
            BackWinograd(node, shape, forward, gradient);
            return;
        }
        if (_fusion.NeedsGradient(node.Inputs[0]))
        {
            Layout anyWeights = Layout.Any(_type, [.. forward.Weights.Sizes]);
            ConvolutionBackwardData operation = new(source.Layout, anyWeights, gradient.Layout, forward);
            KernelDescription? description = _library.Describe(operation);
            if (SpeedOf(description) < Speed.Tuned)
            {
                ConvolutionBackwardData free = new(Any(node.Input), anyWeights, anyTarget, forward);
                (operation, description) = (free, Required(free, node));
            }
            Tensor result = NewTensor($"d {node.Inputs[0].Name}", description![Argument.DiffSource]);
            Emit(node, "backward data", operation, description,
                new(Argument.DiffTarget, As(node, gradient, description[Argument.DiffTarget]), Access.Read),
                new(Argument.Weights, ParameterAs(node, "weight", description[Argument.Weights]), Access.Read),
                new(Argument.DiffSource, result, Access.Write));
            Give(node.Inputs[0], result);
        }
        ConvolutionBackwardWeights Ask(Layout from, Layout weights, Layout to) => new(from, weights, forward.Bias, to, forward);
        Layout any = Layout.Any(ElementType.Float32, [.. forward.Weights.Sizes]);
        BackWeights(node, source, gradient, forward.Bias, [Ask(source.Layout, Master(node, "weight"), gradient.Layout),
            Ask(source.Layout, any, gradient.Layout), Ask(Any(node.Input), any, anyTarget)]);
    }

    private void BackLinear(Node node, Tensor gradient)
    {
        var forward = (InnerProductForward)_forwards[node.Index]!;
        Tensor source = _sources[node.Index];
        gradient = As(node, gradient, Plain(node.Output), "reorder gradient");
        if (_fusion.NeedsGradient(node.Inputs[0]))
        {
            InnerProductBackwardData operation = new(Plain(node.Input), Layout.Any(_type, [.. forward.Weights.Sizes]), gradient.Layout,
                forward);
            KernelDescription description = Required(operation, node);
            Tensor result = NewTensor($"d {node.Inputs[0].Name}", description[Argument.DiffSource]);
            Emit(node, "backward data", operation, description, new(Argument.DiffTarget, gradient, Access.Read),
                new(Argument.Weights, ParameterAs(node, "weight", description[Argument.Weights]), Access.Read),
                new(Argument.DiffSource, result, Access.Write));
            Give(node.Inputs[0], result);
        }
        InnerProductBackwardWeights Ask(Layout weights) => new(source.Layout, weights, forward.Bias, gradient.Layout, forward);
        BackWeights(node, source, gradient, forward.Bias,
            [Ask(Master(node, "weight")), Ask(Layout.Any(ElementType.Float32, [.. forward.Weights.Sizes]))]);
    }

    /// <summary>
    /// Takes the fastest candidate, the first among equals; a gradient that comes in another layout is brought to the master's.
    /// </summary>
    private void BackWeights(Node node, Tensor source, Tensor gradient, Layout? bias, Operation[] candidates)
    {
        if (!_options.IsTraining)
            return;
        var described = candidates.Select(c => (Operation: c, Description: _library.Describe(c))).Where(c => c.Description is not null)
            .ToList();
        if (described.Count == 0)
            Required(candidates[^1], node);
        var (operation, description) = described.MaxBy(c => c.Description!.Speed);
        Tensor master = Parameter(node, "weight", Region.Gradients);
        Layout given = description![Argument.DiffWeights];
        Tensor result = given.Equals(master.Layout) ? master : NewTensor($"d {node.Name}.weight", given);
        List<Use> uses =
        [
            new(Argument.Source, As(node, source, description[Argument.Source], "reorder source again"), Access.Read),
            new(Argument.DiffTarget, As(node, gradient, description[Argument.DiffTarget], "reorder gradient again"), Access.Read),
            new(Argument.DiffWeights, result, Access.Write),
        ];
        if (bias is not null)
            uses.Add(new(Argument.DiffBias, Parameter(node, "bias", Region.Gradients), Access.Write));
        if (!TryEmitShares(node.Name, "backward weights", operation, description, [.. uses]))
            Emit(node, "backward weights", LeaveOutUnseen(node, new NativeWork(operation, description.Implementation)),
                description.ScratchpadBytes, [.. uses]);
        if (result != master)
            CopyWeights(node, result, master, "reorder gradient of weights");
    }

    private static Work LeaveOutUnseen(Node node, Work work) =>
        node.Layer is Conv2d conv && UnseenTaps.Of(conv, node.Input) is { Count: > 0 } taps
            ? new UnseenTapsWork(work, taps, conv.Kernel.Height * conv.Kernel.Width) : work;

    private void BackPooling(Node node, Tensor gradient)
    {
        var forward = (PoolingForward)_forwards[node.Index]!;
        gradient = As(node, gradient, forward.Target, "reorder gradient");
        Node input = node.Inputs[0];
        bool isBlocked = _pools.TryGetValue(node, out BlockedPool pool);
        if (input.Layer is Activation && !IsInterleaved(input) && _fusion.PoolOf(input) == node && !(isBlocked && TakesReLU(node)))
            gradient = BackActivation(node, input, gradient);
        if (isBlocked)
        {
            BackBlockedPool(node, pool, gradient, forward.Source);
            return;
        }
        PoolingBackward operation = new(forward.Source, gradient.Layout, forward);
        KernelDescription description = Required(operation, node);
        Tensor result = NewTensor($"d {input.Name}", description[Argument.DiffSource]);
        List<Use> uses = [new(Argument.DiffTarget, gradient, Access.Read), new(Argument.DiffSource, result, Access.Write)];
        if (_workspaces[node.Index] is { } workspace)
            uses.Add(new(Argument.Workspace, workspace, Access.Read));
        Emit(node, "backward", operation, description, [.. uses]);
        Give(input, result);
    }

    /// <summary>
    /// The gradient of an activation, from the output of <paramref name="place"/>, the activation itself or the pooling behind it, or from
    /// the activation's input.
    /// </summary>
    private Tensor BackActivation(Node place, Node activation, Tensor gradient)
    {
        ElementwiseFunction function = Fusion.FunctionOf(activation.Layer);
        Tensor data = function.DerivesFromInput ? InputOf(activation) : _outputs[place.Index]!;
        Layout common = data.Layout.Type == _type ? data.Layout : Plain(place.Output);
        gradient = As(place, gradient, common, "reorder gradient");
        bool inPlace = !_shared.Contains(gradient.Storage);
        Tensor result = inPlace ? gradient : NewTensor($"d {activation.Name}", gradient.Layout);
        ElementwiseBackward operation = new(function, gradient.Layout, data.Layout);
        Emit(activation, "backward", operation, Required(operation, place),
            new(function.DerivesFromInput ? Argument.Source : Argument.Target, data, Access.Read),
            new(Argument.DiffTarget, gradient, inPlace ? Access.ReadWrite : Access.Read), new(Argument.DiffSource, result, Access.Write));
        return result;
    }

    private void BackActivation(Node node, Tensor gradient) => Give(node.Inputs[0],
        _fusion.TakesGradient(node) || _fusion.PoolOf(node) is not null ? gradient : BackActivation(node, node, gradient));

    private void BackFlatten(Node node, Tensor gradient) =>
        Give(node.Inputs[0], As(node, gradient, Plain(node.Output)) with { Layout = Plain(node.Input) });

    private void BackAdd(Node node, Tensor gradient)
    {
        _shared.Add(gradient.Storage);
        foreach (Node input in node.Inputs)
            Give(input, gradient);
    }

    private void BackDropout(Node node, Dropout dropout, Tensor gradient)
    {
        if (!_options.IsTraining || dropout.Probability == 0)
        {
            Give(node.Inputs[0], gradient);
            return;
        }
        gradient = As(node, gradient, Plain(node.Output), "reorder gradient");
        bool inPlace = !_shared.Contains(gradient.Storage);
        Tensor result = inPlace ? gradient : NewTensor($"d {node.Inputs[0].Name}", gradient.Layout);
        Emit(node, "backward", new DropoutWork(dropout.Probability, dropout.Number ?? node.Index), 0,
            new(Argument.Source, gradient, inPlace ? Access.ReadWrite : Access.Read), new(Argument.Target, result, Access.Write));
        Give(node.Inputs[0], result);
    }
}
