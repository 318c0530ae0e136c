using System.Diagnostics;

namespace Convolve.Cli.Terminal;

/// <summary>Hears of progress on the thread that reports it; System.Progress would hand it to another.</summary>
internal sealed class Reporter<T>(Action<T> hear) : IProgress<T>
{
    public void Report(T value) => hear(value);
}

/// <summary>Hears of progress at most ten times a second.</summary>
internal sealed class Throttle<T>(Action<T> hear) : IProgress<T>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.1);
    private long _last;

    public void Report(T value)
    {
        if (_last != 0 && Stopwatch.GetElapsedTime(_last) < Interval)
            return;
        _last = Stopwatch.GetTimestamp();
        hear(value);
    }
}
