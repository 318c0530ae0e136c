using Convolve.Formats;

namespace Convolve.Data;

/// <summary>Keeps two processes from fetching into one folder at a time: the second waits for the first.</summary>
internal sealed class FolderLock : IDisposable
{
    private const string FileName = ".fetching";

    // flock's EWOULDBLOCK, and a sharing violation.
    private const int LinuxHeld = 11, MacHeld = 35, WindowsHeld = unchecked((int)0x80070020);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.2);
    private readonly FileStream _file;

    private FolderLock(FileStream file, bool hasWaited) => (_file, HasWaited) = (file, hasWaited);

    /// <summary>Whether another process had it.</summary>
    public bool HasWaited { get; }

    /// <summary>Makes the folder, and waits until nobody else fetches into it.</summary>
    /// <exception cref="FileWriteException">The folder cannot be made or written to.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static FolderLock Acquire(string folder, string what, IProgress<DataProgress>? progress, CancellationToken cancellation)
    {
        for (bool isTold = false; ; isTold = true)
        {
            cancellation.ThrowIfCancellationRequested();
            string path = Path.Combine(folder, FileName);
            try
            {
                // The file stays: were it deleted, a third process could make another one while the second waits for this one.
                return new(FileOperation.Run(FileStep.Create, path, () =>
                {
                    Directory.CreateDirectory(folder);
                    return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
                }), isTold);
            }
            catch (FileWriteException e) when (e.HResult is LinuxHeld or MacHeld or WindowsHeld)
            {
                if (!isTold)
                    progress?.Report(new($"Waiting for another process, which fetches {what} into {folder}"));
                cancellation.WaitHandle.WaitOne(Interval);
            }
        }
    }

    public void Dispose() => _file.Dispose();
}
