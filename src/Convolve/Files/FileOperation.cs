namespace Convolve.Files;

/// <summary>The file operations that writing consists of, each of which can fail.</summary>
internal enum FileStep
{
    Create,
    Write,
    Flush,
    Rename,
    SyncFolder,
    Delete,
}

/// <summary>What a test does before a step. To cut a write short, it writes some of the bytes itself, and throws.</summary>
/// <param name="step">Which one.</param>
/// <param name="path">The file, by the name the caller knows.</param>
/// <param name="file">Where a write goes; null for other steps.</param>
/// <param name="bytes">What a write writes.</param>
internal delegate void BeforeFileStep(FileStep step, string path, FileStream? file, ReadOnlySpan<byte> bytes);

/// <summary>
/// The one door to the disk for everything that writes: it turns the runtime's exceptions into <see cref="FileWriteException"/>, and lets
/// a test fail (or kill the process at) the n-th operation.
/// </summary>
internal static class FileOperation
{
    /// <summary>Called with each step and its file before the step is done; flows to the tasks started after it is set.</summary>
    internal static AsyncLocal<BeforeFileStep?> Before { get; } = new();

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
            Before.Value?.Invoke(step, path, null, default);
            return operation();
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw FileWriteException.From(step, path, failure);
        }
    }

    /// <inheritdoc cref="Run(FileStep, string, Action)"/>
    public static void Write(string path, FileStream file, ReadOnlySpan<byte> bytes)
    {
        try
        {
            Before.Value?.Invoke(FileStep.Write, path, file, bytes);
            file.Write(bytes);
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw FileWriteException.From(FileStep.Write, path, failure);
        }
    }

    // A file past the size limit of its file system comes as ArgumentOutOfRangeException.
    internal static bool IsFailure(Exception failure) => failure is not FileWriteException
        && failure is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentOutOfRangeException;
}
