using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Analysis;

/// <summary>What a layer of a network costs, by its shapes alone: float32 values, one image unless said otherwise.</summary>
/// <param name="Node">The layer in its place.</param>
/// <param name="ParameterBytes">What it learns.</param>
/// <param name="MultiplyAdds">Of the forward pass of one image.</param>
/// <param name="ActivationBytes">What it gives for one image; 0 where that is a view of its input.</param>
internal sealed record LayerCost(Node Node, long ParameterBytes, long MultiplyAdds, long ActivationBytes)
{
    private const int ValueBytes = sizeof(float);

    /// <summary>The costs of all layers but the input, in the graph's order.</summary>
    public static IReadOnlyList<LayerCost> Of(Graph graph) =>
        [.. graph.Nodes.Where(node => node.Layer is not Input).Select(node => new LayerCost(
        node, node.ParameterCount * ValueBytes, node.MultiplyAdds, node.Layer is Flatten ? 0 : node.Output.Elements * ValueBytes))];

    /// <summary>
    /// FLOPs for each byte that a forward pass must move at least: weights once, inputs and outputs of each image once. A multiply-add is 2
    /// FLOPs.
    /// </summary>
    /// <param name="batchSize">Images that share the weights.</param>
    /// <param name="valueBytes">Of a value as it moves.</param>
    public double FlopsPerByte(int batchSize, int valueBytes = ValueBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        long inputs = Node.Inputs.Sum(i => i.Output.Elements) * ValueBytes;
        double bytes = (ParameterBytes + (double)batchSize * (inputs + ActivationBytes)) * valueBytes / ValueBytes;
        return bytes > 0 ? 2.0 * batchSize * MultiplyAdds / bytes : 0;
    }
}
