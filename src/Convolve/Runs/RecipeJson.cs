using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Runs;

/// <summary>A recipe as JSON, with the graph that it trains, so that the file alone has everything that decides the run.</summary>
internal static class RecipeJson
{
    internal const string GraphKey = "graph";

    /// <summary>Writes a recipe and its graph.</summary>
    public static string Write(Recipe recipe, Graph graph)
    {
        JsonObject json = ToJson(recipe);
        json[GraphKey] = JsonNode.Parse(GraphJson.Write(graph));
        return json.ToJsonString(RecipeJsonContext.Default.Options) + "\n";
    }

    /// <summary>A recipe alone.</summary>
    internal static JsonObject ToJson(Recipe recipe) =>
        JsonSerializer.SerializeToNode(recipe, RecipeJsonContext.Default.Recipe)!.AsObject();

    /// <summary>
    /// The values of a recipe by their ways, such as "optimizer.learning_rate": numbers, truth values and texts; null where there is none.
    /// </summary>
    internal static IEnumerable<KeyValuePair<string, object?>> Flat(Recipe recipe) => Flat(ToJson(recipe), "");

    private static IEnumerable<KeyValuePair<string, object?>> Flat(JsonObject json, string way) =>
        json.SelectMany(pair => pair.Value is JsonObject inner ? Flat(inner, $"{way}{pair.Key}.")
        : [new($"{way}{pair.Key}", pair.Value switch
        {
            JsonArray list => list.Count > 0 ? string.Join(", ", list) : null,
            System.Text.Json.Nodes.JsonValue value when value.GetValueKind() is JsonValueKind.True
            or JsonValueKind.False => value.GetValue<bool>(),
            System.Text.Json.Nodes.JsonValue value when value.GetValueKind() == JsonValueKind.Number =>
            double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture),
            { } value => value.ToString(),
            null => null,
        })]);

    // What an older version did not know yet has its default: the serializer would take 0. The first ones knew one rule and did not name
    // it.
    private static void AddDefaults(JsonObject recipe)
    {
        if (recipe["optimizer"] is JsonObject optimizer)
        {
            if (!optimizer.ContainsKey("rule"))
                optimizer.Insert(0, "rule", "sgd");
            OptimizerSettings? settings = optimizer["rule"]?.ToJsonString() switch
            {
                "\"sgd\"" => new Sgd(),
                "\"lars\"" => new Lars(),
                "\"adam\"" => new Adam(),
                "\"adamw\"" => new AdamW(),
                "\"rmsprop\"" => new RmsProp(),
                _ => null
            };
            Add(optimizer, settings is null ? null : JsonSerializer.SerializeToNode(settings, RecipeJsonContext.Default.OptimizerSettings));
        }
        if (recipe["schedule"] is JsonObject schedule)
            Add(schedule, JsonSerializer.SerializeToNode(new Schedule(), RecipeJsonContext.Default.Schedule));
        if (!recipe.ContainsKey("split_rule"))
            recipe["split_rule"] = nameof(SplitRule.Plain);
        JsonObject defaults = ToJson(new() { Network = "", Dataset = "" });
        _ = defaults.Remove("network") && defaults.Remove("dataset");
        Add(recipe, defaults);

        static void Add(JsonObject to, JsonNode? defaults)
        {
            foreach ((string key, JsonNode? value) in defaults?.AsObject() ?? [])
                if (!to.ContainsKey(key))
                    to[key] = value?.DeepClone();
        }
    }

    /// <summary>Reads a recipe and its graph.</summary>
    /// <exception cref="RecipeException">The text is not a recipe; the message says why.</exception>
    /// <exception cref="Layers.NetworkException">The graph in it does not fit together.</exception>
    public static (Recipe Recipe, Graph Graph) Read(string json)
    {
        try
        {
            if (JsonNode.Parse(json) is not JsonObject all || all[GraphKey] is not JsonObject graph)
                throw new RecipeException($"Expected a recipe: a JSON object with a \"{GraphKey}\".");
            all.Remove(GraphKey);
            AddDefaults(all);
            Recipe recipe = all.Deserialize(RecipeJsonContext.Default.Recipe) ?? throw new RecipeException("The recipe is empty.");
            recipe.Validate();
            return (recipe, GraphJson.Read(graph.ToJsonString()));
        }
        catch (Exception e) when (e is DatasetException or JsonException or InvalidOperationException or ArgumentException
            or NotSupportedException)
        {
            throw new RecipeException($"The recipe cannot be read: {e.Message}");
        }
    }
}

/// <summary>Transforms as an array of strings.</summary>
internal sealed class TransformListConverter : JsonConverter<TransformList>
{
    public override TransformList Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException(
                $"expected transforms as a list of strings, such as [\"random-crop:32:padding=4\", \"horizontal-flip\"], got " +
                $"{reader.TokenType}.");
        List<Transform> transforms = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
            transforms.AddRange(TransformList.Parse(reader.GetString()!));
        return reader.TokenType == JsonTokenType.EndArray ? [.. transforms]
            : throw new JsonException($"expected a transform as a string, got {reader.TokenType}.");
    }

    public override void Write(Utf8JsonWriter writer, TransformList value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (Transform transform in value)
            writer.WriteStringValue(transform.ToString());
        writer.WriteEndArray();
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
    AllowOutOfOrderMetadataProperties = true, Converters = [typeof(TransformListConverter)])]
[JsonSerializable(typeof(Recipe))]
[JsonSerializable(typeof(OptimizerSettings))]
[JsonSerializable(typeof(Schedule))]
[JsonSerializable(typeof(Precision))]
[JsonSerializable(typeof(Normalization))]
[JsonSerializable(typeof(SplitRule))]
internal sealed partial class RecipeJsonContext : JsonSerializerContext;
