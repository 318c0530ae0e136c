using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Elementwise;
using Convolve.Kernels.Layouts;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>A learned slope below 0, or its gradients.</summary>
internal sealed record PReLUWork(PReLUShape Shape, bool IsBack) : Work;

/// <summary>Learned slopes on an own kernel, in the layout that the input has.</summary>
internal sealed partial class Planner
{
    private Tensor LowerPReLU(Node node, PReLU prelu)
    {
        Tensor source = InputOf(node);
        if (ShapeOf(node, prelu, source.Layout) is not { } shape)
        {
            source = As(node, source, Plain(node.Output), "reorder source");
            shape = ShapeOf(node, prelu, source.Layout)!.Value;
        }
        Tensor target = NewTensor(node.Name, source.Layout);
        Emit(node, "forward", new PReLUWork(shape, IsBack: false), 0, new(Argument.Source, source, Access.Read),
            new(Argument.Weights, Parameter(node, "weight"), Access.Read), new(Argument.Target, target, Access.Write));
        _sources[node.Index] = source;
        return target;
    }

    private void BackPReLU(Node node, PReLU prelu, Tensor gradient)
    {
        Tensor source = _sources[node.Index];
        PReLUShape shape = ShapeOf(node, prelu, source.Layout)!.Value;
        gradient = As(node, gradient, source.Layout, "reorder gradient");
        bool inPlace = !_shared.Contains(gradient.Storage);
        Tensor result = inPlace ? gradient : NewTensor($"d {node.Inputs[0].Name}", gradient.Layout);
        Tensor slopes = _options.IsTraining ? Parameter(node, "weight", Region.Gradients)
            : NewTensor($"d {node.Name}.weight", Master(node, "weight"));
        Emit(node, "backward", new PReLUWork(shape, IsBack: true), (long)_options.Threads * shape.Slopes * sizeof(double),
            new(Argument.Source, source, Access.Read), new(Argument.Weights, Parameter(node, "weight"), Access.Read),
            new(Argument.DiffTarget, gradient, inPlace ? Access.ReadWrite : Access.Read),
            new(Argument.DiffWeights, slopes, Access.Write),
            new(Argument.DiffSource, result, Access.Write));
        Give(node.Inputs[0], result);
    }

    // Null for a layout in which a channel's values are not side by side, in rows of a block or of all channels.
    private PReLUShape? ShapeOf(Node node, PReLU prelu, Layout layout)
    {
        Shape shape = node.Output;
        int pixels = shape.Height * shape.Width, images = (int)Batch;
        if (!prelu.PerChannel)
        {
            int elementBytes = layout.Type == ElementType.BFloat16 ? sizeof(ushort) : sizeof(float);
            return new(images, 1, checked((int)(layout.Bytes / images / elementBytes)), Block: 1);
        }
        if (shape.IsVector)
            return layout.IsPlain ? new(images, shape.Channels, 1, shape.Channels) : null;
        return layout.ChannelBlock is { } block ? new(images, shape.Channels, pixels, block) : null;
    }
}
