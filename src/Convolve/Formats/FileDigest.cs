using System.Buffers.Binary;
using System.Text;
using Convolve.Files;

namespace Convolve.Formats;

/// <summary>
/// A digest of all that a safetensors file says, in its metadata: the SHA-256 of names, types, shapes and data of the tensors in their
/// order, and of the other metadata. Unlike <see cref="SealedTensors"/> it adds no tensor, so that other programs find the network's alone.
/// </summary>
internal static class FileDigest
{
    private const string Key = "convolve.sha256";
    private const int ChunkBytes = 1 << 20;

    /// <summary>Metadata with the digest.</summary>
    /// <param name="tensors">What the file will hold, of one element size, so that this is their order.</param>
    /// <param name="write">Called once per tensor; what it writes is digested.</param>
    /// <param name="metadata">The rest of the metadata.</param>
    public static IReadOnlyDictionary<string, string> AddTo(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<TensorInfo> tensors,
        Action<TensorInfo, TensorSink> write)
    {
        using DigestStream digest = new(Stream.Null);
        foreach (TensorInfo tensor in tensors)
        {
            Head(digest, tensor);
            TensorSink sink = new(digest, tensor);
            write(tensor, sink);
            sink.Close();
        }
        return new Dictionary<string, string>(metadata) { [Key] = Finish(digest, metadata) };
    }

    /// <summary>Checks a file that has a digest, its own or that of <see cref="SealedTensors"/>; others pass.</summary>
    /// <exception cref="SafeTensorsException">Something in it has changed since it was written, or it cannot be read.</exception>
    public static void Require(string path, SafeTensorsFile file)
    {
        if (SealedTensors.IsSealed(file))
            SealedTensors.Open(path).Dispose();
        if (!file.Metadata.TryGetValue(Key, out string? expected))
            return;
        using DigestStream digest = new(Stream.Null);
        byte[] chunk = new byte[ChunkBytes];
        foreach (TensorInfo tensor in file.Tensors)
        {
            Head(digest, tensor);
            for (long done = 0; done < tensor.ByteCount;)
            {
                Span<byte> bytes = chunk.AsSpan(0, (int)Math.Min(chunk.Length, tensor.ByteCount - done));
                file.ReadBytes(tensor.Name, done, bytes);
                digest.Write(bytes);
                done += bytes.Length;
            }
        }
        if (Finish(digest, file.Metadata) != expected)
            throw new SafeTensorsException(path, "it is damaged: it has changed since it was written",
                "Use a copy, or a checkpoint of its run, which is a model file too.");
    }

    private static void Head(Stream digest, TensorInfo tensor) =>
        Text(digest, $"{tensor.Name}\n{tensor.Type.FileName()} [{string.Join(", ", tensor.Shape)}]");

    private static string Finish(DigestStream digest, IReadOnlyDictionary<string, string> metadata)
    {
        foreach ((string key, string value) in metadata.Where(pair => pair.Key != Key).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Text(digest, key);
            Text(digest, value);
        }
        return Convert.ToHexStringLower(digest.Digest());
    }

    // With its length, so that no two lists of texts are the same bytes.
    private static void Text(Stream digest, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        digest.Write(length);
        digest.Write(bytes);
    }
}
