using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Convolve.OneDnn;

/// <summary>Work that every thread of the team does its share of.</summary>
public interface ITeamWork
{
    /// <summary>Does the share of one thread.</summary>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">The size of the team.</param>
    void Run(int thread, int threads);
}

/// <summary>
/// The one thread that executes kernels, and the OpenMP team behind it. Every thread that called oneDNN would get a team of its own, so all
/// kernels of a process run from here; own kernels share the team, so that cores are never given out twice.
/// </summary>
public static class ThreadTeam
{
    private static readonly JobQueue Queue = new();
    private static readonly Func<Job, bool> IsServed = job => job.Kind < _kind;
    private static readonly Thread Executor = Start();

    // Of the executor thread: the job that it runs, and the shortest kind that this lies within.
    private static Job? _job;
    private static JobKind _kind = JobKind.Training;

    /// <summary>The size of the team.</summary>
    public static int Threads { get; private set; } = Resolve(0);

    /// <summary>Whether the caller is the executor thread.</summary>
    public static bool IsExecutor => Thread.CurrentThread == Executor;

    /// <summary>The largest team; the thread library ends the process over one that the system cannot give.</summary>
    public const int MostThreads = 1024;

    /// <summary>The number of threads that is meant: 0 is what OMP_NUM_THREADS says, or else all cores.</summary>
    public static int Resolve(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MostThreads);
        if (threads > 0)
            return threads;
        return int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), out int asked) && asked > 0 ? asked : Environment.ProcessorCount;
    }

    /// <summary>Sets the size of the team; see <see cref="Resolve"/> for 0.</summary>
    public static void Resize(int asked)
    {
        int threads = Resolve(asked);
        Invoke(() =>
        {
            OpenMp.omp_set_num_threads(threads);
            Threads = threads;
        });
    }

    /// <summary>Runs an action on the executor thread and waits for it; its exception comes back to the caller. On the executor thread itself it runs at once.</summary>
    /// <param name="action">What to run.</param>
    /// <param name="kind">How long it takes: longer kinds are to call <see cref="ServeQueued"/> between their steps.</param>
    public static void Invoke(Action action, JobKind kind = JobKind.Short)
    {
        if (IsExecutor)
        {
            Within(kind < _kind ? kind : _kind, action);
            return;
        }
        Job job = new(action, kind);
        Queue.Add(job);
        job.Wait();
    }

    /// <summary>Runs the shorter jobs that wait at this moment; on the executor thread, where a longer one is between two steps and all that it keeps is its own.</summary>
    /// <returns>Whether there were any.</returns>
    public static bool ServeQueued()
    {
        RequireExecutor();
        bool hasServed = false;
        for (int waiting = Queue.Count; waiting > 0 && Queue.TryTake(IsServed) is { } job; waiting--)
        {
            Serve(job);
            hasServed = true;
        }
        return hasServed;
    }

    /// <summary>
    /// Runs a callback on the thread that called <see cref="Invoke"/>, while the executor thread serves shorter jobs: so a callback may wait for other
    /// threads that predict. On the executor thread, between two steps; its exception comes back.
    /// </summary>
    public static void CallBack(Action callback)
    {
        RequireExecutor();
        _job!.CallBack(callback, Queue, IsServed);
    }

    /// <summary>Runs a share of the work on every thread of the team; on the executor thread.</summary>
    /// <exception cref="InvalidOperationException">The caller is another thread: it would get a team of its own.</exception>
    /// <exception cref="ObjectDisposedException">The task is disposed.</exception>
    public static unsafe void Run(TeamTask task)
    {
        RequireExecutor();
        OpenMp.GOMP_parallel(&TeamTask.Enter, task.Handle, (uint)Threads, 0);
        task.ThrowIfFailed();
    }

    internal static void Serve(Job job)
    {
        Job? outer = _job;
        _job = job;
        Within(job.Kind, job.Run);
        _job = outer;
    }

    internal static void Wake() => Queue.Wake();

    private static void Within(JobKind kind, Action action)
    {
        JobKind outer = _kind;
        _kind = kind;
        try
        {
            action();
        }
        finally
        {
            _kind = outer;
        }
    }

    private static void RequireExecutor()
    {
        if (!IsExecutor)
            throw new InvalidOperationException("The team belongs to the executor thread: call through ThreadTeam.Invoke.");
    }

    private static Thread Start()
    {
        Thread thread = new(() =>
        {
            while (true)
                Serve(Queue.Take(_ => true, () => false)!);
        }, maxStackSize: 16 << 20)
        { IsBackground = true, Name = "Convolve executor" };
        thread.Start();
        return thread;
    }
}

/// <summary>Work bound once, so that running it again and again allocates nothing.</summary>
public sealed class TeamTask : IDisposable
{
    private readonly ITeamWork _work;
    private GCHandle _handle;
    private Exception? _error;

    public TeamTask(ITeamWork work)
    {
        _work = work;
        _handle = GCHandle.Alloc(this);
    }

    internal nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(!_handle.IsAllocated, this);
            return GCHandle.ToIntPtr(_handle);
        }
    }

    public void Dispose()
    {
        if (_handle.IsAllocated)
            _handle.Free();
    }

    internal void ThrowIfFailed()
    {
        if (_error is { } error)
        {
            _error = null;
            ExceptionDispatchInfo.Throw(error);
        }
    }

    [UnmanagedCallersOnly]
    internal static void Enter(nint handle)
    {
        var task = (TeamTask)GCHandle.FromIntPtr(handle).Target!;
        try
        {
            task._work.Run(OpenMp.omp_get_thread_num(), OpenMp.omp_get_num_threads());
        }
        catch (Exception e)
        {
            task._error = e; // no exception may leave a native frame
        }
    }
}
