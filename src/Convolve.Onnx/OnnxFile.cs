namespace Convolve.Onnx;

/// <summary>An ONNX file that was written.</summary>
/// <param name="Path">As the caller named it.</param>
/// <param name="Sidecar">The file beside it.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Options">How it was written.</param>
/// <param name="Graph">Its content.</param>
internal sealed record OnnxFile(string Path, string Sidecar, long Bytes, OnnxOptions Options, GraphProto Graph)
{
    public OnnxValue Input => OnnxValue.Of(Graph.Input[0]);

    public OnnxValue Output => OnnxValue.Of(Graph.Output[0]);
}

/// <summary>What goes into a model or comes out of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">"float32" or "uint8".</param>
/// <param name="Shape">Its sizes: numbers, or names of sizes that vary.</param>
internal sealed record OnnxValue(string Name, string Type, IReadOnlyList<object> Shape)
{
    public static OnnxValue Of(ValueInfoProto value) => new(value.Name,
        value.Type.TensorType.ElemType == TensorProto.Types.DataType.Uint8 ? "uint8" : "float32",
        [.. value.Type.TensorType.Shape.Dim.Select(d => d.HasDimValue ? (object)d.DimValue : d.DimParam)]);

    /// <summary>As in "input: float32 [N, 1, 28, 28]".</summary>
    public override string ToString() => $"{Name}: {Type} [{string.Join(", ", Shape)}]";
}
