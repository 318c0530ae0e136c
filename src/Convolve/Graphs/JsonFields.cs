using System.Text.Json;
using Convolve.Layers;

namespace Convolve.Graphs;

/// <summary>The properties of one JSON object, read strictly: each once, none left over, every error naming the object and the property.</summary>
internal sealed class JsonFields
{
    private const int LongestQuote = 60;
    private readonly Dictionary<string, JsonElement> _left = [];
    private readonly List<string> _known = [];

    /// <param name="element">What should be an object.</param>
    /// <param name="where">How errors call it, such as: node "conv1".</param>
    public JsonFields(JsonElement element, string where)
    {
        Where = where;
        if (element.ValueKind != JsonValueKind.Object)
            throw new NetworkException($"{where} is {Quote(element)}, and an object was expected.");
        foreach (JsonProperty property in element.EnumerateObject())
            if (!_left.TryAdd(property.Name, property.Value))
                throw new NetworkException($"{where}: \"{property.Name}\" stands there twice.");
    }

    /// <summary>How errors call the object; better known once its name has been read.</summary>
    public string Where { get; set; }

    public JsonElement Take(string name, string expected)
    {
        _known.Add(name);
        return _left.Remove(name, out JsonElement value) ? value
            : throw new NetworkException($"{Where}: \"{name}\" is missing; {expected} was expected.");
    }

    public string Text(string name)
    {
        const string Expected = "a text";
        JsonElement value = Take(name, Expected);
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, value, Expected);
    }

    public string Text(string name, string otherwise) => Knows(name) ? Text(name) : otherwise;

    public IEnumerable<JsonElement> List(string name, int fewest, string expected)
    {
        JsonElement value = Take(name, expected);
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() >= fewest ? value.EnumerateArray() : throw Wrong(name, value, expected);
    }

    public int Whole(string name)
    {
        const string Expected = "a whole number";
        JsonElement value = Take(name, Expected);
        return IsWhole(value, out int number) ? number : throw Wrong(name, value, Expected);
    }

    public int Whole(string name, int otherwise) => Knows(name) ? Whole(name) : otherwise;

    public float Number(string name, float otherwise)
    {
        const string Expected = "a number";
        if (!Knows(name))
            return otherwise;
        JsonElement value = Take(name, Expected);
        return value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && float.IsFinite(number)
            ? number : throw Wrong(name, value, Expected);
    }

    public bool Flag(string name, bool otherwise)
    {
        const string Expected = "true or false";
        if (!Knows(name))
            return otherwise;
        JsonElement value = Take(name, Expected);
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, value, Expected);
    }

    public Size2 Size(string name)
    {
        const string Expected = "a whole number or a pair [height, width]";
        JsonElement value = Take(name, Expected);
        return ReadSize(value) ?? throw Wrong(name, value, Expected);
    }

    public Size2? Size(string name, Size2? otherwise) => Knows(name) ? Size(name) : otherwise;

    public Padding Padding(string name)
    {
        const string Expected = "a whole number, a pair [height, width] or \"same\"";
        if (!Knows(name))
            return default;
        JsonElement value = Take(name, Expected);
        if (value.ValueKind == JsonValueKind.String && value.GetString() == "same")
            return Layers.Padding.Same;
        return ReadSize(value) ?? throw Wrong(name, value, Expected);
    }

    /// <summary>The error for a property that is not what was expected.</summary>
    public NetworkException Wrong(string name, JsonElement value, string expected) =>
        new($"{Where}: \"{name}\" is {Quote(value)}, and {expected} was expected.");

    /// <summary>Refuses what nothing has asked for.</summary>
    public void End()
    {
        if (_left.Count > 0)
            throw new NetworkException($"{Where}: \"{_left.Keys.First()}\" is unknown here. Known are {string.Join(", ", _known)}.");
    }

    public static bool IsWhole(JsonElement value, out int number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out number);
    }

    /// <summary>Whether an optional property is there; errors list it as known either way.</summary>
    public bool Knows(string name)
    {
        bool isThere = _left.ContainsKey(name);
        if (!isThere)
            _known.Add(name);
        return isThere;
    }

    private static Size2? ReadSize(JsonElement value)
    {
        if (IsWhole(value, out int both))
            return both;
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 2
            && IsWhole(value[0], out int height) && IsWhole(value[1], out int width) ? new Size2(height, width) : null;
    }

    private static string Quote(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length <= LongestQuote ? text : text[..LongestQuote] + "...";
    }
}
