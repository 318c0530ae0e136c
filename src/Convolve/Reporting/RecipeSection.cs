using System.Text.Json.Nodes;
using Convolve.Runs;

namespace Convolve.Reporting;

/// <summary>All that decided the run, and where it ran.</summary>
internal static class RecipeSection
{
    public static Html Of(RunSummary run) => Html.Of($"""
        <div class="side">
        <div><h3>Recipe</h3>
        {Table(RecipeJson.ToJson(run.Recipe))}</div>
        <div><h3>Environment</h3>
        {(run.Environment.Count == 0 ? "The folder doesn't record where the run was trained." : Table(run.Environment))}</div>
        </div>
        """);

    private static Html Table(JsonObject values) =>
        Html.Table(["value", "is"], Flat(values).Select(pair => new Html[] { pair.Key, pair.Value }));

    /// <summary>Values with the way to them, such as "optimizer.learning_rate".</summary>
    public static IEnumerable<(string Key, string Value)> Flat(JsonNode? node, string way = "") => node switch
    {
        JsonObject all => all.SelectMany(pair => Flat(pair.Value, way.Length > 0 ? $"{way}.{pair.Key}" : pair.Key)),
        JsonArray list when list.Any(item => item is JsonObject) => list.SelectMany((item, i) => Flat(item, $"{way}.{i + 1}")),
        JsonArray { Count: > 0 } list => [(way, string.Join(", ", list))],
        JsonArray or null => [(way, "none")],
        _ => [(way, node.ToString())],
    };
}
