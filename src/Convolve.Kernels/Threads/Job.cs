using System.Runtime.ExceptionServices;

namespace Convolve.Kernels.Threads;

/// <summary>An action for the executor thread, and the thread that waits for it, which runs the job's callbacks meanwhile.</summary>
#pragma warning disable CA1001 // no wait handle is ever asked of the event, so there is nothing to dispose
internal sealed class Job(Action action, JobKind kind)
#pragma warning restore CA1001
{
    [ThreadStatic]
    private static Job? _spare;
    private readonly ManualResetEventSlim _signal = new(); // no wait handle is ever asked of it, so there is nothing to dispose
    private readonly Thread _caller = Thread.CurrentThread;
    private Action _action = action;
    private ExceptionDispatchInfo? _error, _callbackError;
    private Action? _callback;
    private volatile bool _isDone, _isCallbackDone;

    public JobKind Kind { get; private set; } = kind;

    /// <summary>A job of the calling thread, which uses one again and again.</summary>
    public static Job Rent(Action action, JobKind kind)
    {
        if (_spare is not { } job)
            return new(action, kind);
        _spare = null;
        (job._action, job.Kind, job._isDone) = (action, kind, false);
        return job;
    }

    /// <summary>Ends the use of a job that has ended without an exception.</summary>
    public void Return()
    {
        _action = static () => { };
        _spare = this;
    }

    /// <summary>Runs the action; on the executor thread.</summary>
    public void Run()
    {
        try
        {
            _action();
        }
        catch (Exception e)
        {
            _error = ExceptionDispatchInfo.Capture(e);
        }
        _isDone = true;
        _signal.Set();
    }

    /// <summary>Waits for the end; the action's exception comes back from here. On the thread that made the job.</summary>
    public void Wait()
    {
        while (true)
        {
            _signal.Wait();
            _signal.Reset();
            if (Volatile.Read(ref _callback) is { } callback)
            {
                RunCallback(callback);
            }
            else if (_isDone)
            {
                _error?.Throw();
                return;
            }
        }
    }

    /// <summary>Has the waiting thread run something, and serves jobs until it has; on the executor thread.</summary>
    /// <param name="callback">Its exception is rethrown here.</param>
    /// <param name="queue">Where jobs come from, and what the callback wakes at its end.</param>
    /// <param name="serve">Which ones are served in addition to those of the callback itself, which waits for them.</param>
    public void CallBack(Action callback, JobQueue queue, Predicate<Job> serve)
    {
        (_callbackError, _isCallbackDone) = (null, false);
        Volatile.Write(ref _callback, callback);
        _signal.Set();
        while (queue.Take(job => job._caller == _caller || serve(job), until: () => _isCallbackDone) is { } job)
            ThreadTeam.Serve(job);
        _callbackError?.Throw();
    }

    private void RunCallback(Action callback)
    {
        _callback = null;
        try
        {
            callback();
        }
        catch (Exception e)
        {
            _callbackError = ExceptionDispatchInfo.Capture(e);
        }
        _isCallbackDone = true;
        ThreadTeam.Wake();
    }
}
