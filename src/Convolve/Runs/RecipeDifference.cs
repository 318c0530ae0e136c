using System.Text.Json.Nodes;
using Convolve.Graphs;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>Something in which two runs differ.</summary>
/// <param name="Name">Such as "optimizer.learning_rate", by the names of recipe.json, or "graph.dropout1", a node of the network.</param>
/// <param name="Before">Its value in the first, as text; "none" where it has none.</param>
/// <param name="After">Its value in the second.</param>
internal sealed record RecipeDifference(string Name, string Before, string After)
{
    private const string None = "none";

    /// <summary>All in which two recipes and their networks differ, in the order of recipe.json.</summary>
    public static IReadOnlyList<RecipeDifference> Between((Recipe Recipe, Graph Graph) before, (Recipe Recipe, Graph Graph) after)
    {
        List<RecipeDifference> differences = [.. Between(Values(before.Recipe), Values(after.Recipe))];
        if (before.Graph.Equals(after.Graph))
            return differences;
        int count = differences.Count;
        differences.AddRange(Between(Values(before.Graph), Values(after.Graph)));
        if (differences.Count == count)
            differences.Add(new("graph", before.Graph.Name, $"{after.Graph.Name} with other initial weights"));
        return differences;
    }

    /// <summary>Such as <c>epochs: 10, then 20</c>.</summary>
    public override string ToString() => $"{Name}: {Before}, then {After}";

    private static IEnumerable<RecipeDifference> Between(List<(string Name, string Value)> before, List<(string Name, string Value)> after)
    {
        foreach (string name in before.Concat(after).Select(v => v.Name).Distinct())
        {
            string old = before.Find(v => v.Name == name).Value ?? None, now = after.Find(v => v.Name == name).Value ?? None;
            if (old != now)
                yield return new(name, old, now);
        }
    }

    private static List<(string Name, string Value)> Values(Recipe recipe)
    {
        List<(string, string)> values = [];
        Add("", RecipeJson.ToJson(recipe));
        return values;

        void Add(string prefix, JsonObject json)
        {
            foreach ((string key, JsonNode? value) in json)
                if (value is JsonObject inner)
                    Add($"{prefix}{key}.", inner);
                else
                    values.Add((prefix + key, value is JsonArray list ? list.Count > 0 ? string.Join(", ", list) : None
                        : value?.ToString() ?? None));
        }
    }

    private static List<(string Name, string Value)> Values(Graph graph) =>
        [.. graph.Nodes.Select(node => ($"graph.{node.Name}",
            $"{node.Layer}{(node.Inputs.Count > 0 ? $" of {string.Join(", ", node.Inputs.Select(n => n.Name))}" : "")}"))];
}
