using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Convolve.Files;

namespace Convolve.Data.Fetching;

/// <summary>
/// Takes the files of a data set out of an archive (.tar.gz), and nothing else. The names to write under are the set's, never the
/// archive's; an archive that has an entry outside its folder, a link, a device, too many entries or too many bytes is refused whole.
/// </summary>
internal static class TarExtraction
{
    private const int MostEntries = 1000;

    /// <summary>For headers, read-me files and the like.</summary>
    private const long SurplusBytes = 16 << 20;

    /// <summary>Writes the files into a folder, which must be empty.</summary>
    /// <param name="archivePath">The archive.</param>
    /// <param name="folder">The folder of the files in the archive; they may also be outside any folder.</param>
    /// <param name="files">The files that are wanted, with size and digest.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="cancellation">Ends the extraction.</param>
    /// <exception cref="DatasetException">The archive is damaged, is not one that is trusted, or lacks a file or has another in its
    /// place.</exception>
    /// <exception cref="FileWriteException">The disk does not take the files.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static void Extract(string archivePath, string folder, IReadOnlyList<DatasetFile> files, string target,
        CancellationToken cancellation)
    {
        HashSet<DatasetFile> taken = [];
        try
        {
            using FileStream file = new(archivePath, new FileStreamOptions { BufferSize = 1 << 17, Options = FileOptions.SequentialScan });
            using LimitedStream content = new(new GZipStream(file, CompressionMode.Decompress), files.Sum(f => f.Bytes) + SurplusBytes);
            using TarReader reader = new(content);
            for (int entries = 0; reader.GetNextEntry() is { } entry;)
            {
                cancellation.ThrowIfCancellationRequested();
                if (++entries > MostEntries)
                    throw Bad(archivePath, $"has more than {MostEntries} entries");
                if (WantedOf(archivePath, entry, folder, files) is not { } wanted)
                    continue;
                if (!taken.Add(wanted))
                    throw Bad(archivePath, $"has {wanted.Name} twice");
                if (wanted.IsOptional ? entry.Length > wanted.Bytes : entry.Length != wanted.Bytes)
                    throw Bad(archivePath,
                        $"has {wanted.Name} with {entry.Length} bytes, expected {(wanted.IsOptional ? "at most " : "")}{wanted.Bytes}");
                Write(archivePath, entry, wanted, Path.Combine(target, wanted.Name), cancellation);
            }
        }
        // The reader of tar files throws these for what it cannot make sense of.
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or ArgumentException
            or OverflowException or NotSupportedException
                                      or InvalidOperationException or OutOfMemoryException)
        {
            throw Bad(archivePath, $"is damaged: {e.Message.TrimEnd('.')}", e);
        }
        catch (Exception e) when (e is IOException and not FileWriteException or UnauthorizedAccessException)
        {
            throw new DatasetException($"{archivePath} cannot be read: {e.Message}", e);
        }

        if (files.FirstOrDefault(f => !f.IsOptional && !taken.Contains(f)) is { } missing)
            throw Bad(archivePath, $"doesn't have {missing.Name}");
    }

    /// <summary>The file that an entry is; null if it is to be passed over.</summary>
    private static DatasetFile? WantedOf(string archivePath, TarEntry entry, string folder, IReadOnlyList<DatasetFile> files)
    {
        string name = entry.Name;
        string[] parts = [.. name.Split('/', '\\').Where(p => p is not ("" or "."))];
        if (name.StartsWith('/') || name.StartsWith('\\') || name.Contains(':', StringComparison.Ordinal) || parts.Contains(".."))
            throw Bad(archivePath, $"has the entry \"{ForeignText.Of(name, 80)}\", which is outside the archive's folder");
        switch (entry.EntryType)
        {
            case TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes:
                return null;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                return (parts.Length == 1 || (parts.Length == 2 && parts[0] == folder)) ? files.FirstOrDefault(f => f.Name == parts[^1])
                    : null;
            default:
                throw Bad(archivePath, $"has the entry \"{ForeignText.Of(name, 80)}\", which is a {entry.EntryType}, not a file");
        }
    }

    private static void Write(string archivePath, TarEntry entry, DatasetFile file, string path, CancellationToken cancellation)
    {
        using IncrementalHash hash = ContentDigest.Like(file.Digest);
        AtomicFile.Write(path, output =>
        {
            byte[] buffer = new byte[1 << 17];
            long bytes = 0;
            for (int got; (got = entry.DataStream?.Read(buffer) ?? 0) > 0; bytes += got)
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, got);
                output.Write(buffer, 0, got);
            }

            if (bytes < entry.Length)
                throw Bad(archivePath, $"ends after {bytes} of the {entry.Length} bytes of {file.Name}");
            if (file.Digest is not null && hash.Text() is var digest && digest != file.Digest)
                throw Bad(archivePath,
                    $"has another {file.Name}: its {ContentDigest.KindOf(digest)} is {digest}, expected {file.Digest}");
        });
    }

    private static DatasetException Bad(string archivePath, string problem, Exception? inner = null) =>
        new($"{archivePath} {problem}. Nothing from it was kept. Delete it and download the data set again.", inner);

    /// <summary>Returns this many bytes and then throws: a small archive may unpack to anything.</summary>
    private sealed class LimitedStream(Stream inner, long most) : Stream
    {
        private long _read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            int got = inner.Read(buffer);
            _read += got;
            return _read <= most ? got : throw new InvalidDataException($"it unpacks to more than {most} bytes");
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
