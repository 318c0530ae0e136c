using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Convolve.Files;

namespace Convolve.Formats;

/// <summary>
/// Writes safetensors, the format of weights that Python's libraries read: a length, a JSON header, and the tensors back to back.
/// </summary>
/// <remarks>
/// Tensors of large elements come first, so that each is aligned to its element size; otherwise they keep the order given. The same
/// tensors and metadata give the same bytes. Source: https://github.com/huggingface/safetensors, "Format".
/// </remarks>
internal static class SafeTensors
{
    /// <summary>The largest header that readers accept, in bytes.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    internal const string MetadataKey = "__metadata__";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes a file atomically, as <see cref="AtomicFile"/> does; the data goes from the caller's memory to the disk.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="tensors">What the file holds; names must be unique, not empty, and without control characters.</param>
    /// <param name="write">Called once per tensor, in file order; hands the sink exactly the tensor's data, in one span or many.</param>
    /// <param name="metadata">Free text by key, such as <c>format: pt</c> for PyTorch; none by default.</param>
    /// <exception cref="ArgumentException">A name or a text is invalid, or the header exceeds <see cref="MaxHeaderBytes"/>.</exception>
    /// <exception cref="InvalidOperationException"><paramref name="write"/> gave too little or too much data, or another type.</exception>
    /// <exception cref="FileWriteException">The disk is full, access is denied, the folder is missing, or the like.</exception>
    public static void Write(
        string path,
        IEnumerable<TensorInfo> tensors,
        Action<TensorInfo, TensorSink> write,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(write);
        TensorInfo[] ordered = InFileOrder(tensors);
        ReadOnlyMemory<byte> header = Header(ordered, metadata);
        AtomicFile.Write(path, stream => Write(stream, header, ordered, write));
    }

    /// <summary>Writes the same bytes to a stream, which is left open.</summary>
    /// <inheritdoc cref="Write(string, IEnumerable{TensorInfo}, Action{TensorInfo, TensorSink}, IReadOnlyDictionary{string, string}?)"/>
    public static void Write(
        Stream stream,
        IEnumerable<TensorInfo> tensors,
        Action<TensorInfo, TensorSink> write,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(write);
        TensorInfo[] ordered = InFileOrder(tensors);
        Write(stream, Header(ordered, metadata), ordered, write);
    }

    private static void Write(Stream stream, ReadOnlyMemory<byte> header, TensorInfo[] tensors, Action<TensorInfo, TensorSink> write)
    {
        stream.Write(header.Span);
        foreach (TensorInfo tensor in tensors)
        {
            var sink = new TensorSink(stream, tensor);
            write(tensor, sink);
            sink.Close();
        }
    }

    private static TensorInfo[] InFileOrder(IEnumerable<TensorInfo> tensors) =>
        [.. tensors.OrderByDescending(tensor => tensor.Type.ElementBytes())];

    /// <summary>The length, the JSON, and the spaces that make the data start at a multiple of 8.</summary>
    private static ReadOnlyMemory<byte> Header(TensorInfo[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var bytes = new ArrayBufferWriter<byte>();
        bytes.Write(new byte[8]);
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            WriteTensors(json, tensors, nameof(tensors));
            json.WriteEndObject();
        }
        while (bytes.WrittenCount % 8 != 0)
            bytes.Write(" "u8);
        int length = bytes.WrittenCount - 8;
        if (length > MaxHeaderBytes)
        {
            throw new ArgumentException(
                $"The header takes {length} bytes, but readers accept at most {MaxHeaderBytes}. Shorten the metadata or the names.",
                nameof(metadata));
        }
        byte[] header = bytes.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is null or { Count: 0 })
            return;
        json.WriteStartObject(MetadataKey);
        foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            RequireUnicode(key, nameof(metadata));
            RequireUnicode(value, nameof(metadata));
            json.WriteString(key, value);
        }
        json.WriteEndObject();
    }

    private static void WriteTensors(Utf8JsonWriter json, TensorInfo[] tensors, string parameter)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        long end = 0;
        foreach (TensorInfo tensor in tensors)
        {
            RequireName(tensor.Name, names, parameter);
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.Type.FileName());
            json.WriteStartArray("shape");
            foreach (long dimension in tensor.Shape)
                json.WriteNumberValue(dimension);
            json.WriteEndArray();
            json.WriteStartArray("data_offsets");
            json.WriteNumberValue(end);
            json.WriteNumberValue(end = checked(end + tensor.ByteCount));
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    private static void RequireName(string name, HashSet<string> names, string parameter)
    {
        RequireUnicode(name, parameter);
        if (name.Length == 0 || name == MetadataKey || name.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"'{name}' cannot name a tensor: names are not empty, not {MetadataKey}, and without control characters. Use a name "
                + "such as 'conv1.weight'.",
                parameter);
        }
        if (!names.Add(name))
            throw new ArgumentException($"Two tensors are named '{name}'. Give each tensor a different name.", parameter);
    }

    private static void RequireUnicode(string text, string parameter)
    {
        ArgumentNullException.ThrowIfNull(text, parameter);
        try
        {
            _ = StrictUtf8.GetByteCount(text);
        }
        catch (EncoderFallbackException unpaired)
        {
            throw new ArgumentException("A name or text has half of a surrogate pair. Use valid Unicode.", parameter, unpaired);
        }
    }
}
