using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Convolve.Formats;
using Convolve.Kernels;

namespace Convolve.Tests.Formats;

/// <summary>Whatever the bytes, a file is read as the reference reader reads it, or SafeTensorsException is thrown.</summary>
public class SafeTensorsHostileTests
{
    private const string A = """{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""";

    [Theory]
    [InlineData("", 0, "does not start with '{'")]
    [InlineData("[]", 0, "does not start with '{'")]
    [InlineData(" {}", 0, "does not start with '{'")]
    [InlineData("{", 0, "not valid JSON")]
    [InlineData("{}}", 0, "not valid JSON")]
    [InlineData("{}\0", 0, "not valid JSON")]
    [InlineData("{\"a\":" + A + ",}", 4, "not valid JSON")]
    [InlineData("{\"a\":" + A + ",\"a\":" + A + "}", 4, "names 'a' twice")]
    [InlineData("{\"a\":" + A + ",\"\\u0061\":" + A + "}", 4, "names 'a' twice")]
    [InlineData("{\"\\ud800\":" + A + "}", 4, "not valid JSON")]
    [InlineData("{\"a\":" + A + "}", 3, "truncated")]
    [InlineData("{\"a\":" + A + "}", 5, "appended")]
    [InlineData("{}", 1, "appended")]
    [InlineData("{\"a\":1}", 0, "'a' is not an object")]
    [InlineData("{\"a\":{}}", 0, "lacks")]
    [InlineData("{\"__metadata__\":null}", 0, "not an object")]
    [InlineData("{\"__metadata__\":[]}", 0, "not an object")]
    [InlineData("{\"__metadata__\":{\"a\":1}}", 0, "metadata 'a' is not a string")]
    [InlineData("{\"__metadata__\":{\"a\":null}}", 0, "metadata 'a' is not a string")]
    [InlineData("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "metadata names 'a' twice")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "names '__metadata__' twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"shape":[1]}}""", 4, "two fields 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "two fields 'dtype'")]
    [InlineData("""{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown dtype 'f32'")]
    [InlineData("""{"a":{"dtype":"12","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown dtype '12'")]
    [InlineData("""{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", 4, "not valid JSON")]
    [InlineData("""{"a":{"dtype":null,"shape":[1],"data_offsets":[0,4]}}""", 4, "unknown dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "'shape' is not a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}""", 0, "whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", 4, "whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}""", 4, "whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", 4, "whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, "whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}""", 4, "whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "absurd shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}""", 0, "absurd shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "needs 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "needs 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "two data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}""", 4, "more than 2 numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "there is a gap")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""", 6,
        "overlap")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 4,
        "overlap")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[6,10]}}""", 10,
        "gap")]
    [InlineData("""{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""", 4, "truncated")]
    public void BrokenHeadersAreExplained(string json, int dataBytes, string reason)
    {
        using var folder = new TemporaryFolder();
        byte[] file = FileOf(Encoding.UTF8.GetBytes(json), dataBytes);
        Assert.ThrowsAny<Exception>(() => ReferenceSafeTensors.Read(file));
        Assert.Contains(reason, Rejected(folder, file).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", 0)]
    [InlineData("{}      ", 0)]
    [InlineData("{\"__metadata__\":{}}", 0)]
    [InlineData("{\"\":" + A + "}", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"data_offsets":[0,0],"shape":[9,0],"dtype":"C64"}}""", 0)]
    [InlineData(
        """{"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]},"z":{"dtype":"U8","shape":[0],"data_offsets":[4,""" +
        """4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 8)]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"checksum":{"deep":[1]}}}""", 4)]
    public void UnusualHeadersAreRead(string json, int dataBytes)
    {
        using var folder = new TemporaryFolder();
        byte[] file = FileOf(Encoding.UTF8.GetBytes(json), dataBytes);
        Assert.True(Agree(folder["a"], file));
    }

    [Fact]
    public void MoreThan64DimensionsAreRejected()
    {
        using var folder = new TemporaryFolder();
        static string Json(int rank) =>
            $$$"""{"a":{"dtype":"U8","shape":[{{{string.Join(',', Enumerable.Repeat(1, rank))}}}],"data_offsets":[0,1]}}""";
        Assert.True(Agree(folder["a"], FileOf(Encoding.UTF8.GetBytes(Json(64)), 1)));
        Assert.Contains("more than 64", Rejected(folder, FileOf(Encoding.UTF8.GetBytes(Json(65)), 1)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void DeepNestingAndInvalidUtf8AreRejected()
    {
        using var folder = new TemporaryFolder();
        Rejected(folder, FileOf(Encoding.UTF8.GetBytes("{\"a\":{\"x\":" + new string('[', 1_000_000)), 0));
        byte[] latin1 = [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)'}'];
        Assert.Contains("UTF-8", Rejected(folder, FileOf(latin1, 0)).Reason, StringComparison.Ordinal);
        for (int length = 0; length < 8; length++)
            Rejected(folder, new byte[length]);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(ulong.MaxValue - 7)]
    [InlineData(100_000_001)]
    [InlineData(100_000_000)]
    [InlineData(99_999_999)]
    public void HugeHeaderSizesAllocateNothing(ulong size)
    {
        using var folder = new TemporaryFolder();
        byte[] file = FileOf("{}"u8, 100);
        BinaryPrimitives.WriteUInt64LittleEndian(file, size);
        Rejected(folder, file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Rejected(folder, file);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000);
    }

    [Fact]
    public void FilesThatCannotBeOpenedAreExplained()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(
            $"Cannot read '{folder["x"]}' as safetensors: there is no such file. Check its name.",
            Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Open(folder["x"])).Message);
        Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Open(folder["x/y"]));
        Assert.Equal("it is a folder", Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Open(folder.FullName)).Reason);
    }

    [Fact]
    public void AskingForWhatIsNotThereIsExplained()
    {
        using var folder = new TemporaryFolder();
        TensorInfo[] tensors = [new("w", TensorType.F32, [2, 3]), new("n", TensorType.I64, [])];
        SafeTensors.Write(folder["a"], tensors, (tensor, sink) => sink.WriteBytes(new byte[tensor.ByteCount]));
        using SafeTensorsFile file = SafeTensorsFile.Open(folder["a"]);
        Assert.Equal(
            $"Cannot read '{folder["a"]}' as safetensors: it has no tensor 'v'; of its 2 tensors, the first are: 'n', 'w'. "
            + "Check that the file belongs to this network.",
            Assert.Throws<SafeTensorsException>(() => file.ReadFloats("v", new float[6])).Message);
        Assert.Equal(
            "tensor 'w F32 [2, 3]' has 6 elements, expected 5",
            Assert.Throws<SafeTensorsException>(() => file.ReadFloats("w", new float[5])).Reason);
        Assert.Equal(
            "tensor 'n I64 []' is not of F32, F16 or BF16",
            Assert.Throws<SafeTensorsException>(() => file.ReadFloats("n", new float[1])).Reason);
        Assert.Throws<SafeTensorsException>(() => file.ReadBytes("n", new byte[7]));
        Assert.Throws<SafeTensorsException>(() => file["v"]);
    }

    [Fact]
    public void AFileThatShrinksWhileOpenIsReported()
    {
        using var folder = new TemporaryFolder();
        TensorInfo[] tensors = [new("w", TensorType.F32, [1000])];
        SafeTensors.Write(folder["a"], tensors, (_, sink) => sink.WriteFloats(new float[1000]));
        using SafeTensorsFile file = SafeTensorsFile.Open(folder["a"]);
        using (var other = new FileStream(folder["a"], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            other.SetLength(2000);
        Assert.Contains(
            "truncated while it was " +
            "open", Assert.Throws<SafeTensorsException>(() => file.ReadFloats("w", new float[1000])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryTruncationIsRejected()
    {
        using var folder = new TemporaryFolder();
        byte[] original = Original();
        Assert.True(Agree(folder["a"], original));
        for (int length = 0; length < original.Length; length++)
            Rejected(folder, original[..length]);
    }

    [Theory]
    [InlineData(1, 1500)]
    [InlineData(2, 1500)]
    [InlineData(3, 1500)]
    public void MutatedFilesAreReadAsTheReferenceReadsThemOrRejected(ulong seed, int count)
    {
        using var folder = new TemporaryFolder();
        byte[] original = Original();
        var random = new CounterRandom(seed, RandomPurpose.Test);
        int read = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] file = original;
            for (int edits = 1 + random.NextInt32(3); edits > 0 && file.Length > 8; edits--)
                file = Mutate(file, ref random);
            read += Agree(folder["a"], file) ? 1 : 0;
        }
        Assert.InRange(read, count / 50, count - (count / 4)); // the mutations are neither all fatal nor all harmless
    }

    private static byte[] Mutate(byte[] file, ref CounterRandom random)
    {
        string[] pieces =
        [
            "0", "1", "8", "-1", "4294967296", "18446744073709551615", "9223372036854775807", "1e3", "[]", "[1,1]", "{}", "null", "true",
            "\"F16\"", "\"I32\"", "\"F4\"", "\"__metadata__\":{},", "\"shape\":[],", "\\u0000", "\\ud800", "\"", ",", "}", "]", "\u00fc",
        ];
        int at = random.NextInt32(file.Length), headerEnd = Math.Min(file.Length, 8 + Original().Length / 2);
        int inHeader = 8 + random.NextInt32(headerEnd - 8), span = Math.Min(random.NextInt32(12), file.Length - inHeader);
        byte[] copy = [.. file];
        switch (random.NextInt32(8))
        {
            case 0: // a bit anywhere
                copy[at] ^= (byte)(1 << random.NextInt32(8));
                return copy;
            case 1: // a byte anywhere
                copy[at] = (byte)random.NextUInt32();
                return copy;
            case 2: // the length
                copy[random.NextInt32(8)] = (byte)random.NextUInt32();
                return copy;
            case 3:
                return copy[..at];
            case 4: // longer
                return [.. copy, .. new byte[1 + random.NextInt32(9)]];
            case 5: // a digit of the header
                int digit = Array.FindIndex(copy, inHeader, value => value is >= (byte)'0' and <= (byte)'9');
                if (digit >= 0)
                    copy[digit] = (byte)('0' + random.NextInt32(10));
                return copy;
            case 6: // bytes of the header replaced, its length mended
                byte[] piece = Encoding.UTF8.GetBytes(pieces[random.NextInt32(pieces.Length)]);
                return Mended([.. copy[..inHeader], .. piece, .. copy[(inHeader + span)..]], copy.Length);
            default: // a number of the header replaced, its length mended
                int first = Array.FindIndex(copy, inHeader, value => value is >= (byte)'0' and <= (byte)'9');
                if (first < 0)
                    return copy;
                int end = first;
                while (end < copy.Length && copy[end] is >= (byte)'0' and <= (byte)'9')
                    end++;
                byte[] number = Encoding.UTF8.GetBytes(random.NextInt32(64).ToString(CultureInfo.InvariantCulture));
                return Mended([.. copy[..first], .. number, .. copy[end..]], copy.Length);
        }
    }

    private static byte[] Mended(byte[] file, int oldLength)
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file);
        BinaryPrimitives.WriteUInt64LittleEndian(file, length + (ulong)(long)(file.Length - oldLength));
        return file;
    }

    /// <summary>A file with tensors of several types and shapes, unsorted, and metadata; the header is about half of it.</summary>
    private static byte[] Original()
    {
        const string Json = """
            {"__metadata__":{"format":"pt","n":"7"},"b":{"dtype":"F16","shape":[2,8,4],"data_offsets":[192,320]},"a":{"dtype":"F32","shape":[6,8],"data_offsets":[0,192]},"s":{"dtype":"BF16","shape":[],"data_offsets":[320,322]},"z":{"dtype":"I64","shape":[0,3],"data_offsets":[322,322]}}
            """;
        byte[] file = FileOf(Encoding.UTF8.GetBytes(Json.PadRight(280)), 322);
        for (int i = file.Length - 322; i < file.Length; i++)
            file[i] = (byte)(i * 37);
        return file;
    }

    private static byte[] FileOf(ReadOnlySpan<byte> json, int dataBytes)
    {
        byte[] file = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file.AsSpan(8));
        return file;
    }

    private static SafeTensorsException Rejected(TemporaryFolder folder, byte[] file)
    {
        File.WriteAllBytes(folder["rejected"], file);
        var failure = Assert.Throws<SafeTensorsException>(() => SafeTensorsFile.Open(folder["rejected"]));
        Assert.Equal(folder["rejected"], failure.FilePath);
        return failure;
    }

    /// <summary>Whether the file is read; if so, the reference reads the same, and if not, the reference rejects it too.</summary>
    private static bool Agree(string path, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        SafeTensorsFile? file = null;
        try
        {
            file = SafeTensorsFile.Open(path);
        }
        catch (SafeTensorsException)
        {
            Assert.ThrowsAny<Exception>(() => ReferenceSafeTensors.Read(bytes));
            return false;
        }
        using (file)
        {
            ReferenceSafeTensors reference = ReferenceSafeTensors.Read(bytes);
            Assert.Equal(reference.Metadata.OrderBy(pair => pair.Key), file.Metadata.OrderBy(pair => pair.Key));
            Assert.Equal(reference.Tensors.Count, file.Tensors.Count);
            foreach (ReferenceSafeTensors.Tensor expected in reference.Tensors)
            {
                TensorInfo info = file[expected.Name];
                Assert.Equal(expected.Shape, info.Shape);
                byte[] data = new byte[info.ByteCount];
                file.ReadBytes(info.Name, data);
                Assert.Equal(expected.Data, data);
                float[] values = new float[info.ElementCount];
                if (expected.Type is "F32" or "F16" or "BF16")
                    file.ReadFloats(info.Name, values);
                else
                    Assert.Throws<SafeTensorsException>(() => file.ReadFloats(info.Name, values));
                for (int i = 0; expected.Type == "F32" && i < values.Length; i++)
                    Assert.Equal(BitConverter.ToInt32(data, 4 * i), BitConverter.SingleToInt32Bits(values[i]));
            }
        }
        return true;
    }
}
