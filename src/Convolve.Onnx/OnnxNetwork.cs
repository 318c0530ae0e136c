using Convolve.Data.Inputs;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Onnx;

/// <summary>A network with its weights as an ONNX graph.</summary>
internal static class OnnxNetwork
{
    /// <summary>What normalized images are called, and the bytes of pictures.</summary>
    public const string Input = "input", Pictures = "image";

    // Protocol buffers can't be larger; some room for what isn't weights.
    private const long MostWeightBytes = int.MaxValue - (16L << 20);

    /// <summary>The graph.</summary>
    /// <param name="network">The network.</param>
    /// <param name="read">Reads its weights.</param>
    /// <param name="options">How it is written.</param>
    /// <param name="preprocessing">What is done to pictures first; null where normalized numbers come in.</param>
    /// <exception cref="NetworkException">A layer can't be written, or there are too many weights for one file.</exception>
    /// <exception cref="Data.DatasetException">A step of the preprocessing can't be written at this opset.</exception>
    public static GraphProto Create(Graph network, ReadWeights read, OnnxOptions options, Preprocessing? preprocessing = null)
    {
        long bytes = network.Nodes.SelectMany(n => n.State).Sum(p => p.Count) * sizeof(float);
        if (bytes > MostWeightBytes)
            throw new NetworkException($"The network \"{network.Name}\" can't be written as ONNX: its weights take " +
                $"{Format.Bytes(bytes)}, and an ONNX file holds less than 2 GiB. Use a smaller network, or its safetensors file.");
        GraphProto graph = new() { Name = network.Name };
        string result = network.GivesProbabilities ? "probabilities" : "logits";
        if (network.Nodes.SkipLast(1).Any(n => n.Name == result))
            result = network.Nodes[^1].Name;
        GraphWriter writer = new(graph, options.Opset, options.StaticBatch, network.Nodes.Select(n => n.Name).Append(result));
        string[] values = new string[network.Nodes.Count];
        if (preprocessing is null)
            graph.Input.Add(Describe(Input, network.Input));
        else
            PreprocessingOperators.Write(writer, graph, preprocessing, Input);
        values[0] = Input;
        foreach (Node node in network.Nodes.Skip(1))
        {
            bool isLast = node.Index == network.Nodes.Count - 1;
            string name = isLast ? result : node.Name;
            string value = LayerOperators.Write(node.Layer,
                new(writer, node, [.. node.Inputs.Select(i => values[i.Index])], name, read));
            if (isLast && value != result) // a layer that does nothing
                value = writer.Add("Identity", result, [value]);
            if (value == name && !isLast)
                graph.ValueInfo.Add(Describe(value, node.Output));
            values[node.Index] = value;
        }
        graph.Output.Add(Describe(result, network.Output));
        return graph;

        ValueInfoProto Describe(string name, Shape shape) => GraphWriter.Describe(name, TensorProto.Types.DataType.Float,
            [writer.BatchSize, .. shape.ToArray().Select(size => (object)size)]);
    }
}
