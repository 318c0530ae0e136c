using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Planning;

internal sealed partial class Planner
{
    /// <summary>How a layer runs.</summary>
    /// <param name="Forward">Plans the layer, and returns its output.</param>
    /// <param name="Backward">Plans the gradients of its inputs and parameters from that of its output.</param>
    private readonly record struct Lowering(Func<Tensor> Forward, Action<Tensor> Backward);

    // The one place that knows how each kind of layer runs.
    private Lowering LoweringOf(Node node) => node.Layer switch
    {
        Conv2d conv => new(() => LowerSpaceToDepth(node, conv) ?? LowerConvolution(node, conv), d => BackConvolution(node, d)),
        Linear linear => new(() => LowerLinear(node, linear), d => BackLinear(node, d)),
        BatchNorm norm => new(() => LowerBatchNorm(node, norm), d => BackBatchNorm(node, d)),
        LocalResponseNorm norm => new(() => LowerResponseNorm(node, norm), d => BackResponseNorm(node, norm, d)),
        Pool2d pool => new(() => LowerPooling(node, pool), d => BackPooling(node, d)),
        AdaptiveAvgPool2d pool => new(() => LowerAdaptive(node, pool.Output), d => BackAdaptive(node, pool.Output, d)),
        Resize => new(() => LowerResize(node), d => BackResize(node, d)),
        Softmax => new(() => LowerSoftmax(node, InputOf(node), _type), d => BackSoftmax(node, d)),
        GlobalAvgPool => new(() => LowerGlobalAverage(node), d => BackGlobalAverage(node, d)),
        PReLU prelu => new(() => LowerPReLU(node, prelu), d => BackPReLU(node, prelu, d)),
        Activation => new(() => LowerActivation(node), d => BackActivation(node, d)),
        Flatten => new(() => LowerFlatten(node), d => BackFlatten(node, d)),
        Dropout dropout => new(() => LowerDropout(node, dropout), d => BackDropout(node, dropout, d)),
        Add => new(() => LowerAdd(node), d => BackAdd(node, d)),
        Concat => new(() => LowerConcat(node), d => BackConcat(node, d)),
        GatherParts gather => new(() => LowerGather(node, gather), d => BackGather(node, gather, d)),
        PadChannels => new(() => LowerPadChannels(node), d => BackPadChannels(node, d)),
        _ => throw new NotSupportedException($"{node.Layer} \"{node.Name}\" cannot be planned."),
    };
}
