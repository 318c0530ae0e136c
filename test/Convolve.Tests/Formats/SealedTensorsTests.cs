using Convolve.Files;
using Convolve.Formats;

namespace Convolve.Tests.Formats;

public sealed class SealedTensorsTests : IDisposable
{
    private static readonly TensorInfo[] Tensors = [new("conv1.weight", TensorType.F32, [3, 5]), new("conv1.bias", TensorType.F32, [3]),
        new("empty", TensorType.F32, [0])];
    private static readonly Dictionary<string, string> Metadata = new() { ["note"] = "a \"b\"" };
    private readonly TemporaryFolder _folder = new();

    private string File => _folder["a.safetensors"];

    public void Dispose() => _folder.Dispose();

    // RFC 3720, B.4, and the vector of the CRC catalogue.
    [Fact]
    public void Checksums_are_those_of_the_standard()
    {
        Assert.Equal(0xE3069283, Crc32C.Of("123456789"u8));
        Assert.Equal(0x8A9136AA, Crc32C.Of(new byte[32]));
        byte[] ones = new byte[32], rising = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        Array.Fill(ones, (byte)0xFF);
        Assert.Equal(0x62A8AB43u, Crc32C.Of(ones));
        Assert.Equal(0x46DD794Eu, Crc32C.Of(rising));
        for (int cut = 0; cut <= 32; cut++)
            Assert.Equal(0x46DD794Eu, Crc32C.Append(Crc32C.Of(rising.AsSpan(0, cut)), rising.AsSpan(cut)));
        Assert.Equal(0u, Crc32C.Of([]));
    }

    [Fact]
    public void What_is_written_is_read_by_any_reader()
    {
        Write();
        using SealedTensors file = SealedTensors.Open(File);
        float[] weight = new float[15], bias = new float[3];
        file.ReadFloats("conv1.weight", weight);
        file.ReadFloats("conv1.bias", bias);
        file.ReadFloats("empty", []);
        Assert.Equal(Values(15), weight);
        Assert.Equal(Values(3), bias);
        Assert.Equal("a \"b\"", file.Metadata["note"]);
        Assert.True(file.Contains("conv1.bias") && !file.Contains("conv2.bias"));
        using SafeTensorsFile plain = SafeTensorsFile.Open(File);
        Assert.Equal(["conv1.weight", "conv1.bias", "empty", "convolve.crc32c", "convolve.sha256"], plain.Tensors.Select(t => t.Name));
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32)), bytes[^32..]);
        Assert.InRange(SealedTensors.BytesOf(Tensors, Metadata), bytes.Length, bytes.Length + 1000);
    }

    [Fact]
    public void Every_byte_that_changes_is_found()
    {
        Write();
        byte[] whole = System.IO.File.ReadAllBytes(File);
        int header = BitConverter.ToInt32(whole) + 8, found = 0;
        for (int i = 0; i < whole.Length; i++)
        {
            foreach (int change in (int[])[1, 0x80, 0xFF])
            {
                byte[] damaged = [.. whole];
                damaged[i] ^= (byte)change;
                System.IO.File.WriteAllBytes(File, damaged);
                SafeTensorsException e = Assert.Throws<SafeTensorsException>(() => SealedTensors.Open(File));
                if (i >= header && i < header + 60)
                    Assert.Equal("it is damaged: tensor 'conv1.weight' has changed since it was written", e.Reason);
                found++;
            }
        }
        Assert.Equal(3 * whole.Length, found);
    }

    [Fact]
    public void Every_cut_and_every_addition_is_found()
    {
        Write();
        byte[] whole = System.IO.File.ReadAllBytes(File);
        for (int length = 0; length < whole.Length; length++)
        {
            System.IO.File.WriteAllBytes(File, whole[..length]);
            Assert.Throws<SafeTensorsException>(() => SealedTensors.Open(File));
        }
        System.IO.File.WriteAllBytes(File, [.. whole, 0]);
        Assert.Throws<SafeTensorsException>(() => SealedTensors.Open(File));
        System.IO.File.Delete(File);
        Assert.Throws<SafeTensorsException>(() => SealedTensors.Open(File));
    }

    [Fact]
    public void A_file_without_checksums_is_not_taken()
    {
        SafeTensors.Write(File, Tensors, Write);
        Assert.Contains("damaged", Assert.Throws<SafeTensorsException>(() => SealedTensors.Open(File)).Message, StringComparison.Ordinal);
    }

    private static void Write(TensorInfo tensor, TensorSink sink) => sink.WriteFloats(Values((int)tensor.ElementCount));

    private static float[] Values(int count) => [.. Enumerable.Range(0, count).Select(i => i * 0.5f - 1)];

    private void Write() => SealedTensors.Write(File, Tensors, Write, Metadata);
}
