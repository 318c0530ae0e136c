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
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), Look = TimeSpan.FromMilliseconds(50);
    private readonly MpiWorld _world;
    private readonly string[] _hosts;
    private readonly Action<string> _lost;
    private readonly int[] _peers;
    private readonly nint[] _requests;
    private readonly int[] _states;
    private readonly long[] _heard;
    private readonly TimeSpan _limit;
    private long _looked, _sent;

    /// <param name="world">All ranks.</param>
    /// <param name="hosts">Where each rank is.</param>
    /// <param name="limit">How long a rank may be silent. Rank 0's own is a second longer, so that it reports first.</param>
    /// <param name="lost">Gets the message about a rank that was silent for longer; then all ranks end.</param>
    public Heartbeat(MpiWorld world, string[] hosts, TimeSpan limit, Action<string> lost)
    {
        (_world, _hosts, _lost) = (world, hosts, lost);
        _limit = world.Rank == 0 ? limit : limit + Interval;
        _peers = world.Ranks == 1 ? [] : world.Rank == 0 ? [.. Enumerable.Range(1, world.Ranks - 1)] : [0];
        // Of each peer, what is sent and what is received.
        _requests = GC.AllocateArray<nint>(Math.Max(1, 2 * _peers.Length), pinned: true);
        _states = GC.AllocateArray<int>(Math.Max(1, 2 * _peers.Length), pinned: true);
        _heard = new long[_peers.Length];
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
        // A machine that slept, or a stopped process, has missed what the others sent.
        if (gap > Interval + Interval)
            for (int i = 0; i < _heard.Length; i++)
                _heard[i] += now - _looked;
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
                    _heard[i] = now;
                    _world.Check(Mpi.MPI_Irecv(states + 2 * i + 1, 1, _world.Integer, _peers[i], Tag, _world.Comm, receiving));
                }
                if (Stopwatch.GetElapsedTime(_heard[i], now) > _limit)
                    End(i);
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

    private void End(int peer)
    {
        int rank = _peers[peer];
        string doing = _states[2 * peer + 1] == Exchanging ? "waiting for other ranks" : "computing";
        _lost(string.Create(CultureInfo.InvariantCulture,
            $"Rank {rank} ({_hosts[rank]}) hasn't answered for {_limit.TotalSeconds:0.#} s; it was {doing} then. It was stopped, or its host " +
            $"is cut off. The run ended; resume it from its last checkpoint."));
        // After a cut link, MPI_Abort may hang.
        new Thread(() =>
        {
            Thread.Sleep(TimeSpan.FromSeconds(2));
            LibC._exit(1);
        })
        { IsBackground = true }.Start();
        _ = Mpi.MPI_Abort(_world.Comm, 1);
    }
}
