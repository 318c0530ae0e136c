using Convolve.Files;

namespace Convolve.Data.Fetching;

/// <summary>Keeps two processes from fetching into one folder at a time: the second waits for the first.</summary>
internal sealed class FolderLock : IDisposable
{
    private const string FileName = ".fetching";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.2);
    private readonly FileLock _lock;

    private FolderLock(FileLock held, bool hasWaited) => (_lock, HasWaited) = (held, hasWaited);

    /// <summary>Whether another process had it.</summary>
    public bool HasWaited { get; }

    /// <summary>Creates the folder, and waits until no other process downloads into it.</summary>
    /// <exception cref="FileWriteException">The folder cannot be made or written to.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static async Task<FolderLock> AcquireAsync(
        string folder, string what, IProgress<DataProgress>? progress, CancellationToken cancellation)
    {
        for (bool isTold = false; ; isTold = true)
        {
            cancellation.ThrowIfCancellationRequested();
            string path = Path.Combine(folder, FileName);
            FileLock? held = FileOperation.Run(FileStep.Create, path, () =>
            {
                Directory.CreateDirectory(folder);
                return FileLock.TryAcquire(path);
            });
            if (held is not null)
                return new(held, isTold);
            if (!isTold)
                progress?.Report(new($"Waiting for another process that is downloading {what} to {folder}"));
            await Task.Delay(Interval, cancellation).ConfigureAwait(false);
        }
    }

    public void Dispose() => _lock.Dispose();
}
