using System.Buffers.Binary;
using System.Diagnostics;
using Convolve.Execution;
using Convolve.Inference;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;
using Convolve.Kernels.Threads;
using Convolve.Planning;
using Convolve.Training.Profiles;

namespace Convolve.Training;

/// <summary>
/// Computes the gradients of a batch in a fixed number of shards, each by one thread, and adds them up in the order of a tree: so the bits
/// depend on the number of shards alone, and not on threads, processes or machines.
/// </summary>
internal sealed class ShardedBatch : ITeamWork, IDisposable
{
    private readonly Model _model;
    private readonly IGradientExchange? _exchange;
    private readonly BatchLoader[] _loaders;
    private readonly ShardSumKernel _sum;
    private readonly TeamTask _passes, _sums;
    private readonly Worker _worker;
    private readonly IReadOnlyList<ArenaRange> _kept;
    private readonly nint[] _subtrees;
    private readonly int[] _batch;
    private readonly Executor?[] _shards;
    private readonly Sums[] _results;
    private readonly byte[] _sent;
    private readonly long[] _waits;
    private readonly int _first;
    private int _count, _epoch;
    private uint _step;

    /// <param name="model">Made for shards.</param>
    /// <param name="tree">Of all shards, over all processes.</param>
    /// <param name="batchSize">Images of the largest batch.</param>
    /// <param name="createLoader">A loader for each worker.</param>
    /// <param name="exchange">Connects the processes; null for one.</param>
    public ShardedBatch(Model model, ShardTree tree, int batchSize, Func<BatchLoader> createLoader, IGradientExchange? exchange)
    {
        (_model, Tree, _exchange, _batch) = (model, tree, exchange, new int[batchSize]);
        (_first, int end) = tree.ShardsOf(Rank);
        int count = end - _first;
        Passes = model.CreateShards(count);
        ParameterPlan plan = model.Store.Plan;
        _kept = plan.RangesOf(slot => !slot.IsLearned);
        nint[] arenas = [.. Enumerable.Range(0, count).Select(shard => Passes.GradientsOf(shard).At(0, plan.Bytes))];
        _sum = new(tree, Rank, arenas, plan.RangesOf(slot => slot.IsLearned), _kept);
        _subtrees = [.. _sum.Sums];
        _loaders = [.. Enumerable.Range(0, Passes.Workers).Select(_ => createLoader())];
        (_shards, _results, _waits) = (new Executor?[count], new Sums[tree.Shards], new long[Passes.Workers]);
        _sent = new byte[count * Sums.Bytes];
        (_passes, _sums, _worker) = (new(this), new(_sum), new(this));
    }

    /// <summary>The order in which the shards are added up.</summary>
    public ShardTree Tree { get; }

    /// <summary>The passes of this process.</summary>
    public ShardPasses Passes { get; }

    /// <summary>What measures the first shard; null for nothing.</summary>
    public TrainingProfile? Profile { get; set; }

    /// <summary>Whether batches are mixed.</summary>
    public bool IsMixing => _loaders[0].IsMixing;

    private int Rank => _exchange?.Rank ?? 0;

    /// <summary>Where a shard of a batch begins; of the number of shards, its end.</summary>
    /// <param name="images">Of the batch.</param>
    /// <param name="shard">From 0.</param>
    /// <param name="shards">Of the batch.</param>
    public static int FirstOf(int images, int shard, int shards) => (int)((long)images * shard / shards);

    /// <summary>
    /// Leaves the gradients of the mean loss of a batch in the model, and averages the running statistics of its shards; on the executor
    /// thread.
    /// </summary>
    /// <param name="batch">The images of the whole batch.</param>
    /// <param name="epoch">Of the run, from 0.</param>
    /// <param name="step">Of the run, from 0.</param>
    /// <param name="weights">What the losses of the batch are divided by.</param>
    /// <returns>The sum of the images' losses, how many were right, and how long the data took here.</returns>
    public (double Loss, int Correct, TimeSpan Wait) Run(ReadOnlySpan<int> batch, int epoch, uint step, double weights)
    {
        batch.CopyTo(_batch);
        (_count, _epoch, _step) = (batch.Length, epoch, step);
        for (int shard = 0; shard < _shards.Length; shard++)
            _shards[shard] = ImagesOf(shard) is > 0 and var images ? Passes.Training(shard, images) : null;
        _model.UseTeam();
        _model.Store.Refresh();
        Array.Clear(_waits);
        ThreadTeam.Run(_passes);
        Share();
        double loss = 0;
        int correct = 0, filled = 0;
        foreach (Sums sums in _results)
            (loss, correct, filled) = (loss + sums.Loss, correct + sums.Correct, filled + (sums.HasImages ? 1 : 0));
        for (int shard = 0; shard < _shards.Length; shard++)
            _sum.SetFactor(shard, (float)(_results[_first + shard].Weight / weights));
        _sum.KeptFactor = 1f / filled;
        ThreadTeam.Run(_sums);
        AddUp();
        return (loss, correct, Stopwatch.GetElapsedTime(0, _waits.Max()));
    }

    /// <summary>Plans the shards of this process that have as many images, and allocates what they need; on the executor thread.</summary>
    public void Prepare(int images)
    {
        for (int shard = 0; shard < Passes.Count; shard++)
            Passes.Training(shard, images);
    }

    // The images of the shards that a thread computes, one shard after the other.
    void ITeamWork.Run(int thread, int threads)
    {
        for (int worker = thread; worker < Passes.Workers; worker += threads)
            ThreadTeam.RunAlone(_worker, worker, threads);
    }

    private void RunShards(int worker)
    {
        (int first, int end) = Passes.ShardsOf(worker);
        for (int shard = first; shard < end; shard++)
        {
            if (_shards[shard] is not { } pass)
            {
                _results[_first + shard] = default;
                continue;
            }
            NativeBuffer own = Passes.GradientsOf(shard);
            foreach (ArenaRange range in _kept)
                if (range.Bytes > 0)
                    _model.Store.Weights.Span<byte>(range.Offset, (int)range.Bytes).CopyTo(own.Span<byte>(range.Offset, (int)range.Bytes));
            int from = FirstOf(_count, _first + shard, Tree.Shards);
            bool isProfiled = shard == 0 && Profile is not null;
            long before = Stopwatch.GetTimestamp();
            _loaders[worker].Load(_batch.AsSpan(from, pass.BatchSize), pass, _epoch, _step);
            long loaded = Stopwatch.GetTimestamp();
            _waits[worker] += loaded - before;
            if (isProfiled)
                Profile!.Add(ProfilePart.Loading, before, loaded);
            pass.Observer = isProfiled ? Profile : null;
            pass.Run(_step, from);
            double loss = 0;
            foreach (float image in pass.Losses)
                loss += image;
            _results[_first + shard] = new(loss, pass.WeightSum, pass.Correct, HasImages: true);
        }
    }

    // Every rank learns what all shards came to, and so comes to the same sums.
    private void Share()
    {
        if (_exchange is null)
            return;
        for (int shard = 0; shard < _shards.Length; shard++)
            _results[_first + shard].Write(_sent.AsSpan(shard * Sums.Bytes, Sums.Bytes));
        byte[][] all = _exchange.Gather(_sent);
        int next = 0;
        foreach (byte[] ofRank in all)
            for (int at = 0; at < ofRank.Length; at += Sums.Bytes)
                _results[next++] = Sums.Read(ofRank.AsSpan(at, Sums.Bytes));
    }

    private void AddUp()
    {
        ParameterStore store = _model.Store;
        if (_exchange is not null)
        {
            _exchange.Start(Tree, _subtrees, store.Plan.Bytes / sizeof(float));
            _exchange.Finish();
        }
        foreach (ArenaRange range in _kept)
            if (range.Bytes > 0)
                store.Gradients.Span<byte>(range.Offset, (int)range.Bytes)
                    .CopyTo(store.Weights.Span<byte>(range.Offset, (int)range.Bytes));
    }

    private int ImagesOf(int shard) =>
        FirstOf(_count, _first + shard + 1, Tree.Shards) - FirstOf(_count, _first + shard, Tree.Shards);

    public void Dispose()
    {
        _passes.Dispose();
        _sums.Dispose();
        foreach (BatchLoader loader in _loaders)
            loader.Dispose();
        Passes.Dispose();
    }

    private sealed class Worker(ShardedBatch owner) : ITeamWork
    {
        public void Run(int thread, int threads) => owner.RunShards(thread);
    }

    /// <summary>What a shard came to.</summary>
    /// <param name="Loss">The sum over its images.</param>
    /// <param name="Weight">What its gradients are divided by.</param>
    /// <param name="Correct">Images.</param>
    /// <param name="HasImages">Whether it has any.</param>
    private readonly record struct Sums(double Loss, double Weight, int Correct, bool HasImages)
    {
        public const int Bytes = 24;

        public static Sums Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            BinaryPrimitives.ReadDoubleLittleEndian(bytes[8..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]), bytes[20] != 0);

        public void Write(Span<byte> bytes)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes, Loss);
            BinaryPrimitives.WriteDoubleLittleEndian(bytes[8..], Weight);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], Correct);
            bytes[20] = HasImages ? (byte)1 : (byte)0;
        }
    }
}
