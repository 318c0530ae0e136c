using System.Globalization;
using Convolve.Layers;

namespace Convolve.Graphs;

/// <summary>Builds a graph edge by edge: for networks that branch.</summary>
/// <example><code>
/// GraphBuilder net = new("residual", (16, 32, 32));
/// var branch = net.Chain(net.Input, new Conv2d(16, 3, padding: 1), new ReLU(), new Conv2d(16, 3, padding: 1));
/// Graph graph = net.Build(net.Add(new Add(), branch, net.Input));
/// </code></example>
public sealed class GraphBuilder
{
    private readonly string _name;
    private readonly List<NodeSpec> _specs = [];
    private readonly Dictionary<string, int> _counts = [];
    private readonly HashSet<string> _names = ["input"];

    /// <summary>An empty network.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="input">The shape of one image.</param>
    public GraphBuilder(string name, Shape input)
    {
        _name = name;
        _specs.Add(new("input", new Input(input), []));
    }

    /// <summary>A handle of a node; only valid for the builder that returned it.</summary>
    public readonly record struct Handle
    {
        internal Handle(GraphBuilder owner, int index) => (Owner, Index) = (owner, index);

        internal GraphBuilder Owner { get; }

        internal int Index { get; }
    }

    /// <summary>The network's entry.</summary>
    public Handle Input => new(this, 0);

    /// <summary>Adds a layer behind its inputs, with a name made from its kind.</summary>
    public Handle Add(Layer layer, params ReadOnlySpan<Handle> inputs) => AddNamed(FreeName(layer), layer, inputs);

    /// <summary>A name made from a layer's kind: the next unused one of conv1, conv2, ...</summary>
    internal string FreeName(Layer layer)
    {
        while (true)
        {
            int count = _counts[layer.Stem] = _counts.GetValueOrDefault(layer.Stem) + 1;
            string name = layer.Stem + count.ToString(CultureInfo.InvariantCulture);
            if (!_names.Contains(name))
                return name;
        }
    }

    /// <summary>Adds a layer behind its inputs, with a name of your own.</summary>
    /// <exception cref="NetworkException">The name is already used or empty, or an input belongs to another builder.</exception>
    public Handle AddNamed(string name, Layer layer, params ReadOnlySpan<Handle> inputs)
    {
        if (string.IsNullOrWhiteSpace(name) || !_names.Add(name))
            throw new NetworkException(
                $"{layer}: the name \"{name}\" is {(string.IsNullOrWhiteSpace(name) ? "empty" : "taken")}. Every node needs a unique " +
                $"name.");
        int[] indices = new int[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            indices[i] = inputs[i].Owner == this ? inputs[i].Index
                : throw new NetworkException($"{layer} \"{name}\": input {i + 1} belongs to another builder. Use the handles of this one.");
        _specs.Add(new(name, layer, indices));
        return new(this, _specs.Count - 1);
    }

    /// <summary>Adds layers one behind the other.</summary>
    public Handle Chain(Handle start, params IEnumerable<Layer> layers) => layers.Aggregate(start, (last, layer) => Add(layer, last));

    /// <summary>Infers every shape and makes the graph.</summary>
    /// <param name="output">The node whose value is the network's result.</param>
    /// <exception cref="NetworkException">A layer does not fit, a node leads nowhere, or the output is another builder's.</exception>
    public Graph Build(Handle output)
    {
        if (output.Owner != this)
            throw new NetworkException($"The output of the network \"{_name}\" belongs to another builder. Use the handles of this one.");
        bool[] used = new bool[_specs.Count];
        used[output.Index] = true;
        for (int i = _specs.Count - 1; i >= 0; i--)
            if (used[i])
                Array.ForEach(_specs[i].Inputs, j => used[j] = true);
        if (Array.IndexOf(used, false) is >= 0 and var dead)
            throw new NetworkException(
                $"{_specs[dead].Layer} \"{_specs[dead].Name}\": nothing on the path to the output uses it. Add an edge or leave it out.")
            { Node = _specs[dead].Name };
        if (output.Index != _specs.Count - 1)
            throw new NetworkException(
                $"{_specs[output.Index].Layer} \"{_specs[output.Index].Name}\": the output must be the node added last.");
        return new(_name, _specs);
    }
}
