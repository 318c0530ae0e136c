using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Convolve.Layers;

namespace Convolve.Graphs;

/// <summary>
/// The properties of one JSON object, read strictly: each once, none left over, every error naming the object, the property and the place.
/// </summary>
internal sealed class JsonFields
{
    private const int LongestQuote = 60;
    private readonly JsonValue _object;
    private readonly Dictionary<string, JsonValue> _left = [];
    private readonly List<string> _known = [];

    /// <param name="value">What should be an object.</param>
    /// <param name="where">How errors call it, such as: node "conv1".</param>
    public JsonFields(JsonValue value, string where)
    {
        (_object, Where) = (value, where);
        if (value.Kind != JsonValueKind.Object)
            throw At(value, $"{where}: expected an object, got {Quote(value)}.");
        foreach ((string name, JsonValue property) in value.Properties)
            if (!_left.TryAdd(name, property))
                throw At(property, $"{where}: \"{name}\" is there twice.");
    }

    /// <summary>How errors call the object; better known once its name has been read.</summary>
    public string Where { get; set; }

    public JsonValue Take(string name, string expected)
    {
        _known.Add(name);
        if (_left.Remove(name, out JsonValue? value))
            return value;
        string guess = NearestName.Of(name, _left.Keys) is { } near ? $" There is \"{near}\": did you mean that?" : "";
        throw At(_object, $"{Where}: \"{name}\" is missing; expected {expected}.{guess}");
    }

    public string Text(string name)
    {
        const string Expected = "a string";
        JsonValue value = Take(name, Expected);
        return value.Kind == JsonValueKind.String ? value.Text : throw Wrong(name, value, Expected);
    }

    [return: NotNullIfNotNull(nameof(otherwise))]
    public string? Text(string name, string? otherwise) => Knows(name) ? Text(name) : otherwise;

    public IReadOnlyList<JsonValue> List(string name, int fewest, string expected)
    {
        JsonValue value = Take(name, expected);
        return value.Kind == JsonValueKind.Array && value.Items.Count >= fewest ? value.Items : throw Wrong(name, value, expected);
    }

    public int Whole(string name)
    {
        const string Expected = "a whole number";
        JsonValue value = Take(name, Expected);
        return value.Whole ?? throw Wrong(name, value, Expected);
    }

    public float Number(string name)
    {
        const string Expected = "a number";
        JsonValue value = Take(name, Expected);
        return float.IsFinite(value.Number) ? value.Number : throw Wrong(name, value, Expected);
    }

    public bool Flag(string name)
    {
        const string Expected = "true or false";
        JsonValue value = Take(name, Expected);
        return value.Kind is JsonValueKind.True or JsonValueKind.False ? value.Kind == JsonValueKind.True
            : throw Wrong(name, value, Expected);
    }

    public Size2 Size(string name)
    {
        const string Expected = "a whole number or a pair [height, width]";
        JsonValue value = Take(name, Expected);
        return ReadSize(value) ?? throw Wrong(name, value, Expected);
    }

    public Padding Padding(string name)
    {
        const string Expected = "a whole number, a pair [height, width] or \"same\"";
        JsonValue value = Take(name, Expected);
        if (value.Kind == JsonValueKind.String && value.Text == "same")
            return Layers.Padding.Same;
        return ReadSize(value) ?? throw Wrong(name, value, Expected);
    }

    /// <summary>The error for a property that is not what was expected.</summary>
    public NetworkException Wrong(string name, JsonValue value, string expected) =>
        At(value, $"{Where}: \"{name}\": expected {expected}, got {Quote(value)}.");

    /// <summary>An error of the object as a whole.</summary>
    public NetworkException Wrong(string message, Exception? inner = null) => At(_object, $"{Where}: {message}", inner);

    /// <summary>Refuses what nothing has asked for.</summary>
    public void End()
    {
        if (_left.Count == 0)
            return;
        (string name, JsonValue value) = _left.First();
        throw At(value, $"{Where}: \"{name}\" is unknown here.{Guess(name, _known)} Use one of {string.Join(", ", _known)}.");
    }

    /// <summary>Whether an optional property is there; errors list it as known either way.</summary>
    public bool Knows(string name)
    {
        bool isThere = _left.ContainsKey(name);
        if (!isThere)
            _known.Add(name);
        return isThere;
    }

    /// <summary>An error that says where.</summary>
    public static NetworkException At(JsonValue value, string message, Exception? inner = null) =>
        new($"{message} See {value.Place}.", inner);

    private static Size2? ReadSize(JsonValue value)
    {
        if (value.Whole is { } both)
            return both;
        return value.Items is [{ Whole: { } height }, { Whole: { } width }] ? new Size2(height, width) : null;
    }

    /// <summary>What may have been meant by a name.</summary>
    public static string Guess(string name, IEnumerable<string> names) => NearestName.Guess(name, names);

    /// <summary>The value as it was written, or its beginning.</summary>
    public static string Quote(JsonValue value)
    {
        string text = value.Raw;
        return text.Length <= LongestQuote ? text : text[..LongestQuote] + "...";
    }
}
