using Google.Protobuf;
using static Convolve.Onnx.AttributeProto.Types;

namespace Convolve.Onnx;

/// <summary>Attributes of operators.</summary>
internal static class Attributes
{
    public static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };

    public static AttributeProto Ints(string name, params ReadOnlySpan<long> values) =>
        new() { Name = name, Type = AttributeType.Ints, Ints = { values.ToArray() } };

    public static AttributeProto Float(string name, float value) => new() { Name = name, Type = AttributeType.Float, F = value };

    public static AttributeProto Text(string name, string value) =>
        new() { Name = name, Type = AttributeType.String, S = ByteString.CopyFromUtf8(value) };
}
