using System.Globalization;
using System.Text;

namespace Convolve.Data.Transforms;

/// <summary>The values of one written transform, each taken once; what is left over is refused.</summary>
internal sealed class TransformFields
{
    private readonly string _owner;
    private readonly Dictionary<string, string> _left = [];
    private readonly List<string> _known = [];
    private string? _value;

    public TransformFields(string text, string owner)
    {
        _owner = owner;
        foreach (string part in text.Split(':').Skip(1).Select(p => p.Trim()))
        {
            int sign = part.IndexOf('=', StringComparison.Ordinal);
            if (sign < 0 && _value is not null)
                throw new DatasetException($"{owner}: \"{part}\" has no name, and only one value can do without. Write KEY=VALUE.");
            if (sign < 0)
                _value = part;
            else if (!_left.TryAdd(part[..sign].Trim(), part[(sign + 1)..].Trim()))
                throw new DatasetException($"{owner}: {part[..sign].Trim()} is given twice.");
        }
        ValueText = _value ?? "";
    }

    /// <summary>The value without a name; "" where there is none.</summary>
    public string ValueText { get; }

    public FrameSize Size()
    {
        string text = Value()
            ?? throw new DatasetException($"{_owner}: the size is missing. Write {_owner}:64 or {_owner}:64x48 (height, width).");
        string[] sides = text.Split('x');
        return sides.Length <= 2 && IsWhole(sides[0], out int height) && IsWhole(sides[^1], out int width) ? new(height, width)
            : throw Wrong("the size", text, "a number of pixels, or two as in 64x48 (height, width)");
    }

    public float Number() =>
        ToNumber("the value", Value() ?? throw new DatasetException($"{_owner}: the number is missing. Write {_owner}:0.1, say."));

    public float Number(float otherwise) => Value() is { } text ? ToNumber("the value", text) : otherwise;

    public float Number(string key, float otherwise) => Take(key) is { } text ? ToNumber(key, text) : otherwise;

    public int Whole(string key, int otherwise) =>
        Take(key) is not { } text ? otherwise : IsWhole(text, out int value) ? value : throw Wrong(key, text, "a whole number");

    public bool Flag(string key, bool otherwise) =>
        Take(key) is not { } text ? otherwise : text == "true" || (text == "false" ? false : throw Wrong(key, text, "true or false"));

    public NumberRange Range(string key, NumberRange otherwise)
    {
        if (Take(key) is not { } text)
            return otherwise;
        string[] ends = text.Split("..");
        return ends.Length == 2 && IsNumber(ends[0], out float from) && IsNumber(ends[1], out float to) ? new(from, to)
            : throw Wrong(key, text, "two numbers as in 0.08..1");
    }

    public T OneOf<T>(string key, T otherwise) where T : struct, Enum
    {
        if (Take(key) is not { } text)
            return otherwise;
        foreach (T value in Enum.GetValues<T>())
            if (TransformWriter.NameOf(value) == text)
                return value;
        throw Wrong(key, text, $"one of {string.Join(", ", Enum.GetValues<T>().Select(TransformWriter.NameOf))}");
    }

    public ColorComponents? Components(string key) =>
        Take(key) is not { } text ? null : ColorComponents.Parse(text) ?? throw Wrong(key, text, "9 numbers between slashes");

    public void End()
    {
        if (_value is not null)
            throw new DatasetException($"{_owner}: unexpected value \"{_value}\". {Known}");
        if (_left.Count > 0)
            throw new DatasetException(
                $"{_owner}: unknown option \"{_left.Keys.First()}\".{NearestName.Guess(_left.Keys.First(), _known)} {Known}");
    }

    private string Known => _known.Count == 0 ? $"{_owner} has no options." : $"Its options are {string.Join(", ", _known)}.";

    private string? Value()
    {
        string? value = _value;
        _value = null;
        return value;
    }

    private string? Take(string key)
    {
        _known.Add(key);
        return _left.Remove(key, out string? text) ? text : null;
    }

    private float ToNumber(string what, string text) => IsNumber(text, out float value) ? value : throw Wrong(what, text, "a number");

    private DatasetException Wrong(string what, string text, string expected) =>
        new($"{_owner}: {what}: expected {expected}, got \"{text}\".");

    private static bool IsWhole(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    internal static bool IsNumber(string text, out float value) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);
}

/// <summary>Writes one transform; what has its default is left out.</summary>
internal sealed class TransformWriter(string name)
{
    private readonly StringBuilder _text = new(name);

    public TransformWriter Value(string value)
    {
        _text.Append(':').Append(value);
        return this;
    }

    public TransformWriter Value(float value, float? otherwise) => value == otherwise ? this
        : Value(value.ToString("R", CultureInfo.InvariantCulture));

    public TransformWriter Add<T>(string key, T value, T otherwise)
    {
        if (EqualityComparer<T>.Default.Equals(value, otherwise))
            return this;
        string text = value switch
        {
            bool flag => flag ? "true" : "false",
            float number => number.ToString("R", CultureInfo.InvariantCulture),
            Enum name => NameOf(name),
            _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
        };
        _text.Append(':').Append(key).Append('=').Append(text);
        return this;
    }

    public static string NameOf<T>(T value) where T : Enum => value.ToString().ToLowerInvariant();

    public override string ToString() => _text.ToString();
}
