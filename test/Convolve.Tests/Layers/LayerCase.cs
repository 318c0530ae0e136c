using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Tests.Layers;

/// <summary>
/// A small network around a few layers, which every check of the catalogue runs through: a 1x1 convolution, so that the gradient of the
/// layers' input shows in its weights; the layers; a closing Linear(5). In front of a batch normalization a bias does nothing, and its
/// gradient would be rounding alone, so there is none.
/// </summary>
/// <param name="Text">How the layers print, or for branching cases what is tried.</param>
/// <param name="Graph">The network.</param>
/// <param name="Layers">The layers under test.</param>
/// <param name="Batch">Images; odd unless a case says otherwise, so that no kernel can count on whole vectors.</param>
public sealed record LayerCase(string Text, Graph Graph, IReadOnlyList<Layer> Layers, int Batch = 5)
{
    /// <summary>Unique in the catalogue.</summary>
    public string Name => $"{Text} on {Graph.Nodes[1].Output}" + (Batch == 5 ? "" : $", batch {Batch}");

    /// <summary>A chain of layers on images of a shape.</summary>
    public static LayerCase Chain(string text, Shape shape, params Layer[] layers)
    {
        GraphBuilder net = new("chain", (2, shape.Height, shape.Width));
        return new(text, Close(net, net.Chain(net.Input, [new Conv2d(shape.Channels, 1, bias: layers[0] is not BatchNorm), .. layers])),
            layers);
    }

    /// <summary>A chain of layers on vectors.</summary>
    public static LayerCase OnVector(string text, int features, params Layer[] layers)
    {
        bool hasBias = layers[0] is not BatchNorm;
        GraphBuilder net = new("vector", (3, 2, 2));
        GraphBuilder.Handle last = net.Chain(net.Input,
            [new Conv2d(3, 1, bias: hasBias), new Flatten(), new Linear(features, bias: hasBias), .. layers]);
        return new(text, net.Build(net.AddNamed("close", new Linear(5), last)), layers);
    }

    /// <summary>A chain of layers straight on the images.</summary>
    public static LayerCase First(string text, Shape shape, params Layer[] layers)
    {
        GraphBuilder net = new("first", shape);
        return new("first: " + text, Close(net, net.Chain(net.Input, layers)), layers);
    }

    /// <summary>Branches between a 1x1 convolution's images and the images that are classified.</summary>
    public static LayerCase Branches(string text, Shape shape, Func<GraphBuilder, GraphBuilder.Handle, GraphBuilder.Handle> build)
    {
        GraphBuilder net = new("branches", (2, shape.Height, shape.Width));
        Graph graph = Close(net, build(net, net.Add(new Conv2d(shape.Channels, 1), net.Input)));
        return new(text, graph, [.. graph.Nodes.Skip(2).SkipLast(2).Select(n => n.Layer)]);
    }

    /// <summary>A Linear that classifies vectors, and layers behind it that the network ends in.</summary>
    public static LayerCase Last(string text, int features, params Layer[] layers)
    {
        GraphBuilder net = new("last", (3, 2, 2));
        return new("last: " + text, net.Build(net.Chain(net.Input, [new Flatten(), new Linear(features), .. layers])), layers);
    }

    /// <summary>Branches of vectors.</summary>
    public static LayerCase VectorBranches(string text, int features, Func<GraphBuilder, GraphBuilder.Handle, GraphBuilder.Handle> build)
    {
        GraphBuilder net = new("branches", (3, 2, 2));
        GraphBuilder.Handle start = net.Chain(net.Input, [new Conv2d(3, 1), new Flatten(), new Linear(features)]);
        Graph graph = net.Build(net.AddNamed("close", new Linear(5), build(net, start)));
        return new(text, graph, [.. graph.Nodes.Skip(4).SkipLast(1).Select(n => n.Layer)]);
    }

    public override string ToString() => Name;

    private static Graph Close(GraphBuilder net, GraphBuilder.Handle last) =>
        net.Build(net.AddNamed("close", new Linear(5), net.AddNamed("flat", new Flatten(), last)));
}
