using System.Diagnostics;

namespace Convolve.Mpi;

/// <summary>
/// The one thread that calls MPI. It begins what it is handed, and asks again and again whether that is done: without calls, Open MPI makes
/// no progress.
/// </summary>
internal sealed class ExchangeThread : IDisposable
{
    // Between two questions: long enough to leave the core to the kernels.
    private const uint PauseMicroseconds = 50;

    // While somebody waits for the exchange, the core has nothing else to do, but only for so long.
    private const int EagerMicroseconds = 1000;
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(200);
    private readonly object _gate = new();
    private readonly Queue<Transfer> _queue = new();
    private readonly List<Transfer> _active = [];
    private readonly AutoResetEvent _isWanted = new(false);
    private readonly Thread _thread;
    private readonly bool _isElastic;
    private MpiWorld? _world;
    private Heartbeat? _heartbeat;
    private Exception? _failure;
    private MpiException? _fault;
    private int _open, _waiting;
    private bool _isEnding, _isLost;
    private int? _abortCode;

    /// <summary>Initializes MPI on a new thread, and returns when that is done.</summary>
    /// <param name="isElastic">Whether the ranks that are left go on after one was lost.</param>
    /// <exception cref="MpiException">That failed.</exception>
    public ExchangeThread(bool isElastic)
    {
        _isElastic = isElastic;
        _thread = new(Run) { IsBackground = true, Name = "Convolve MPI" };
        _thread.Start();
        lock (_gate)
        {
            while (_world is null && _failure is null)
                Monitor.Wait(_gate);
        }
        ThrowIfFailed();
    }

    /// <summary>For its numbers; everything else is for the thread.</summary>
    public MpiWorld World => _world!;

    /// <summary>Begins to listen whether all ranks are alive, and to tell them that this one is.</summary>
    public void Watch(Heartbeat heartbeat) => Volatile.Write(ref _heartbeat, heartbeat);

    /// <summary>Hands over something to exchange.</summary>
    public void Begin(Transfer transfer)
    {
        lock (_gate)
        {
            ThrowIfFailed();
            ObjectDisposedException.ThrowIf(_isEnding, typeof(MpiExchange));
            _queue.Enqueue(transfer);
            _open++;
        }
        _isWanted.Set();
    }

    /// <summary>Waits until all that was handed over is done.</summary>
    /// <exception cref="RankLostException">A rank was lost, and what was handed over is dropped; so is what follows, until
    /// <see cref="Renew"/>.</exception>
    /// <exception cref="MpiException">A call of MPI failed.</exception>
    public void Finish()
    {
        Interlocked.Increment(ref _waiting);
        lock (_gate)
        {
            while (_open > 0 && _failure is null && !_isLost)
                Monitor.Wait(_gate);
        }
        Interlocked.Decrement(ref _waiting);
        ThrowIfFailed();
    }

    /// <summary>After ranks were lost: the ranks that are left exchange again.</summary>
    public void Renew()
    {
        lock (_gate)
            _isLost = false;
    }

    /// <summary>Ends all ranks; doesn't return.</summary>
    /// <param name="code">The exit code.</param>
    public void Abort(int code)
    {
        lock (_gate)
            _abortCode = code;
        _isWanted.Set();
        // MPI's thread aborts; should it hang in a call, this rank ends by itself, and mpirun ends the others.
        _thread.Join(TimeSpan.FromSeconds(3));
        LibC._exit(code);
    }

    /// <summary>Finalizes MPI once all is done, on every rank.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isEnding)
                return;
            _isEnding = true;
        }
        _isWanted.Set();
        _thread.Join();
        _isWanted.Dispose();
    }

    private void Run()
    {
        try
        {
            LibC.WakeExactly();
            MpiWorld world = new();
            lock (_gate)
            {
                _world = world;
                Monitor.PulseAll(_gate);
            }
            while (!IsServed(world))
                Recover(world);
            // Once ranks were lost, MPI_Finalize may hang; without it, the process has to end by Leave.
            if (world.IsShrunk)
                return;
            _heartbeat?.Stop();
            world.Check(Mpi.MPI_Finalize());
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                _failure = e;
                Monitor.PulseAll(_gate);
            }
        }
    }

    // False if a rank was lost, and the others are to go on.
    private bool IsServed(MpiWorld world)
    {
        try
        {
            Serve(world);
            return true;
        }
        catch (MpiException e) when (_isElastic)
        {
            lock (_gate)
                _fault = e;
            return false;
        }
    }

    // Every rank that is left comes here: the first that notices makes the calls of the others fail.
    private void Recover(MpiWorld world)
    {
        int before = world.Ranks;
        world.Revoke();
        foreach (Transfer transfer in _active)
            transfer.Drop();
        Interlocked.Exchange(ref _heartbeat, null)?.Drop();
        world.Shrink();
        if (world.Ranks == before)
            throw new MpiException(_fault!.Message, _fault);
        lock (_gate)
        {
            _active.Clear();
            _queue.Clear();
            (_open, _isLost) = (0, true);
            Monitor.PulseAll(_gate);
        }
    }

    private void Serve(MpiWorld world)
    {
        long eagerSince = 0;
        while (true)
        {
            bool isEnding;
            lock (_gate)
            {
                if (_abortCode is { } code)
                    _ = Mpi.MPI_Abort(world.Comm, code);
                while (_queue.TryDequeue(out Transfer? transfer))
                    _active.Add(transfer);
                isEnding = _isEnding;
            }
            bool hasMoved = Advance(world);
            Volatile.Read(ref _heartbeat)?.Beat(Volatile.Read(ref _waiting) > 0);
            if (_active.Count == 0)
            {
                if (isEnding)
                    return;
                _isWanted.WaitOne(Idle);
                eagerSince = 0;
            }
            else if (hasMoved || eagerSince == 0)
            {
                eagerSince = Stopwatch.GetTimestamp();
            }
            else if (Volatile.Read(ref _waiting) > 0 && Stopwatch.GetElapsedTime(eagerSince).TotalMicroseconds < EagerMicroseconds)
            {
                LibC.sched_yield();
            }
            else
            {
                LibC.usleep(PauseMicroseconds);
            }
        }
    }

    // Whether one of them is done.
    private bool Advance(MpiWorld world)
    {
        int left = 0;
        for (int i = 0; i < _active.Count; i++)
        {
            Transfer transfer = _active[i];
            if (!transfer.Advance(world))
                _active[left++] = transfer;
        }
        int done = _active.Count - left;
        if (done == 0)
            return false;
        _active.RemoveRange(left, done);
        lock (_gate)
        {
            _open -= done;
            if (_open == 0)
                Monitor.PulseAll(_gate);
        }
        return true;
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure)
            throw new MpiException(failure.Message, failure);
        if (Volatile.Read(ref _isLost))
            throw new RankLostException();
    }
}
