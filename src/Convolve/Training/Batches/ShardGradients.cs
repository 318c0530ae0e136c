using Convolve.Execution;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Training.Batches;

/// <summary>
/// Adds up the gradients of the shards, here and over all processes; with several processes, piece by piece while passes go on. Running
/// statistics are averaged with them.
/// </summary>
internal sealed class ShardGradients : IPassObserver, IDisposable
{
    private readonly ShardTree _tree;
    private readonly ParameterStore _store;
    private readonly ShardPasses _passes;
    private readonly IGradientExchange? _exchange;
    private readonly GradientBuckets _buckets;
    private readonly ShardSumKernel[] _sums;
    private readonly TeamTask[] _tasks;
    private readonly nint[][] _addresses; // of each piece, in the arenas that its sums go to
    private readonly IReadOnlyList<ArenaRange> _kept;
    private readonly int[] _finished; // shards that have finished a piece
    private readonly Lock _gate = new();
    private int _next;
    private bool _isWhole;

    /// <param name="tree">Of all shards.</param>
    /// <param name="store">Where the sums and the averages go.</param>
    /// <param name="passes">Of the shards of this process.</param>
    /// <param name="exchange">Connects the processes; null for one.</param>
    public ShardGradients(ShardTree tree, ParameterStore store, ShardPasses passes, IGradientExchange? exchange)
    {
        (_tree, _store, _passes, _exchange, _buckets) = (tree, store, passes, exchange, new(store.Plan));
        _kept = store.Plan.RangesOf(slot => !slot.IsLearned);
        nint[] arenas = [.. Enumerable.Range(0, passes.Count).Select(shard => passes.GradientsOf(shard).At(0, store.Plan.Bytes))];
        _sums = [.. Enumerable.Range(0, _buckets.Count).Select(bucket =>
            new ShardSumKernel(tree, exchange?.Rank ?? 0, arenas, _buckets.RangesOf(bucket, true), _buckets.RangesOf(bucket, false)))];
        _tasks = [.. _sums.Select(sum => new TeamTask(sum))];
        _addresses = [.. _sums.Select((sum, bucket) => sum.Sums.Select(arena => arena + (nint)_buckets[bucket].Offset).ToArray())];
        _finished = new int[_buckets.Count];
    }

    /// <summary>Begins a step; on the executor thread.</summary>
    /// <param name="filled">Shards of all processes that have images.</param>
    /// <param name="shards">The passes of those of this process; null for one without images.</param>
    public void Begin(int filled, ReadOnlySpan<Executor?> shards)
    {
        _isWhole = _exchange is not null;
        for (int shard = 0; shard < _passes.Count; shard++)
        {
            bool isFilled = shards[shard] is not null;
            _isWhole &= isFilled;
            foreach (ShardSumKernel sum in _sums)
            {
                sum.KeptFactor = 1f / filled;
                sum.SetFilled(shard, isFilled);
            }
        }
        Array.Clear(_finished);
        _next = 0;
    }

    /// <summary>A shard's running statistics go on from the model's.</summary>
    public void BeginShard(int shard) => CopyKept(_store.Weights, _passes.GradientsOf(shard));

    // On the thread of any shard. The processes exchange the pieces in the same order, so one that is finished early waits for the one
    // before it.
    public void Ran(Plan plan, int step, long start, long end)
    {
        if (!_isWhole)
            return;
        int[] steps = _buckets.StepsOf(plan);
        for (int bucket = 0; bucket < steps.Length; bucket++)
            if (steps[bucket] == step && Interlocked.Increment(ref _finished[bucket]) == _passes.Count)
                StartFinished();
    }

    /// <summary>Adds up the rest, when all shards are done; on the executor thread.</summary>
    public void End()
    {
        for (; _next < _buckets.Count; _next++)
        {
            ThreadTeam.Run(_tasks[_next]);
            Exchange(_next);
        }
    }

    /// <summary>Waits until the sums are there.</summary>
    public void Wait()
    {
        _exchange?.Finish();
        CopyKept(_store.Gradients, _store.Weights);
    }

    public void Dispose() => Array.ForEach(_tasks, task => task.Dispose());

    private void StartFinished()
    {
        lock (_gate)
        {
            for (; _next < _buckets.Count - 1 && Volatile.Read(ref _finished[_next]) == _passes.Count; _next++)
            {
                _sums[_next].Run(0, 1);
                Exchange(_next);
            }
        }
    }

    private void Exchange(int bucket) => _exchange?.Start(_tree, _addresses[bucket], _buckets[bucket].Floats);

    private void CopyKept(NativeBuffer from, NativeBuffer to)
    {
        foreach (ArenaRange range in _kept)
            if (range.Bytes > 0)
                from.Span<byte>(range.Offset, (int)range.Bytes).CopyTo(to.Span<byte>(range.Offset, (int)range.Bytes));
    }
}
