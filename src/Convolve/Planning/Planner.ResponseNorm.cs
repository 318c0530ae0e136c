using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Normalization;
using Convolve.Kernels.Vectors;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>
/// Local response normalization on own kernels, on images in blocks of 16 channels, with the gradient of a ReLU or LeakyReLU before it in
/// the same pass. The library keeps a workspace as large as the image for it.
/// </summary>
internal sealed partial class Planner
{
    private readonly Dictionary<Node, Tensor> _responseSources = [];

    private Tensor LowerResponseNorm(Node node, LocalResponseNorm norm)
    {
        Tensor source = GroupsAsImages(node, norm, InputOf(node), "reorder source"), target = NewTensor(node.Name, source.Layout);
        ResponseNormShape shape = ShapeOf(node, norm);
        Emit(node, "forward", new ResponseNormWork(shape, Slope: 1, IsBack: false), ScratchBytes(shape, isBack: false),
            new(Argument.Source, source, Access.Read), new(Argument.Target, target, Access.Write));
        _responseSources[node] = source;
        return ImagesAsGroups(node, norm, target);
    }

    // A group is like an image of its own. Groups of whole blocks already lie in memory as such images do; others are moved by way of the
    // plain layout.
    private Tensor GroupsAsImages(Node node, LocalResponseNorm norm, Tensor tensor, string name)
    {
        Layout wanted = Layout.Blocked(_type, Pixel.Channels, GroupSizes(node, norm));
        if (HasWholeBlocks(node, norm))
            return As(node, tensor, Blocked(node.Output), name) with { Layout = wanted };
        return As(node, As(node, tensor, Plain(node.Output), name) with { Layout = Layout.Plain(_type, GroupSizes(node, norm)) }, wanted,
            name);
    }

    private Tensor ImagesAsGroups(Node node, LocalResponseNorm norm, Tensor tensor) => HasWholeBlocks(node, norm)
        ? tensor with { Layout = Blocked(node.Output) }
        : As(node, tensor, Layout.Plain(_type, GroupSizes(node, norm)), "reorder groups") with { Layout = Plain(node.Output) };

    private static bool HasWholeBlocks(Node node, LocalResponseNorm norm) =>
        norm.Groups == 1 || node.Output.Channels / norm.Groups % Pixel.Channels == 0;

    private long[] GroupSizes(Node node, LocalResponseNorm norm) =>
        [Batch * norm.Groups, node.Output.Channels / norm.Groups, node.Output.Height, node.Output.Width];

    private void BackResponseNorm(Node node, LocalResponseNorm norm, Tensor gradient)
    {
        Node input = node.Inputs[0];
        Tensor source = _responseSources[node];
        gradient = GroupsAsImages(node, norm, gradient, "reorder gradient");
        bool inPlace = !_shared.Contains(gradient.Storage);
        Tensor result = inPlace ? gradient : NewTensor($"d {input.Name}", gradient.Layout);
        float slope = Fusion.SlopeOf(_fusion.TakesGradientOf(node, input) && !IsInterleaved(input) ? input.Layer : null);
        ResponseNormShape shape = ShapeOf(node, norm);
        Emit(node, "backward", new ResponseNormWork(shape, slope, IsBack: true), ScratchBytes(shape, isBack: true),
            new(Argument.Source, source, Access.Read),
            new(Argument.DiffTarget, gradient, inPlace ? Access.ReadWrite : Access.Read), new(Argument.DiffSource, result, Access.Write));
        Give(input, ImagesAsGroups(node, norm, result));
    }

    private ResponseNormShape ShapeOf(Node node, LocalResponseNorm norm)
    {
        Shape image = node.Output;
        int channels = image.Channels / norm.Groups;
        return new((int)Batch * norm.Groups, channels, image.Height * image.Width, Math.Min(norm.Size / 2, channels - 1),
            Math.Min((norm.Size - 1) / 2, channels - 1),
            (float)norm.Factor, norm.Beta, norm.K);
    }

    private long ScratchBytes(ResponseNormShape shape, bool isBack) => (long)_options.Threads * shape.ScratchFloats(isBack) * sizeof(float);
}
