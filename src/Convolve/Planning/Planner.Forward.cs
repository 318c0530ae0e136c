using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Layers;

namespace Convolve.Planning;

internal sealed partial class Planner
{
    private readonly Operation?[] _forwards;
    private readonly Tensor?[] _workspaces;

    private Tensor Forward()
    {
        Node entry = _graph.Nodes[0];
        Tensor input = NewTensor("input", Plain(entry.Output));
        _outputs[0] = input;
        LowerInterleaved();
        foreach (Node node in _graph.Nodes.Skip(1)
            .Where(n => (!_fusion.IsFused(n) || IsInterleaved(n.Inputs[0])) && !IsInterleaved(n) && !IsFinalSoftmax(n)))
        {
            Tensor output = LoweringOf(node).Forward();
            _outputs[node.Index] = output;
            if (_fusion.ActivationOf(node) is { } activation)
                _outputs[activation.Index] = output;
        }
        return input;
    }

    private Tensor InputOf(Node node) => _outputs[node.Inputs[0].Index]!;

    private Tensor LowerConvolution(Node node, Conv2d conv)
    {
        Tensor source = InputOf(node);
        Window window = conv.Walk(node.Input);
        Walk walk = new(Pair(conv.Stride), Pair(conv.Dilation), Pair(window.Before), Pair(window.After));
        ElementwiseFunction? activation = _fusion.ActivationOf(node) is { } fused ? Fusion.FunctionOf(fused.Layer) : null;
        Layout? bias = conv.HasBias ? Layout.Plain(ElementType.Float32, conv.Filters) : null;
        Layout weights = Layout.Any(_type, ParameterSizes(node, node.Parameters[0]));
        ConvolutionForward Ask(Layout from) => new(_options.GoesBack, from, weights, bias, Any(node.Output), walk, activation);

        ConvolutionForward operation = Ask(source.Layout);
        KernelDescription? description = _library.Describe(operation);
        if (SpeedOf(description) < Speed.Tuned)
        {
            ConvolutionForward free = Ask(Any(node.Input));
            KernelDescription? other = _library.Describe(free);
            if (description is null || SpeedOf(other) > SpeedOf(description))
                (operation, description) = (free, other ?? Required(free, node));
        }
        source = As(node, source, description![Argument.Source], "reorder source");
        // Backward kernels ask for the layouts that were found, not for any.
        ConvolutionForward asked = operation;
        operation = operation with
        {
            Source = source.Layout,
            Weights = description[Argument.Weights],
            Target = description[Argument.Target]
        };
        _forwards[node.Index] = operation;
        _sources[node.Index] = source;
        if (WinogradOf(node, conv, operation) is { } shape)
            return LowerWinograd(node, shape, operation, source);
        // The gradient of the weights decides how the master weights are laid out; without training nothing does better than plain.
        if (_options.IsTraining && _given is null)
            _masters[(node, "weight")] = PreferredDiffWeights(node, operation, description);
        Tensor target = NewTensor(node.Name, description[Argument.Target]);
        List<Use> uses = [new(Argument.Source, source, Access.Read),
            new(Argument.Weights, ParameterAs(node, "weight", description[Argument.Weights]), Access.Read)];
        if (operation.Bias is not null)
            uses.Add(new(Argument.Bias, Parameter(node, "bias"), Access.Read));
        uses.Add(new(Argument.Target, target, Access.Write));
        Emit(node, "forward", Settled(operation, asked, description), description, [.. uses]);
        return target;
    }

    /// <summary>
    /// An operation with the layouts that were found, if the library runs it as it was described, else as it was asked for: oneDNN 3 has
    /// kernels for fixed layouts alone, which may be slower and need other scratchpads.
    /// </summary>
    private Operation Settled(Operation found, Operation asked, KernelDescription description) =>
        _library.Describe(found) is { } settled && settled.Speed == description.Speed
        && settled.ScratchpadBytes == description.ScratchpadBytes ? found : asked;

    private Layout PreferredDiffWeights(Node node, Operation operation, KernelDescription description)
    {
        Layout any = Layout.Any(ElementType.Float32, ParameterSizes(node, node.Parameters[0]));
        Layout source = description[Argument.Source], target = description[Argument.Target];
        Operation backward = operation switch
        {
            ConvolutionForward o => new ConvolutionBackwardWeights(source, any, o.Bias, target, o),
            InnerProductForward o => new InnerProductBackwardWeights(source, any, o.Bias, Layout.Plain(_type, [.. target.Sizes]), o),
            _ => throw new NotSupportedException($"{operation} has no weights."),
        };
        return Required(backward, node)[Argument.DiffWeights];
    }

    private Tensor LowerLinear(Node node, Linear linear)
    {
        Tensor source = As(node, InputOf(node), Plain(node.Input), "reorder source");
        bool isLast = node == LogitsNode;
        ElementwiseFunction? activation = _fusion.ActivationOf(node) is { } fused ? Fusion.FunctionOf(fused.Layer) : null;
        Layout? bias = linear.HasBias ? Layout.Plain(ElementType.Float32, linear.Units) : null;
        Layout target = Layout.Plain(isLast ? ElementType.Float32 : _type, Sizes(node.Output));
        InnerProductForward operation = new(_options.GoesBack, source.Layout, Layout.Any(_type, linear.Units, node.Input.Channels), bias,
            target, activation);
        KernelDescription description = Required(operation, node);
        if (_options.IsTraining && _given is null)
            _masters[(node, "weight")] = PreferredDiffWeights(node, operation, description);
        Tensor result = NewTensor(node.Name, target);
        List<Use> uses = [new(Argument.Source, source, Access.Read),
            new(Argument.Weights, ParameterAs(node, "weight", description[Argument.Weights]), Access.Read)];
        if (linear.HasBias)
            uses.Add(new(Argument.Bias, Parameter(node, "bias"), Access.Read));
        uses.Add(new(Argument.Target, result, Access.Write));
        Emit(node, "forward", operation, description, [.. uses]);
        _forwards[node.Index] = operation with { Weights = description[Argument.Weights] };
        _sources[node.Index] = source;
        return result;
    }

    private Tensor LowerPooling(Node node, Pool2d pool)
    {
        Tensor source = InputOf(node);
        Window window = pool.Walk(node.Input);
        Walk walk = new(Pair(pool.Stride), (1, 1), Pair(window.Before), Pair(window.After));
        PoolingKind kind = pool switch
        {
            AvgPool2d { CountsPadding: true } => PoolingKind.AverageWithPadding,
            AvgPool2d => PoolingKind.AverageWithoutPadding,
            _ => PoolingKind.Max,
        };
        PoolingForward operation = new(_options.GoesBack, kind, source.Layout, Any(node.Output), Pair(pool.Kernel), walk);
        if (pool is MinPool2d least)
            return LowerMinPool(node, least, window, operation);
        KernelDescription description = Required(operation, node);
        // Behind own kernels the blocks may be wider than the library's registers.
        if (description.Speed == Speed.Reference && operation with { Source = Blocked(node.Input, LibraryBlock) } is var other
            && _library.Describe(other) is { } faster && faster.Speed > Speed.Reference)
        {
            (operation, description) = (other, faster);
            source = As(node, source, other.Source, "reorder source");
        }
        Tensor target = NewTensor(node.Name, description[Argument.Target]);
        _forwards[node.Index] = operation with { Target = target.Layout };
        if (BlockedPoolOf(node, pool, window, source.Layout, target.Layout) is { } blocked)
        {
            LowerBlockedPool(node, blocked, source, target);
            return target;
        }
        List<Use> uses = [new(Argument.Source, source, Access.Read), new(Argument.Target, target, Access.Write)];
        if (description.Layouts.TryGetValue(Argument.Workspace, out Layout? workspace))
        {
            _workspaces[node.Index] = NewTensor($"{node.Name} workspace", workspace);
            uses.Add(new(Argument.Workspace, _workspaces[node.Index]!, Access.Write));
        }
        Emit(node, "forward", operation, description, [.. uses]);
        if (kind == PoolingKind.Max && !description.KeepsNaN)
            PassNaNOn(node, pool, window, source, target);
        return target;
    }

    private Tensor LowerActivation(Node node)
    {
        Tensor source = InputOf(node);
        if (node.Layer is ReLU)
            return LowerReLU(node, source);
        ElementwiseForward operation = new(Fusion.FunctionOf(node.Layer), source.Layout);
        KernelDescription description = Required(operation, node);
        // A function that is not 0 at 0, such as Sigmoid in bfloat16, must leave out the padded channels of blocks: the library does so one
        // by one.
        if (description.Speed == Speed.Reference)
        {
            source = As(node, source, Plain(node.Output), "reorder source");
            operation = operation with { Data = source.Layout };
            description = Required(operation, node);
        }
        Tensor target = NewTensor(node.Name, source.Layout);
        Emit(node, "forward", operation, description, new(Argument.Source, source, Access.Read),
            new(Argument.Target, target, Access.Write));
        return target;
    }

    private Tensor LowerReLU(Node node, Tensor source)
    {
        Tensor target = NewTensor(node.Name, source.Layout);
        Emit(node, "forward", new RectifierWork(), 0, new(Argument.Source, source, Access.Read),
            new(Argument.Target, target, Access.Write));
        return target;
    }

    private Tensor LowerFlatten(Node node)
    {
        Tensor plain = As(node, InputOf(node), Plain(node.Input), "forward");
        return plain with { Layout = Plain(node.Output) };
    }

    private Tensor LowerDropout(Node node, Dropout dropout)
    {
        Tensor source = InputOf(node);
        if (!_options.IsTraining || dropout.Probability == 0)
            return source;
        Tensor plain = As(node, source, Plain(node.Output), "reorder source");
        // In place where nobody else reads the input: a ReLU's gradient asks only for the sign, and where the mask is 0 so is the gradient.
        bool inPlace = plain != source || (_fusion.Consumers(node.Inputs[0]) == 1 && KeepsOnlySign(node.Inputs[0]));
        Tensor target = inPlace ? plain : NewTensor(node.Name, plain.Layout);
        Emit(node, "forward", new DropoutWork(dropout.Probability, dropout.Number ?? node.Index), 0,
            new(Argument.Source, plain, inPlace ? Access.ReadWrite : Access.Read), new(Argument.Target, target, Access.Write));
        return target;
    }

    private static bool KeepsOnlySign(Node producer) => producer.Layer is ReLU or Linear or Conv2d or AvgPool2d or GlobalAvgPool
        or Activation { NeverFalls: false }
        || (producer.Layer is MaxPool2d && producer.Inputs[0].Layer is not (Tanh or Sigmoid));

    private Tensor LowerAdd(Node node)
    {
        Tensor first = InputOf(node);
        Tensor[] parts = [.. node.Inputs.Select(n => As(node, _outputs[n.Index]!, first.Layout))];
        return AddUp(node, "forward", parts);
    }

    private Tensor AddUp(Node node, string name, IReadOnlyList<Tensor> parts)
    {
        Tensor target = NewTensor($"{node.Name} {name}", parts[0].Layout);
        // As one row of numbers, the padded channels of blocks included: those are 0, and the library is slow where it has to leave them
        // out.
        int elementBytes = target.Layout.Type == ElementType.BFloat16 ? sizeof(ushort) : sizeof(float);
        Layout row = Layout.Plain(target.Layout.Type, target.Layout.Bytes / elementBytes);
        Kernels.Contract.Sum operation = new(row, parts.Count);
        Emit(node, name, operation, Required(operation, node),
        [
            .. parts.Select((part, i) => new Use(Argument.FirstSource + i, part with { Layout = row }, Access.Read)),
            new(Argument.Target, target with { Layout = row }, Access.Write),
        ]);
        return target;
    }

    private static (int, int) Pair(Size2 size) => (size.Height, size.Width);
}
