using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;

namespace Convolve.Mpi;

/// <summary>
/// One piece of the gradients, added up over all ranks. Each rank owns a slice of it. Every rank sends each owner its slice of every
/// subtree that it holds; the owner adds them up in the order of the tree; then the slices of the sum go to all.
/// </summary>
/// <remarks>
/// A rank that holds one subtree sends and receives less than two pieces, whatever the number of ranks. The order of the additions depends
/// on the tree alone, unlike that of MPI_Allreduce.
/// </remarks>
internal sealed unsafe class Piece : Transfer, IDisposable
{
    // Of a cache line, and of a vector.
    private const int LineFloats = 16;

    // MPI promises tags up to 32,767.
    private const int Tags = 8192;
    private readonly List<(int First, int End)> _parts = [];
    private ShardTree? _tree;
    private NativeBuffer? _received;
    private nint[] _sums = [], _addresses = [];
    private int[] _firstParts = [];
    private long _count;
    private int _tag, _round;

    /// <summary>Memory for slices of others.</summary>
    public long MemoryBytes => _received?.Bytes ?? 0;

    /// <summary>Says what to add up next; on the caller's thread.</summary>
    /// <param name="tree">The order.</param>
    /// <param name="sums">The addresses of what this rank holds.</param>
    /// <param name="count">Floats at each.</param>
    /// <param name="number">Of the piece in the run, the same on every rank.</param>
    /// <param name="rank">This rank.</param>
    public void Set(ShardTree tree, ReadOnlySpan<nint> sums, long count, long number, int rank)
    {
        if (tree != _tree)
        {
            _parts.Clear();
            _firstParts = new int[tree.Ranks + 1];
            for (int i = 0; i < tree.Ranks; i++)
            {
                _parts.AddRange(tree.Held(i));
                _firstParts[i + 1] = _parts.Count;
            }
            _addresses = new nint[_parts.Count];
            _sums = new nint[tree.Held(rank).Count];
            _tree = tree;
        }
        Reserve((tree.Ranks - 1) * (_parts.Count + 2));
        sums.CopyTo(_sums);
        (_count, _tag, _round) = (count, (int)(number % Tags) * 2, 0);
    }

    protected override bool Begin(MpiWorld world)
    {
        if (world.Ranks == 1 || _count == 0)
            return false;
        (long from, long to) = SliceOf(world.Rank);
        int held = _sums.Length;
        long bytes = (to - from) * sizeof(float) * (_parts.Count - held);
        if ((_received?.Bytes ?? 0) < bytes)
        {
            _received?.Dispose();
            _received = new(bytes, "the exchange of gradients");
        }
        byte* place = _received is null ? null : (byte*)_received.Address;
        for (int i = 1; i < world.Ranks; i++)
        {
            int source = (world.Rank + i) % world.Ranks;
            for (int part = _firstParts[source]; part < _firstParts[source + 1]; part++)
            {
                // The slice is at the same floats of all arrays, so this array begins before its memory.
                _addresses[part] = (nint)(place - from * sizeof(float));
                Receive(world, place, to - from, source, _tag);
                place += (to - from) * sizeof(float);
            }
        }
        for (int i = 0; i < held; i++)
            _addresses[_firstParts[world.Rank] + i] = _sums[i];
        for (int i = 1; i < world.Ranks; i++)
        {
            int owner = (world.Rank + i) % world.Ranks;
            (long first, long end) = SliceOf(owner);
            foreach (nint sum in _sums)
                Send(world, (float*)sum + first, end - first, owner, _tag);
        }
        return true;
    }

    protected override bool Continue(MpiWorld world)
    {
        if (_round++ > 0)
            return false;
        (long from, long to) = SliceOf(world.Rank);
        float* sum = (float*)_sums[0];
        ShardTree.Sum(_parts, _addresses, (nint)sum, from, to);
        for (int i = 1; i < world.Ranks; i++)
        {
            int other = (world.Rank + i) % world.Ranks;
            (long first, long end) = SliceOf(other);
            Receive(world, sum + first, end - first, other, _tag + 1);
        }
        for (int i = 1; i < world.Ranks; i++)
            Send(world, sum + from, to - from, (world.Rank + i) % world.Ranks, _tag + 1);
        return true;
    }

    public void Dispose() => _received?.Dispose();

    // Whole cache lines, but for the end of the last.
    private (long From, long To) SliceOf(int rank)
    {
        long lines = (_count + LineFloats - 1) / LineFloats, ranks = _tree!.Ranks;
        return (Math.Min(_count, lines * rank / ranks * LineFloats), Math.Min(_count, lines * (rank + 1) / ranks * LineFloats));
    }

    private void Send(MpiWorld world, void* from, long floats, int rank, int tag)
    {
        if (floats > 0)
            Send(world, (nint)from, floats * sizeof(float), rank, tag);
    }

    private void Receive(MpiWorld world, void* to, long floats, int rank, int tag)
    {
        if (floats > 0)
            Receive(world, (nint)to, floats * sizeof(float), rank, tag);
    }
}
