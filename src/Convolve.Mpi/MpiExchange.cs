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
    private readonly GatherTransfer _gather = new();
    private int _started;
    private bool _isDisposed;
    private long _number;

    private MpiExchange(ExchangeThread thread) => (_thread, Rank, Ranks) = (thread, thread.World.Rank, thread.World.Ranks);

    /// <summary>Joins the ranks that were started together; once in a process.</summary>
    /// <param name="lost">Gets one message about a rank that doesn't answer any more; all ranks end after it.</param>
    /// <param name="patience">How long a rank may be silent; null for 6 s, with which all ranks end within 10 s.</param>
    /// <exception cref="MpiException">Open MPI is not installed, or doesn't start.</exception>
    public static MpiExchange Join(Action<string> lost, TimeSpan? patience = null)
    {
        LibC.DieWithParent();
        MpiExchange exchange = new(new());
        exchange.Hosts =
            [.. exchange.Gather(Encoding.UTF8.GetBytes(Environment.MachineName)).Select(Encoding.UTF8.GetString)];
        exchange._heartbeat = new(exchange._thread.World, exchange.Hosts, patience ?? TimeSpan.FromSeconds(6), lost);
        exchange._thread.Watch(exchange._heartbeat);
        return exchange;
    }

    public int Rank { get; }

    public int Ranks { get; }

    /// <summary>Where each rank is.</summary>
    public string[] Hosts { get; private set; } = [];

    /// <summary>Such as "Open MPI v4.1.4".</summary>
    public string Version => _thread.World.Version;

    /// <summary>Memory for what comes from other ranks, so far.</summary>
    public long MemoryBytes => _pieces.Sum(piece => piece.MemoryBytes);

    /// <summary>From here on, a rank that computes for this long while rank 0 waits for it hangs, and ends all ranks.</summary>
    public void ExpectProgress(TimeSpan longest) => _heartbeat!.Longest = longest;

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

    /// <summary>Ends all ranks with this exit code, and doesn't return.</summary>
    public void Abort(int code) => _thread.Abort(code);

    /// <summary>Waits for all ranks, and finalizes MPI.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        Run(new BarrierTransfer());
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
