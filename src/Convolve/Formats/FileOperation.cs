namespace Convolve.Formats;

/// <summary>The file operations that writing consists of, each of which can fail.</summary>
internal enum FileStep
{
    Create,
    Write,
    Flush,
    Rename,
    SyncFolder,
}

/// <summary>
/// The one door to the disk for everything that writes: it turns the runtime's exceptions into <see cref="FileWriteException"/>, and lets
/// a test fail (or kill the process at) the n-th operation.
/// </summary>
internal static class FileOperation
{
    /// <summary>Called with each step and its file before the step is done; flows to the tasks started after it is set.</summary>
    internal static AsyncLocal<Action<FileStep, string>?> Before { get; } = new();

    /// <summary>Runs one step on behalf of the file at <paramref name="path"/>, the name the caller knows.</summary>
    /// <exception cref="FileWriteException">The step failed.</exception>
    public static void Run(FileStep step, string path, Action operation) => Run(step, path, () =>
    {
        operation();
        return true;
    });

    /// <inheritdoc cref="Run(FileStep, string, Action)"/>
    public static T Run<T>(FileStep step, string path, Func<T> operation)
    {
        try
        {
            Before.Value?.Invoke(step, path);
            return operation();
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw FileWriteException.From(path, failure);
        }
    }

    /// <inheritdoc cref="Run(FileStep, string, Action)"/>
    public static void Write(string path, FileStream file, ReadOnlySpan<byte> bytes)
    {
        try
        {
            Before.Value?.Invoke(FileStep.Write, path);
            file.Write(bytes);
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw FileWriteException.From(path, failure);
        }
    }

    // A file past the size limit of its file system comes as ArgumentOutOfRangeException.
    private static bool IsFailure(Exception failure) => failure is not FileWriteException
        && failure is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentOutOfRangeException;
}
