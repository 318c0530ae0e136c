using System.Diagnostics;

namespace Convolve.Kernels.Threads;

/// <summary>
/// The one thread that executes kernels, and the team behind it. Every thread that called oneDNN would get its own OpenMP team, so
/// all kernels of a process run from here; own kernels share the library's team, so that cores are never oversubscribed.
/// </summary>
/// <remarks>
/// Own work has as many shares as the team has threads, whoever computes them. While other programs keep cores busy, fewer threads do, to
/// the same bits. Work for one thread needs no team, so a caller may run it where it is while the executor thread has nothing to do
/// (<see cref="TryBegin"/>).
/// </remarks>
internal static class ThreadTeam
{
    private static readonly Dictionary<int, Pace> Paces = [];
    private static readonly Helpers Helpers = new();
    private static readonly Scheduler Scheduler = new();
    private static readonly JobQueue Queue = new();
    private static readonly Lazy<ITeam?> Team = new(() => LoadTeam?.Invoke());
    private static readonly Predicate<Job> IsServed = job => job.Kind < _kind;

    // Whoever runs kernels holds it: the executor thread for each job, and a guest.
    private static readonly Lock Turn = new();
    private static readonly Thread Executor = Start();
    private static volatile bool _isTurnAwaited;

    // Whether the thread runs kernels in place of the executor thread, and the size of the library's team that it had before.
    [ThreadStatic]
    private static bool _isGuest;
    [ThreadStatic]
    private static int _sizeBefore;
    private static int _threads = Resolve(0);

    // Of the executor thread: the job that it runs, and the shortest kind that this is within.
    private static Job? _job;
    private static JobKind _kind = JobKind.Training;
    private static bool _isRunning;

    // How many threads compute, of a team of this size.
    private static Pace _pace = new(Resolve(0), Scheduler);

    /// <summary>The kernel library's own threads, where it has any.</summary>
    internal static ITeam? LibraryTeam => Team.Value;

    /// <summary>Gives them; set once, before the first work.</summary>
    internal static Func<ITeam?>? LoadTeam { get; set; }

    /// <summary>The size of the team; 1 between <see cref="TryBegin"/> and <see cref="End"/>, and in <see cref="RunAlone"/>.</summary>
    public static int Threads => _isGuest ? 1 : _threads;

    /// <summary>Whether the caller is the executor thread, or takes its place.</summary>
    public static bool IsExecutor => _isGuest || Thread.CurrentThread == Executor;

    /// <summary>The largest team; the thread library ends the process over one that the system cannot give.</summary>
    public const int MostThreads = 1024;

    /// <summary>The number of threads that is meant: 0 is what OMP_NUM_THREADS says, or else all cores.</summary>
    public static int Resolve(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MostThreads);
        if (threads > 0)
            return threads;
        return int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), out int asked)
            && asked > 0 ? asked : Environment.ProcessorCount;
    }

    /// <summary>Sets the size of the team; see <see cref="Resolve"/> for 0.</summary>
    public static void Resize(int asked)
    {
        int threads = Resolve(asked);
        Invoke(() =>
        {
            LibraryTeam?.Resize(threads);
            _threads = threads;
            if (!Paces.TryGetValue(threads, out Pace? pace))
                Paces[threads] = pace = new(threads, Scheduler);
            _pace = pace;
        });
    }

    /// <summary>
    /// Runs an action on the executor thread and waits for it; its exception is rethrown to the caller. On the executor thread itself it
    /// runs at once.
    /// </summary>
    /// <param name="action">What to run.</param>
    /// <param name="kind">How long it takes: longer kinds are to call <see cref="ServeQueued"/> between their steps.</param>
    public static void Invoke(Action action, JobKind kind = JobKind.Short)
    {
        if (IsExecutor)
        {
            Within(kind < _kind ? kind : _kind, action);
            return;
        }
        Job job = Job.Rent(action, kind);
        Queue.Add(job);
        job.Wait();
        job.Return();
    }

    /// <summary>Runs an action on the executor thread, and doesn't wait for it.</summary>
    /// <param name="action">Throws nothing: nobody would see it.</param>
    public static void Post(Action action) => Queue.Add(new(action, JobKind.Short));

    /// <summary>
    /// Lets the caller run kernels for one thread itself, up to <see cref="End"/>: to wake the executor thread and to wait for it takes
    /// longer than the smallest networks.
    /// </summary>
    /// <returns>Whether it may: not while others run kernels or wait for their turn.</returns>
    public static bool TryBegin()
    {
        if (IsExecutor || Queue.Count > 0 || _isTurnAwaited || !Turn.TryEnter())
            return false;
        BeginAlone();
        return true;
    }

    /// <summary>Ends what <see cref="TryBegin"/> began.</summary>
    public static void End()
    {
        EndAlone();
        Turn.Exit();
    }

    /// <summary>
    /// Does a share of a team's work as a team of one: so the thread that has it may run kernels that were made for one thread, as the
    /// others do at the same time.
    /// </summary>
    public static void RunAlone(ITeamWork work, int thread, int threads)
    {
        BeginAlone();
        try
        {
            work.Run(thread, threads);
        }
        finally
        {
            EndAlone();
        }
    }

    /// <summary>
    /// Runs the shorter jobs that wait at this moment; on the executor thread, where a longer one is between two steps and all that it
    /// keeps is its own.
    /// </summary>
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
    /// Runs a callback on the thread that called <see cref="Invoke"/>, while the executor thread serves shorter jobs: so a callback may
    /// wait for other threads that predict. On the executor thread, between two steps; its exception is rethrown.
    /// </summary>
    public static void CallBack(Action callback)
    {
        RequireExecutor();
        _job!.CallBack(callback, Queue, IsServed);
    }

    /// <summary>
    /// Threads that compute the shares of own work at the moment: <see cref="Threads"/>, or fewer while other programs keep cores busy.
    /// </summary>
    public static int Width => FixedWidth is { } width ? Math.Clamp(width, 1, Threads) : _pace.Width;

    /// <summary>Whether they are fewer, or were a moment ago, because threads of the team waited long for their turn.</summary>
    public static bool IsHeldUp => _pace.IsHeldUp;

    /// <summary>Whether <see cref="IdleTicks"/> counts.</summary>
    internal static bool CountsIdle { get; set; }

    /// <summary>
    /// How long a thread that computes shares had none, in the mean, while others still had one; in stopwatch ticks, of all work so far.
    /// </summary>
    internal static long IdleTicks { get; private set; }

    /// <summary>How long threads of the team waited for a core, all together, in stopwatch ticks; null if unknown.</summary>
    internal static long? Waited => Scheduler.Waited;

    /// <summary>For tests: as many threads compute, however long it takes.</summary>
    internal static int? FixedWidth { get; set; }

    /// <summary>
    /// Runs all shares of the work, on the threads of the team; on the executor thread. A share that runs work itself computes all of that
    /// alone.
    /// </summary>
    /// <exception cref="InvalidOperationException">The caller is another thread: it would get its own team.</exception>
    /// <exception cref="ObjectDisposedException">The task is disposed.</exception>
    public static void Run(TeamTask task)
    {
        RequireExecutor();
        int shares = Threads;
        task.Begin(shares);
        if (shares == 1 || _isRunning)
        {
            task.RunAll();
            task.ThrowIfFailed();
            return;
        }
        _isRunning = true;
        int width = Width;
        long start = Stopwatch.GetTimestamp();
        if (width == shares && LibraryTeam is { } team)
        {
            team.Run(task, shares);
        }
        else
        {
            LibraryTeam?.Resize(1); // a share's kernels run on its thread alone
            if (width == 1)
                task.RunAll();
            else
                Helpers.Run(task, shares, width);
            LibraryTeam?.Resize(shares);
        }
        _isRunning = false;
        long wall = Stopwatch.GetTimestamp() - start;
        if (CountsIdle)
            IdleTicks += Math.Max(0, wall - task.LastTicks / width);
        if (FixedWidth is null)
            _pace.Note(wall, task.WorkTicks);
        task.ThrowIfFailed();
    }

    /// <summary>
    /// Has the library describe or make kernels that run on the calling thread alone, as the kernels of a share do; on the executor thread.
    /// </summary>
    public static T OnOneThread<T>(Func<T> action)
    {
        RequireExecutor();
        LibraryTeam?.Resize(1);
        try
        {
            return action();
        }
        finally
        {
            LibraryTeam?.Resize(Threads);
        }
    }

    private static void BeginAlone()
    {
        _isGuest = true;
        if (LibraryTeam is { } team && (_sizeBefore = team.Size) != 1)
            team.Resize(1);
    }

    private static void EndAlone()
    {
        if (LibraryTeam is { } team && _sizeBefore != 1)
            team.Resize(_sizeBefore);
        _isGuest = false;
    }

    internal static void Serve(Job job)
    {
        Job? outer = _job;
        _job = job;
        Within(job.Kind, job.Run);
        _job = outer;
    }

    /// <summary>Jobs that wait.</summary>
    internal static int Waiting => Queue.Count;

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

    /// <summary>The size of the team, which scratch space was planned for.</summary>
    /// <exception cref="InvalidOperationException">Fewer threads started.</exception>
    public static int RequireWhole(int threads) => threads == Threads ? threads : throw new InvalidOperationException(
        $"Only {threads} of {Threads} threads started. Raise OMP_THREAD_LIMIT, or use fewer threads.");

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
            {
                Job job = Queue.Take(_ => true, () => false)!;
                _isTurnAwaited = true;
                lock (Turn)
                {
                    _isTurnAwaited = false;
                    Serve(job);
                }
            }
        }, maxStackSize: 16 << 20)
        { IsBackground = true, Name = "Convolve executor" };
        thread.Start();
        return thread;
    }
}
