using System.Runtime.CompilerServices;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Parameters;

//     for each block of 4,096 floats of each parameter:  the sums of the subtrees, in the tree's order;  of statistics, times 1 / shards
//
// g  an arena of each shard, a parameter at the same place in each, in whole lines of 16
// L2: a block of every shard. Bound: memory; every arena is read and written once.

/// <summary>
/// Adds up what the shards of one process left in their arenas, gradients and running statistics, to the sum of each of the largest
/// subtrees that it holds, in the arena of the subtree's first shard.
/// </summary>
internal sealed class ShardSumKernel : ITeamWork
{
    private const int Block = 1 << 12, LineFloats = 16;
    private readonly nint[][] _arenas; // of the shards of each subtree
    private readonly IReadOnlyList<(int First, int End)>[] _leaves;
    private readonly IReadOnlyList<ArenaRange> _learned, _kept;
    private readonly bool[][] _isFilled;

    /// <param name="tree">Of all shards.</param>
    /// <param name="rank">This process.</param>
    /// <param name="arenas">Of the shards of this process, in order.</param>
    /// <param name="learned">The gradients.</param>
    /// <param name="kept">What else is averaged over the shards: running statistics.</param>
    public ShardSumKernel(ShardTree tree, int rank, IReadOnlyList<nint> arenas, IReadOnlyList<ArenaRange> learned,
        IReadOnlyList<ArenaRange> kept)
    {
        int first = tree.ShardsOf(rank).First;
        IReadOnlyList<(int First, int End)> held = tree.Held(rank);
        _arenas = [.. held.Select(subtree => arenas.Skip(subtree.First - first).Take(subtree.End - subtree.First).ToArray())];
        _leaves = [.. held.Select(ShardTree.Leaves)];
        _isFilled = [.. _arenas.Select(subtree => new bool[subtree.Length])];
        (_learned, _kept) = (learned, kept);
    }

    /// <summary>Of each subtree, the address of the arena that its sum goes to.</summary>
    public IEnumerable<nint> Sums => _arenas.Select(subtree => subtree[0]);

    /// <summary>The factor of running statistics: 1 over the number of shards that have images.</summary>
    public float KeptFactor { get; set; } = 1;

    /// <summary>Says whether a shard has images; the arena of one that hasn't counts as zeros.</summary>
    /// <param name="shard">Of this process, from 0.</param>
    /// <param name="isFilled">Whether it has.</param>
    public void SetFilled(int shard, bool isFilled)
    {
        int subtree = 0;
        for (; shard >= _isFilled[subtree].Length; subtree++)
            shard -= _isFilled[subtree].Length;
        _isFilled[subtree][shard] = isFilled;
    }

    public void Run(int thread, int threads)
    {
        for (int subtree = 0; subtree < _arenas.Length; subtree++)
        {
            foreach (ArenaRange range in _learned)
                Run(subtree, range, thread, threads, 1);
            foreach (ArenaRange range in _kept)
                Run(subtree, range, thread, threads, KeptFactor);
        }
    }

    private void Run(int subtree, ArenaRange range, int thread, int threads, float factor)
    {
        long lines = (range.Bytes + 63) / 64, from = range.Offset / sizeof(float) + lines * thread / threads * LineFloats;
        long end = range.Offset / sizeof(float) + lines * (thread + 1) / threads * LineFloats;
        nint[] arenas = _arenas[subtree];
        for (; from < end; from += Block)
        {
            long to = Math.Min(end, from + Block);
            for (int i = 0; i < arenas.Length; i++)
                if (!_isFilled[subtree][i])
                    Scale(arenas[i], from, to, 0);
                else if (factor != 1)
                    Scale(arenas[i], from, to, factor);
            ShardTree.Sum(_leaves[subtree], arenas, arenas[0], from, to);
        }
    }

    private static void Scale(nint arena, long from, long to, float factor)
    {
        if (Floats8.IsWidest)
            Scale<Floats8x2>(arena, from, to, factor);
        else
            Scale<Floats16>(arena, from, to, factor);
    }

    // bounds: whole lines of a parameter, which the arena has.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Scale<T>(nint arena, long from, long to, float factor) where T : unmanaged, IFloats<T>
    {
        float* g = (float*)arena;
        T scale = T.Create(factor);
        for (long i = from; i < to; i += T.Count)
            (factor == 0 ? T.Zero : T.Load(g + i) * scale).Store(g + i);
    }
}
