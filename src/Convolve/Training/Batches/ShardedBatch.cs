using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Convolve.Execution;
using Convolve.Inference;
using Convolve.Kernels.Parameters;
using Convolve.Kernels.Threads;
using Convolve.Planning;
using Convolve.Training.Profiles;

namespace Convolve.Training.Batches;

/// <summary>
/// Computes the gradients of a batch in a fixed number of shards, each by one thread, and adds them up in the order of a tree: so the bits
/// depend on the number of shards alone, and not on threads, processes or machines.
/// </summary>
internal sealed class ShardedBatch : ITeamWork, IPassObserver, IDisposable
{
    // In front of the sums of a process's shards: what it wants, and how long it computed.
    private const int RankBytes = 1 + sizeof(long);
    private readonly Model _model;
    private readonly IGradientExchange? _exchange;
    private readonly BatchLoader[] _loaders;
    private readonly ShardGradients _gradients;
    private readonly TeamTask _passes;
    private readonly Worker _worker;
    private readonly int[] _batch;
    private readonly Executor?[] _shards;
    private readonly Sums[] _results;
    private readonly byte[] _sent;
    private readonly long[] _waits;
    private readonly int _first;
    private readonly float[][] _sumsOf = [[], []]; // of all shards, one behind the other, at the last and the next batch normalization
    private readonly float[][] _ownSums = []; // the same for each worker, whose kernels overwrite them
    private readonly int[] _meetings = []; // floats of a shard's sums, at each batch normalization
    private int _count, _epoch, _part;
    private uint _step;
    private double _divisor;
    private long _ticks;

    /// <param name="model">Made for shards.</param>
    /// <param name="tree">Of all shards, over all processes.</param>
    /// <param name="batchSize">Images of the largest batch.</param>
    /// <param name="createLoader">A loader for each worker.</param>
    /// <param name="meets">Whether batch normalizations take the statistics of the whole batch.</param>
    /// <param name="exchange">Connects the processes; null for one.</param>
    public ShardedBatch(Model model, ShardTree tree, int batchSize, Func<BatchLoader> createLoader, bool meets,
        IGradientExchange? exchange)
    {
        (_model, Tree, _exchange, _batch) = (model, tree, exchange, new int[batchSize]);
        (_first, int end) = tree.ShardsOf(Rank);
        int count = end - _first;
        Passes = model.CreateShards(count, meets);
        _gradients = new(tree, model.Store, Passes, exchange);
        _loaders = [.. Enumerable.Range(0, Passes.Workers).Select(_ => createLoader())];
        (_shards, _results, _waits) = (new Executor?[count], new Sums[tree.Shards], new long[Passes.Workers]);
        _sent = new byte[count * Sums.Bytes + RankBytes];
        RankTimes = new TimeSpan[tree.Ranks];
        (_passes, _worker) = (new(this), new(this));
        if (!meets)
            return;
        Plan whole = model.Training(model.TrainingBatchSize).Plan;
        _meetings = [.. Executor.MeetingsOf(whole)];
        int floats = _meetings.Max();
        _sumsOf = [new float[floats * tree.Shards], new float[floats * tree.Shards]];
        _ownSums = [.. Enumerable.Range(0, Passes.Workers).Select(_ => new float[floats * tree.Shards])];
    }

    /// <summary>The order in which the shards are added up.</summary>
    public ShardTree Tree { get; }

    /// <summary>The passes of this process.</summary>
    public ShardPasses Passes { get; }

    /// <summary>What measures the first shard; null for nothing.</summary>
    public TrainingProfile? Profile { get; set; }

    /// <summary>What this process wants after the next step.</summary>
    public StopWish Wish { get; set; }

    /// <summary>What any process wanted at the last step: the same in all of them.</summary>
    public StopWish Agreed { get; private set; }

    /// <summary>How long each process has computed shards, so far.</summary>
    public TimeSpan[] RankTimes { get; }

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
        (_count, _epoch, _step, _divisor) = (batch.Length, epoch, step, weights);
        for (int shard = 0; shard < _shards.Length; shard++)
            _shards[shard] = ImagesOf(shard) is > 0 and var images ? Passes.Training(shard, images) : null;
        _gradients.Begin(Math.Min(_count, Tree.Shards), _shards);
        _model.UseTeam();
        _model.Store.Refresh();
        Array.Clear(_waits);
        _ticks = 0;
        for (_part = 0; _part <= _meetings.Length; _part++)
        {
            long start = Stopwatch.GetTimestamp();
            Array.Clear(_sumsOf[_part & 1]); // of shards without images
            ThreadTeam.Run(_passes);
            _ticks += Stopwatch.GetTimestamp() - start;
            if (_part < _meetings.Length)
                Meet();
        }
        _gradients.End();
        Share();
        _gradients.Wait();
        double loss = 0;
        int correct = 0;
        foreach (Sums sums in _results)
            (loss, correct) = (loss + sums.Loss, correct + sums.Correct);
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
            int from = FirstOf(_count, _first + shard, Tree.Shards);
            if (_part == 0)
                Begin(pass, shard, worker, from);
            if (!Passes.Meets)
                pass.Run(_step, from);
            else
            {
                ReadOnlySpan<float> own = pass.RunPart(_part, _step, from, SumsFor(worker), Tree.Shards, _count);
                own.CopyTo(_sumsOf[_part & 1].AsSpan((_first + shard) * own.Length));
            }
            if (_part < _meetings.Length)
                continue;
            double loss = 0;
            foreach (float image in pass.Losses)
                loss += image;
            _results[_first + shard] = new(loss, pass.Correct);
        }
    }

    // Its running statistics go on from the model's, and its images are read.
    private void Begin(Executor pass, int shard, int worker, int from)
    {
        _gradients.BeginShard(shard);
        long before = Stopwatch.GetTimestamp();
        _loaders[worker].Load(_batch.AsSpan(from, pass.BatchSize), pass, _epoch, _step);
        long loaded = Stopwatch.GetTimestamp();
        _waits[worker] += loaded - before;
        pass.Divisor = _divisor;
        pass.Observer = shard == 0 && Profile is not null ? this : _exchange is not null ? _gradients : null;
        if (shard == 0)
            Profile?.Add(ProfilePart.Loading, before, loaded);
    }

    // What all shards measured at the end of the last part; the kernels overwrite what they get.
    private Span<float> SumsFor(int worker)
    {
        if (_part == 0)
            return [];
        Span<float> all = _sumsOf[(_part - 1) & 1].AsSpan(0, Tree.Shards * _meetings[_part - 1]), own = _ownSums[worker];
        all.CopyTo(own);
        return own[..all.Length];
    }

    // Every rank learns the sums of all shards at a batch normalization.
    private void Meet()
    {
        if (_exchange is null)
            return;
        int count = _meetings[_part], next = 0;
        Span<byte> all = MemoryMarshal.AsBytes(_sumsOf[_part & 1].AsSpan(0, Tree.Shards * count));
        foreach (byte[] ofRank in _exchange.Gather(all.Slice(_first * count * sizeof(float), _shards.Length * count * sizeof(float))))
        {
            ofRank.CopyTo(all[next..]);
            next += ofRank.Length;
        }
    }

    // Every rank learns what all shards came to, and so comes to the same sums.
    private void Share()
    {
        (Agreed, TimeSpan time) = (Wish, Stopwatch.GetElapsedTime(0, _ticks));
        if (_exchange is null)
        {
            RankTimes[0] += time;
            return;
        }
        _sent[0] = (byte)Wish;
        BinaryPrimitives.WriteInt64LittleEndian(_sent.AsSpan(1), time.Ticks);
        for (int shard = 0; shard < _shards.Length; shard++)
            _results[_first + shard].Write(_sent.AsSpan(RankBytes + shard * Sums.Bytes, Sums.Bytes));
        byte[][] all = _exchange.Gather(_sent);
        int next = 0;
        for (int rank = 0; rank < all.Length; rank++)
        {
            Agreed |= (StopWish)all[rank][0];
            RankTimes[rank] += TimeSpan.FromTicks(BinaryPrimitives.ReadInt64LittleEndian(all[rank].AsSpan(1)));
            for (int at = RankBytes; at < all[rank].Length; at += Sums.Bytes)
                _results[next++] = Sums.Read(all[rank].AsSpan(at, Sums.Bytes));
        }
    }

    // Of the first shard, where it is measured.
    void IPassObserver.Ran(Plan plan, int step, long start, long end)
    {
        Profile!.Ran(plan, step, start, end);
        _gradients.Ran(plan, step, start, end);
    }

    private int ImagesOf(int shard) =>
        FirstOf(_count, _first + shard + 1, Tree.Shards) - FirstOf(_count, _first + shard, Tree.Shards);

    public void Dispose()
    {
        _passes.Dispose();
        _gradients.Dispose();
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
    /// <param name="Correct">Images.</param>
    private readonly record struct Sums(double Loss, int Correct)
    {
        public const int Bytes = 12;

        public static Sums Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]));

        public void Write(Span<byte> bytes)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes, Loss);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Correct);
        }
    }
}
