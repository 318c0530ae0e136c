using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Convolve.Data;
using Convolve.Data.Inputs;

namespace Convolve.Tests.Data.Sets;

/// <summary>Small files and sets to test with.</summary>
internal static class TestData
{
    public static byte[] Idx(uint magic, uint[] sizes, byte[] data)
    {
        byte[] file = new byte[4 + 4 * sizes.Length + data.Length];
        BinaryPrimitives.WriteUInt32BigEndian(file, magic);
        for (int i = 0; i < sizes.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(4 + 4 * i), sizes[i]);
        data.CopyTo(file, 4 + 4 * sizes.Length);
        return file;
    }

    public static byte[] Images(int count, int height = 4, int width = 5, int salt = 0) =>
        Idx(0x803, [(uint)count, (uint)height, (uint)width], Pixels(count * height * width, salt));

    public static byte[] Labels(int count, int classes = 10) =>
        Idx(0x801, [(uint)count], [.. Enumerable.Range(0, count).Select(i => (byte)(i % classes))]);

    /// <summary>Pixels by the rule that resize_golden.py uses.</summary>
    public static byte[] Pixels(int count, int salt = 0) =>
        [.. Enumerable.Range(0, count).Select(i => (byte)(37L * i + 11L * i * i + i / 8 + salt))];

    public static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>Gzip's head, nothing, and its end.</summary>
    public static byte[] EmptyGzip => [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, .. new byte[8]];

    public static string Md5(byte[] bytes) => Digest(bytes, null);

    public static string Sha256(byte[] bytes) => Digest(bytes, new string('0', 64));

    private static string Digest(byte[] bytes, string? like)
    {
        using IncrementalHash hash = ContentDigest.Like(like);
        hash.AppendData(bytes);
        return hash.Text();
    }

    public static string[] Digits(int count = 10) => [.. Enumerable.Range(0, count).Select(i => $"class {i}")];

    /// <summary>A set whose labels go round the classes.</summary>
    public static Dataset Set(int count, int classes = 10, ImageSize? size = null, string name = "small")
    {
        ImageSize s = size ?? new ImageSize(1, 2, 2);
        return new MemoryDataset(name, s, Pixels(count * s.Length), [.. Enumerable.Range(0, count).Select(i => (byte)(i % classes))],
            Digits(classes));
    }

    public static Preprocessing Plain(ImageSize size, float[]? mean = null, float[]? std = null) => new()
    {
        Size = size,
        Mean = mean ?? new float[size.Channels],
        Std = std ?? [.. Enumerable.Repeat(1f, size.Channels)],
        ClassNames = Digits(),
        ColorOrder = size.Channels == 1 ? "grey" : "rgb",
    };
}
