using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Convolve.Data;
using Convolve.Graphs;
using Convolve.Planning;

namespace Convolve.Training;

/// <summary>A recipe as JSON, with the graph that it trains, so that the file alone tells everything that decides the run.</summary>
public static class RecipeJson
{
    private const string GraphKey = "graph";

    /// <summary>Writes a recipe and its graph.</summary>
    public static string Write(Recipe recipe, Graph graph)
    {
        JsonObject json = JsonSerializer.SerializeToNode(recipe, RecipeJsonContext.Default.Recipe)!.AsObject();
        json[GraphKey] = JsonNode.Parse(GraphJson.Write(graph));
        return json.ToJsonString(RecipeJsonContext.Default.Options) + "\n";
    }

    /// <summary>Reads a recipe and its graph.</summary>
    /// <exception cref="RecipeException">The text is no recipe; the message says why.</exception>
    /// <exception cref="Layers.NetworkException">The graph in it does not fit together.</exception>
    public static (Recipe Recipe, Graph Graph) Read(string json)
    {
        try
        {
            if (JsonNode.Parse(json) is not JsonObject all || all[GraphKey] is not JsonObject graph)
                throw new RecipeException($"A recipe is a JSON object with a \"{GraphKey}\", and this is none.");
            all.Remove(GraphKey);
            Recipe recipe = all.Deserialize(RecipeJsonContext.Default.Recipe) ?? throw new RecipeException("The recipe is empty.");
            recipe.Validate();
            return (recipe, GraphJson.Read(graph.ToJsonString()));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new RecipeException($"The recipe cannot be read: {e.Message}");
        }
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Recipe))]
[JsonSerializable(typeof(Sgd))]
[JsonSerializable(typeof(Schedule))]
[JsonSerializable(typeof(Precision))]
[JsonSerializable(typeof(Normalization))]
internal sealed partial class RecipeJsonContext : JsonSerializerContext;
