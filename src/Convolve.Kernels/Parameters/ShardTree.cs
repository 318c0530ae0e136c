using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Parameters;

//     for each block of 1,024 floats, each inner node of the tree, children first:  left += right
//
// A node's value is at the first of its arrays; the root's goes to the target.
// Bound: memory; every array is read once, and a block of each is in L1 or L2 for the nodes above it.

/// <summary>
/// The order in which the gradients of the shards of a batch are added up: a balanced binary tree over them. It depends on the number of
/// shards alone, so the sum has the same bits for any number of ranks.
/// </summary>
/// <remarks>
/// The node [lo, hi) of more than one shard is the sum of [lo, mid) and [mid, hi), with mid = lo + (hi - lo + 1) / 2.
/// </remarks>
internal sealed class ShardTree
{
    private const int BlockFloats = 1024;
    private readonly (int First, int End)[][] _held;

    /// <exception cref="ArgumentOutOfRangeException">A number below 1, or fewer shards than ranks.</exception>
    public ShardTree(int shards, int ranks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ranks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, ranks);
        (Shards, Ranks) = (shards, ranks);
        _held = new (int, int)[ranks][];
        for (int rank = 0; rank < ranks; rank++)
        {
            List<(int, int)> held = [];
            AddHeld(0, shards, ShardsOf(rank), held);
            _held[rank] = [.. held];
        }
    }

    public int Shards { get; }

    /// <summary>Processes that share the shards, each with neighboring ones.</summary>
    public int Ranks { get; }

    /// <summary>The shards that a rank computes: [First, End).</summary>
    public (int First, int End) ShardsOf(int rank) =>
        ((int)((long)Shards * rank / Ranks), (int)((long)Shards * (rank + 1) / Ranks));

    /// <summary>The largest subtrees wholly within a rank's shards, in order.</summary>
    public IReadOnlyList<(int First, int End)> Held(int rank) => _held[rank];

    /// <summary>The shards of a subtree as parts of it, for <see cref="Sum"/>.</summary>
    public static IReadOnlyList<(int First, int End)> Leaves((int First, int End) subtree)
    {
        var leaves = new (int, int)[subtree.End - subtree.First];
        for (int i = 0; i < leaves.Length; i++)
            leaves[i] = (subtree.First + i, subtree.First + i + 1);
        return leaves;
    }

    /// <summary>
    /// Adds up arrays of float32 in the tree's order, without an allocation. Several threads may each add another range at a time. The
    /// arrays are overwritten.
    /// </summary>
    /// <param name="parts">
    /// Neighboring subtrees that together are one node of the tree: the shards of a subtree, or what all ranks hold, in order.
    /// </param>
    /// <param name="addresses">Of the array of each part.</param>
    /// <param name="target">The address of the array that the sum goes to; it may be one of the others.</param>
    /// <param name="from">The first float of the range, in every array.</param>
    /// <param name="to">The end of the range.</param>
    /// <exception cref="ArgumentException">The parts aren't one node, or their number isn't the number of addresses.</exception>
    public static void Sum(
        IReadOnlyList<(int First, int End)> parts, ReadOnlySpan<nint> addresses, nint target, long from, long to)
    {
        if (parts.Count == 0 || parts.Count != addresses.Length)
            throw new ArgumentException($"expected {parts.Count} addresses, one for each part, got {addresses.Length}", nameof(addresses));
        if (Floats8.IsWidest)
            Sum<Floats8x2>(parts, addresses, target, from, to);
        else
            Sum<Floats16>(parts, addresses, target, from, to);
    }

    private static void Sum<T>(
        IReadOnlyList<(int First, int End)> parts, ReadOnlySpan<nint> addresses, nint target, long from, long to)
        where T : unmanaged, IFloats<T>
    {
        int last = parts.Count - 1, first = parts[0].First, end = parts[last].End;
        for (; from < to; from += BlockFloats)
        {
            long count = Math.Min(BlockFloats, to - from);
            if (last > 0)
            {
                // The root, whose sum goes to the target, apart from the other nodes.
                int right = Split(parts, 0, last, Middle(first, end));
                SumNode<T>(parts, addresses, 0, right - 1, from, count);
                SumNode<T>(parts, addresses, right, last, from, count);
                Add<T>(addresses[0], addresses[right], target, from, count);
            }
            else if (target != addresses[0])
            {
                Copy(addresses[0], target, from, count);
            }
        }
    }

    // The node of the parts from first to last, to the array of the first.
    private static void SumNode<T>(
        IReadOnlyList<(int First, int End)> parts, ReadOnlySpan<nint> addresses, int first, int last, long from, long count)
        where T : unmanaged, IFloats<T>
    {
        if (first == last)
            return;
        int right = Split(parts, first, last, Middle(parts[first].First, parts[last].End));
        SumNode<T>(parts, addresses, first, right - 1, from, count);
        SumNode<T>(parts, addresses, right, last, from, count);
        Add<T>(addresses[first], addresses[right], addresses[first], from, count);
    }

    // The first part of the right child.
    private static int Split(IReadOnlyList<(int First, int End)> parts, int first, int last, int middle)
    {
        for (int i = first + 1; i <= last; i++)
        {
            if (parts[i].First == middle && parts[i - 1].End == middle)
                return i;
        }
        throw new ArgumentException(
            $"expected subtrees that make up the node [{parts[first].First}, {parts[last].End}), got none that begins at {middle}",
            nameof(parts));
    }

    // bounds: count floats from from on, which the caller has in each of the arrays.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Add<T>(nint left, nint right, nint sum, long from, long count) where T : unmanaged, IFloats<T>
    {
        float* a = (float*)left + from, b = (float*)right + from, target = (float*)sum + from;
        long i = 0;
        for (; i <= count - T.Count; i += T.Count)
            (T.Load(a + i) + T.Load(b + i)).Store(target + i);
        for (; i < count; i++)
            target[i] = a[i] + b[i];
    }

    private static unsafe void Copy(nint source, nint target, long from, long count) =>
        Buffer.MemoryCopy((float*)source + from, (float*)target + from, count * sizeof(float), count * sizeof(float));

    private static int Middle(int first, int end) => first + (end - first + 1) / 2;

    private static void AddHeld(int first, int end, (int First, int End) shards, List<(int, int)> held)
    {
        if (end <= shards.First || first >= shards.End)
            return;
        if (first >= shards.First && end <= shards.End)
        {
            held.Add((first, end));
            return;
        }
        int middle = Middle(first, end);
        AddHeld(first, middle, shards, held);
        AddHeld(middle, end, shards, held);
    }
}
