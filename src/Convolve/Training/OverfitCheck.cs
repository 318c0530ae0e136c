using Convolve.Data;
using Convolve.Graphs;
using Convolve.OneDnn;

namespace Convolve.Training;

/// <summary>Whether a network can learn a single batch by heart: one that cannot has a fault that no longer training mends.</summary>
/// <param name="Steps">Steps that were done.</param>
/// <param name="Images">Of the batch.</param>
/// <param name="FirstLoss">Mean loss at the first step.</param>
/// <param name="LastLoss">Mean loss at the last one; it may be no number.</param>
/// <param name="Accuracy">Share of the batch that was right at the last step.</param>
public sealed record OverfitCheck(int Steps, int Images, double FirstLoss, double LastLoss, double Accuracy)
{
    private const double SmallLoss = 0.05;

    /// <summary>What was taken of other weights to start with; null where none were asked for.</summary>
    public WeightTransfer? Transfer { get; init; }

    /// <summary>Whether every image was right, with a loss below 0.05.</summary>
    public bool IsLearned => Accuracy == 1 && LastLoss < SmallLoss;

    /// <summary>Trains on the first batch again and again, without dropout, augmentation, smoothing, class weights, penalty, schedule, factors of layers and means of the weights.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="data">Of which the first batch of the first epoch is taken.</param>
    /// <param name="recipe">How; its learning rate is held.</param>
    /// <param name="mostSteps">Steps after which it is given up, at least 1.</param>
    /// <param name="progress">Told of each step; called on the caller's thread.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RecipeException">The recipe has a value out of range.</exception>
    /// <exception cref="Layers.NetworkException">Network and data do not go together.</exception>
    /// <exception cref="DataException">A split is empty, or the channels or the transforms do not fit.</exception>
    /// <exception cref="Formats.SafeTensorsException">The weights to start with cannot be read.</exception>
    public static OverfitCheck Run(Graph graph, DataSplits data, Recipe recipe, int mostSteps = 500, IProgress<OverfitCheck>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostSteps, 1);
        recipe.Validate();
        using TrainingParts parts = new(graph.WithoutDropout(), data, Plain(recipe, data));
        WeightTransfer? transfer = parts.Start();
        OverfitCheck? result = null;
        IProgress<OverfitCheck>? told = CallerProgress.OfAll(progress);
        ThreadTeam.Invoke(() =>
        {
            int[] batch = parts.Sampler.Batch(0, 0).ToArray();
            for (int step = 0; step < mostSteps && result?.IsLearned != true && (result is null || double.IsFinite(result.LastLoss)); step++)
            {
                cancellation.ThrowIfCancellationRequested();
                result = Step(parts, batch, step, result?.FirstLoss);
                told?.Report(result);
                ThreadTeam.ServeQueued();
            }
        }, JobKind.Training);
        return result! with { Transfer = transfer };
    }

    private static Recipe Plain(Recipe recipe, DataSplits data) => recipe with
    {
        Transforms = recipe.Transforms.Evaluation(data.Train.Dataset.Size),
        LabelSmoothing = 0,
        ClassWeights = ClassWeights.None,
        Optimizer = recipe.Optimizer with { WeightDecay = 0 },
        AverageDecay = 0,
        LayerRates = LayerRates.None,
    };

    private static OverfitCheck Step(TrainingParts parts, int[] batch, int step, double? firstLoss)
    {
        StepResult done = parts.Step(batch, 0, (uint)step, parts.Recipe.Optimizer.LearningRate);
        double loss = done.LossSumOrNaN / batch.Length;
        return new(step + 1, batch.Length, firstLoss ?? loss, loss, (double)done.Correct / batch.Length);
    }
}
