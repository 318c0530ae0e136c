namespace Convolve.Formats;

/// <summary>The element types of safetensors whose elements are whole bytes.</summary>
internal enum TensorType
{
    Bool,
    U8,
    I8,
    F8E5M2,
    F8E4M3,
    F8E8M0,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    F64,
    I64,
    U64,
    C64,
}

/// <summary>Sizes of element types, and their names in files.</summary>
internal static class TensorTypes
{
    private static readonly Dictionary<string, TensorType> ByName =
        Enum.GetValues<TensorType>().ToDictionary(type => type.FileName(), StringComparer.Ordinal);

    /// <summary>The size of one element in bytes.</summary>
    public static int ElementBytes(this TensorType type) => type switch
    {
        TensorType.Bool or TensorType.U8 or TensorType.I8 => 1,
        TensorType.F8E5M2 or TensorType.F8E4M3 or TensorType.F8E8M0 => 1,
        TensorType.I16 or TensorType.U16 or TensorType.F16 or TensorType.BF16 => 2,
        TensorType.I32 or TensorType.U32 or TensorType.F32 => 4,
        TensorType.F64 or TensorType.I64 or TensorType.U64 or TensorType.C64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>The name of the type in a header's "dtype".</summary>
    internal static string FileName(this TensorType type) => type switch
    {
        TensorType.Bool => "BOOL",
        TensorType.F8E5M2 => "F8_E5M2",
        TensorType.F8E4M3 => "F8_E4M3",
        TensorType.F8E8M0 => "F8_E8M0",
        _ => type.ToString(),
    };

    internal static bool TryParse(string name, out TensorType type) => ByName.TryGetValue(name, out type);
}
