using System.Diagnostics;
using Convolve.Data;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Layers;

namespace Convolve.Training.Checks;

/// <summary>Whether a recipe's batches are computed faster in shards, one for each thread, or by all threads together.</summary>
/// <param name="Shards">The faster one: the number of threads, or 1.</param>
/// <param name="Ratio">How many times as fast shards are as whole batches; null where that wasn't measured.</param>
/// <param name="Tried">The number of shards that was measured; 1 where that wasn't.</param>
/// <param name="WhyNot">Why shards were not considered; null where they were.</param>
internal sealed record ShardSearch(int Shards, double? Ratio, int Tried, string? WhyNot)
{
    // Rounds of some steps each, one way after the other, so that a busy moment meets both.
    private const int Rounds = 5, MostSteps = 30;
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(0.25);

    /// <summary>Measures some steps of both; nothing is kept of them.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="data">What it is trained on.</param>
    /// <param name="recipe">How; its number of shards doesn't matter.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <remarks>
    /// Batch normalization over each shard is another training than over the whole batch, so it isn't chosen unless it is synchronized.
    /// </remarks>
    public static ShardSearch Run(Graph graph, DataSplits data, Recipe recipe, CancellationToken cancellation)
    {
        int threads = ThreadTeam.Resolve(recipe.Threads);
        if (threads == 1)
            return new(1, null, 1, "one thread computes");
        if (recipe.BatchSize < threads)
            return new(1, null, 1, "a batch has fewer images than there are threads");
        if (graph.Nodes.Any(node => node.Layer is BatchNorm) && !recipe.SyncBatchNorm)
            return new(1, null, 1, "batch normalization would see less than a batch");
        using TrainingParts whole = new(graph, data, recipe with { Shards = 1, SyncBatchNorm = false }),
            sharded = new(graph, data, recipe with { Shards = threads });
        List<double> ratios = [];
        int steps = StepsWithin(whole, cancellation);
        _ = Time(sharded, steps, cancellation);
        for (int round = 0; round < Rounds; round++)
            ratios.Add(Time(whole, steps, cancellation) / Time(sharded, steps, cancellation));
        ratios.Sort();
        double ratio = ratios[Rounds / 2];
        return new(ratio > 1 ? threads : 1, ratio, threads, null);
    }

    private static int StepsWithin(TrainingParts parts, CancellationToken cancellation)
    {
        _ = Time(parts, 1, cancellation);
        return (int)Math.Clamp(RoundTime.TotalSeconds / Time(parts, 1, cancellation), 1, MostSteps);
    }

    private static double Time(TrainingParts parts, int steps, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        parts.Model.Invoke(() =>
        {
            for (int step = 0; step < steps; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                parts.Step(parts.Sampler.Batch(0, step % parts.Sampler.BatchCount), 0, (uint)step, rate: 0);
            }
        }, JobKind.Training);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
