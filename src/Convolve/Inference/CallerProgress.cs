using System.Diagnostics;
using Convolve.Kernels.Threads;

namespace Convolve.Inference;

/// <summary>Passes what the executor thread reports to the thread that waits for it.</summary>
/// <remarks>A report may so use the model, and wait for other threads that do.</remarks>
internal sealed class CallerProgress<T>(IProgress<T> inner, Func<T, bool>? isLast = null) : IProgress<T>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.05);
    private long _last;

    public void Report(T value)
    {
        // Each report wakes a thread: a fast loop's are thinned out.
        if (isLast is not null && !isLast(value) && Stopwatch.GetElapsedTime(_last) < Interval)
            return;
        ThreadTeam.CallBack(() => inner.Report(value));
        _last = Stopwatch.GetTimestamp();
    }
}

internal static class CallerProgress
{
    /// <summary>For shares that are done: at most twenty a second, and the whole.</summary>
    public static IProgress<double>? Of(IProgress<double>? progress) => progress is null ? null
        : new CallerProgress<double>(progress, share => share >= 1);

    /// <summary>For everything, as it comes.</summary>
    public static IProgress<T>? OfAll<T>(IProgress<T>? progress) => progress is null ? null : new CallerProgress<T>(progress);
}
