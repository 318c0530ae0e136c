using System.Diagnostics;
using System.Globalization;

namespace Convolve.Mpi;

/// <summary>
/// Tells rank 0 that this rank is alive and what it does, and finds out whether others still are: rank 0 listens to all, the others to rank
/// 0. On MPI's thread alone, so a rank whose kernels are busy is alive.
/// </summary>
internal sealed unsafe class Heartbeat
{
    private const int Tag = 20000;
    private const int Computing = 0, Exchanging = 1;
    private const double Delays = 4, Fading = 0.99;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Look = TimeSpan.FromMilliseconds(50);

    // Between two looks at most, where a core is free.
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(300);
    private readonly MpiWorld _world;
    private readonly string[] _hosts;
    private readonly Action<string> _lost;
    private readonly int[] _peers;
    private readonly nint[] _requests;
    private readonly int[] _states;
    private readonly long[] _heard, _awaited;
    private readonly TimeSpan _limit;
    private long _longest = long.MaxValue;
    private long _looked, _sent;

    // How long this thread waited for a core at worst of late, in seconds.
    private double _delay;

    /// <param name="world">All ranks.</param>
    /// <param name="hosts">Where each rank is.</param>
    /// <param name="limit">How long a rank may be silent. Rank 0's own is a second longer, so that it reports first.</param>
    /// <param name="lost">Gets the message about a rank that is lost; then all ranks end.</param>
    public Heartbeat(MpiWorld world, string[] hosts, TimeSpan limit, Action<string> lost)
    {
        (_world, _hosts, _lost) = (world, hosts, lost);
        _limit = world.Rank == 0 ? limit : limit + Interval;
        _peers = world.Ranks == 1 ? [] : world.Rank == 0 ? [.. Enumerable.Range(1, world.Ranks - 1)] : [0];
        // Of each peer, what is sent and what is received.
        _requests = GC.AllocateArray<nint>(Math.Max(1, 2 * _peers.Length), pinned: true);
        _states = GC.AllocateArray<int>(Math.Max(1, 2 * _peers.Length), pinned: true);
        (_heard, _awaited) = (new long[_peers.Length], new long[_peers.Length]);
    }

    /// <summary>How long a rank may compute while rank 0 waits for it; without a limit at first. Any thread may set it.</summary>
    public TimeSpan Longest
    {
        get => new(Volatile.Read(ref _longest));
        set => Volatile.Write(ref _longest, value.Ticks);
    }

    /// <summary>Sends and receives what is due.</summary>
    /// <param name="isExchanging">Whether this rank waits for others.</param>
    public void Beat(bool isExchanging)
    {
        long now = Stopwatch.GetTimestamp();
        TimeSpan gap = _looked == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_looked, now);
        if (_peers.Length == 0 || (_looked != 0 && gap < Look))
            return;
        bool isFirst = _looked == 0;
        _delay = Math.Max(_delay * Fading, (gap - Usual).TotalSeconds);
        // A machine that slept, or a stopped process, has missed what the others sent.
        if (gap > Interval + Interval)
            for (int i = 0; i < _heard.Length; i++)
                (_heard[i], _awaited[i]) = (_heard[i] + now - _looked, _awaited[i] + now - _looked);
        _looked = now;
        bool isDue = isFirst || Stopwatch.GetElapsedTime(_sent, now) >= Interval;
        if (isDue)
            _sent = now;
        fixed (nint* requests = _requests)
        fixed (int* states = _states)
        {
            for (int i = 0; i < _peers.Length; i++)
            {
                nint* sending = requests + 2 * i, receiving = sending + 1;
                if (isDue && (isFirst || _world.Test(sending, 1)))
                {
                    states[2 * i] = isExchanging ? Exchanging : Computing;
                    _world.Check(Mpi.MPI_Isend(states + 2 * i, 1, _world.Integer, _peers[i], Tag, _world.Comm, sending));
                }
                if (isFirst || _world.Test(receiving, 1))
                {
                    (_heard[i], _awaited[i]) = (now, isFirst ? now : _awaited[i]);
                    _world.Check(Mpi.MPI_Irecv(states + 2 * i + 1, 1, _world.Integer, _peers[i], Tag, _world.Comm, receiving));
                }
                TimeSpan silence = Stopwatch.GetElapsedTime(_heard[i], now);
                // Others may wait for a core as long as this rank does.
                if (silence > _limit + TimeSpan.FromSeconds(Delays * _delay))
                    End(i, string.Create(CultureInfo.InvariantCulture,
                        $"hasn't answered for {silence.TotalSeconds:0} s; it was {Doing(i)} then. It was stopped, or its host is cut off"));
                if (!isExchanging || states[2 * i + 1] == Exchanging)
                    _awaited[i] = now;
                // Rank 0 alone tests and reports, and that may take long.
                else if (_world.Rank == 0 && Stopwatch.GetElapsedTime(_awaited[i], now) > Longest)
                    End(i, $"has been computing for {Format.Duration(Longest)} while rank 0 waited for it. It hangs");
            }
        }
    }

    /// <summary>Nothing is sent or received after this.</summary>
    public void Stop()
    {
        if (_looked == 0)
            return;
        fixed (nint* requests = _requests)
        {
            for (int i = 0; i < _peers.Length; i++)
            {
                _world.Check(Mpi.MPI_Cancel(requests + 2 * i + 1));
                _world.Check(Mpi.MPI_Wait(requests + 2 * i + 1, 0));
            }
        }
    }

    /// <summary>Waits for what is under way in a revoked communicator.</summary>
    public void Drop()
    {
        if (_looked == 0)
            return;
        fixed (nint* requests = _requests)
        {
            for (int i = 0; i < 2 * _peers.Length; i++)
                MpiWorld.Await(requests + i);
        }
    }

    private string Doing(int peer) => _states[2 * peer + 1] == Exchanging ? "waiting for other ranks" : "computing";

    private void End(int peer, string reason)
    {
        int rank = _peers[peer];
        _lost(string.Create(CultureInfo.InvariantCulture,
            $"Rank {rank} ({_hosts[rank]}) {reason}. The run ended on all ranks; resume it from its last checkpoint."));
        // After a cut link, MPI_Abort may hang.
        new Thread(() =>
        {
            Thread.Sleep(Interval);
            LibC._exit(1);
        })
        { IsBackground = true }.Start();
        _ = Mpi.MPI_Abort(_world.Comm, 1);
    }
}
