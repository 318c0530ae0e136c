using System.Diagnostics;
using System.Globalization;
using System.Text;
using Convolve.Execution;
using Convolve.Kernels.Parameters;

namespace Convolve.Mpi;

/// <summary>Connects the ranks of a run with Open MPI.</summary>
/// <remarks>
/// Messages go from rank to rank without waiting, and the sums are added up here: MPI's own reductions add in an order that depends on the
/// number of ranks.
/// </remarks>
internal sealed unsafe class MpiExchange : IGradientExchange
{
    private readonly ExchangeThread _thread;
    private Heartbeat? _heartbeat;
    private readonly List<Piece> _pieces = [];
    private readonly Action<string> _lost;
    private readonly TimeSpan _patience;
    private GatherTransfer _gather = new();
    private TradeTransfer _trade = new();
    private int _started, _numberInHosts;
    private bool _isDisposed;
    private long _number;

    private MpiExchange(ExchangeThread thread, Action<string> lost, TimeSpan patience)
    {
        (_thread, _lost, _patience) = (thread, lost, patience);
        (_, Hosts) = Connect(number: thread.World.Rank);
        _numberInHosts = Rank;
    }

    /// <summary>Joins the ranks that were started together; once in a process.</summary>
    /// <param name="lost">Gets one message about a rank that doesn't answer any more; all ranks end after it.</param>
    /// <param name="patience">How long a rank may be silent; null for 6 s, with which all ranks end within 10 s.</param>
    /// <param name="isElastic">Whether the ranks that are left go on after one has ended; needs Open MPI 5, and mpirun --with-ft
    /// ulfm.</param>
    /// <exception cref="MpiException">Open MPI is not installed, or doesn't start.</exception>
    public static MpiExchange Join(Action<string> lost, TimeSpan? patience = null, bool isElastic = false)
    {
        LibC.DieWithParent();
        if (isElastic)
            MpiLibrary.RequireFaultTolerance();
        return new(new(isElastic), lost, patience ?? TimeSpan.FromSeconds(6));
    }

    /// <summary>After a <see cref="RankLostException"/>: connects the ranks that are left, and numbers them anew, in their order.</summary>
    /// <returns>The numbers that the lost ones had, and their hosts.</returns>
    /// <exception cref="RankLostException">Another rank was lost meanwhile.</exception>
    public IReadOnlyList<(int Rank, string Host)> Renew()
    {
        _thread.Renew();
        (int[] numbers, string[] hosts) = Connect(_numberInHosts);
        string[] before = Hosts;
        (Hosts, _numberInHosts) = (hosts, Rank);
        return [.. before.Index().Where(rank => !numbers.Contains(rank.Index))];
    }

    public int Rank { get; private set; }

    public int Ranks { get; private set; }

    /// <summary>Where each rank is.</summary>
    public string[] Hosts { get; private set; } = [];

    /// <summary>Such as "Open MPI v4.1.4".</summary>
    public string Version => _thread.World.Version;

    /// <summary>Memory for what comes from other ranks, so far.</summary>
    public long MemoryBytes => _pieces.Sum(piece => piece.MemoryBytes);

    /// <summary>From here on, a rank that computes for this long while rank 0 waits for it hangs, and ends all ranks.</summary>
    public void ExpectProgress(TimeSpan longest) => _heartbeat!.Longest = longest;

    // All ranks come here together. What each of them was numbered before, and where it is.
    private (int[] Numbers, string[] Hosts) Connect(int number)
    {
        (_started, _number, _gather, _trade) = (0, 0, new(), new());
        (Rank, Ranks) = (_thread.World.Rank, _thread.World.Ranks);
        string[][] ranks = [.. Gather(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"{number} {Environment.MachineName}"))).Select(rank => Encoding.UTF8.GetString(rank).Split(' ', 2))];
        string[] hosts = [.. ranks.Select(rank => rank[1])];
        _heartbeat = new(_thread.World, hosts, _patience, _lost);
        _thread.Watch(_heartbeat);
        return ([.. ranks.Select(rank => int.Parse(rank[0], CultureInfo.InvariantCulture))], hosts);
    }

    public void Start(ShardTree tree, ReadOnlySpan<nint> sums, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (tree.Ranks != Ranks || sums.Length != tree.Held(Rank).Count)
            throw new ArgumentException(
                $"expected a tree for {Ranks} ranks and an address for each subtree, got one for {tree.Ranks} and {sums.Length} addresses");
        if (_started == _pieces.Count)
            _pieces.Add(new());
        Piece piece = _pieces[_started++];
        piece.Set(tree, sums, count, _number++, Rank);
        _thread.Begin(piece);
    }

    public void Finish()
    {
        _thread.Finish();
        _started = 0;
    }

    public void Broadcast(Span<byte> bytes)
    {
        fixed (byte* address = bytes)
            Run(new BroadcastTransfer((nint)address, bytes.Length));
    }

    public byte[][] Gather(ReadOnlySpan<byte> bytes)
    {
        _gather.Set(bytes, Ranks);
        Run(_gather);
        return _gather.Result();
    }

    public void Trade(nint[] sent, nint[] received, long bytes)
    {
        if (sent.Length != Ranks || received.Length != Ranks)
            throw new ArgumentException($"expected an address for each of {Ranks} ranks, got {sent.Length} and {received.Length}");
        long start = Stopwatch.GetTimestamp();
        _trade.Set(sent, received, bytes);
        Run(_trade);
        TradeTime += Stopwatch.GetElapsedTime(start);
    }

    public long SentBytes => _thread.World.SentBytes;

    public TimeSpan TradeTime { get; private set; }

    /// <summary>Ends all ranks with this exit code, and doesn't return.</summary>
    public void Abort(int code) => _thread.Abort(code);

    /// <summary>Whether ranks were lost: then the process ends by <see cref="Leave"/>, since MPI can't be finalized.</summary>
    public bool IsShrunk => _thread.World.IsShrunk;

    /// <summary>Ends this process, without anything that is registered for its end, once all ranks that are left have come here.</summary>
    /// <param name="code">The exit code.</param>
    public void Leave(int code)
    {
        Dispose();
        LibC._exit(code);
    }

    /// <summary>Waits for all ranks, and finalizes MPI.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        try
        {
            Run(new BarrierTransfer());
        }
        catch (RankLostException)
        {
            // It had done its work.
        }
        _thread.Dispose();
        foreach (Piece piece in _pieces)
            piece.Dispose();
    }

    // Every rank has begun the same pieces before.
    private void Run(Transfer transfer)
    {
        _thread.Begin(transfer);
        _thread.Finish();
    }
}
