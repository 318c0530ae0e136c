using System.Text;
using System.Text.Json;
using Convolve.Layers;

namespace Convolve.Graphs;

/// <summary>
/// A graph as JSON, one node a line. Options that have their default are left out. A node without "inputs" reads the node before it, and one without
/// "name" is called by its kind. Reading is strict, so that a mistyped option is an error and never a silent default.
/// </summary>
/// <example><code>
/// {"name":"tiny","input":[1,28,28],"nodes":[
///   {"name":"conv1","type":"Conv2d","inputs":["input"],"filters":6,"kernel":5,"padding":2},
///   {"name":"flatten1","type":"Flatten","inputs":["conv1"]},
///   {"name":"fc1","type":"Linear","inputs":["flatten1"],"units":10,"initialization":{"weights":"xavier-uniform","biases":"constant(0)"}}
/// ]}
/// </code></example>
public static class GraphJson
{
    private const string InputName = "input";

    /// <summary>Writes a graph; <see cref="Read"/> gives an equal one back.</summary>
    public static string Write(Graph graph)
    {
        string head = Compact(json =>
        {
            json.WriteString("name", graph.Name);
            json.WriteStartArray("input");
            foreach (int size in graph.Input.ToArray())
                json.WriteNumberValue(size);
            json.WriteEndArray();
        });
        var nodes = graph.Nodes.Skip(1).Select(node => "  " + Compact(json => WriteNode(json, node)));
        return $"{head[..^1]},\"nodes\":[\n{string.Join(",\n", nodes)}\n]}}";
    }

    /// <summary>Reads a graph.</summary>
    /// <exception cref="NetworkException">
    /// The text is not JSON, or a node is unknown, incomplete, misspelt or does not fit; with line, column and path. Never another exception.
    /// </exception>
    public static Graph Read(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            return ReadGraph(JsonValue.Parse(json));
        }
        catch (JsonException e)
        {
            throw new NetworkException($"The network is not JSON: line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: {Reason(e)}", e);
        }
        catch (OverflowException e)
        {
            throw new NetworkException("The network is too large: a size in it overflows.", e);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException) // half a surrogate pair, as such or escaped
        {
            throw new NetworkException("The network is not JSON: a text in it is not Unicode.", e);
        }
    }

    private static void WriteNode(Utf8JsonWriter json, Node node)
    {
        json.WriteString("name", node.Name);
        json.WriteString("type", node.Layer.GetType().Name);
        json.WriteStartArray("inputs");
        foreach (Node input in node.Inputs)
            json.WriteStringValue(input.Name);
        json.WriteEndArray();
        WriteOptions(json, node.Layer);
    }

    private static void WriteOptions(Utf8JsonWriter json, Layer layer)
    {
        switch (layer)
        {
            case Conv2d conv:
                json.WriteNumber("filters", conv.Filters);
                WriteSize(json, "kernel", conv.Kernel);
                WriteSize(json, "stride", conv.Stride, 1);
                WritePadding(json, conv.Padding);
                WriteSize(json, "dilation", conv.Dilation, 1);
                if (conv.Groups != 1)
                    json.WriteNumber("groups", conv.Groups);
                WriteBias(json, conv.HasBias, conv.Initialization);
                break;
            case Linear linear:
                json.WriteNumber("units", linear.Units);
                WriteBias(json, linear.HasBias, linear.Initialization);
                break;
            case MaxPool2d pool:
                WritePool(json, pool);
                break;
            case MinPool2d pool:
                WritePool(json, pool);
                break;
            case AvgPool2d pool:
                WritePool(json, pool);
                if (!pool.CountsPadding)
                    json.WriteBoolean("countPadding", false);
                break;
            case AdaptiveAvgPool2d pool:
                WriteSize(json, "output", pool.Output);
                break;
            case LeakyReLU leaky:
                WriteNumber(json, "slope", leaky.Slope, 0.01f);
                break;
            case GELU gelu:
                if (gelu.Approximate != "none")
                    json.WriteString("approximate", gelu.Approximate);
                break;
            case Resize resize:
                WriteSize(json, "size", resize.Size);
                break;
            case BatchNorm norm:
                WriteNumber(json, "eps", norm.Eps, 1e-5f);
                WriteNumber(json, "momentum", norm.Momentum, 0.1f);
                break;
            case LocalResponseNorm norm:
                json.WriteNumber("size", norm.Size);
                WriteNumber(json, "alpha", norm.Alpha, 1e-4f);
                WriteNumber(json, "beta", norm.Beta, 0.75f);
                WriteNumber(json, "k", norm.K, 1);
                if (!norm.DividesAlpha)
                    json.WriteBoolean("divideAlpha", false);
                break;
            case PadChannels pad:
                json.WriteNumber("count", pad.Count);
                break;
            case Dropout dropout:
                WriteNumber(json, "probability", dropout.Probability, 0.5f);
                break;
            case GlobalAvgPool or ReLU or Tanh or Sigmoid or SiLU or Softmax or Flatten or Add or Concat:
                break;
            default:
                throw new NetworkException($"{layer}: this kind of layer has no JSON form.");
        }
    }

    private static Layer ReadLayer(string type, JsonFields fields) => type switch
    {
        nameof(Conv2d) => new Conv2d(fields.Whole("filters"), fields.Size("kernel"), fields.Size("stride", null), fields.Padding("padding"),
            fields.Size("dilation", null), fields.Whole("groups", 1), fields.Flag("bias", true))
        { Initialization = ReadInitialization(fields) },
        nameof(Linear) => new Linear(fields.Whole("units"), fields.Flag("bias", true)) { Initialization = ReadInitialization(fields) },
        nameof(MaxPool2d) => new MaxPool2d(fields.Size("kernel"), fields.Size("stride", null), fields.Padding("padding")),
        nameof(MinPool2d) => new MinPool2d(fields.Size("kernel"), fields.Size("stride", null), fields.Padding("padding")),
        nameof(AvgPool2d) => new AvgPool2d(fields.Size("kernel"), fields.Size("stride", null), fields.Padding("padding"),
            fields.Flag("countPadding", true)),
        nameof(AdaptiveAvgPool2d) => new AdaptiveAvgPool2d(fields.Size("output")),
        nameof(GlobalAvgPool) => new GlobalAvgPool(),
        nameof(BatchNorm2d) => new BatchNorm2d(fields.Number("eps", 1e-5f), fields.Number("momentum", 0.1f)),
        nameof(BatchNorm1d) => new BatchNorm1d(fields.Number("eps", 1e-5f), fields.Number("momentum", 0.1f)),
        nameof(LocalResponseNorm) => new LocalResponseNorm(fields.Whole("size"), fields.Number("alpha", 1e-4f), fields.Number("beta", 0.75f), fields.Number("k", 1),
            fields.Flag("divideAlpha", true)),
        nameof(LeakyReLU) => new LeakyReLU(fields.Number("slope", 0.01f)),
        nameof(Dropout) => new Dropout(fields.Number("probability", 0.5f)),
        nameof(ReLU) => new ReLU(),
        nameof(GELU) => new GELU(fields.Text("approximate", "none")),
        nameof(SiLU) => new SiLU(),
        nameof(Softmax) => new Softmax(),
        nameof(Resize) => new Resize(fields.Size("size")),
        nameof(Tanh) => new Tanh(),
        nameof(Sigmoid) => new Sigmoid(),
        nameof(Flatten) => new Flatten(),
        nameof(PadChannels) => new PadChannels(fields.Whole("count")),
        nameof(Add) => new Add(),
        nameof(Concat) => new Concat(),
        _ => throw new NotSupportedException($"{type}: nothing reads this kind of layer."),
    };

    /// <summary>The kinds that <see cref="ReadLayer"/> knows.</summary>
    internal static IReadOnlyList<string> Types { get; } =
    [
        nameof(Conv2d), nameof(Linear), nameof(BatchNorm2d), nameof(BatchNorm1d), nameof(LocalResponseNorm), nameof(MaxPool2d), nameof(MinPool2d), nameof(AvgPool2d), nameof(AdaptiveAvgPool2d), nameof(GlobalAvgPool),
        nameof(ReLU), nameof(LeakyReLU), nameof(Tanh), nameof(Sigmoid), nameof(GELU), nameof(SiLU), nameof(Softmax), nameof(Resize), nameof(Dropout), nameof(Flatten), nameof(PadChannels), nameof(Add), nameof(Concat),
    ];

    private static Graph ReadGraph(JsonValue root)
    {
        JsonFields fields = new(root, "The network");
        string name = fields.Text("name");
        GraphBuilder builder = new(name, ReadShape(fields));
        Dictionary<string, GraphBuilder.Handle> handles = new() { [InputName] = builder.Input };
        Dictionary<string, JsonValue> places = new() { [InputName] = root };
        IReadOnlyList<JsonValue> nodes = fields.List("nodes", 0, "a list of nodes");
        GraphBuilder.Handle last = builder.Input;
        try
        {
            for (int i = 0; i < nodes.Count; i++)
            {
                (string node, last) = ReadNode(new(nodes[i], $"Node {i + 1}"), builder, handles, last, nodes);
                handles[node] = last;
                places[node] = nodes[i];
            }
            fields.End();
            return builder.Build(last);
        }
        catch (NetworkException e) when (e.Node is not null && places.TryGetValue(e.Node, out JsonValue? place))
        {
            throw JsonFields.At(place, e.Message, e);
        }
    }

    private static (string Name, GraphBuilder.Handle Handle) ReadNode(JsonFields fields, GraphBuilder builder, Dictionary<string, GraphBuilder.Handle> handles,
        GraphBuilder.Handle last, IReadOnlyList<JsonValue> nodes)
    {
        string? name = fields.Text("name", null);
        if (name is not null)
            fields.Where += $" \"{name}\"";
        JsonValue type = fields.Take("type", "a kind of layer");
        if (!Types.Contains(type.Text))
            throw JsonFields.At(type, $"{fields.Where}: {JsonFields.Quote(type)} is not a kind of layer.{JsonFields.Guess(type.Text, Types)} Known are {string.Join(", ", Types)}.");
        GraphBuilder.Handle[] inputs = [last];
        if (fields.Knows("inputs"))
            inputs = [.. fields.List("inputs", 1, "a list of names of nodes").Select(input => input.Kind == JsonValueKind.String && handles.TryGetValue(input.Text, out var handle)
                ? handle : throw WrongInput(fields, name, input, handles.Keys, nodes))];
        try
        {
            Layer layer = ReadLayer(type.Text, fields);
            fields.End();
            name ??= builder.FreeName(layer);
            return (name, builder.AddNamed(name, layer, inputs));
        }
        catch (NetworkException e) when (!e.Message.StartsWith(fields.Where, StringComparison.Ordinal))
        {
            throw fields.Wrong(e.Message, e);
        }
    }

    private static NetworkException WrongInput(JsonFields fields, string? name, JsonValue input, IEnumerable<string> before, IReadOnlyList<JsonValue> nodes)
    {
        if (input.Kind != JsonValueKind.String)
            return fields.Wrong("inputs", input, "the name of a node that stands before it");
        if (name is not null && JsonCycle.Find(name, input.Text, nodes) is { } cycle)
            return JsonFields.At(input, $"{fields.Where}: its input \"{input.Text}\" closes a cycle: {string.Join(" needs ", cycle.Select(n => $"\"{n}\""))}. A network has no way back: take one of these inputs out.");
        if (JsonCycle.Named(input.Text, nodes) is not null)
            return JsonFields.At(input, $"{fields.Where}: its input \"{input.Text}\" stands behind it, and the inputs of a node stand before it. Move one of the two.");
        return JsonFields.At(input, $"{fields.Where}: there is no node \"{input.Text}\" to be its input.{JsonFields.Guess(input.Text, before)} Before it stand {Listed([.. before])}.");
    }

    // The last ones are the likelier.
    private static string Listed(string[] names) => names.Length <= 12 ? string.Join(", ", names) : $"{names.Length} nodes, the last ones {string.Join(", ", names[^8..])}";

    private static Shape ReadShape(JsonFields fields)
    {
        const string Expected = "[channels, height, width] or [features]";
        JsonValue input = fields.Take("input", Expected);
        int[] sizes = [.. input.Items.Select(size => size.Whole ?? 0)];
        if (sizes.Length is not (1 or 3) || sizes.Any(size => size < 1))
            throw fields.Wrong("input", input, Expected);
        return sizes.Length == 1 ? Shape.Vector(sizes[0]) : new(sizes[0], sizes[1], sizes[2]);
    }

    private static Initialization ReadInitialization(JsonFields fields)
    {
        const string Expected = "an object with weights and biases";
        if (!fields.Knows("initialization"))
            return Initialization.Default;
        JsonFields parts = new(fields.Take("initialization", Expected), $"{fields.Where}: \"initialization\"");
        Initialization read = new(ReadInitializer(parts, "weights"), ReadInitializer(parts, "biases"));
        parts.End();
        return read;
    }

    private static Initializer ReadInitializer(JsonFields fields, string name)
    {
        JsonValue value = fields.Take(name, "the name of an initialiser");
        try
        {
            return Initialization.ParseInitializer(value.Kind == JsonValueKind.String ? value.Text : throw fields.Wrong(name, value, "the name of an initialiser"));
        }
        catch (NetworkException e) when (!e.Message.StartsWith(fields.Where, StringComparison.Ordinal))
        {
            throw JsonFields.At(value, $"{fields.Where}: \"{name}\": {e.Message}", e);
        }
    }

    private static void WriteBias(Utf8JsonWriter json, bool hasBias, Initialization initialization)
    {
        if (!hasBias)
            json.WriteBoolean("bias", false);
        if (initialization == Initialization.Default)
            return;
        json.WriteStartObject("initialization");
        json.WriteString("weights", initialization.Weights.ToString());
        json.WriteString("biases", initialization.Biases.ToString());
        json.WriteEndObject();
    }

    private static void WritePool(Utf8JsonWriter json, Pool2d pool)
    {
        WriteSize(json, "kernel", pool.Kernel);
        WriteSize(json, "stride", pool.Stride, pool.Kernel);
        WritePadding(json, pool.Padding);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, float value, float otherwise)
    {
        if (value != otherwise)
            json.WriteNumber(name, value);
    }

    private static void WriteSize(Utf8JsonWriter json, string name, Size2 size, Size2? otherwise = null)
    {
        if (size == otherwise)
            return;
        if (size.Height == size.Width)
        {
            json.WriteNumber(name, size.Height);
            return;
        }
        json.WriteStartArray(name);
        json.WriteNumberValue(size.Height);
        json.WriteNumberValue(size.Width);
        json.WriteEndArray();
    }

    private static void WritePadding(Utf8JsonWriter json, Padding padding)
    {
        if (padding.IsSame)
            json.WriteString("padding", "same");
        else
            WriteSize(json, "padding", padding.Size, 0);
    }

    private static string Compact(Action<Utf8JsonWriter> write)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    // The library's text ends with the position once more.
    private static string Reason(JsonException e) => e.Message.Split(" LineNumber:")[0].ReplaceLineEndings(" ");
}
