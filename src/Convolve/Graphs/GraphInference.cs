using Convolve.Layers;

namespace Convolve.Graphs;

/// <summary>Infers the shapes of a graph, and explains where they do not fit.</summary>
internal static class GraphInference
{
    private const int LargestTried = 1024;

    public static IReadOnlyList<Node> Infer(string name, IReadOnlyList<NodeSpec> specs)
    {
        if (specs.Count < 2)
            throw new NetworkException($"The network \"{name}\" has no layers. Add at least one.");
        List<Node> nodes = new(specs.Count);
        foreach (NodeSpec spec in specs)
        {
            try
            {
                nodes.Add(Place(nodes, spec));
            }
            catch (NetworkException e)
            {
                Shape input = ((Input)specs[0].Layer).Shape;
                string hint = SmallestInput(specs) is { } smallest && smallest != input
                    ? $" The smallest input of {name} is {smallest}, got {input}: resize the images, or choose a network for small images."
                    : "";
                string text = e.Message.Replace($"{spec.Layer}:", $"{spec.Layer} \"{spec.Name}\":", StringComparison.Ordinal);
                throw new NetworkException(text + hint, e) { Node = spec.Name };
            }
            catch (OverflowException e)
            {
                throw new NetworkException($"{spec.Layer} \"{spec.Name}\": a size overflows. Use smaller images or a smaller network.",
                    e)
                { Node = spec.Name };
            }
        }
        return nodes;
    }

    public static Shape? SmallestInput(IReadOnlyList<NodeSpec> specs)
    {
        int channels = ((Input)specs[0].Layer).Shape.Channels;
        for (int size = 1; size <= LargestTried; size++)
            if (Fits(size))
                return new(channels, size, size);
        return null;

        bool Fits(int size)
        {
            try
            {
                List<Node> nodes = new(specs.Count);
                foreach (NodeSpec spec in specs)
                    nodes.Add(Place(nodes, spec.Layer is Input ? spec with { Layer = new Input((channels, size, size)) } : spec));
                return true;
            }
            catch (Exception e) when (e is NetworkException or OverflowException)
            {
                return false;
            }
        }
    }

    private static Node Place(List<Node> nodes, NodeSpec spec)
    {
        Node[] inputs = [.. spec.Inputs.Select(i => nodes[i])];
        Shape output = spec.Layer switch
        {
            Input entry when nodes.Count == 0 => entry.Shape,
            Input entry => throw entry.Wrong("a network has one input, its first node", "Give its shape where the network is created"),
            MergeLayer merge => merge.Infer([.. inputs.Select(n => n.Output)]),
            Layer layer when inputs.Length == 1 => layer.Infer(inputs[0].Output),
            Layer layer => throw layer.Wrong($"it takes one input, got {inputs.Length}", "Join them with Add or Concat"),
        };
        return new(nodes.Count, spec.Name, spec.Layer, inputs, output);
    }
}
