using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Convolve.Data;
using Convolve.Kernels;

namespace Convolve.Serving.Http;

/// <summary>Values of a request's tensor, from JSON or from little-endian bytes.</summary>
/// <param name="tensor">What the request says of it.</param>
/// <param name="json">The request.</param>
/// <param name="binary">Its bytes, where it is binary.</param>
/// <param name="most">The most pictures of a request.</param>
internal readonly ref struct TensorReader(InferTensor tensor, ReadOnlySpan<byte> json, ReadOnlySpan<byte> binary, int most)
{
    private const int LengthBytes = 4;
    private readonly ReadOnlySpan<byte> _json = json, _binary = binary;

    private bool IsBinary => tensor.BinarySize is not null;

    /// <summary>The network's input in numbers: FP32, FP64 or FP16, [n, channels, height, width].</summary>
    /// <exception cref="Refusal">Shape and values don't go together, or a value isn't finite.</exception>
    public float[] ReadInputs(ImageSize size, out int count)
    {
        if (tensor.Shape is not [var n, var c, var h, var w] || (c, h, w) != (size.Channels, size.Height, size.Width))
            throw WrongShape($"[n, {size.Channels}, {size.Height}, {size.Width}]");
        count = Count(n);
        float[] values = new float[count * size.Length];
        RequireBytes(tensor.Datatype switch { "FP16" => 2, "FP32" => 4, _ => 8 }, values.Length);
        if (!IsBinary)
            ParseNumbers(values);
        else if (tensor.Datatype == "FP32")
            MemoryMarshal.Cast<byte, float>(_binary).CopyTo(values);
        else
            for (int i = 0; i < values.Length; i++)
                values[i] = tensor.Datatype == "FP16" ? (float)BinaryPrimitives.ReadHalfLittleEndian(_binary[(2 * i)..])
                    : (float)BinaryPrimitives.ReadDoubleLittleEndian(_binary[(8 * i)..]);
        RequireFinite(values, size.Length);
        return values;
    }

    /// <summary>Pixels: UINT8, [n, height, width, channels] of any size, with 1, 3 or 4 channels.</summary>
    public byte[] ReadPixels(long maxPixels, out int count, out ImageSize size)
    {
        if (tensor.Shape is not [var n, >= 1 and var h, >= 1 and var w, 1 or 3 or 4] || h > int.MaxValue || w > int.MaxValue)
            throw WrongShape("[n, height, width, channels] with 1, 3 or 4 channels");
        count = Count(n);
        if (h * w > maxPixels)
            throw TooManyPixels(w, h, maxPixels);
        size = new((int)tensor.Shape[3], (int)h, (int)w);
        long length = count * h * w * size.Channels;
        if (length > int.MaxValue)
            throw WrongCount(length);
        RequireBytes(1, (int)length);
        if (IsBinary)
            return _binary.ToArray();
        byte[] pixels = new byte[length];
        Utf8JsonReader reader = new(_json[tensor.Data]);
        int at = 0;
        while (NextScalar(ref reader))
        {
            if (at == pixels.Length)
                throw WrongCount(length);
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetByte(out pixels[at++]))
                throw Refusal.Bad($"Input \"{tensor.Name}\" of UINT8 has a value that isn't a whole number from 0 to 255.");
        }
        return at == length ? pixels : throw WrongCount(length);
    }

    /// <summary>Picture files: BYTES, [n] or [n, 1], in JSON as base64.</summary>
    public byte[][] ReadFiles()
    {
        if (tensor.Shape.Count is not (1 or 2) || (tensor.Shape.Count == 2 && tensor.Shape[1] != 1))
            throw WrongShape("[n], one picture file in each element");
        byte[][] files = new byte[Count(tensor.Shape[0])][];
        int at = 0;
        if (!IsBinary)
        {
            Utf8JsonReader reader = new(_json[tensor.Data]);
            while (NextScalar(ref reader))
            {
                if (at == files.Length)
                    throw WrongCount(files.Length);
                if (reader.TokenType != JsonTokenType.String || !reader.TryGetBytesFromBase64(out files[at++]!))
                    throw Refusal.Bad($"Input \"{tensor.Name}\" of BYTES has an element that isn't a picture file in base64.");
            }
            return at == files.Length ? files : throw WrongCount(files.Length);
        }
        ReadOnlySpan<byte> rest = _binary;
        for (; at < files.Length; at++)
        {
            uint length = rest.Length < LengthBytes ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(rest);
            if (length > rest.Length - LengthBytes)
                throw Refusal.Bad(string.Create(CultureInfo.InvariantCulture,
                    $"Input \"{tensor.Name}\" of BYTES is cut off in element {at}: each is its length in 4 bytes, little-endian, and as " +
                    $"many bytes."));
            files[at] = rest.Slice(LengthBytes, (int)length).ToArray();
            rest = rest[(LengthBytes + (int)length)..];
        }
        return rest.IsEmpty ? files : throw WrongCount(files.Length);
    }

    /// <summary>A body without JSON: the input's float32 values, of as many pictures as they are.</summary>
    public static float[] ReadRaw(ReadOnlySpan<byte> bytes, ImageSize size, int most, out int count)
    {
        int picture = sizeof(float) * size.Length;
        if (bytes.IsEmpty || bytes.Length % picture != 0)
            throw Refusal.Bad(string.Create(CultureInfo.InvariantCulture,
                $"A body without JSON is float32 values, {picture} bytes for each input of {size}; got {bytes.Length} bytes. Send " +
                $"picture files to /predict."));
        InferTensor raw = new("input", "FP32", [bytes.Length / picture, size.Channels, size.Height, size.Width], default, bytes.Length);
        return new TensorReader(raw, [], bytes, most).ReadInputs(size, out count);
    }

    /// <summary>For a picture that isn't decoded.</summary>
    public static Refusal TooManyPixels(long width, long height, long most) => Refusal.Bad(string.Create(CultureInfo.InvariantCulture,
        $"{width} x {height} pixels are more than the limit of {most} pixels. Make the picture smaller."));

    private int Count(long count) => count < 1 ? throw Refusal.Bad($"Input \"{tensor.Name}\" has the shape {Shape}: it is empty.")
        : count <= most ? (int)count : throw new Refusal(413, string.Create(CultureInfo.InvariantCulture,
            $"A request may have {most} pictures, got {count}. Send several requests."));

    private string Shape => $"[{string.Join(", ", tensor.Shape)}]";

    private Refusal WrongShape(string expected) =>
        Refusal.Bad($"Input \"{tensor.Name}\" of {tensor.Datatype} has the shape {Shape}, expected {expected}.");

    private Refusal WrongCount(long expected) => Refusal.Bad(string.Create(CultureInfo.InvariantCulture,
        $"Input \"{tensor.Name}\" of {tensor.Datatype} {Shape} needs {expected} values; there are fewer or more."));

    // In JSON, a value takes two bytes: there is no room made for more than can be there.
    private void RequireBytes(int width, int count)
    {
        if (IsBinary && _binary.Length != (long)count * width)
            throw Refusal.Bad(string.Create(CultureInfo.InvariantCulture,
                $"Input \"{tensor.Name}\" of {tensor.Datatype} {Shape} needs {(long)count * width} bytes, got {_binary.Length}."));
        if (!IsBinary && count > _json[tensor.Data].Length)
            throw WrongCount(count);
    }

    private void ParseNumbers(Span<float> values)
    {
        Utf8JsonReader reader = new(_json[tensor.Data]);
        int at = 0;
        while (NextScalar(ref reader))
        {
            if (at == values.Length)
                throw WrongCount(values.Length);
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetSingle(out values[at++]))
                throw Refusal.Bad($"Input \"{tensor.Name}\" of {tensor.Datatype} has a value that isn't a number.");
        }
        if (at != values.Length)
            throw WrongCount(values.Length);
    }

    // Row by row, in nested arrays or in one.
    private static bool NextScalar(ref Utf8JsonReader reader)
    {
        while (reader.Read())
            if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.EndArray))
                return true;
        return false;
    }

    private static void RequireFinite(float[] values, int length)
    {
        if (!NonFinite.IsIn(values))
            return;
        int at = Array.FindIndex(values, value => !float.IsFinite(value));
        throw Refusal.Bad(string.Create(CultureInfo.InvariantCulture,
            $"Value {at % length} of picture {at / length} is {values[at]}. Send finite numbers."));
    }
}
