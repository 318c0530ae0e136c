using Convolve.Formats;

namespace Convolve.Tests.Formats;

/// <summary>Makes the n-th file operation of this test fail, or counts them.</summary>
internal sealed class Faults : IDisposable
{
    private readonly int _failAt;
    private readonly Func<Exception>? _failure;

    public Faults(int failAt = -1, Func<Exception>? failure = null)
    {
        (_failAt, _failure) = (failAt, failure);
        FileOperation.Before.Value = Step;
    }

    public List<FileStep> Steps { get; } = [];

    /// <summary>The exception that the system itself throws for a full disk.</summary>
    public static Exception DiskFull()
    {
        if (!OperatingSystem.IsLinux())
            return new IOException("No space left on device", 28);
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        return Assert.ThrowsAny<IOException>(() => full.WriteByte(1));
    }

    public void Dispose() => FileOperation.Before.Value = null;

    private void Step(FileStep step, string path)
    {
        Steps.Add(step);
        if (Steps.Count - 1 == _failAt)
            throw (_failure ?? (() => new IOException("injected")))();
    }
}
