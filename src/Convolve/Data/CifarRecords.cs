using System.Security.Cryptography;

namespace Convolve.Data;

/// <summary>How the records of a file in CIFAR's layout are made up: label bytes, then the pixels of one image in planes.</summary>
/// <param name="Size">Of each image.</param>
/// <param name="ClassCounts">For each label byte, its number of classes.</param>
/// <param name="LabelAt">Which label byte counts.</param>
internal sealed record CifarRecords(ImageSize Size, int[] ClassCounts, int LabelAt)
{
    private const int ChunkBytes = 1 << 18;

    public static CifarRecords Of(CifarLabel label) => label switch
    {
        CifarLabel.Single => new(CifarBinary.ImageSize, [10], 0),
        CifarLabel.Fine => new(CifarBinary.ImageSize, [20, 100], 1),
        CifarLabel.Coarse => new(CifarBinary.ImageSize, [20, 100], 0),
        _ => throw new ArgumentOutOfRangeException(nameof(label), label, "Unknown label."),
    };

    /// <summary>The number of classes of the label that counts.</summary>
    public int Classes => ClassCounts[LabelAt];

    /// <summary>Bytes of one record.</summary>
    public int Length => ClassCounts.Length + Size.Length;

    /// <summary>How many records a file holds; only a packed one must be read for that.</summary>
    public long CountIn(string path)
    {
        long bytes = DataFile.Guard(path, () =>
        {
            using DataFile file = DataFile.Open(path);
            CheckStart(file);
            return file.IsPacked ? file.CountUnpacked(Array.MaxLength) : file.Length;
        });
        return bytes > 0 && bytes % Length == 0 && bytes <= (long)Array.MaxLength * Length ? bytes / Length
            : throw Bad(path, $"has {bytes} bytes, which is not a multiple of the record length {Length}", "It is cut off, or another " +
                "file");
    }

    /// <summary>
    /// Reads exactly this many records and checks their labels; returns the digest of the unpacked file, of the same kind as another.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="count">The exact number of records it must have.</param>
    /// <param name="labels">Room for this many labels; empty to only check.</param>
    /// <param name="pixels">Room for this many images; empty to only check.</param>
    /// <param name="like">A digest of the wanted kind; null for none.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public string? Read(string path, int count, Memory<byte> labels, Memory<byte> pixels, string? like = null,
        CancellationToken cancellation = default) =>
        DataFile.Guard(path, () =>
        {
            using DataFile file = DataFile.Open(path);
            CheckStart(file);
            long expected = (long)count * Length;
            if (!file.IsPacked && file.Length != expected)
                throw Wrong(path, $"has {file.Length} bytes", count, file.Length < expected ? "It is cut off, or another file"
                    : "It is another file, or has extra bytes at its end");
            using IncrementalHash? hash = like is null ? null : ContentDigest.Like(like);
            byte[] chunk = new byte[Math.Max(1, ChunkBytes / Length) * Length];
            for (int done = 0; done < count;)
            {
                cancellation.ThrowIfCancellationRequested();
                int records = Math.Min(chunk.Length / Length, count - done);
                Span<byte> bytes = chunk.AsSpan(0, records * Length);
                int got = file.Content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
                if (got < bytes.Length)
                    throw Wrong(path, $"unpacks to {(long)done * Length + got} bytes", count, "It is cut off, or another file");
                hash?.AppendData(bytes);
                for (int i = 0; i < records; i++)
                    Take(path, bytes.Slice(i * Length, Length), done + i, labels.Span, pixels.Span);
                done += records;
            }

            if (file.Content.ReadByte() >= 0)
                throw Wrong(path, $"unpacks to more than {expected} bytes", count,
                    "It is another file, or has extra bytes at its end");
            file.CheckEnd(expected);
            return hash?.Text();
        });

    private void Take(string path, ReadOnlySpan<byte> record, int index, Span<byte> labels, Span<byte> pixels)
    {
        for (int i = 0; i < ClassCounts.Length; i++)
        {
            if (record[i] >= ClassCounts[i])
            {
                string which = ClassCounts.Length == 1 ? "label" : i == 0 ? "coarse label" : "fine label";
                throw Bad(path, $"has the {which} {record[i]} at image {index}, outside 0 to {ClassCounts[i] - 1}",
                    "It is damaged or has another layout");
            }
        }

        if (labels.IsEmpty)
            return;
        labels[index] = record[LabelAt];
        record[ClassCounts.Length..].CopyTo(pixels.Slice(index * Size.Length, Size.Length));
    }

    private void CheckStart(DataFile file)
    {
        if (file.IsPacked)
            return;
        int first = file.Content.ReadByte();
        file.Content.Position = 0;
        if (first == '<' && file.Length % Length != 0)
            throw Bad(file.Path, "is a web page, not images", "A server or proxy sent a page instead");
        if (first == 0x80 && file.Length % Length != 0)
            throw Bad(file.Path, "is from the Python version of the data set", "Only the binary version can be read",
                "Get the archive with \"binary\" in its name.");
    }

    private DatasetException Wrong(string path, string came, int count, string reason) =>
        Bad(path,
            $"{came}, but {count} images of {Size} with {ClassCounts.Length} label byte{(ClassCounts.Length == 1 ? "" : "s")} each take " +
            $"{(long)count * Length}", reason);

    private static DatasetException Bad(string path, string problem, string reason, string mend = "Get the file again.") =>
        new($"{path} {problem}. {reason}. {mend}");
}
