using Convolve.Files;

namespace Convolve.Data.Fetching;

/// <summary>
/// A partial download, kept under a hidden name until the file is complete and checked, with its source next to it. A later download
/// resumes it.
/// </summary>
internal sealed class PartFile(string path)
{
    private string OriginPath => Path + ".origin";

    /// <summary>Where the bytes are.</summary>
    public string Path { get; } = path;

    /// <summary>The bytes that are there.</summary>
    public long Length => File.Exists(Path) ? new FileInfo(Path).Length : 0;

    /// <summary>Where they came from; null if nothing that can be continued is there.</summary>
    public PartOrigin? Origin
    {
        get
        {
            try
            {
                return Length > 0 && File.Exists(OriginPath) ? PartOrigin.Parse(File.ReadAllLines(OriginPath)) : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <summary>Starts again: what was there is deleted.</summary>
    /// <exception cref="FileWriteException">The disk does not take it.</exception>
    public FileStream Create(PartOrigin origin)
    {
        Delete();
        AtomicFile.WriteText(OriginPath, string.Concat(origin.Lines.Select(line => line + "\n")));
        return Open(FileMode.CreateNew);
    }

    /// <summary>Goes on behind what is there.</summary>
    /// <exception cref="FileWriteException">The disk does not take it.</exception>
    public FileStream Append() => Open(FileMode.Append);

    /// <summary>Deletes what is there. <see cref="Create"/> reports what can't be deleted.</summary>
    public void Delete()
    {
        try
        {
            File.Delete(OriginPath);
            File.Delete(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    /// <summary>Gives the file its name.</summary>
    /// <exception cref="FileWriteException">The disk does not take it.</exception>
    public void MoveTo(string target)
    {
        FileOperation.Run(FileStep.Rename, target, () => Renaming.Replace(Path, target));
        Delete();
        FileOperation.Run(FileStep.SyncFolder, target, () => FolderSync.Sync(System.IO.Path.GetDirectoryName(target)!));
    }

    private FileStream Open(FileMode mode) =>
        FileOperation.Run(FileStep.Create, Path, () => new FileStream(Path, mode, FileAccess.Write, FileShare.Read, bufferSize: 0));
}

/// <summary>Where the beginning of a file came from.</summary>
/// <param name="Address">The address.</param>
/// <param name="Total">The size of the whole; null if the server did not say.</param>
/// <param name="Validator">What the server calls this content: an ETag in quotes, or the time of its last change. Null if it says
/// neither.</param>
internal sealed record PartOrigin(string Address, long? Total, string? Validator)
{
    private const string Version = "convolve download 1";

    public IEnumerable<string> Lines =>
        [Version, Address, Total is { } total ? FormattableString.Invariant($"{total}") : "", Validator ?? ""];

    /// <summary>Reads the lines; null if they are not of this kind.</summary>
    public static PartOrigin? Parse(string[] lines)
    {
        if (lines is not [Version, var address, var total, var validator])
            return null;
        if (total.Length == 0)
            return new(address, null, NullIfEmpty(validator));
        return long.TryParse(total, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture,
            out long bytes)
            ? new(address, bytes, NullIfEmpty(validator)) : null;

        static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
    }
}
