using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;

namespace Convolve.Onnx;

/// <summary>Reads a tensor of a network's weights, such as "conv1.weight", in plain order.</summary>
internal delegate void ReadWeights(string name, Span<float> values);

/// <summary>An ONNX graph that grows node by node. Values, constants and weights share their names; each is used once.</summary>
/// <param name="graph">What is written.</param>
/// <param name="opset">The version of its operators.</param>
/// <param name="batch">The batch size; null for any.</param>
/// <param name="reserved">Names for values that come later.</param>
internal sealed class GraphWriter(GraphProto graph, int opset, int? batch, IEnumerable<string> reserved)
{
    private readonly HashSet<string> _names = [.. reserved];

    public int Opset => opset;

    /// <summary>The batch size; null for any.</summary>
    public int? Batch => batch;

    /// <summary>A dimension of images, one for each: a number, or the name N.</summary>
    public object BatchSize => batch is { } size ? size : "N";

    /// <summary>A name that nothing else has.</summary>
    public string Name(string wanted)
    {
        string name = wanted;
        while (!_names.Add(name))
            name += "_";
        return name;
    }

    /// <summary>Adds a node with one result.</summary>
    /// <param name="type">The operator.</param>
    /// <param name="output">The name of the node and of its result.</param>
    /// <param name="inputs">Names of values; empty for what isn't given.</param>
    /// <param name="attributes">All that the operator has at this opset.</param>
    public string Add(string type, string output, IEnumerable<string> inputs, params ReadOnlySpan<AttributeProto> attributes)
    {
        NodeProto node = new() { OpType = type, Name = output, Input = { inputs }, Output = { output } };
        node.Attribute.AddRange(attributes.ToArray());
        graph.Node.Add(node);
        return output;
    }

    /// <summary>Adds a constant of numbers.</summary>
    public string Constant(string name, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        values.CopyTo(MemoryMarshal.Cast<byte, float>(bytes.AsSpan()));
        return Add(Name(name), TensorProto.Types.DataType.Float, bytes, shape);
    }

    /// <summary>Adds a constant list of whole numbers.</summary>
    public string Constant(string name, params ReadOnlySpan<long> values)
    {
        byte[] bytes = new byte[values.Length * sizeof(long)];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * sizeof(long)), values[i]);
        return Add(Name(name), TensorProto.Types.DataType.Int64, bytes, [values.Length]);
    }

    /// <summary>Adds weights; they are read straight into what is written.</summary>
    public string Weight(string tensor, ReadWeights read, params ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long size in shape)
            count *= size;
        byte[] bytes = new byte[count * sizeof(float)];
        read(tensor, MemoryMarshal.Cast<byte, float>(bytes.AsSpan()));
        return Add(Name(tensor), TensorProto.Types.DataType.Float, bytes, shape);
    }

    /// <summary>What a value is: its type, and its sizes, each a number or a name.</summary>
    public static ValueInfoProto Describe(string name, TensorProto.Types.DataType type, params ReadOnlySpan<object> shape)
    {
        TensorShapeProto sizes = new();
        foreach (object size in shape)
            sizes.Dim.Add(size is string named ? new TensorShapeProto.Types.Dimension { DimParam = named }
                : new TensorShapeProto.Types.Dimension { DimValue = (int)size });
        return new() { Name = name, Type = new() { TensorType = new() { ElemType = type, Shape = sizes } } };
    }

    private string Add(string name, TensorProto.Types.DataType type, byte[] bytes, ReadOnlySpan<long> shape)
    {
        if (!BitConverter.IsLittleEndian && type == TensorProto.Types.DataType.Float)
        {
            Span<int> values = MemoryMarshal.Cast<byte, int>(bytes.AsSpan());
            BinaryPrimitives.ReverseEndianness(values, values);
        }
        // Not copied: nobody else has the bytes.
        graph.Initializer.Add(new TensorProto
        {
            Name = name,
            DataType = type,
            Dims = { shape.ToArray() },
            RawData = UnsafeByteOperations.UnsafeWrap(bytes),
        });
        return name;
    }
}
