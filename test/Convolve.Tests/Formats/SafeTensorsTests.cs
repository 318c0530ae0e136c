using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Convolve.Files;
using Convolve.Formats;
using Convolve.Testing;

namespace Convolve.Tests.Formats;

public class SafeTensorsTests
{
    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        using var folder = new TemporaryFolder();
        TensorInfo weight = new("features.0.weight", TensorType.F32, [4, 3, 2, 2]), bias = new("features.0.bias", TensorType.F32, [4]);
        TensorInfo scalar = new("tiefe \u00fc\U0001F600 \"\\", TensorType.F32, []), empty = new("empty", TensorType.F32, [0, 7]);
        TensorInfo steps = new("num_batches_tracked", TensorType.I64, []);
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["classes"] = "[\"cat\",\n\"\u00fc\"]", [""] = "" };
        float[] values = [float.NaN, float.NegativeInfinity, -0f, float.Epsilon, .. Enumerable.Range(0, 44).Select(i => i * 0.1f)];

        SafeTensors.Write(
            folder["a.safetensors"],
            [weight, bias, scalar, empty, steps],
            (tensor, sink) =>
            {
                if (tensor == steps)
                    sink.WriteInt64s([long.MinValue + 3]);
                else if (tensor == weight)
                    for (int i = 0; i < 48; i += 6)
                        sink.WriteFloats(values.AsSpan(i, 6));
                else
                    sink.WriteFloats(values.AsSpan(10, (int)tensor.ElementCount));
            },
            metadata);

        using SafeTensorsFile file = SafeTensorsFile.Open(folder["a.safetensors"]);
        Assert.Equal(metadata.OrderBy(pair => pair.Key), file.Metadata.OrderBy(pair => pair.Key));
        Assert.Equal([steps, weight, bias, scalar, empty], file.Tensors.OrderBy(tensor => tensor == empty)); // large elements first
        float[] weights = new float[48], biases = new float[4], one = new float[1];
        file.ReadFloats(weight.Name, weights);
        file.ReadFloats(bias.Name, biases);
        file.ReadFloats(scalar.Name, one);
        file.ReadFloats(empty.Name, []);
        Assert.Equal(Bits(values), Bits(weights));
        Assert.Equal(values[10..14], biases);
        Assert.Equal(values[10], one[0]);
        byte[] count = new byte[8];
        file.ReadBytes(steps.Name, count);
        Assert.Equal(long.MinValue + 3, BinaryPrimitives.ReadInt64LittleEndian(count));
        Assert.Equal(weight, file["features.0.weight"]);
        Assert.True(file.Contains("empty"));
        Assert.False(file.Contains("Empty"));

        ReferenceSafeTensors reference = ReferenceSafeTensors.Read(File.ReadAllBytes(folder["a.safetensors"]));
        Assert.Equal(metadata.OrderBy(pair => pair.Key), reference.Metadata.OrderBy(pair => pair.Key));
        ReferenceSafeTensors.Tensor read = reference.Tensors.Single(tensor => tensor.Name == weight.Name);
        Assert.Equal(weight.Shape, read.Shape);
        Assert.Equal(Bits(values), Bits(MemoryMarshal.Cast<byte, float>(read.Data).ToArray()));
        Assert.Contains(reference.Tensors, tensor => tensor.Name == scalar.Name);
    }

    /// <summary>The bytes are those of the reference implementation's own test (safetensors/src/tensor.rs, test_serialization).</summary>
    [Fact]
    public void BytesAreThoseOfTheReferenceImplementation()
    {
        byte[] expected =
        [
            64, 0, 0, 0, 0, 0, 0, 0,
            .. """{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}"""u8,
            0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64, 0, 0, 160, 64,
        ];
        Assert.Equal(expected, Bytes([new("attn.0", TensorType.F32, [1, 2, 3])], (_, sink) => sink.WriteFloats([0, 1, 2, 3, 4, 5])));
    }

    [Fact]
    public void HeaderIsPaddedWithSpacesToAMultipleOf8()
    {
        for (int length = 1; length <= 9; length++)
        {
            var tensor = new TensorInfo(new string('x', length), TensorType.F32, [1]);
            byte[] file = Bytes([tensor], (_, sink) => sink.WriteFloats([1f]), new Dictionary<string, string> { ["format"] = "pt" });
            int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
            Assert.Equal(0, header % 8);
            Assert.Equal(8 + header + 4, file.Length);
            string json = Encoding.UTF8.GetString(file, 8, header);
            string text = json.TrimEnd(' ');
            Assert.InRange(json.Length - text.Length, 0, 7);
            Assert.Equal(
                $$$"""{"__metadata__":{"format":"pt"},"{{{tensor.Name}}}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", text);
        }
    }

    [Fact]
    public void TheOrderOfTheMetadataDoesNotChangeTheBytes()
    {
        TensorInfo[] none = [];
        byte[] first = Bytes(none, (_, _) => { }, new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" });
        byte[] second = Bytes(none, (_, _) => { }, new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" });
        Assert.Equal(first, second);
    }

    [Fact]
    public void HalfPrecisionBecomesSinglePrecisionExactly()
    {
        using var folder = new TemporaryFolder();
        const int Count = 65536; // every value there is
        byte[] data = new byte[2 * Count];
        for (int i = 0; i < Count; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(2 * i), (ushort)i);
        TensorInfo[] tensors = [new("half", TensorType.F16, [256, 256]), new("brain", TensorType.BF16, [Count])];
        SafeTensors.Write(folder["a"], tensors, (_, sink) => sink.WriteBytes(data));
        using SafeTensorsFile file = SafeTensorsFile.Open(folder["a"]);
        float[] half = new float[Count], brain = new float[Count];
        file.ReadFloats("half", half);
        file.ReadFloats("brain", brain);
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(Exact(i, exponentBits: 5), half[i]);
            Assert.Equal(Exact(i, exponentBits: 8), brain[i]);
        }
    }

    [Fact]
    public void WritingLargeTensorsMakesNoSecondCopy()
    {
        using var folder = new TemporaryFolder();
        float[] values = new float[4 << 20];
        values[^1] = 3;
        TensorInfo[] tensors = [new("fc6.weight", TensorType.F32, [4096, 1024])];
        long before = GC.GetAllocatedBytesForCurrentThread();
        SafeTensors.Write(folder["a"], tensors, (_, sink) => sink.WriteFloats(values));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000);
        before = GC.GetAllocatedBytesForCurrentThread();
        using SafeTensorsFile file = SafeTensorsFile.Open(folder["a"]);
        values[^1] = 0;
        file.ReadFloats("fc6.weight", values);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000);
        Assert.Equal(3, values[^1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("__metadata__")]
    [InlineData("line\nbreak")]
    [InlineData("nul\0")]
    [InlineData("twice")]
    public void NamesThatDoNotWorkAreRejected(string name)
    {
        using var folder = new TemporaryFolder();
        TensorInfo[] tensors = [new("twice", TensorType.F32, [1]), new(name, TensorType.F32, [1])];
        Assert.Throws<ArgumentException>("tensors", () => SafeTensors.Write(folder["a"], tensors, (_, sink) => sink.WriteFloats([1f])));
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void TextThatIsNotUnicodeOrTooLongIsRejected()
    {
        TensorInfo[] tensors = [new("half \ud83d", TensorType.F32, [0])];
        Assert.Throws<ArgumentException>("tensors", () => Bytes(tensors, (_, _) => { }));
        var half = new Dictionary<string, string> { ["key"] = "half \udc00" };
        Assert.Throws<ArgumentException>("metadata", () => Bytes([], (_, _) => { }, half));
        var large = new Dictionary<string, string> { ["key"] = new('x', SafeTensors.MaxHeaderBytes) };
        Assert.Throws<ArgumentException>("metadata", () => Bytes([], (_, _) => { }, large));
    }

    [Fact]
    public void ShapesThatDoNotWorkAreRejected()
    {
        Assert.Throws<ArgumentException>("shape", () => new TensorInfo("a", TensorType.F32, [3, -1]));
        Assert.Throws<ArgumentException>("shape", () => new TensorInfo("a", TensorType.F32, [1L << 61]));
        Assert.Throws<ArgumentException>("shape", () => new TensorInfo("a", TensorType.U8, [1L << 32, 1L << 31]));
        Assert.Equal(long.MaxValue, new TensorInfo("a", TensorType.U8, [long.MaxValue]).ByteCount);
        Assert.Equal(0, new TensorInfo("a", TensorType.F64, [0, long.MaxValue]).ByteCount);
    }

    [Fact]
    public void TooMuchTooLittleOrAnotherTypeIsRejectedAndLeavesTheOldFile()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a"], "old");
        TensorInfo[] tensors = [new("w", TensorType.F32, [3])];
        Action<TensorSink>[] writes =
        [
            sink => sink.WriteFloats([1f, 2f]),
            sink => sink.WriteFloats([1f, 2f, 3f, 4f]),
            sink => sink.WriteInt64s([1L]),
            sink => sink.WriteBytes(new byte[13]),
            _ => { },
        ];
        foreach (Action<TensorSink> write in writes)
        {
            var failure = Assert.Throws<InvalidOperationException>(() => SafeTensors.Write(folder["a"], tensors, (_, sink) => write(sink)));
            Assert.StartsWith("Tensor 'w F32 [3]': ", failure.Message, StringComparison.Ordinal);
        }
        Assert.Equal("old", File.ReadAllText(folder["a"]));
        Assert.Equal(["a"], folder.Files);
    }

    [Fact]
    public void EveryFailingOperationLeavesAWholeFile()
    {
        using var folder = new TemporaryFolder();
        TensorInfo[] tensors = [new("w", TensorType.F32, [100_000]), new("b", TensorType.F32, [10])];
        void WriteAll(float value) => SafeTensors.Write(
            folder["a"], tensors, (tensor, sink) => sink.WriteFloats(Enumerable.Repeat(value, (int)tensor.ElementCount).ToArray()));
        int count;
        using (var faults = new Faults())
        {
            WriteAll(1);
            count = faults.Count;
        }
        for (int n = 0; n < count; n++)
        {
            WriteAll(1);
            using (new Faults(n, Faults.DiskFull))
                Assert.Throws<FileWriteException>(() => WriteAll(2));
            using SafeTensorsFile file = SafeTensorsFile.Open(folder["a"]);
            float[] values = new float[100_000];
            file.ReadFloats("w", values);
            Assert.All(values, value => Assert.Equal(n == count - 1 ? 2 : 1, value));
            Assert.Equal(["a"], folder.Files);
        }
    }

    [Fact]
    public void InfosAreEqualByValue()
    {
        TensorInfo first = new("a", TensorType.F32, [2, 3]), second = new("a", TensorType.F32, new List<long> { 2, 3 });
        Assert.Equal(first, second);
        Assert.Equal(first.GetHashCode(), second.GetHashCode());
        Assert.NotEqual(first, new("a", TensorType.F32, [3, 2]));
        Assert.Equal("a F32 [2, 3]", first.ToString());
    }

    private static byte[] Bytes(
        TensorInfo[] tensors, Action<TensorInfo, TensorSink> write, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var stream = new MemoryStream();
        SafeTensors.Write(stream, tensors, write, metadata);
        return stream.ToArray();
    }

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];

    /// <summary>The value of a 16-bit float, from its definition.</summary>
    private static float Exact(int bits, int exponentBits)
    {
        int mantissaBits = 15 - exponentBits, bias = (1 << (exponentBits - 1)) - 1;
        int exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1), mantissa = bits & ((1 << mantissaBits) - 1);
        double sign = bits >> 15 == 0 ? 1 : -1;
        if (exponent == (1 << exponentBits) - 1)
            return mantissa != 0 ? float.NaN : (float)(sign * double.PositiveInfinity);
        return (float)(exponent == 0
            ? sign * Math.ScaleB(mantissa, 1 - bias - mantissaBits)
            : sign * Math.ScaleB(mantissa + (1 << mantissaBits), exponent - bias - mantissaBits));
    }
}
