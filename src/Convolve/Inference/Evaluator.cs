using System.Diagnostics;
using Convolve.Data;
using Convolve.Data.Caching;
using Convolve.Data.Inputs;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Inference;

/// <summary>Runs a split through the evaluation pass of a model and counts.</summary>
internal sealed class Evaluator : IDisposable
{
    private readonly Model _model;
    private readonly Split _split;
    private readonly BatchSampler _sampler;
    private readonly BatchLoader _loader;
    private readonly ShardedEvaluation? _shards;
    private readonly Func<bool, bool>? _holdsAnywhere;

    /// <param name="model">What is evaluated.</param>
    /// <param name="split">On what.</param>
    /// <param name="pipeline">How images become input.</param>
    /// <param name="batchSize">Images of a batch.</param>
    /// <param name="cache">What is kept of the images; null for nothing.</param>
    /// <param name="shards">Runs batches side by side, and is disposed with it; null where the team runs them together.</param>
    /// <param name="holdsAnywhere">Of several processes that compute the same batches together: whether something holds in any of them.
    /// Null for one process.</param>
    public Evaluator(Model model, Split split, ImagePipeline pipeline, int batchSize, PictureCache? cache = null,
        ShardedEvaluation? shards = null, Func<bool, bool>? holdsAnywhere = null)
    {
        (_model, _split, _shards, _holdsAnywhere) = (model, split, shards, holdsAnywhere);
        pipeline.Check(split);
        int batch = Math.Clamp(split.Count, 1, batchSize);
        _sampler = new(split, batch, 0, shuffle: false);
        BatchLoader CreateLoader() => new(split.Dataset, pipeline, batch, cache: cache);
        _loader = CreateLoader();
        if (shards is not null)
        {
            shards.Begin(_sampler, CreateLoader);
            return;
        }
        model.Evaluation(batch);
        if (split.Count % batch != 0)
            model.Evaluation(split.Count % batch);
    }

    /// <summary>The plans that evaluating a split takes: of whole batches and of what is left.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="images">Images of the split.</param>
    /// <param name="batchSize">Images per batch.</param>
    public static IReadOnlyList<Plan> PlansFor(Graph graph, ExecutionOptions options, int images, int batchSize)
    {
        int batch = Math.Clamp(images, 1, batchSize), rest = images % batch;
        Plan whole = Model.PlanFor(graph, options, batch, training: false);
        return rest == 0 ? [whole] : [whole, Model.PlanFor(graph, options, rest, training: false, whole.Parameters)];
    }

    /// <summary>Evaluates every image once; on the executor thread.</summary>
    public Evaluation Run(IProgress<double>? progress, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        Metrics metrics = new();
        int classes = _model.Graph.Output.Channels;
        if (_shards is not null)
        {
            ReadOnlySpan<float> all = _shards.Run(progress, cancellation);
            ReadOnlySpan<int> images = _split.Indices;
            for (int i = 0; i < images.Length; i++)
                metrics.AddLogits(all.Slice(i * classes, classes), _split.Dataset.LabelOf(images[i]));
        }
        for (int step = 0; step < _sampler.BatchCount && _shards is null; step++)
        {
            Executor pass = Load(step, cancellation);
            pass.Run();
            ReadOnlySpan<float> logits = pass.Logits;
            for (int i = 0; i < pass.BatchSize; i++)
                metrics.AddLogits(logits.Slice(i * classes, classes), pass.Labels[i]);
            progress?.Report((step + 1.0) / _sampler.BatchCount);
            ThreadTeam.ServeQueued();
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new(_split.Count, metrics.Loss, metrics.Accuracy, metrics.Top5Accuracy(classes), _split.Count / seconds);
    }

    /// <summary>What the model says of every image, as the mean over its views; on the executor thread.</summary>
    public Predictions Predict(TestTimeAugmentation augmentation, IProgress<double>? progress, CancellationToken cancellation)
    {
        int classes = _model.Graph.Output.Channels;
        float[] logits = new float[checked(_split.Count * classes)];
        using TestTimeViews views = new(augmentation, _model.Graph.Input);
        for (int step = 0; step < _sampler.BatchCount; step++)
        {
            Executor pass = Load(step, cancellation);
            Span<float> sums = logits.AsSpan(step * _sampler.BatchSize * classes, pass.BatchSize * classes);
            views.Run(pass, sums);
            progress?.Report((step + 1.0) / _sampler.BatchCount);
            ThreadTeam.ServeQueued();
        }
        Dataset data = _split.Dataset;
        return new(data.ClassNames, [.. _split.Indices.Select(i => new SampleId(i, data.FileOf(i)))],
            [.. _split.Indices.Select(data.LabelOf)], logits);
    }

    private Executor Load(int step, CancellationToken cancellation)
    {
        bool isCanceled = cancellation.IsCancellationRequested;
        if (_holdsAnywhere?.Invoke(isCanceled) ?? isCanceled)
            throw new OperationCanceledException("The evaluation was canceled.", cancellation);
        ReadOnlySpan<int> batch = _sampler.Batch(0, step);
        Executor pass = _model.Evaluation(batch.Length);
        _loader.Load(batch, pass);
        return pass;
    }

    public void Dispose()
    {
        _shards?.Dispose();
        _loader.Dispose();
    }
}
