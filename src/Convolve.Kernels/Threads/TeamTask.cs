using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Convolve.Kernels.Threads;

/// <summary>Work bound once, so that running it again and again allocates nothing.</summary>
internal sealed class TeamTask : IDisposable
{
    // A cache line for each share's times: the least, and the last.
    private const int Stride = 8;
    private const int Rise = 64;
    private readonly ITeamWork _work;
    private readonly Lock _gate = new();
    private GCHandle _handle;
    private long[] _least = [];
    private Exception? _error;
    private int _shares, _failedShare;

    public TeamTask(ITeamWork work)
    {
        _work = work;
        _handle = GCHandle.Alloc(this);
    }

    /// <summary>For native threads, while the task lives.</summary>
    internal nint Handle => GCHandle.ToIntPtr(_handle);

    /// <summary>
    /// How long all shares take on one undisturbed thread, in stopwatch ticks: the least of each so far, which rises slowly where it
    /// is not met again.
    /// </summary>
    internal long WorkTicks
    {
        get
        {
            long sum = 0;
            for (int share = 0; share < _shares; share++)
                sum += _least[share * Stride];
            return sum;
        }
    }

    /// <summary>How long all shares of the last run took together, in stopwatch ticks.</summary>
    internal long LastTicks
    {
        get
        {
            long sum = 0;
            for (int share = 0; share < _shares; share++)
                sum += _least[share * Stride + 1];
            return sum;
        }
    }

    public void Dispose()
    {
        if (_handle.IsAllocated)
            _handle.Free();
    }

    /// <summary>Makes ready for a run in this many shares.</summary>
    internal void Begin(int shares)
    {
        ObjectDisposedException.ThrowIf(!_handle.IsAllocated, this);
        if (_shares == shares)
            return;
        _least = new long[shares * Stride];
        _shares = shares;
    }

    internal void RunAll()
    {
        for (int share = 0; share < _shares; share++)
            RunShare(share);
    }

    internal void RunShare(int share)
    {
        if (_shares > 1)
            Scheduler.Join();
        long start = Stopwatch.GetTimestamp();
        try
        {
            _work.Run(share, _shares);
        }
        catch (Exception e) // none may leave a native frame
        {
            lock (_gate)
                if (_error is null || share < _failedShare)
                    (_error, _failedShare) = (e, share);
        }
        long time = Stopwatch.GetTimestamp() - start;
        ref long least = ref _least[share * Stride];
        least = least == 0 ? time : Math.Min(time, least + least / Rise + 1);
        _least[share * Stride + 1] = time;
    }

    /// <summary>Runs every so-many-th share.</summary>
    /// <param name="handle">Of a task.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="step">From one to the next.</param>
    internal static void RunShares(nint handle, int first, int step)
    {
        var task = (TeamTask)GCHandle.FromIntPtr(handle).Target!;
        for (int share = first; share < task._shares; share += step)
            task.RunShare(share);
    }

    internal void ThrowIfFailed()
    {
        if (_error is { } error)
        {
            _error = null;
            ExceptionDispatchInfo.Throw(error);
        }
    }
}
