using System.Globalization;
using Convolve.Layers;

namespace Convolve.Graphs;

/// <summary>
/// Divides a network by its channels for ranks that each compute a part of it, as the paper of 2012 did for two GPUs: a rank has its part
/// of the filters and units of each layer, and the ranks meet only where a layer takes all channels.
/// </summary>
/// <remarks>
/// A convolution with a multiple of as many groups stays within the parts. Before any other layer with weights, and behind the last one,
/// the channels of all ranks are gathered (<see cref="GatherParts"/>); dropout, whose mask is that of the whole, comes behind that.
/// Outputs come first in memory, so that the part of a rank is a run of each parameter of the whole network, and the nodes with weights
/// have the names that they have there.
/// </remarks>
internal static class NetworkParts
{
    /// <summary>
    /// The network that ranks compute together: itself, except that local response normalization between layers that are divided doesn't
    /// look across the borders of the parts.
    /// </summary>
    /// <param name="graph">As it is described.</param>
    /// <param name="parts">At least 2.</param>
    /// <exception cref="NetworkException">It can't be divided.</exception>
    public static Graph Whole(Graph graph, int parts)
    {
        bool[] isDivided = new bool[graph.Nodes.Count];
        foreach (Place place in Walk(graph, parts))
            isDivided[place.Node.Index] = place.IsDivided;
        Graph whole = graph.WithLayers(node => isDivided[node.Index] && node.Layer is LocalResponseNorm norm && norm.Groups % parts != 0
            ? norm.WithGroups(parts) : node.Layer);
        Of(whole, parts);
        return whole;
    }

    /// <summary>The part that each rank computes; it is the same network for all of them.</summary>
    /// <param name="whole">As <see cref="Whole"/> makes it.</param>
    /// <param name="parts">At least 2.</param>
    /// <exception cref="NetworkException">It can't be divided.</exception>
    public static Graph Of(Graph whole, int parts)
    {
        GraphBuilder builder = new(whole.Name, whole.Input);
        GraphBuilder.Handle last = builder.Input;
        bool isDivided = false;
        foreach ((Node node, bool isBehindGather, bool isDividedHere, bool sums) in Walk(whole, parts))
        {
            if (isBehindGather)
                last = builder.AddNamed($"gather before {node.Name}", new GatherParts(parts, sums), last);
            isDivided = isDividedHere;
            last = builder.AddNamed(node.Name, isDivided ? PartOf(node, parts)
                : node.Layer is Dropout dropout ? dropout with { Number = node.Index } : node.Layer, last);
        }
        Graph part = builder.Build(isDivided ? builder.AddNamed("gather logits", new GatherParts(parts, false), last) : last);
        RequireEqualParts(whole, part, parts);
        return part;
    }

    private readonly record struct Place(Node Node, bool IsBehindGather, bool IsDivided, bool SumsGradients);

    // In order, behind the entry.
    private static IEnumerable<Place> Walk(Graph graph, int parts)
    {
        bool isDivided = false;
        foreach (Node node in graph.Nodes.Skip(1))
        {
            if (node.Inputs.Count != 1 || node.Inputs[0].Index != node.Index - 1)
                throw Undividable(node, parts, "its network branches");
            bool gathers = isDivided && TakesAll(node.Layer, parts);
            isDivided &= !gathers;
            if (node.Layer is WeightedLayer && !isDivided)
            {
                if (node.Layer is Conv2d { Groups: > 1 })
                    throw Undividable(node, parts, "it has groups, but its input isn't divided");
                isDivided = true;
            }
            yield return new(node, gathers, isDivided, gathers && graph.Nodes.Skip(node.Index).Any(next => next.Layer is WeightedLayer));
        }
        if (!graph.Nodes.Any(node => node.Layer is WeightedLayer))
            throw new NetworkException($"\"{graph.Name}\" has no layer that can be divided between ranks.");
    }

    private static bool TakesAll(Layer layer, int parts) =>
        layer is Softmax or Linear or Dropout || (layer is Conv2d conv && conv.Groups % parts != 0);

    private static Layer PartOf(Node node, int parts)
    {
        switch (node.Layer)
        {
            case Conv2d conv:
                if (conv.Filters % parts != 0)
                    throw Undividable(node, parts, Count("filters", conv.Filters, parts));
                if (conv.Groups > 1 && conv.Groups % parts != 0)
                    throw Undividable(node, parts, Count("groups", conv.Groups, parts));
                return new Conv2d(conv.Filters / parts, conv.Kernel, conv.Stride, conv.Padding, conv.Dilation,
                    Math.Max(1, conv.Groups / parts), conv.HasBias)
                { Initialization = conv.Initialization };
            case Linear linear:
                return linear.Units % parts == 0
                    ? new Linear(linear.Units / parts, linear.HasBias) { Initialization = linear.Initialization }
                    : throw Undividable(node, parts, Count("units", linear.Units, parts));
            case LocalResponseNorm norm:
                return norm.WithGroups(Math.Max(1, norm.Groups / parts));
            case PadChannels:
                throw Undividable(node, parts, "it adds channels behind the last part alone");
            default:
                return node.Layer;
        }
    }

    // Such as a slope that all channels share, or a normalization of what all ranks have.
    private static void RequireEqualParts(Graph whole, Graph part, int parts)
    {
        foreach (Node node in whole.Nodes.Where(node => node.State.Count > 0))
            if (!part.Nodes.First(other => other.Name == node.Name).State.Zip(node.State)
                .All(pair => pair.First.Count * parts == pair.Second.Count))
                throw Undividable(node, parts, "its parameters aren't those of its channels, or all ranks have its input");
    }

    private static string Count(string what, int count, int parts) =>
        string.Create(CultureInfo.InvariantCulture, $"its {count} {what} aren't a multiple of {parts}");

    private static NetworkException Undividable(Node node, int parts, string problem) =>
        new(string.Create(CultureInfo.InvariantCulture,
            $"{node.Layer} \"{node.Name}\" can't be divided between {parts} ranks: {problem}. Only a network without branches can be ") +
            string.Create(CultureInfo.InvariantCulture,
            $"divided, such as alexnet-2012, and the filters, units and groups (unless 1) of all its layers must be multiples of {parts}."))
        { Node = node.Name };
}
