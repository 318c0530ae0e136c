using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Onnx;

/// <summary>Writes the operators of one node of a network. Their names begin with the node's.</summary>
/// <param name="graph">What they are added to.</param>
/// <param name="node">The node.</param>
/// <param name="inputs">The names of its inputs' values.</param>
/// <param name="output">The name of its value.</param>
/// <param name="read">Reads its weights.</param>
internal sealed class NodeWriter(GraphWriter graph, Node node, IReadOnlyList<string> inputs, string output, ReadWeights read)
{
    public int Opset => graph.Opset;

    /// <summary>The values that the node reads.</summary>
    public IReadOnlyList<string> Inputs => inputs;

    /// <summary>The first of them.</summary>
    public string Input => inputs[0];

    /// <summary>The shape of one sample of the first input.</summary>
    public Shape InputShape => node.Input;

    /// <summary>The operator that gives the node's value.</summary>
    public string Result(string type, IEnumerable<string> from, params ReadOnlySpan<AttributeProto> attributes) =>
        graph.Add(type, output, from, attributes);

    /// <summary>An operator on the way to it.</summary>
    /// <param name="type">The operator.</param>
    /// <param name="part">What its result is called behind the node's name.</param>
    /// <param name="from">The values that it reads.</param>
    /// <param name="attributes">Its attributes.</param>
    public string Step(string type, string part, IEnumerable<string> from, params ReadOnlySpan<AttributeProto> attributes) =>
        graph.Add(type, graph.Name(Part(part)), from, attributes);

    /// <summary>Something that the layer has learned, or keeps, in its own shape.</summary>
    public string Weight(string name) => Weight(name, [.. node.State.Single(spec => spec.Name == name).Shape.Select(size => (long)size)]);

    /// <summary>The same in another shape of as many elements.</summary>
    public string Weight(string name, params ReadOnlySpan<long> shape) => graph.Weight($"{node.Name}.{name}", read, shape);

    /// <summary>A constant number.</summary>
    public string Number(string part, float value) => graph.Constant(Part(part), [value], []);

    /// <summary>A constant matrix.</summary>
    public string Matrix(string part, float[] values, int rows) => graph.Constant(Part(part), values, rows, values.Length / rows);

    /// <summary>A constant list of numbers.</summary>
    public string Numbers(string part, params ReadOnlySpan<float> values) => graph.Constant(Part(part), values, values.Length);

    /// <summary>A constant list of whole numbers.</summary>
    public string Integers(string part, params ReadOnlySpan<long> values) => graph.Constant(Part(part), values);

    /// <summary>An error that names the node.</summary>
    public NetworkException Wrong(string problem, string fix) =>
        new($"{node.Layer} \"{node.Name}\" can't be written as ONNX: {problem}. {fix}.") { Node = node.Name };

    private string Part(string part) => $"{node.Name}/{part}";
}
