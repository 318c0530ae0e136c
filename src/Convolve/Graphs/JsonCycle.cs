using System.Text.Json;

namespace Convolve.Graphs;

/// <summary>Looks through the nodes of a network's JSON before they are read, to say why an input is not there yet.</summary>
internal static class JsonCycle
{
    /// <summary>The node that bears a name, or null.</summary>
    public static JsonValue? Named(string name, IReadOnlyList<JsonValue> nodes) =>
        nodes.FirstOrDefault(node => Property(node, "name") is { Kind: JsonValueKind.String } value && value.Text == name);

    /// <summary>The way from a node by one of its inputs back to itself, or null where there is none.</summary>
    public static IReadOnlyList<string>? Find(string node, string input, IReadOnlyList<JsonValue> nodes)
    {
        Dictionary<string, string> neededBy = new() { [input] = node };
        Queue<string> open = new([input]);
        while (open.TryDequeue(out string? name))
        {
            if (name == node)
                return Way(node, neededBy);
            foreach (JsonValue next in Named(name, nodes) is { } value && Property(value, "inputs") is { } inputs ? inputs.Items : [])
                if (next.Kind == JsonValueKind.String && neededBy.TryAdd(next.Text, name))
                    open.Enqueue(next.Text);
        }
        return null;
    }

    private static List<string> Way(string node, Dictionary<string, string> neededBy)
    {
        List<string> way = [node];
        do
            way.Add(neededBy[way[^1]]);
        while (way[^1] != node);
        way.Reverse();
        return way;
    }

    private static JsonValue? Property(JsonValue node, string name) => node.Properties.FirstOrDefault(p => p.Name == name).Value;
}
