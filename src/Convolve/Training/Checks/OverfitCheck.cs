using System.Globalization;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Training.Batches;
using Convolve.Training.Optimizers;

namespace Convolve.Training.Checks;

/// <summary>Whether a network can memorize a single batch: one that cannot has a fault that longer training won't fix.</summary>
/// <remarks>
/// The question is about network and data, not about the recipe's rate, which a schedule has for only a few steps and which would be
/// constant here. So a warm-up leads to it, gradients are clipped, and if the recipe's optimizer fails, Adam is tried from the same initial
/// weights.
/// </remarks>
/// <param name="Steps">Steps of the attempt that got furthest.</param>
/// <param name="Images">Of the batch.</param>
/// <param name="FirstLoss">Mean loss at the first step.</param>
/// <param name="LastLoss">Mean loss at the last one; it may be NaN.</param>
/// <param name="Accuracy">Share of the batch that was right at the last step.</param>
internal sealed record OverfitCheck(int Steps, int Images, double FirstLoss, double LastLoss, double Accuracy)
{
    /// <summary>The norm that all gradients together are clipped to.</summary>
    public const float ClipNorm = 1;

    /// <summary>Steps in which each attempt's rate rises from 0.</summary>
    public const int WarmUpSteps = 10;

    private const double SmallLoss = 0.05;

    // A batch that takes longer than some 0.2 s is cut, and so are the steps.
    private const long LargeMultiplyAdds = 10_000_000_000;
    private const int FewImages = 16, FewSteps = 200;

    // An attempt ends when this many steps have lowered the lowest loss by less than a fiftieth.
    private const int VainSteps = 40;
    private const double Progress = 0.98;

    /// <summary>
    /// The attempts, in order; the last one learned the batch, if any did; during an attempt, those before it.
    /// </summary>
    public IReadOnlyList<OverfitAttempt> Attempts { get; init; } = [];

    /// <summary>Steps of all attempts.</summary>
    public int AllSteps => Attempts.Sum(a => a.Steps);

    /// <summary>Layers that the recipe freezes, and that were frozen here too.</summary>
    public IReadOnlyList<string> Frozen { get; init; } = [];

    /// <summary>A fault independent of the batch, such as dropout that lets nothing through; null if there is none.</summary>
    public string? Fault { get; init; }

    /// <summary>The weights that were loaded from elsewhere to start with; null if none were requested.</summary>
    internal WeightTransfer? Transfer { get; init; }

    /// <summary>Whether every image was right, with a loss below 0.05, and nothing else is wrong.</summary>
    public bool IsLearned => Fault is null && IsByHeart;

    private bool IsByHeart => Accuracy == 1 && LastLoss < SmallLoss;

    // So far down that the other rules need not be tried.
    private bool IsNear => LastLoss < FirstLoss / 4;

    /// <summary>
    /// Trains on the first batch again and again, without dropout, augmentation, smoothing, class weights, penalty, schedule and means of
    /// the weights; what the recipe freezes stays frozen.
    /// </summary>
    /// <param name="graph">The network.</param>
    /// <param name="data">The data; the first batch of the first epoch is used, or 16 images of it if a whole batch takes long.</param>
    /// <param name="recipe">How: its rule is tried first.</param>
    /// <param name="mostSteps">Steps of all attempts after which it gives up, at least 1; at most 200 if a step takes long.</param>
    /// <param name="progress">Receives each step; called on the caller's thread.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RecipeException">The recipe has a value out of range.</exception>
    /// <exception cref="NetworkException">The network and the data don't fit together.</exception>
    /// <exception cref="DatasetException">A split is empty, or the channels or the transforms do not fit.</exception>
    /// <exception cref="Formats.SafeTensorsException">The weights to start with cannot be read.</exception>
    public static OverfitCheck Run(Graph graph, DataSplits data, Recipe recipe, int mostSteps = 500,
        IProgress<OverfitCheck>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostSteps, 1);
        recipe.Validate();
        Recipe plain = Plain(graph, data, recipe);
        int left = plain.BatchSize * graph.MultiplyAdds > LargeMultiplyAdds ? Math.Min(mostSteps, FewSteps) : mostSteps;
        OptimizerSettings[] rules = RulesOf(plain.Optimizer);
        OverfitCheck? best = null;
        List<OverfitAttempt> attempts = [];
        for (int i = 0; i < rules.Length && left > 0 && best?.IsByHeart != true; i++)
        {
            int share = i == rules.Length - 1 ? left : Math.Max(1, left * 2 / 5);
            OverfitCheck come = Attempt(graph.WithoutDropout(), data, plain with { Optimizer = rules[i] }, share, left, attempts, progress,
                cancellation);
            attempts.Add(new(rules[i], come.Steps, come.LastLoss));
            left -= come.Steps;
            if (best is null || come.IsByHeart || come.LastLoss < best.LastLoss || double.IsNaN(best.LastLoss))
                best = come;
        }
        return best! with
        {
            Attempts = attempts,
            Frozen = recipe.LayerRates.FrozenIn(graph),
            Fault = FaultOf(graph) ?? FaultOf(data.Train, plain)
        };
    }

    /// <summary>The recipe of the attempt that takes the most memory, for an estimate.</summary>
    public static Recipe Largest(Graph graph, DataSplits data, Recipe recipe) => Plain(graph, data, recipe) with { Optimizer = new Adam() };

    private static Recipe Plain(Graph graph, DataSplits data, Recipe recipe)
    {
        int batch = Math.Clamp(data.Train.Count, 1, recipe.BatchSize);
        if (batch * graph.MultiplyAdds > LargeMultiplyAdds)
            batch = Math.Min(batch, FewImages);
        return recipe with
        {
            BatchSize = batch,
            Shards = 1,
            SyncBatchNorm = false,
            Transforms = recipe.Transforms.Evaluation(data.Train.Dataset.Size),
            LabelSmoothing = 0,
            ClassWeights = ClassWeights.None,
            Optimizer = recipe.Optimizer with
            {
                LearningRate = (float)(recipe with { BatchSize = batch }).PeakLearningRate,
                WeightDecay = 0
            },
            BaseBatchSize = null,
            Clipping = new(ClipNorm),
            AverageDecay = 0,
            LayerRates = recipe.LayerRates.OnlyFrozen,
        };
    }

    // The recipe's rule first; then Adam, whose steps do not depend on how large gradients are.
    private static OptimizerSettings[] RulesOf(OptimizerSettings own) =>
        [own, new Adam { LearningRate = 1e-3f }, new Adam { LearningRate = 2e-4f }];

    private static OverfitCheck Attempt(Graph graph, DataSplits data, Recipe recipe, int share, int most, List<OverfitAttempt> before,
        IProgress<OverfitCheck>? progress, CancellationToken cancellation)
    {
        OverfitAttempt[] earlier = [.. before];
        using TrainingParts parts = new(graph, data, recipe);
        WeightTransfer? transfer = parts.Start();
        OverfitCheck? result = null;
        IProgress<OverfitCheck>? told = CallerProgress.OfAll(progress);
        ThreadTeam.Invoke(() =>
        {
            int[] batch = parts.Sampler.Batch(0, 0).ToArray();
            (double lowest, int since) = (double.PositiveInfinity, 0);
            for (int step = 0; (step < share || (step < most && result!.IsNear)) && step - since < VainSteps && result?.IsByHeart != true
                && (result is null || double.IsFinite(result.LastLoss)); step++)
            {
                cancellation.ThrowIfCancellationRequested();
                float rate = recipe.Optimizer.LearningRate * Math.Min(1, (step + 1f) / WarmUpSteps);
                StepResult done = parts.Step(batch, 0, (uint)step, rate);
                double loss = done.LossSumOrNaN / batch.Length;
                result = new(step + 1, batch.Length, result?.FirstLoss ?? loss, loss,
                    (double)done.Correct / batch.Length)
                { Attempts = earlier };
                if (loss < Progress * lowest)
                    (lowest, since) = (loss, step);
                told?.Report(result);
                ThreadTeam.ServeQueued();
            }
        }, JobKind.Training);
        return result! with { Transfer = transfer };
    }

    // Whatever one class alone takes is a bias.
    private static string? FaultOf(Split train, Recipe plain)
    {
        int[] batch = new BatchSampler(train, plain.BatchSize, plain.Seed, shuffle: true).Batch(0, 0).ToArray();
        int first = train.Dataset.LabelOf(batch[0]);
        return batch.Any(i => train.Dataset.LabelOf(i) != first) ? null
            : $"all {batch.Length} images are of the class {train.Dataset.ClassNames[first]}, which proves nothing: use a larger batch, " +
                $"or another seed";
    }

    // Dropout is off in the check, and may still be what a training will fail by.
    private static string? FaultOf(Graph graph)
    {
        foreach (Node node in graph.Nodes)
            if (node.Layer is Dropout dropout && (1 - dropout.Probability) * node.Output.Elements is var kept && kept < 1)
                return string.Create(CultureInfo.InvariantCulture,
                    $"{node} keeps {kept:0.##} of its {node.Output.Elements} values on average, so almost nothing of the image gets " +
                    $"through in training");
        return null;
    }
}
