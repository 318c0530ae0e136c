using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Convolve.Files;

namespace Convolve.Formats;

/// <summary>
/// Safetensors that detect every changed byte: behind the tensors lie their CRC-32C, as a tensor of U32 in their order, and behind all, as
/// the last 32 bytes of the file, the SHA-256 of everything before. Any reader of safetensors reads them.
/// </summary>
internal sealed class SealedTensors : IDisposable
{
    private const string ChecksumsName = "convolve.crc32c", DigestName = "convolve.sha256";
    private const int DigestBytes = SHA256.HashSizeInBytes;
    private readonly string _path;
    private readonly SafeTensorsFile _file;
    private readonly Dictionary<string, uint> _checksums;

    private SealedTensors(string path, SafeTensorsFile file) => (_path, _file, _checksums) = (path, file, ReadChecksums(path, file));

    /// <summary>The free text that the header holds, by key.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _file.Metadata;

    /// <summary>The size of a file.</summary>
    /// <param name="tensors">What it holds.</param>
    /// <param name="metadata">Its free text.</param>
    public static long BytesOf(IReadOnlyList<TensorInfo> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        // Each entry of the header has its name and some hundred characters of JSON; text may need escapes.
        long header = tensors.Sum(t => t.Name.Length + 150L) + metadata.Sum(pair => pair.Key.Length + 2L * pair.Value.Length);
        return header + tensors.Sum(t => t.ByteCount + sizeof(uint)) + DigestBytes;
    }

    /// <summary>Writes a file, as <see cref="SafeTensors"/> does.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="tensors">What it holds, of elements of 4 bytes or more.</param>
    /// <param name="write">Called once per tensor, in file order.</param>
    /// <param name="metadata">Free text by key.</param>
    /// <exception cref="FileWriteException">It cannot be written; what was there before is still there.</exception>
    public static void Write(string path, IReadOnlyList<TensorInfo> tensors, Action<TensorInfo, TensorSink> write,
        IReadOnlyDictionary<string, string> metadata)
    {
        if (tensors.Any(t => t.Type.ElementBytes() < sizeof(uint)))
            throw new ArgumentException("Tensors of smaller elements would come after the checksums.", nameof(tensors));
        List<uint> checksums = [];
        TensorInfo[] all = [.. tensors, new(ChecksumsName, TensorType.U32, [tensors.Count]), new(DigestName, TensorType.U8, [DigestBytes])];
        AtomicFile.Write(path, stream =>
        {
            using DigestStream digest = new(stream);
            SafeTensors.Write(digest, all, (tensor, sink) =>
            {
                if (tensor.Name == DigestName)
                {
                    sink.WriteBytes(digest.Digest());
                    return;
                }
                if (tensor.Name == ChecksumsName)
                {
                    sink.WriteBytes(ToBytes(checksums));
                    return;
                }
                digest.Checksum = 0;
                write(tensor, sink);
                checksums.Add(digest.Checksum);
            }, metadata);
        });
    }

    /// <summary>Whether a file was written as one of these.</summary>
    public static bool IsSealed(SafeTensorsFile file) => file.Contains(DigestName);

    /// <summary>Opens a file and checks every byte of it.</summary>
    /// <exception cref="SafeTensorsException">It cannot be read, or is not what was written.</exception>
    public static SealedTensors Open(string path)
    {
        SafeTensorsFile file = SafeTensorsFile.Open(path);
        try
        {
            if (!HasItsDigest(path))
                throw Damaged(path, WhatIsDamaged(path, file));
            return new(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether the file has a tensor of the given name.</summary>
    public bool Contains(string name) => _checksums.ContainsKey(name);

    /// <summary>The tensor of the given name.</summary>
    /// <exception cref="SafeTensorsException">The file has no such tensor.</exception>
    public TensorInfo this[string name] => _file[name];

    /// <summary>Reads a tensor of F32.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="destination">Room for exactly its elements, in C order.</param>
    /// <exception cref="SafeTensorsException">It is not there, has another type or size, or is not what was written.</exception>
    public void ReadFloats(string name, Span<float> destination)
    {
        _file.ReadFloats(name, destination);
        uint checksum = 0;
        for (int take; !destination.IsEmpty; destination = destination[take..])
            checksum = Crc32C.Append(checksum, MemoryMarshal.AsBytes(destination[..(take = Math.Min(destination.Length, 1 << 28))]));
        if (checksum != _checksums[name])
            throw Damaged(_path, $"tensor '{name}' has changed");
    }

    /// <summary>Reads weights, as <see cref="ReadFloats"/> does: all must be finite.</summary>
    /// <inheritdoc cref="ReadFloats"/>
    public void ReadWeights(string name, Span<float> destination)
    {
        ReadFloats(name, destination);
        SafeTensorsFile.RequireFinite(_path, name, destination);
    }

    public void Dispose() => _file.Dispose();

    private static bool HasItsDigest(string path)
    {
        try
        {
            using FileStream file = new(path, new FileStreamOptions
            {
                BufferSize = 0,
                Share = FileShare.Read | FileShare.Delete,
                Options = FileOptions.SequentialScan
            });
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = new byte[1 << 18];
            for (long left = file.Length - DigestBytes; left > 0;)
            {
                int count = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
                if (count == 0)
                    return false;
                hash.AppendData(buffer, 0, count);
                left -= count;
            }
            Span<byte> digest = stackalloc byte[DigestBytes];
            return file.ReadAtLeast(digest, DigestBytes, throwOnEndOfStream: false) == DigestBytes
                && hash.GetHashAndReset().AsSpan().SequenceEqual(digest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SafeTensorsException(path, e.Message.TrimEnd('.'), "Check the disk and the file.", e);
        }
    }

    // The digest says that something has changed; the checksums, where they can be trusted, say what.
    private static string WhatIsDamaged(string path, SafeTensorsFile file)
    {
        Dictionary<string, uint> checksums = ReadChecksums(path, file);
        foreach (TensorInfo tensor in file.Tensors.Where(t => checksums.ContainsKey(t.Name) && t.ByteCount <= Array.MaxLength))
        {
            byte[] bytes = new byte[tensor.ByteCount];
            file.ReadBytes(tensor.Name, bytes);
            if (Crc32C.Of(bytes) != checksums[tensor.Name])
                return $"tensor '{tensor.Name}' has changed";
        }
        return "something outside its tensors has changed";
    }

    private static Dictionary<string, uint> ReadChecksums(string path, SafeTensorsFile file)
    {
        string[] names = [.. file.Tensors.Select(t => t.Name).TakeWhile(name => name != ChecksumsName)];
        if (!file.Contains(ChecksumsName) || file[ChecksumsName].ByteCount != names.Length * sizeof(uint))
            throw Damaged(path, "it lacks the checksums of its tensors");
        byte[] bytes = new byte[names.Length * sizeof(uint)];
        file.ReadBytes(ChecksumsName, bytes);
        return names.Select((name, i) => (name, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)))))
            .ToDictionary(StringComparer.Ordinal);
    }

    private static byte[] ToBytes(List<uint> checksums)
    {
        byte[] bytes = new byte[checksums.Count * sizeof(uint)];
        for (int i = 0; i < checksums.Count; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)), checksums[i]);
        return bytes;
    }

    private static SafeTensorsException Damaged(string path, string what) =>
        new(path, $"it is damaged: {what} since it was written", "Use an earlier one, or a copy.");
}
