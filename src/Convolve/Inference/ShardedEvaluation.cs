using System.Runtime.InteropServices;
using Convolve.Data.Inputs;
using Convolve.Execution;
using Convolve.Kernels.Threads;

namespace Convolve.Inference;

/// <summary>
/// Evaluates batches side by side, each on one thread, and in a run of several processes each its part of them: so what comes of an image
/// doesn't depend on how many there are.
/// </summary>
/// <param name="model">What is evaluated.</param>
/// <param name="passes">Its passes for one thread.</param>
/// <param name="exchange">Connects the processes; null for one.</param>
internal sealed class ShardedEvaluation(Model model, ShardPasses passes, IGradientExchange? exchange) : ITeamWork, IDisposable
{
    private readonly int _classes = model.Graph.Output.Channels;
    private readonly Executor?[] _batches = new Executor?[passes.Workers];
    private BatchSampler? _sampler;
    private BatchLoader[] _loaders = [];
    private TeamTask? _task;
    private Worker? _worker;
    private float[] _logits = [];
    private int _next;

    /// <summary>Plans it for a split, and allocates what it needs.</summary>
    /// <param name="sampler">The batches of the split.</param>
    /// <param name="createLoader">A loader for each worker.</param>
    public void Begin(BatchSampler sampler, Func<BatchLoader> createLoader)
    {
        (_sampler, _task, _worker) = (sampler, new(this), new(this));
        _loaders = [.. Enumerable.Range(0, passes.Workers).Select(_ => createLoader())];
        ThreadTeam.Invoke(() =>
        {
            for (int worker = 0; worker < passes.Workers; worker++)
            {
                passes.Evaluation(worker, Math.Min(sampler.BatchSize, sampler.Count));
                if (sampler.Count % sampler.BatchSize is > 0 and var rest)
                    passes.Evaluation(worker, rest);
            }
        });
    }

    /// <summary>The logits of all images, [images, classes], in the order of the split; on the executor thread.</summary>
    /// <param name="progress">Gets the share that is done.</param>
    /// <param name="cancellation">Of any process ends it in all of them.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public float[] Run(IProgress<double>? progress, CancellationToken cancellation)
    {
        (int rank, int ranks) = (exchange?.Rank ?? 0, exchange?.Ranks ?? 1);
        int count = _sampler!.BatchCount, first = (int)((long)count * rank / ranks), end = (int)((long)count * (rank + 1) / ranks);
        _logits = new float[checked(_sampler.Count * _classes)];
        model.Store.Refresh();
        for (_next = first; _next < end && !cancellation.IsCancellationRequested; _next += passes.Workers)
        {
            for (int worker = 0; worker < passes.Workers; worker++)
                _batches[worker] = _next + worker < end ? passes.Evaluation(worker, _sampler.Batch(0, _next + worker).Length) : null;
            model.UseTeam();
            ThreadTeam.Run(_task!);
            progress?.Report((Math.Min(end, _next + passes.Workers) - first) / (double)(end - first));
            ThreadTeam.ServeQueued();
            model.Store.Refresh();
        }
        float[] logits = _logits;
        _logits = [];
        if (exchange is null)
        {
            cancellation.ThrowIfCancellationRequested();
            return logits;
        }
        // A mark in front of the numbers: whether this process was canceled.
        int from = ImageOf(first) * _classes, floats = ImageOf(end) * _classes - from;
        byte[] sent = new byte[1 + floats * sizeof(float)];
        sent[0] = cancellation.IsCancellationRequested ? (byte)1 : (byte)0;
        MemoryMarshal.AsBytes(logits.AsSpan(from, floats)).CopyTo(sent.AsSpan(1));
        byte[][] all = exchange.Gather(sent);
        if (all.Any(part => part[0] != 0))
            throw new OperationCanceledException("The evaluation was canceled.", cancellation);
        int to = 0;
        foreach (byte[] part in all)
        {
            part.AsSpan(1).CopyTo(MemoryMarshal.AsBytes(logits.AsSpan(to)));
            to += (part.Length - 1) / sizeof(float);
        }
        return logits;
    }

    void ITeamWork.Run(int thread, int threads)
    {
        for (int worker = thread; worker < _batches.Length; worker += threads)
            if (_batches[worker] is not null)
                ThreadTeam.RunAlone(_worker!, worker, threads);
    }

    private void RunBatch(int worker)
    {
        Executor pass = _batches[worker]!;
        _loaders[worker].Load(_sampler!.Batch(0, _next + worker), pass);
        pass.Run();
        pass.Logits[..(pass.BatchSize * _classes)].CopyTo(_logits.AsSpan(ImageOf(_next + worker) * _classes));
    }

    private int ImageOf(int batch) => Math.Min(_sampler!.Count, batch * _sampler.BatchSize);

    public void Dispose()
    {
        _task?.Dispose();
        foreach (BatchLoader loader in _loaders)
            loader.Dispose();
    }

    private sealed class Worker(ShardedEvaluation owner) : ITeamWork
    {
        public void Run(int thread, int threads) => owner.RunBatch(thread);
    }
}
