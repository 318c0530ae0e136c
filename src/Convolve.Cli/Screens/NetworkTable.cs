using System.Text.Json.Nodes;
using Convolve.Cli.Terminal;
using Convolve.Graphs;

namespace Convolve.Cli.Screens;

/// <summary>A network, layer by layer.</summary>
internal static class NetworkTable
{
    /// <summary>For people.</summary>
    public static Table Of(Graph graph)
    {
        // A chain needs no word on who reads whom.
        bool branches = graph.Nodes.Skip(1).Any(node => !ReadsTheOneBefore(node));
        Column layer = new("layer") { Folds = true };
        Table table = branches
            ? Output.Columns("name", layer, "output", "parameters#", "multiply-adds#", new Column("inputs") { Folds = true, Rank = 2 })
            : Output.Columns("name", layer, "output", "parameters#", "multiply-adds#");
        void Row(string name, string layer, string inputs, string output, string parameters, string multiplyAdds) => Output.Row(table,
            branches ? [name, layer, output, parameters, multiplyAdds, inputs] : [name, layer, output, parameters, multiplyAdds]);
        foreach (Node node in graph.Nodes.Skip(1))
            Row(node.Name, $"{node.Layer}", ReadsTheOneBefore(node) ? "" : string.Join(", ", node.Inputs.Select(input => input.Name)),
                $"{node.Output}",
                Zero(node.ParameterCount), Zero(node.MultiplyAdds));
        Row("total", "", "", "", Format.Count(graph.ParameterCount), Format.Count(graph.MultiplyAdds));
        return table;
    }

    /// <summary>For machines.</summary>
    public static JsonArray Json(Graph graph) => new([.. graph.Nodes.Skip(1).Select(node => new JsonObject
    {
        ["name"] = node.Name,
        ["type"] = node.Layer.GetType().Name,
        ["output"] = $"{node.Output}",
        ["parameters"] = node.ParameterCount,
        ["multiply_adds"] = node.MultiplyAdds,
        ["layer"] = $"{node.Layer}",
        ["inputs"] = new JsonArray([.. node.Inputs.Select(input => (JsonNode)input.Name)]),
    })]);

    private static bool ReadsTheOneBefore(Node node) => node.Inputs is [{ } only] && only.Index == node.Index - 1;

    private static string Zero(long count) => count == 0 ? "-" : Format.Count(count);
}
