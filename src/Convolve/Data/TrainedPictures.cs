using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Convolve.Files;

namespace Convolve.Data;

/// <summary>
/// The pictures of a folder that a run learned from, chose its best epoch by and was tested on, by digests of their bytes: wherever they
/// are now.
/// </summary>
internal sealed class TrainedPictures
{
    private static readonly byte[] Magic = "CVPICS01"u8.ToArray();

    private readonly UInt128[][] _digests;
    private readonly HashSet<UInt128> _seen, _tested;

    private TrainedPictures(UInt128[][] digests) =>
        (_digests, _seen, _tested) = (digests, [.. digests[(int)SplitPart.Train], .. digests[(int)SplitPart.Validation]],
            [.. digests[(int)SplitPart.Test]]);

    /// <summary>Those of splits; null if the data set isn't made of files.</summary>
    public static TrainedPictures? Of(DataSplits data)
    {
        ArgumentNullException.ThrowIfNull(data);
        UInt128[][] digests = [.. ((Split[])[data.Train, data.Validation, data.Test])
            .Select(split => split.Indices.Select(split.Dataset.DigestOf).Where(d => d != 0).Distinct().Order().ToArray())];
        return digests[(int)SplitPart.Train].Length == 0 ? null : new(digests);
    }

    /// <summary>Whether a picture was trained on or chose the best epoch, and was not tested on by the run itself.</summary>
    internal bool Contains(UInt128 digest) => _seen.Contains(digest) && !_tested.Contains(digest);

    /// <summary>The digests of a split, each once.</summary>
    internal IReadOnlyCollection<UInt128> Of(SplitPart part) => _digests[(int)part];

    /// <summary>Whether splits have the same pictures.</summary>
    internal bool AreOf(DataSplits data) =>
        Of(data) is { } other && _digests.Zip(other._digests).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    /// <summary>Writes the file: its name, the three counts, and the digests of each split, sorted.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public void Write(string path) => AtomicFile.Write(path, stream =>
    {
        stream.Write(Magic);
        Span<byte> number = stackalloc byte[16];
        foreach (UInt128[] part in _digests)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, part.Length);
            stream.Write(number[..sizeof(long)]);
        }
        foreach (UInt128 digest in _digests.SelectMany(part => part))
        {
            BinaryPrimitives.WriteUInt128LittleEndian(number, digest);
            stream.Write(number);
        }
    });

    /// <summary>Reads the file; null where there is none.</summary>
    /// <exception cref="DatasetException">It is damaged, or cannot be read.</exception>
    public static TrainedPictures? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        return DataFile.Guard(path, () =>
        {
            ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
            int at = Magic.Length + 3 * sizeof(long);
            if (bytes.Length < at || !bytes.StartsWith(Magic))
                throw Damaged(path);
            long[] counts = [.. MemoryMarshal.Cast<byte, long>(bytes[Magic.Length..at])];
            int most = bytes.Length;
            if (counts.Any(c => c < 0 || c > most) || at + 16 * counts.Sum() != most)
                throw Damaged(path);
            UInt128[][] digests = new UInt128[counts.Length][];
            for (int part = 0; part < digests.Length; part++)
            {
                digests[part] = new UInt128[counts[part]];
                foreach (ref UInt128 digest in digests[part].AsSpan())
                {
                    digest = BinaryPrimitives.ReadUInt128LittleEndian(bytes[at..]);
                    at += 16;
                }
            }
            return new TrainedPictures(digests);
        });
    }

    private static DatasetException Damaged(string path) =>
        new($"{path} is damaged. It records which pictures the run was trained on. Copy it again from the original run, or delete it to " +
            $"evaluate without it.");
}


/// <summary>A split of a run on a folder of pictures.</summary>
/// <param name="Pictures">What the run recorded.</param>
/// <param name="Part">Which split.</param>
/// <param name="Draw">How the run drew its splits: where that gives the recorded pictures still, they are taken in that order.</param>
internal sealed record RecordedPart(TrainedPictures Pictures, SplitPart Part, Func<LoadedData, DataSplits> Draw);
