using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Convolve.Data;

/// <summary>Images as an IDX file holds them: one channel, one byte per pixel, one image after the other.</summary>
/// <param name="Count">The number of images.</param>
/// <param name="Height">Rows of each image.</param>
/// <param name="Width">Columns of each image.</param>
/// <param name="Pixels">All pixels: image, row, column.</param>
internal sealed record IdxImages(int Count, int Height, int Width, byte[] Pixels);

/// <summary>
/// Reads IDX files, the format of MNIST and its relatives, plain or packed by gzip (detected by content, not by name).
/// </summary>
/// <remarks>
/// Source: LeCun, Cortes, Burges, "The MNIST database". A file is believed only when its header and its size agree to the byte; nothing
/// is allocated for a header that its file cannot fill. Whatever the bytes are, the only exception is <see cref="DatasetException"/>.
/// </remarks>
internal static class Idx
{
    private const string ForeignEnd = "It has extra bytes at its end";
    private const byte UnsignedByte = 0x08;

    /// <summary>Deflate cannot pack better than 1032 to 1.</summary>
    private const int LargestPackingRatio = 1032;

    /// <summary>Reads a file of images: unsigned bytes in three dimensions, magic 0x00000803.</summary>
    /// <exception cref="DatasetException">The file is missing, cannot be read, or is not exactly such a file.</exception>
    public static IdxImages ReadImages(string path)
    {
        IdxArray array = Read(path, 3);
        return new IdxImages(array.Sizes[0], array.Sizes[1], array.Sizes[2], array.Data);
    }

    /// <summary>Reads a file of labels: unsigned bytes in one dimension, magic 0x00000801.</summary>
    /// <exception cref="DatasetException">The file is missing, cannot be read, or is not exactly such a file.</exception>
    public static byte[] ReadLabels(string path) => Read(path, 1).Data;

    /// <summary>Reads a file of images and one of labels, and joins them.</summary>
    /// <exception cref="DatasetException">A file is bad, the counts differ, or a label has no class.</exception>
    public static Dataset ReadDataset(string name, string imagesPath, string labelsPath, IReadOnlyList<string> classNames) =>
        Join(name, Read(imagesPath, 3), Read(labelsPath, 1), classNames);

    internal static Dataset Join(string name, IdxArray images, IdxArray labels, IReadOnlyList<string> classNames)
    {
        if (images.Sizes[0] != labels.Sizes[0])
        {
            throw new DatasetException(
                $"{images.Path} holds {images.Sizes[0]} images, but {labels.Path} holds {labels.Sizes[0]} labels. " +
                "Use two files of the same set: train with train, t10k with t10k.");
        }

        int bad = labels.Data.AsSpan().IndexOfAnyInRange((byte)Math.Min(classNames.Count, 255), (byte)255);
        if (bad >= 0 && labels.Data[bad] >= classNames.Count)
        {
            throw new DatasetException(
                $"{labels.Path}: label {labels.Data[bad]} of image {bad} is outside 0 to {classNames.Count - 1}. " +
                $"The set has {classNames.Count} classes: use its own label file.");
        }

        return new MemoryDataset(name, new ImageSize(1, images.Sizes[1], images.Sizes[2]), images.Data, labels.Data, classNames);
    }

    /// <summary>Reads a file of unsigned bytes with this many dimensions; on request with the MD5 of the unpacked file.</summary>
    internal static IdxArray Read(string path, int dimensions, bool withDigest = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return DataFile.Guard(path, () =>
        {
            using DataFile file = DataFile.Open(path);
            byte[] header = new byte[4 + 4 * dimensions];
            int got = file.Content.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
            CheckMagic(path, header.AsSpan(0, Math.Min(got, 4)), dimensions);
            if (got < header.Length)
                throw Bad(path, $"ends after {got} bytes, within its header of {header.Length}", "It is cut off");

            int[] sizes = Sizes(file, header, dimensions);
            string announced = Describe(sizes);
            byte[] data = GC.AllocateUninitializedArray<byte>(sizes.Aggregate(1, (product, size) => checked(product * size)));
            got = file.Content.ReadAtLeast(data, data.Length, throwOnEndOfStream: false);
            if (got < data.Length)
            {
                long came = header.Length + (long)got, expected = header.Length + (long)data.Length;
                throw Bad(path, $"unpacks to {came} bytes, but its header announces {announced} in {expected}", "It is cut off");
            }

            if (file.Content.ReadByte() >= 0)
                throw Bad(path, $"continues after the {announced} that its header announces", ForeignEnd);
            file.CheckEnd(header.Length + (long)data.Length);
            return new IdxArray(path, sizes, data, withDigest ? Digest(header, data) : null);
        });
    }

    private static int[] Sizes(DataFile file, byte[] header, int dimensions)
    {
        uint[] announced = [.. Enumerable.Range(0, dimensions).Select(i => BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4 + 4 * i)))];
        if (announced.Contains(0u))
            throw Bad(file.Path, $"announces {Describe(announced)}, which is empty", "Every size must be at least 1");

        UInt128 bytes = announced.Aggregate(UInt128.One, (product, size) => product * size), total = bytes + (uint)header.Length;
        if (!file.IsPacked && total != (UInt128)file.Length)
        {
            throw Bad(
                file.Path, $"has {file.Length} bytes, but its header announces {Describe(announced)} in {total}",
                total > (UInt128)file.Length ? "It is cut off, or its header is damaged" : ForeignEnd);
        }

        if (file.IsPacked && total > (UInt128)file.Length * LargestPackingRatio)
        {
            throw Bad(
                file.Path, $"announces {Describe(announced)} in {total} bytes, which {file.Length} bytes of gzip cannot hold",
                "Its header is damaged, or it is cut off");
        }

        if (bytes > (UInt128)Array.MaxLength)
        {
            string problem = $"announces {Describe(announced)} in {total} bytes; at most {Array.MaxLength} can be read";
            throw Bad(file.Path, problem, "It is too large", "Divide it into several files.");
        }


        return [.. announced.Select(size => (int)size)];
    }

    private static void CheckMagic(string path, ReadOnlySpan<byte> start, int dimensions)
    {
        string expected = dimensions == 3 ? "images (magic 0x00000803)" : "labels (magic 0x00000801)";
        if (start.Length < 4)
            throw Bad(path, $"ends after {start.Length} bytes; expected a file of {expected}", "It is cut off");
        if (start[0] == '<')
            throw Bad(path, $"is a web page, not a file of {expected}", "A server or proxy sent a page instead");
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(start);
        if (magic == ((uint)UnsignedByte << 8 | (uint)dimensions))
            return;

        string came = magic switch
        {
            0x00000803 => "images (magic 0x00000803)",
            0x00000801 => "labels (magic 0x00000801)",
            _ when start[0] == 0 && start[1] == 0 && ElementName(start[2]) is { } element =>
                $"IDX data of {element} in {start[3]} dimension{(start[3] == 1 ? "" : "s")} (magic 0x{magic:X8})",
            _ => $"no IDX data (it starts with 0x{magic:X8})",
        };
        string problem = $"has {came}, expected {expected}";
        throw magic is 0x00000803 or 0x00000801
            ? Bad(path, problem, "The image file and the label file may be swapped", "Swap them back.")
            : Bad(path, problem, "It is another file or damaged");
    }

    private static string? ElementName(byte type) => type switch
    {
        0x08 => "unsigned bytes",
        0x09 => "signed bytes",
        0x0B => "16-bit integers",
        0x0C => "32-bit integers",
        0x0D => "32-bit floats",
        0x0E => "64-bit floats",
        _ => null,
    };

    private static string Describe<T>(T[] sizes) =>
        sizes.Length == 1 ? $"{sizes[0]} labels" : $"{sizes[0]} images of {sizes[1]}x{sizes[2]}";

    private static string Digest(byte[] header, byte[] data)
    {
        using IncrementalHash md5 = ContentDigest.Like(null);
        md5.AppendData(header);
        md5.AppendData(data);
        return md5.Text();
    }

    private static DatasetException Bad(string path, string problem, string reason, string mend = "Get the file again.") =>
        new($"{path} {problem}. {reason}. {mend}");
}

/// <summary>What an IDX file holds.</summary>
/// <param name="Path">Where it came from.</param>
/// <param name="Sizes">The size of each dimension.</param>
/// <param name="Data">The elements, last dimension fastest.</param>
/// <param name="Md5">The digest of the unpacked file, if it was asked for.</param>
internal sealed record IdxArray(string Path, int[] Sizes, byte[] Data, string? Md5);
