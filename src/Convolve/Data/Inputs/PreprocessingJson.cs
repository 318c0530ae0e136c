using System.Buffers;
using System.Text;
using System.Text.Json;
using Convolve.Data.Transforms;

namespace Convolve.Data.Inputs;

/// <summary>The JSON form of <see cref="Preprocessing"/>, without reflection; every fault is a <see cref="DatasetException"/>.</summary>
internal static class PreprocessingJson
{
    private static readonly string[] Names = ["size", "steps", "interpolation", "mean", "std", "colorOrder", "classNames"];
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    public static string Name(Interpolation interpolation) => interpolation switch
    {
        Interpolation.Bilinear => "bilinear",
        _ => throw new ArgumentOutOfRangeException(nameof(interpolation), interpolation, "Unknown interpolation."),
    };

    public static string Write(Preprocessing p)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            Array(json, "size", [p.Size.Channels, p.Size.Height, p.Size.Width], json.WriteNumberValue);
            if (p.Steps.Count > 0)
                Array(json, "steps", p.Steps.Select(s => s.ToString()), json.WriteStringValue);
            json.WriteString("interpolation", Name(p.Interpolation));
            Array(json, "mean", p.Mean, json.WriteNumberValue);
            Array(json, "std", p.Std, json.WriteNumberValue);
            json.WriteString("colorOrder", p.ColorOrder);
            Array(json, "classNames", p.ClassNames, json.WriteStringValue);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static Preprocessing Read(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, Strict);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw Bad($"expected a JSON object, got {Kind(root)}");
            // An unknown name may be a step that this version cannot do: to leave it out would be another preprocessing.
            foreach (JsonProperty property in root.EnumerateObject())
            {
                if (!Names.Contains(property.Name))
                {
                    throw Bad(
                        $"the name \"{property.Name}\" is unknown (known: {string.Join(", ", Names)}); " +
                        "a newer version may have written it");
                }
            }

            int[] size = Items(root, "size", Integer);
            if (size.Length != 3)
                throw Bad($"\"size\" must be channels, height, width, but has {size.Length} numbers");
            return new Preprocessing
            {
                Size = new ImageSize(size[0], size[1], size[2]),
                // Older files have none.
                Steps = root.TryGetProperty("steps", out _) ? ReadSteps(Items(root, "steps", Text)) : TransformList.Empty,
                Interpolation = Text(Get(root, "interpolation"), "interpolation") switch
                {
                    "bilinear" => Interpolation.Bilinear,
                    string other => throw Bad($"the interpolation \"{other}\" is unknown (known: bilinear)"),
                },
                Mean = Items(root, "mean", Number),
                Std = Items(root, "std", Number),
                ColorOrder = Text(Get(root, "colorOrder"), "colorOrder"),
                ClassNames = Items(root, "classNames", Text),
            };
        }
        catch (JsonException e)
        {
            throw new DatasetException($"Preprocessing: this is not valid JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // Text that UTF-16 allows and UTF-8 does not: half a surrogate pair, escaped or not.
            throw new DatasetException($"Preprocessing: the JSON has text that is not Unicode: {e.Message}", e);
        }
    }

    private static TransformList ReadSteps(string[] steps)
    {
        try
        {
            return TransformList.Create([.. steps.Select(TransformText.Read)]);
        }
        catch (DatasetException e)
        {
            throw new DatasetException($"Preprocessing: \"steps\": {e.Message}", e);
        }
    }

    private static void Array<T>(Utf8JsonWriter json, string name, IEnumerable<T> values, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (T value in values)
            write(value);
        json.WriteEndArray();
    }

    private static JsonElement Get(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) ? value : throw Bad($"\"{name}\" is missing");

    private static T[] Items<T>(JsonElement root, string name, Func<JsonElement, string, T> read)
    {
        JsonElement array = Get(root, name);
        return array.ValueKind == JsonValueKind.Array
            ? [.. array.EnumerateArray().Select(item => read(item, name))]
            : throw Bad($"\"{name}\" must be an array, but is {Kind(array)}");
    }

    private static int Integer(JsonElement e, string name) =>
        e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out int value) ? value : throw Misplaced(e, name, "an integer");

    private static float Number(JsonElement e, string name) =>
        e.ValueKind == JsonValueKind.Number && e.TryGetSingle(out float value) ? value : throw Misplaced(e, name, "a number");

    private static string Text(JsonElement e, string name) =>
        e.ValueKind == JsonValueKind.String ? e.GetString()! : throw Misplaced(e, name, "text");

    private static DatasetException Misplaced(JsonElement e, string name, string wanted) =>
        Bad($"\"{name}\": expected {wanted}, got {Kind(e)}");

    private static string Kind(JsonElement e) => e.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "text",
        JsonValueKind.Number => $"the number {Short(e.GetRawText())}",
        JsonValueKind kind => kind.ToString().ToLowerInvariant(),
    };

    private static string Short(string text) => text.Length <= 30 ? text : text[..27] + "...";

    private static DatasetException Bad(string problem) => new($"Preprocessing: {problem}.");
}
