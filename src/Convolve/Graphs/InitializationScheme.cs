using Convolve.Layers;

namespace Convolve.Graphs;

/// <summary>
/// Ways to start a whole network, by name: one <see cref="Initialization"/> for every layer, or a source's way that differs from layer to
/// layer.
/// </summary>
internal static class InitializationScheme
{
    /// <summary>Xavier uniform, biases 0: the defaults of Keras.</summary>
    public const string Keras = "keras";

    /// <summary>Convolutions Kaiming normal by fan out, fully connected layers N(0, 0.01), biases 0: torchvision's VGG.</summary>
    public const string Torchvision = "torchvision";

    /// <summary>
    /// N(0, 0.01); biases 1 in the second, fourth and fifth convolution and in every fully connected layer but the last, 0 elsewhere
    /// (Krizhevsky 2012, section 5).
    /// </summary>
    public const string Paper2012 = "2012";

    /// <summary>All names: those of <see cref="Initialization.Names"/> and the schemes'.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Initialization.Names, Keras, Torchvision, Paper2012];

    /// <summary>Whether a name can be understood.</summary>
    /// <exception cref="NetworkException">It cannot; the message has the names.</exception>
    public static void Require(string name) => _ = Of(name);

    /// <summary>The same network, started in the way of a name, such as "pytorch", "keras" or "normal(0.01)".</summary>
    /// <exception cref="NetworkException">The name is unknown.</exception>
    public static Graph WithInitialization(this Graph graph, string name) => graph.WithInitializations(Of(name)(graph));

    // For a graph, what each node starts with.
    private static Func<Graph, Func<Node, Initialization>> Of(string name)
    {
        switch (name)
        {
            case Keras:
                return _ => _ => new(new XavierUniform(), new Constant(0));
            case Torchvision:
                return _ => node => new(node.Layer is Conv2d ? new KaimingNormalFanOut() : new Normal(0.01f), new Constant(0));
            case Paper2012:
                return graph =>
                {
                    HashSet<Node> raised = [.. NodesWith<Conv2d>(graph).Where((_, i) => i is 1 or 3 or 4),
                        .. NodesWith<Linear>(graph).SkipLast(1)];
                    return node => new(new Normal(0.01f), new Constant(raised.Contains(node) ? 1 : 0));
                };
            default:
                Initialization everywhere = Initialization.Find(name) ?? throw Initialization.Unknown(name, Names);
                return _ => _ => everywhere;
        }
    }

    private static IEnumerable<Node> NodesWith<TLayer>(Graph graph) => graph.Nodes.Where(node => node.Layer is TLayer);
}
