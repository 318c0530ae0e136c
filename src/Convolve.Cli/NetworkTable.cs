using System.Text.Json.Nodes;
using Convolve.Graphs;
using Spectre.Console;

namespace Convolve.Cli;

/// <summary>A network, layer by layer.</summary>
internal static class NetworkTable
{
    /// <summary>For people.</summary>
    public static Table Of(Graph graph)
    {
        Table table = Output.Columns("name", "layer", "output", "parameters#", "multiply-adds#");
        foreach (Node node in graph.Nodes.Skip(1))
            Output.Row(table, node.Name, $"{node.Layer}", $"{node.Output}", Zero(node.ParameterCount), Zero(node.MultiplyAdds));
        Output.Row(table, "total", "", "", Format.Count(graph.ParameterCount), Format.Count(graph.MultiplyAdds));
        return table;
    }

    /// <summary>For machines.</summary>
    public static JsonArray Json(Graph graph) => [.. graph.Nodes.Skip(1).Select(node => new JsonObject
    {
        ["name"] = node.Name,
        ["type"] = node.Layer.GetType().Name,
        ["output"] = $"{node.Output}",
        ["parameters"] = node.ParameterCount,
        ["multiply_adds"] = node.MultiplyAdds,
        ["layer"] = $"{node.Layer}",
    })];

    private static string Zero(long count) => count == 0 ? "-" : Format.Count(count);
}
