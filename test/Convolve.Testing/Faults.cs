using Convolve.Files;

namespace Convolve.Testing;

/// <summary>Makes the n-th file operation of this test fail, or counts them.</summary>
public sealed class Faults : IDisposable
{
    private readonly int _failAt;
    private readonly Func<Exception>? _failure;
    private readonly bool _isShort;

    /// <param name="failAt">Which operation, from 0.</param>
    /// <param name="failure">How.</param>
    /// <param name="isShort">Whether a write that fails has written half of its bytes.</param>
    public Faults(int failAt = -1, Func<Exception>? failure = null, bool isShort = false)
    {
        (_failAt, _failure, _isShort) = (failAt, failure, isShort);
        FileOperation.Before.Value = Step;
    }

    /// <summary>The kinds of the operations, in their order.</summary>
    public List<string> Steps { get; } = [];

    /// <summary>The file whose operation failed.</summary>
    public string? FailedPath { get; private set; }

    /// <summary>How many operations there were.</summary>
    public int Count => Steps.Count;

    /// <summary>The exception that the system itself throws for a full disk.</summary>
    public static Exception DiskFull()
    {
        if (!OperatingSystem.IsLinux())
            return new IOException("No space left on device", 28);
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        try
        {
            full.WriteByte(1);
        }
        catch (IOException e)
        {
            return e;
        }
        throw new InvalidOperationException("/dev/full took a byte.");
    }

    /// <summary>The system's errors by their numbers: a broken disk, a full one, one that may not be written to.</summary>
    public static Exception Error(string name) => name switch
    {
        "EIO" => new IOException("Input/output error", 5),
        "ENOSPC" => DiskFull(),
        "EACCES" => new UnauthorizedAccessException("Access to the path is denied."),
        _ => throw new ArgumentException(name),
    };

    public void Dispose() => FileOperation.Before.Value = null;

    private void Step(FileStep step, string path, FileStream? file, ReadOnlySpan<byte> bytes)
    {
        Steps.Add($"{step}");
        if (Steps.Count - 1 != _failAt)
            return;
        FailedPath = path;
        if (_isShort)
            file?.Write(bytes[..(bytes.Length / 2)]);
        throw (_failure ?? (() => new IOException("injected")))();
    }
}
