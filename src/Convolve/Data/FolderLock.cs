namespace Convolve.Data;

/// <summary>Keeps two processes from fetching into one folder at a time: the second waits for the first.</summary>
internal sealed class FolderLock : IDisposable
{
    private const string FileName = ".fetching";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.2);
    private readonly FileStream _file;

    private FolderLock(FileStream file, bool hasWaited) => (_file, HasWaited) = (file, hasWaited);

    /// <summary>Whether another process had it.</summary>
    public bool HasWaited { get; }

    /// <summary>Makes the folder, and waits until nobody else fetches into it.</summary>
    /// <exception cref="DownloadException">The folder cannot be made or written to.</exception>
    public static FolderLock Acquire(string folder, string what, IProgress<DataProgress>? progress, CancellationToken cancellation)
    {
        for (bool isTold = false; ; isTold = true)
        {
            cancellation.ThrowIfCancellationRequested();
            string path = Path.Combine(folder, FileName);
            try
            {
                Directory.CreateDirectory(folder);
                // The file stays: were it deleted, a third process could make another one while the second waits for this one.
                return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0), isTold);
            }
            catch (IOException) when (IsHeld(path))
            {
                if (!isTold)
                    progress?.Report(new($"Waiting for another process, which fetches {what} into {folder}"));
                cancellation.WaitHandle.WaitOne(Interval);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                throw new DownloadException(
                    $"{what} cannot be fetched: the folder {folder} cannot be made or written to: {e.Message} " +
                    "Name one that can be written to in XDG_CACHE_HOME, or with --data-dir.", e);
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private static bool IsHeld(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            return true; // let go in the meantime
        }
        catch (IOException e)
        {
            // flock's EWOULDBLOCK on Linux and macOS, and Windows' sharing violation.
            return e.HResult is 11 or 35 or unchecked((int)0x80070020);
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
