using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Inspection;

/// <summary>Which layers of a network can be looked at, and which ones are meant where none is named.</summary>
internal static class LayerNames
{
    /// <summary>Every layer but a Softmax at the end, which evaluation computes apart.</summary>
    public static IEnumerable<Node> All(Graph graph) => graph.Nodes.Where(node => node.Layer is not Softmax || node != graph.Nodes[^1]);

    /// <exception cref="NetworkException">There is no such layer.</exception>
    public static Node Find(Graph graph, string name) => All(graph).FirstOrDefault(node => node.Name == name)
        ?? throw new NetworkException($"{graph.Name} has no layer \"{name}\".{NearestName.Guess(name, All(graph).Select(n => n.Name))} " +
            $"Its layers are {string.Join(", ", All(graph).Select(n => n.Name))}.");

    public static IReadOnlyList<Node> Convolutions(Graph graph) => [.. graph.Nodes.Where(node => node.Layer is Conv2d)];

    /// <summary>
    /// What becomes of a convolution's output before its size changes: behind normalization, a sum with a shortcut, and activation.
    /// </summary>
    public static Node EndOf(Graph graph, Node convolution)
    {
        Node end = convolution;
        while (graph.Nodes.Where(node => node.Inputs.Contains(end)).ToList() is [{ Layer: BatchNorm or Activation or Add } next])
            end = next;
        return end;
    }

    /// <summary>Where Grad-CAM looks unless told: the end of the last convolution.</summary>
    /// <exception cref="NetworkException">The network has no convolution.</exception>
    public static Node LastMaps(Graph graph) => Convolutions(graph) is [.., var last] ? EndOf(graph, last)
        : throw new NetworkException($"{graph.Name} has no convolution, so it has no feature maps.");

    /// <summary>The last hidden layer: what the logits are computed from.</summary>
    public static Node LastHidden(Graph graph) => (graph.GivesProbabilities ? graph.Nodes[^1].Inputs[0] : graph.Nodes[^1]).Inputs[0];
}
