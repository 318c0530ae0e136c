using System.Numerics;
using System.Text.Json;

namespace Convolve.Tests.Formats;

/// <summary>A second reader of safetensors, written from the format's description alone: what the real one is judged by.</summary>
internal sealed record ReferenceSafeTensors(Dictionary<string, string> Metadata, List<ReferenceSafeTensors.Tensor> Tensors)
{
    private static readonly Dictionary<string, int> Sizes = new()
    {
        ["BOOL"] = 1,
        ["U8"] = 1,
        ["I8"] = 1,
        ["F8_E5M2"] = 1,
        ["F8_E4M3"] = 1,
        ["F8_E8M0"] = 1,
        ["I16"] = 2,
        ["U16"] = 2,
        ["F16"] = 2,
        ["BF16"] = 2,
        ["I32"] = 4,
        ["U32"] = 4,
        ["F32"] = 4,
        ["F64"] = 8,
        ["I64"] = 8,
        ["U64"] = 8,
        ["C64"] = 8,
    };

    /// <summary>Reads a file that is in memory; any exception means that it is not one.</summary>
    public static ReferenceSafeTensors Read(byte[] file)
    {
        ulong headerBytes = BitConverter.ToUInt64(file, 0);
        Demand(headerBytes <= 100_000_000 && headerBytes + 8 <= (ulong)file.Length && file[8] == '{');
        using JsonDocument json = JsonDocument.Parse(
            file.AsMemory(8, (int)headerBytes), new JsonDocumentOptions { AllowDuplicateProperties = false });
        var result = new ReferenceSafeTensors([], []);
        foreach (JsonProperty entry in json.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                foreach (JsonProperty pair in entry.Value.EnumerateObject())
                    result.Metadata.Add(pair.Name, pair.Value.GetString() ?? throw new InvalidDataException());
                continue;
            }
            string type = entry.Value.GetProperty("dtype").GetString()!;
            long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(Natural)];
            long[] offsets = [.. entry.Value.GetProperty("data_offsets").EnumerateArray().Select(Natural)];
            BigInteger count = shape.Aggregate(BigInteger.One, (product, dimension) => product * dimension);
            Demand(offsets.Length == 2 && shape.Length <= 64 && count * Sizes[type] == offsets[1] - offsets[0]);
            result.Tensors.Add(new Tensor(entry.Name, type, shape, offsets[0], offsets[1], []));
        }
        result.Tensors.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        long end = 0, start = 8 + (long)headerBytes;
        for (int i = 0; i < result.Tensors.Count; i++)
        {
            Tensor tensor = result.Tensors[i];
            Demand(tensor.Begin == end);
            end = tensor.End;
            result.Tensors[i] = tensor with { Data = file[(int)(start + tensor.Begin)..(int)(start + tensor.End)] };
        }
        Demand(start + end == file.Length);
        return result;
    }

    private static long Natural(JsonElement number)
    {
        Demand(!number.GetRawText().StartsWith('-'));
        return number.GetInt64();
    }

    private static void Demand(bool holds)
    {
        if (!holds)
            throw new InvalidDataException();
    }

    internal sealed record Tensor(string Name, string Type, long[] Shape, long Begin, long End, byte[] Data);
}
