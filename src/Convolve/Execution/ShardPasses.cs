using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>
/// The passes of a model that run side by side, each on one thread: a shard of a batch has gradients of its own, and each worker, a thread
/// that computes shards one after the other, has activations of its own.
/// </summary>
/// <remarks>
/// The first shard's gradients are the model's, and the first worker's activations are in its arena. Passes are asked for on the executor
/// thread, and run within <see cref="ThreadTeam.RunAlone"/>; in between, <see cref="ParameterStore.Refresh"/> has brought the copies of
/// the weights up to date.
/// </remarks>
internal sealed class ShardPasses : IDisposable
{
    private readonly Func<int, bool, Plan> _plan;
    private readonly Dictionary<(int BatchSize, bool IsTraining), Plan> _plans = [];
    private readonly NativeBuffer[] _arenas, _gradients; // the first ones are the model's
    private readonly ExecutorCache[] _caches;

    /// <param name="store">The parameters.</param>
    /// <param name="model">The model's own passes.</param>
    /// <param name="shards">How many.</param>
    /// <param name="threads">Of the team.</param>
    /// <param name="meets">Whether shards wait for each other within a pass: then each has activations of its own.</param>
    /// <param name="plan">Plans a pass: its images, and whether it trains.</param>
    public ShardPasses(ParameterStore store, ExecutorCache model, int shards, int threads, bool meets, Func<int, bool, Plan> plan)
    {
        (_plan, Workers, Meets) = (plan, Math.Min(shards, threads), meets);
        (_arenas, _gradients) = (new NativeBuffer[meets ? shards : Workers], new NativeBuffer[shards]);
        _caches = new ExecutorCache[shards];
        try
        {
            (_arenas[0], _gradients[0]) = (model.Arena, store.Gradients);
            for (int i = 1; i < _arenas.Length; i++)
                _arenas[i] = NativeBuffer.Growing(model.Arena.Bytes, Model.MostArenaBytes, "activations of a shard");
            for (int i = 1; i < shards; i++)
                _gradients[i] = new(store.Plan.Bytes, "gradients of a shard");
            for (int worker = 0; worker < Workers; worker++)
                for (int shard = ShardsOf(worker).First; shard < ShardsOf(worker).End; shard++)
                    _caches[shard] = new(store, _arenas[meets ? shard : worker], model.Seed, model.ClassWeights, _gradients[shard]);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The shards.</summary>
    public int Count => _caches.Length;

    /// <summary>How many of them are computed at a time.</summary>
    public int Workers { get; }

    /// <summary>Whether shards wait for each other within a pass.</summary>
    public bool Meets { get; }

    /// <summary>Memory in addition to the model's.</summary>
    public long MemoryBytes => _arenas.Skip(1).Concat(_gradients.Skip(1)).Sum(buffer => buffer.Bytes);

    /// <summary>Where a shard's gradients are.</summary>
    public NativeBuffer GradientsOf(int shard) => _gradients[shard];

    /// <summary>The shards that a worker computes, one after the other.</summary>
    public (int First, int End) ShardsOf(int worker) => (Count * worker / Workers, Count * (worker + 1) / Workers);

    /// <summary>The pass that trains on images of a shard.</summary>
    public Executor Training(int shard, int batchSize) => Find(_caches[shard], batchSize, true);

    /// <summary>The pass in which a worker evaluates a batch.</summary>
    public Executor Evaluation(int worker, int batchSize) => Find(_caches[ShardsOf(worker).First], batchSize, false);

    public void Dispose() => ThreadTeam.Invoke(() =>
    {
        foreach (ExecutorCache? cache in _caches)
            cache?.Dispose();
        foreach (NativeBuffer? buffer in _arenas.Skip(1).Concat(_gradients.Skip(1)))
            buffer?.Dispose();
    });

    // Plans and kernels are made for one thread; the team then is as large as before.
    private Executor Find(ExecutorCache cache, int batchSize, bool training)
    {
        if (cache.Find(batchSize, training) is { } found)
            return found;
        int threads = ThreadTeam.Threads;
        try
        {
            if (!_plans.TryGetValue((batchSize, training), out Plan? plan))
                _plans[(batchSize, training)] = plan = _plan(batchSize, training);
            ThreadTeam.Resize(plan.Options.Threads);
            return cache.Add(plan);
        }
        finally
        {
            ThreadTeam.Resize(threads);
        }
    }
}
