using System.Text.Json;
using System.Text.Unicode;

namespace Convolve.Formats;

/// <summary>Reads the JSON of a safetensors header and checks all that the format demands of it.</summary>
internal sealed class SafeTensorsHeader
{
    private const int MaxRank = 64; // what NumPy has room for; PyTorch's limit is the same
    private readonly string _path;

    private SafeTensorsHeader(string path) => _path = path;

    /// <summary>One tensor and its place in the data.</summary>
    internal readonly record struct Entry(TensorInfo Info, long Begin, long End);

    /// <summary>What "__metadata__" says.</summary>
    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>The tensors in the order of their data.</summary>
    public List<Entry> Entries { get; } = [];

    /// <summary>Parses and validates a header.</summary>
    /// <param name="path">The file's name, for messages.</param>
    /// <param name="json">The header, with its padding.</param>
    /// <param name="dataBytes">The size of the data that follows the header in the file.</param>
    /// <exception cref="SafeTensorsException">The header breaks a rule of the format.</exception>
    public static SafeTensorsHeader Parse(string path, ReadOnlySpan<byte> json, long dataBytes)
    {
        var header = new SafeTensorsHeader(path);
        if (json.IsEmpty || json[0] != (byte)'{')
            throw header.Broken("the header does not start with '{'");
        if (!Utf8.IsValid(json))
            throw header.Broken("the header is not valid UTF-8");
        try
        {
            header.Read(json);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escape that is half of a surrogate pair, or a number where text belongs.
            throw header.Broken("the header is not valid JSON of the expected form", failure);
        }
        header.CheckLayout(dataBytes);
        return header;
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!names.Add(name))
                throw Broken($"the header names '{Shorten(name)}' twice");
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Broken($"the header's entry '{Shorten(name)}' is not an object");
            if (name == SafeTensors.MetadataKey)
                ReadMetadata(ref reader);
            else
                Entries.Add(ReadTensor(ref reader, name));
        }
        reader.Read(); // throws if anything but white space follows
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Broken($"the metadata '{Shorten(key)}' is not a string");
            if (!Metadata.TryAdd(key, reader.GetString()!))
                throw Broken($"the metadata names '{Shorten(key)}' twice");
        }
    }

    private Entry ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string? type = null;
        List<long>? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = reader.GetString()!;
            reader.Read();
            if (field is "dtype" ? type is not null : field is "shape" ? shape is not null : field is "data_offsets" && offsets is not null)
                throw Broken($"tensor '{Shorten(name)}' has two fields '{field}'");
            if (field == "dtype")
                type = reader.GetString() ?? "null";
            else if (field == "shape")
                shape = ReadNumbers(ref reader, name, field, MaxRank);
            else if (field == "data_offsets")
                offsets = ReadNumbers(ref reader, name, field, 2);
            else
                reader.Skip(); // the reference implementation passes over fields it does not know
        }
        if (type is null || shape is null || offsets is not [long begin, long end])
            throw Broken($"tensor '{Shorten(name)}' lacks a dtype, a shape, or two data_offsets");
        if (!TensorTypes.TryParse(type, out TensorType known))
        {
            throw new SafeTensorsException(
                _path, $"tensor '{Shorten(name)}' has the unknown dtype '{Shorten(type)}'", "Export the file again with F32 tensors.");
        }
        if (!TensorInfo.TryMeasure(known, shape, out _))
            throw Broken($"tensor '{Shorten(name)}' has the absurd shape [{string.Join(", ", shape)}]");
        var info = new TensorInfo(name, known, shape);
        if (begin > end || end - begin != info.ByteCount)
        {
            throw Broken($"tensor '{Shorten(name)}' needs {info.ByteCount} bytes for its shape, but its data_offsets are [{begin}, {end}]");
        }
        return new Entry(info, begin, end);
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string name, string field, int maxCount)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Broken($"tensor '{Shorten(name)}': '{field}' is not a list");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || reader.ValueSpan[0] == (byte)'-')
                throw Broken($"tensor '{Shorten(name)}': '{field}' holds something other than a whole number from 0 to 2^63 - 1");
            if (numbers.Count == maxCount)
                throw Broken($"tensor '{Shorten(name)}': '{field}' holds more than {maxCount} numbers");
            numbers.Add(number);
        }
        return numbers;
    }

    /// <summary>The data must be covered from its first byte to the end of the file, each byte once.</summary>
    private void CheckLayout(long dataBytes)
    {
        Entries.Sort((left, right) => (left.Begin, left.End).CompareTo((right.Begin, right.End)));
        long end = 0;
        foreach (Entry entry in Entries)
        {
            if (entry.Begin != end)
            {
                throw Broken($"the data of tensor '{Shorten(entry.Info.Name)}' starts at {entry.Begin}, but the tensors before it end at " +
                    $"{end}: {(entry.Begin > end ? "there is a gap" : "they overlap")}");
            }
            end = entry.End;
        }
        if (end > dataBytes)
            throw Broken($"its tensors need {end} bytes, but it has {dataBytes}: it is truncated");
        if (end < dataBytes)
            throw Broken($"its tensors end at byte {end} of {dataBytes}: something was appended to it");
    }

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";

    private SafeTensorsException Broken(string reason, Exception? inner = null) =>
        new(_path, reason, "Copy, download or export the file again.", inner);
}
