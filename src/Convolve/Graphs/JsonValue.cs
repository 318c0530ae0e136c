using System.Text;
using System.Text.Json;

namespace Convolve.Graphs;

/// <summary>A JSON value that knows its position, for error messages.</summary>
internal sealed class JsonValue
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly byte[] _text;
    private readonly int _start;
    private int _end;

    private JsonValue(byte[] text, ref Utf8JsonReader reader, string path)
    {
        (_text, _start, Path) = (text, (int)reader.TokenStartIndex, path);
        Kind = reader.TokenType switch
        {
            JsonTokenType.StartObject => JsonValueKind.Object,
            JsonTokenType.StartArray => JsonValueKind.Array,
            JsonTokenType.String => JsonValueKind.String,
            JsonTokenType.Number => JsonValueKind.Number,
            JsonTokenType.True => JsonValueKind.True,
            JsonTokenType.False => JsonValueKind.False,
            _ => JsonValueKind.Null,
        };
        if (Kind == JsonValueKind.String)
            Text = reader.GetString()!;
        if (Kind == JsonValueKind.Number)
        {
            Whole = reader.TryGetInt32(out int whole) ? whole : null;
            Number = reader.TryGetSingle(out float number) ? number : float.NaN;
        }
        _end = (int)reader.BytesConsumed;
    }

    public JsonValueKind Kind { get; }

    /// <summary>Such as "$.nodes[2].filters".</summary>
    public string Path { get; }

    /// <summary>The value of a string.</summary>
    public string Text { get; } = "";

    /// <summary>The value of a number that is whole and not too large.</summary>
    public int? Whole { get; }

    /// <summary>The value of a number; not finite where it is too large.</summary>
    public float Number { get; } = float.NaN;

    /// <summary>The values of an array.</summary>
    public List<JsonValue> Items { get; } = [];

    /// <summary>The properties of an object, in order: a name may occur twice.</summary>
    public List<(string Name, JsonValue Value)> Properties { get; } = [];

    /// <summary>The value as it was written.</summary>
    public string Raw => Strict.GetString(_text, _start, _end - _start);

    /// <summary>Such as "line 2, column 14: $.nodes[0].filters"; a column counts letters.</summary>
    public string Place
    {
        get
        {
            ReadOnlySpan<byte> before = _text.AsSpan(0, _start);
            int line = before.Count((byte)'\n') + 1, lineStart = before.LastIndexOf((byte)'\n') + 1;
            return $"line {line}, column {Strict.GetCharCount(before[lineStart..]) + 1}: {Path}";
        }
    }

    /// <summary>Reads a text that holds one value.</summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    /// <exception cref="ArgumentException">The text holds half of a surrogate pair.</exception>
    /// <exception cref="InvalidOperationException">The text holds half of a surrogate pair, escaped.</exception>
    public static JsonValue Parse(string json)
    {
        byte[] text = Strict.GetBytes(json);
        Utf8JsonReader reader = new(text);
        reader.Read();
        JsonValue root = Read(text, ref reader, "$");
        reader.Read(); // throws where more stands behind it
        return root;
    }

    private static JsonValue Read(byte[] text, ref Utf8JsonReader reader, string path)
    {
        JsonValue value = new(text, ref reader, path);
        if (value.Kind == JsonValueKind.Array)
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                value.Items.Add(Read(text, ref reader, $"{path}[{value.Items.Count}]"));
        if (value.Kind == JsonValueKind.Object)
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                string name = reader.GetString()!;
                reader.Read();
                value.Properties.Add((name, Read(text, ref reader, $"{path}.{name}")));
            }
        value._end = (int)reader.BytesConsumed;
        return value;
    }
}
