using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Normalization;
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
        Tensor source = As(node, InputOf(node), Blocked(node.Output), "reorder source"), target = NewTensor(node.Name, source.Layout);
        ResponseNormShape shape = ShapeOf(node, norm);
        Emit(node, "forward", new ResponseNormWork(shape, Slope: 1, IsBack: false), ScratchBytes(shape, isBack: false),
            new(Argument.Source, source, Access.Read), new(Argument.Target, target, Access.Write));
        _responseSources[node] = source;
        return target;
    }

    private void BackResponseNorm(Node node, LocalResponseNorm norm, Tensor gradient)
    {
        Node input = node.Inputs[0];
        Tensor source = _responseSources[node];
        gradient = As(node, gradient, source.Layout, "reorder gradient");
        bool inPlace = !_shared.Contains(gradient.Storage);
        Tensor result = inPlace ? gradient : NewTensor($"d {input.Name}", gradient.Layout);
        float slope = Fusion.SlopeOf(_fusion.TakesGradientOf(node, input) && !IsInterleaved(input) ? input.Layer : null);
        ResponseNormShape shape = ShapeOf(node, norm);
        Emit(node, "backward", new ResponseNormWork(shape, slope, IsBack: true), ScratchBytes(shape, isBack: true),
            new(Argument.Source, source, Access.Read),
            new(Argument.DiffTarget, gradient, inPlace ? Access.ReadWrite : Access.Read), new(Argument.DiffSource, result, Access.Write));
        Give(input, result);
    }

    private ResponseNormShape ShapeOf(Node node, LocalResponseNorm norm)
    {
        Shape image = node.Output;
        return new((int)Batch, image.Channels, image.Height * image.Width, Math.Min(norm.Size / 2, image.Channels - 1),
            Math.Min((norm.Size - 1) / 2, image.Channels - 1),
            (float)norm.Factor, norm.Beta, norm.K);
    }

    private long ScratchBytes(ResponseNormShape shape, bool isBack) => (long)_options.Threads * shape.ScratchFloats(isBack) * sizeof(float);
}
