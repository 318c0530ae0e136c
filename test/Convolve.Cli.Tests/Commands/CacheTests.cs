using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace Convolve.Cli.Tests.Commands;

/// <summary>Where pictures of a folder of more than 256 MiB are kept, from the command line.</summary>
public sealed class CacheTests : IDisposable
{
    private const int Side = 5200, Count = 11;

    // Of 1x28x28, the rows and columns that the network's resize looks at: two for each.
    private const int KeptBytes = 56 * 56;

    private readonly Cli _cli = new();

    public CacheTests()
    {
        for (int i = 0; i < Count; i++)
        {
            Directory.CreateDirectory(_cli.At($"set/{i % 2}"));
            File.WriteAllBytes(_cli.At($"set/{i % 2}/{i}.bmp"), Stripes(i));
        }
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void A_run_is_the_same_wherever_its_pictures_are_kept()
    {
        JsonObject Train(string cache) =>
            _cli.Run("train", "lenet5", "--data", "folder:set", "--epochs", "2", "--validation", "0", "--batch-size", "4", "--lr", "0.01",
                "--cache", cache, "--out", cache, "--json").Json;
        JsonObject none = Train("none"), memory = Train("memory");
        Assert.False(Directory.Exists(_cli.At("cache/convolve/pictures")));
        JsonObject disk = Train("disk");
        string[] files = Directory.GetFiles(_cli.At("cache/convolve/pictures"), "*.picture", SearchOption.AllDirectories);
        Assert.Equal(Count, files.Length); // tested ones too
        Assert.All(files, file => Assert.Equal(KeptBytes + 8, new FileInfo(file).Length));
        foreach (string key in (string[])["train_loss", "test_loss", "test_accuracy"])
        {
            Assert.Equal((double)none[key]!, (double)memory[key]!);
            Assert.Equal((double)none[key]!, (double)disk[key]!);
        }
        Assert.Equal((long)none["estimated_memory_bytes"]!, (long)disk["estimated_memory_bytes"]!);
        Assert.Equal((long)none["estimated_memory_bytes"]! + (Count - 2) * KeptBytes, (long)memory["estimated_memory_bytes"]!);

        JsonObject evaluated = _cli.Run("evaluate", "none", "--cache", "disk", "--json").Json;
        Assert.Equal((double)none["test_loss"]!, (double)evaluated["loss"]!, 1e-6);
        Assert.Equal(files.Length, Directory.GetFiles(_cli.At("cache/convolve/pictures"), "*.picture", SearchOption.AllDirectories).Length);
    }

    // One bit for each pixel: small files of large pictures.
    private static byte[] Stripes(int number)
    {
        const int Row = (Side + 31) / 32 * 4, Start = 62;
        byte[] file = new byte[Start + Row * Side];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), Start);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), Side);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), Side);
        (file[26], file[28]) = (1, 1);
        file.AsSpan(58, 3).Fill(255); // black and white
        for (int y = 0; y < Side; y++)
            file.AsSpan(Start + Row * y, Row).Fill((byte)(number % 2 == 0 ? 0xF0 + number : y / (40 + number) % 2 * 255));
        return file;
    }
}
