using System.Text;
using System.Text.Json;
using Convolve.Layers;

namespace Convolve.Graphs;

/// <summary>
/// A graph as JSON, one node a line. Options that have their default are left out. A node without "inputs" reads the node before it, and
/// one without "name" is called by its kind. Reading is strict, so that a mistyped option is an error and never a silent default.
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
    /// The text is not JSON, or a node is unknown, incomplete, misspelt or does not fit; with line, column and path. Never another
    /// exception.
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
            throw new NetworkException($"The network is not JSON: line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: {Reason(e)}",
                e);
        }
        catch (OverflowException e)
        {
            throw new NetworkException("The network is too large: a size in it overflows.", e);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException) // half a surrogate pair, as such or escaped
        {
            throw new NetworkException("The network is not JSON: a string in it is not Unicode.", e);
        }
    }

    private static void WriteNode(Utf8JsonWriter json, Node node)
    {
        json.WriteString("name", node.Name);
        json.WriteString("type", LayerKind.Of(node.Layer).Name);
        json.WriteStartArray("inputs");
        foreach (Node input in node.Inputs)
            json.WriteStringValue(input.Name);
        json.WriteEndArray();
        LayerJson.Write(json, node.Layer);
    }

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

    private static (string Name, GraphBuilder.Handle Handle) ReadNode(JsonFields fields, GraphBuilder builder, Dictionary<string,
        GraphBuilder.Handle> handles,
        GraphBuilder.Handle last, IReadOnlyList<JsonValue> nodes)
    {
        string? name = fields.Text("name", null);
        if (name is not null)
            fields.Where += $" \"{name}\"";
        LayerKind kind = LayerJson.ReadKind(fields);
        GraphBuilder.Handle[] inputs = [last];
        if (fields.Knows("inputs"))
            inputs = [.. fields.List("inputs", 1, "a list of names of nodes")
                .Select(input => input.Kind == JsonValueKind.String && handles.TryGetValue(input.Text, out var handle)
                ? handle : throw WrongInput(fields, name, input, handles.Keys, nodes))];
        try
        {
            Layer layer = LayerJson.Read(kind, fields);
            fields.End();
            name ??= builder.FreeName(layer);
            return (name, builder.AddNamed(name, layer, inputs));
        }
        catch (NetworkException e) when (!e.Message.StartsWith(fields.Where, StringComparison.Ordinal))
        {
            throw fields.Wrong(e.Message, e);
        }
    }

    private static NetworkException WrongInput(JsonFields fields, string? name, JsonValue input, IEnumerable<string> before,
        IReadOnlyList<JsonValue> nodes)
    {
        if (input.Kind != JsonValueKind.String)
            return fields.Wrong("inputs", input, "the name of a node before it");
        if (name is not null && JsonCycle.Find(name, input.Text, nodes) is { } cycle)
            return JsonFields.At(input,
                $"{fields.Where}: its input \"{input.Text}\" closes a cycle: {string.Join(" needs ", cycle.Select(n => $"\"{n}\""))}. A " +
                $"network can't have cycles: remove one of these inputs.");
        if (JsonCycle.Named(input.Text, nodes) is not null)
            return JsonFields.At(input,
                $"{fields.Where}: its input \"{input.Text}\" comes after it, but a node's inputs must come before it. Move one of the " +
                $"two.");
        return JsonFields.At(input,
            $"{fields.Where}: its input \"{input.Text}\" is not a node.{JsonFields.Guess(input.Text, before)} The nodes before it are " +
            $"{Listed([.. before])}.");
    }

    // The last ones are the likelier.
    private static string Listed(string[] names) => names.Length <= 12 ? string.Join(", ", names)
        : $"{names.Length} nodes, the last ones {string.Join(", ", names[^8..])}";

    private static Shape ReadShape(JsonFields fields)
    {
        const string Expected = "[channels, height, width] or [features]";
        JsonValue input = fields.Take("input", Expected);
        int[] sizes = [.. input.Items.Select(size => size.Whole ?? 0)];
        if (sizes.Length is not (1 or 3) || sizes.Any(size => size < 1))
            throw fields.Wrong("input", input, Expected);
        return sizes.Length == 1 ? Shape.Vector(sizes[0]) : new(sizes[0], sizes[1], sizes[2]);
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
