using System.Text;
using Convolve.Kernels.Machines;

namespace Convolve.Files;

/// <summary>
/// Writes whole files so that a reader, a crash or a power cut finds either the old file or the new one, never a part of it.
/// </summary>
/// <remarks>
/// The new file is written next to the old one under a hidden name, flushed to disk and renamed over it, and the folder is flushed. A
/// symbolic link is followed; the permissions of a replaced file are kept; a read-only file is not replaced. A process killed half-way
/// leaves its hidden file behind; a later write to the same folder removes it.
/// </remarks>
internal static class AtomicFile
{
    private const string Prefix = ".convolve-", Suffix = ".partial";
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromHours(1);

    /// <summary>Replaces the file with what <paramref name="write"/> writes.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">Writes the content. When it throws, the old file stays and the exception passes through.</param>
    /// <exception cref="FileWriteException">The disk is full, access is denied, the folder is missing, or the like.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        string target = FileOperation.Run(FileStep.Create, path, () => Target(path));
        string folder = Path.GetDirectoryName(target)!;
        string partial = Path.Combine(folder, Prefix + Guid.NewGuid().ToString("N") + Suffix);
        try
        {
            using (FileStream file = FileOperation.Run(FileStep.Create, path, () => Create(partial, target)))
            {
                var stream = new DurableStream(path, file);
                write(stream);
                stream.Complete();
            }
            FileOperation.Run(FileStep.Rename, path, () => Renaming.Replace(partial, target));
            FileOperation.Run(FileStep.SyncFolder, path, () => FolderSync.Sync(folder));
        }
        catch
        {
            Delete(partial);
            throw;
        }
        DeleteLeftovers(folder, LeftoverAge);
    }

    /// <summary>Removes what killed processes have left half-written in a folder that nobody else writes to now.</summary>
    internal static void DeleteLeftovers(string folder) => DeleteLeftovers(folder, TimeSpan.Zero);

    /// <summary>Replaces the file with text in UTF-8, without a byte order mark.</summary>
    /// <inheritdoc cref="Write" path="/exception"/>
    public static void WriteText(string path, string text) => WriteBytes(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Replaces the file with bytes.</summary>
    /// <inheritdoc cref="Write" path="/exception"/>
    public static void WriteBytes(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    /// <summary>The real file behind the path, if it is one that may be replaced.</summary>
    private static string Target(string path)
    {
        var file = new FileInfo(path);
        if (file.LinkTarget is not null && file.ResolveLinkTarget(returnFinalTarget: true) is { } linked)
            file = new FileInfo(linked.FullName);
        if (Path.EndsInDirectorySeparator(path) || Directory.Exists(file.FullName))
            throw new IOException("it names a folder, not a file");
        // Renaming over /dev/null would, for root, replace the device by a file.
        if (SystemPaths.IsDevice(Host.Current, file.FullName))
            throw new IOException("it is a device");
        if (file.Exists && file.IsReadOnly)
            throw new UnauthorizedAccessException();
        return file.FullName;
    }

    private static FileStream Create(string partial, string target)
    {
        var file = new FileStream(partial, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0, // DurableStream has the buffer: FileStream would try again to write its own in Dispose
        });
        try
        {
            if (!OperatingSystem.IsWindows() && File.Exists(target))
                File.SetUnixFileMode(file.SafeFileHandle, File.GetUnixFileMode(target));
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void DeleteLeftovers(string folder, TimeSpan age)
    {
        try
        {
            DateTimeOffset limit = DateTimeOffset.UtcNow - age;
            foreach (string leftover in Directory.EnumerateFiles(folder, Prefix + "*" + Suffix))
            {
                if (File.GetLastWriteTimeUtc(leftover) <= limit.UtcDateTime)
                    Delete(leftover);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The file is written; a leftover that cannot be listed is not worth an exception.
        }
    }

    private static void Delete(string partial)
    {
        try
        {
            File.Delete(partial);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report.
        }
    }
}
