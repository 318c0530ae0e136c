using Convolve.Layers;

namespace Convolve.Graphs;

/// <summary>A layer in its place: its name, where its inputs come from, and the shape of what it gives.</summary>
public sealed class Node
{
    internal Node(int index, string name, Layer layer, IReadOnlyList<Node> inputs, Shape output) =>
        (Index, Name, Layer, Inputs, Output) = (index, name, layer, inputs, output);

    /// <summary>The index in <see cref="Graph.Nodes"/>; inputs come before it.</summary>
    public int Index { get; }

    /// <summary>Unique in its graph, such as "conv1".</summary>
    public string Name { get; }

    /// <summary>What it computes.</summary>
    public Layer Layer { get; }

    /// <summary>The nodes whose outputs it takes, in order; none for the entry.</summary>
    public IReadOnlyList<Node> Inputs { get; }

    /// <summary>The shape of one sample of the output.</summary>
    public Shape Output { get; }

    /// <summary>The shape of the (first) input; the graph's input for the entry itself.</summary>
    public Shape Input => Inputs.Count > 0 ? Inputs[0].Output : Output;

    /// <summary>What it learns, in the layer's order.</summary>
    public IReadOnlyList<ParameterSpec> Parameters => Layer.Parameters(Input);

    /// <summary>All that a file of weights holds of it: what it learns, then what it keeps from batch to batch.</summary>
    public IReadOnlyList<ParameterSpec> State => [.. Parameters, .. Layer.Buffers(Input)];

    /// <summary>The number of learned values.</summary>
    public long ParameterCount => Parameters.Sum(p => p.Count);

    /// <summary>Multiply-adds of the forward pass of one sample.</summary>
    public long MultiplyAdds => Layer.MultiplyAdds(Input);

    public override string ToString() => $"{Name}: {Layer} -> {Output}";
}

/// <summary>
/// A network as data: named nodes from the input to one output, in an order in which inputs come first. Shapes are inferred when it is
/// made, so a graph that exists fits together.
/// </summary>
public sealed class Graph : IEquatable<Graph>
{
    internal Graph(string name, IReadOnlyList<NodeSpec> specs)
    {
        Name = name;
        Nodes = GraphInference.Infer(name, specs);
        try
        {
            _ = checked(ParameterCount + MultiplyAdds + Nodes.Max(n => n.Output.Elements));
        }
        catch (OverflowException e)
        {
            throw new NetworkException(
                $"The network \"{name}\" is too large: a size in it overflows. Use smaller images or a smaller network.", e);
        }
    }

    /// <summary>Such as "alexnet-d2l".</summary>
    public string Name { get; }

    /// <summary>All nodes, the entry first, the output last.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>The shape of one image.</summary>
    public Shape Input => Nodes[0].Output;

    /// <summary>The shape of one result: a vector of logits for a classifier.</summary>
    public Shape Output => Nodes[^1].Output;

    /// <summary>Whether the last layer is a Softmax: then evaluation gives probabilities, and the loss takes its input.</summary>
    public bool GivesProbabilities => Nodes[^1].Layer is Softmax;

    /// <summary>The number of learned values.</summary>
    public long ParameterCount => Nodes.Sum(n => n.ParameterCount);

    /// <summary>Multiply-adds of the forward pass of one image.</summary>
    public long MultiplyAdds => Nodes.Sum(n => n.MultiplyAdds);

    /// <summary>A chain of layers.</summary>
    /// <param name="name">The network's name.</param>
    /// <param name="input">The shape of one image.</param>
    /// <param name="layers">In order; names are made from their kinds: conv1, relu1, pool1, conv2.</param>
    /// <exception cref="NetworkException">A layer does not fit; the message names it, the sizes, the smallest legal input and the
    /// fix.</exception>
    public static Graph Sequential(string name, Shape input, IEnumerable<Layer> layers)
    {
        GraphBuilder builder = new(name, input);
        GraphBuilder.Handle last = builder.Input;
        foreach (Layer layer in layers)
            last = builder.Add(layer, last);
        return builder.Build(last);
    }

    /// <summary>The same network for images of another size.</summary>
    /// <exception cref="NetworkException">A layer does not fit the new size.</exception>
    public Graph WithInput(Shape input) => new(Name, Specs(node => node.Layer is Input ? new Input(input) : node.Layer));

    /// <summary>The same network, started otherwise.</summary>
    public Graph WithInitialization(Initialization initialization) => WithInitializations(_ => initialization);

    /// <summary>The same network with another layer in the place of one.</summary>
    /// <exception cref="NetworkException">It doesn't fit there.</exception>
    internal Graph With(string name, Layer layer) => new(Name, Specs(node => node.Name == name ? layer : node.Layer));

    /// <summary>The same network with dropout of probability 0: nothing of it is left to chance.</summary>
    internal Graph WithoutDropout() => WithLayers(node => node.Layer is Dropout ? new Dropout(0) : node.Layer);

    /// <summary>The same network with wider or narrower layers, all but those that give the output.</summary>
    /// <param name="factor">Of the filters of convolutions and the units of fully connected layers; these are rounded, filters to a
    /// multiple of their groups.</param>
    /// <exception cref="NetworkException">The factor isn't above 0, or the layers no longer fit together.</exception>
    internal Graph WithWidth(double factor)
    {
        if (factor is not (> 0 and < int.MaxValue))
            throw new NetworkException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"The factor of the width must be above 0, such as 0.5, got {factor}."));
        bool[] isRead = new bool[Nodes.Count]; // by a layer with weights, directly or through others
        foreach (Node node in Nodes.Reverse())
            foreach (Node input in node.Inputs)
                isRead[input.Index] |= isRead[node.Index] || node.Layer is WeightedLayer;
        int Scaled(int size, int groups) => checked(groups * (int)Math.Max(1, Math.Round(size * factor / groups)));
        return new(Name, Specs(node => !isRead[node.Index] ? node.Layer : node.Layer switch
        {
            Conv2d conv when conv.Groups == conv.Filters && conv.Groups > 1 => conv.WithFilters(Scaled(conv.Filters, 1), isDepthwise: true),
            Conv2d conv => conv.WithFilters(Scaled(conv.Filters, conv.Groups)),
            Linear linear => new Linear(Scaled(linear.Units, 1), linear.HasBias) { Initialization = linear.Initialization },
            _ => node.Layer,
        }));
    }

    /// <summary>The same network, each convolution and each fully connected layer started in its own way.</summary>
    internal Graph WithInitializations(Func<Node, Initialization> choose) =>
        WithLayers(node => node.Layer is WeightedLayer layer ? layer with { Initialization = choose(node) } : node.Layer);

    /// <summary>The same names and edges with other layers.</summary>
    /// <exception cref="NetworkException">A layer does not fit in its place.</exception>
    internal Graph WithLayers(Func<Node, Layer> layerOf) => new(Name, Specs(layerOf));

    /// <summary>The smallest square input that every layer can take, or null where none up to 1024 fits.</summary>
    public Shape? SmallestInput() => GraphInference.SmallestInput(Specs(node => node.Layer));

    /// <summary>Whether name, layers (with their initialization) and edges are the same.</summary>
    public bool Equals(Graph? other) => other is not null && Name == other.Name && Nodes.Count == other.Nodes.Count
        && Nodes.Zip(other.Nodes).All(pair => pair.First.Name == pair.Second.Name && pair.First.Layer == pair.Second.Layer
            && pair.First.Inputs.Select(n => n.Index).SequenceEqual(pair.Second.Inputs.Select(n => n.Index)));

    public override bool Equals(object? obj) => Equals(obj as Graph);

    public override int GetHashCode() => HashCode.Combine(Name, Nodes.Count, Nodes[^1].Layer, Input);

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{Name}: {Input} -> {Output}, {ParameterCount:N0} parameters");

    private List<NodeSpec> Specs(Func<Node, Layer> layerOf) =>
        [.. Nodes.Select(n => new NodeSpec(n.Name, layerOf(n), [.. n.Inputs.Select(i => i.Index)]))];
}

/// <summary>A node before its shape is known.</summary>
internal sealed record NodeSpec(string Name, Layer Layer, int[] Inputs);
