namespace Convolve.Files;

/// <summary>
/// A file that one process at a time, and one place in it, holds open: who has it has what it stands for alone. Killed processes let go of
/// it.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Takes the lock, or gives null if somebody has it.</summary>
    /// <param name="path">The file, in a folder that is there. It stays: were it deleted, a third process could make another one while the
    /// second takes this.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be made.</exception>
    public static FileLock? TryAcquire(string path)
    {
        try
        {
            return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        // flock's EWOULDBLOCK on Linux and macOS, and Windows' sharing violation.
        catch (IOException e) when (e.HResult is 11 or 35 or unchecked((int)0x80070020))
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
