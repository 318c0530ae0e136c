using System.Buffers.Binary;
using System.IO.Compression;
using System.Security;
using System.Security.Cryptography;

namespace Convolve.Data;

/// <summary>A file to read from the start to the end, unpacked on the way when it is gzip.</summary>
internal sealed class DataFile : IDisposable
{
    private readonly FileStream _file;

    private DataFile(string path, FileStream file, bool isPacked)
    {
        (Path, _file, IsPacked, Length) = (path, file, isPacked, file.Length);
        Content = isPacked ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    public string Path { get; }

    /// <summary>Whether the file is gzip.</summary>
    public bool IsPacked { get; }

    /// <summary>The bytes of the file as it is on disk.</summary>
    public long Length { get; }

    /// <summary>The unpacked bytes.</summary>
    public Stream Content { get; }

    public static DataFile Open(string path)
    {
        if (Directory.Exists(path))
            throw new DatasetException($"{path} is a folder; expected a file. Pass the path of the file in it.");
        // A pipe has no bytes either, and opening one, even through a link, would wait for a writer.
        FileInfo info = new(path);
        if (info.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
            info = target;
        if (info is { Exists: true, Length: 0 })
            throw Empty(path);
        FileStream file = new(path, new FileStreamOptions { BufferSize = 1 << 17, Options = FileOptions.SequentialScan });
        try
        {
            if (!file.CanSeek)
                throw new DatasetException($"{path} is a device or a pipe; expected a file. Save its bytes to a file first.");
            if (file.Length == 0)
                throw Empty(path);
            Span<byte> start = stackalloc byte[2];
            int got = file.ReadAtLeast(start, 2, throwOnEndOfStream: false);
            file.Position = 0;
            return new DataFile(path, file, got == 2 && start[0] == 0x1F && start[1] == 0x8B);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Checks that a packed file ends with the length of what it held: a file cut within its last bytes, or with others behind them, does
    /// not, and the unpacker does not say so.
    /// </summary>
    public void CheckEnd(long unpacked)
    {
        if (!IsPacked)
            return;
        Span<byte> end = stackalloc byte[4];
        _file.Position = Math.Max(0, Length - 4);
        _file.ReadAtLeast(end, 4, throwOnEndOfStream: false);
        if (BinaryPrimitives.ReadUInt32LittleEndian(end) != (uint)unpacked)
        {
            throw new DatasetException(
                $"{Path} does not end where its gzip data ends. It is cut off within its last 8 bytes, or has extra bytes at its end. " +
                $"Get the file again.");
        }
    }

    /// <summary>The unpacked bytes, counted by reading them; no more than one over a limit.</summary>
    public long CountUnpacked(long mostBytes)
    {
        byte[] buffer = new byte[1 << 17];
        long bytes = 0;
        while (bytes <= mostBytes && Content.Read(buffer, 0, (int)Math.Min(buffer.Length, mostBytes + 1 - bytes)) is > 0 and int got)
            bytes += got;
        return bytes;
    }

    /// <summary>The digest and the length of the unpacked content; reads no more than one byte over a limit.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostBytes">The limit.</param>
    /// <param name="like">A digest of the wanted kind; MD5 if null.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static (string Digest, long Bytes) Digest(string path, long mostBytes, string? like, CancellationToken cancellation) =>
        Guard(path, () =>
    {
        using DataFile file = Open(path);
        using IncrementalHash hash = ContentDigest.Like(like);
        byte[] buffer = new byte[1 << 17];
        long bytes = 0;
        while (bytes <= mostBytes && file.Content.Read(buffer, 0, (int)Math.Min(buffer.Length, mostBytes + 1 - bytes)) is > 0 and int got)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, got);
            bytes += got;
        }

        if (bytes <= mostBytes)
            file.CheckEnd(bytes);
        return (hash.Text(), bytes);
    });

    /// <summary>Reads something; whatever the file system or the unpacker throws becomes a <see cref="DatasetException"/>.</summary>
    public static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DatasetException($"{path} does not exist. Check the path, or download the file.", e);
        }
        catch (OutOfMemoryException e)
        {
            throw new DatasetException($"{path} does not fit into the available memory. Free some, or use fewer or smaller images.", e);
        }
        catch (InvalidDataException e)
        {
            throw new DatasetException($"{path} is damaged: its gzip data cannot be unpacked. Get the file again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SecurityException or NotSupportedException
                                      or ArgumentException)
        {
            throw new DatasetException($"{path} cannot be read: {e.Message} Check the path and the permissions.", e);
        }
    }

    private static DatasetException Empty(string path) => new($"{path} is empty (0 bytes). Get the file again.");

    public void Dispose()
    {
        if (IsPacked)
            Content.Dispose();
        _file.Dispose();
    }
}
