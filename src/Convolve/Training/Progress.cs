using Convolve.Evaluations;

namespace Convolve.Training;

/// <summary>A progress report of a training.</summary>
public abstract record TrainingProgress;

/// <summary>Progress within an epoch; at most ten reports per second.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Epochs">Of the whole run.</param>
/// <param name="Step">Steps done in this epoch.</param>
/// <param name="Steps">Of this epoch.</param>
/// <param name="Loss">Mean over the epoch's images so far.</param>
/// <param name="Accuracy">Mean over the epoch's images so far, in [0, 1].</param>
/// <param name="LearningRate">Of the last step.</param>
/// <param name="ImagesPerSecond">Over the epoch so far.</param>
/// <param name="Remaining">Estimated time to the end of the run.</param>
internal sealed record StepProgress(int Epoch, int Epochs, int Step, int Steps, double Loss, double Accuracy, double LearningRate,
    double ImagesPerSecond, TimeSpan Remaining) : TrainingProgress;

/// <summary>An epoch is done. All losses and accuracies are means over images.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Epochs">Of the whole run.</param>
/// <param name="TrainLoss">Softmax cross-entropy in training, with label smoothing and class weights where the recipe has them.</param>
/// <param name="TrainAccuracy">In [0, 1], of the images as training saw them, before each step.</param>
/// <param name="ValidationLoss">Softmax cross-entropy on the validation split; null where there is none.</param>
/// <param name="ValidationAccuracy">In [0, 1], on the validation split; null where there is none.</param>
/// <param name="LearningRate">Of the last step.</param>
/// <param name="ImagesPerSecond">Of the training steps, including data loading.</param>
/// <param name="Elapsed">Of the training steps, without validation.</param>
/// <param name="DataWait">The part of it in which the steps waited for images.</param>
/// <param name="IsBest">Whether its weights are the best so far, by the metric of early stopping, else by accuracy; on the validation
/// split, or in training if there is none.</param>
public sealed record EpochProgress(int Epoch, int Epochs, double TrainLoss, double TrainAccuracy, double? ValidationLoss,
    double? ValidationAccuracy,
    double LearningRate, double ImagesPerSecond, TimeSpan Elapsed, TimeSpan DataWait, bool IsBest) : TrainingProgress
{
    /// <summary>The accuracy that chooses the weights and drives the schedule: validation, or training if there is no validation
    /// split.</summary>
    internal double ChosenAccuracy => ValidationAccuracy ?? TrainAccuracy;

    /// <inheritdoc cref="ChosenAccuracy"/>
    internal double ChosenLoss => ValidationLoss ?? TrainLoss;

    /// <summary>
    /// Whether its weights are better than those of the best epoch so far: by the watched metric, and if that is the same, by the other
    /// one.
    /// </summary>
    internal bool IsBetterThan(EpochProgress? best, WatchedMetric watched)
    {
        if (best is null)
            return true;
        (int accuracy, int loss) = (ChosenAccuracy.CompareTo(best.ChosenAccuracy), best.ChosenLoss.CompareTo(ChosenLoss));
        return (watched == WatchedMetric.Accuracy ? (accuracy, loss) : (loss, accuracy)) is ( > 0, _) or (0, > 0);
    }
}

/// <summary>Why a training ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs are done.</summary>
    Finished,

    /// <summary>The watched metric stopped improving.</summary>
    EarlyStop,

    /// <summary>The time limit was reached; the unfinished epoch is only in the checkpoint.</summary>
    TimeLimit,
}

/// <summary>The result of a training.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Epochs">One entry for each epoch that was finished.</param>
/// <param name="BestEpoch">The epoch whose weights were kept, from 1; 0 if none was finished.</param>
/// <param name="Test">The evaluation of the best weights on the test split, once at the end.</param>
/// <param name="Elapsed">Of the whole run, including evaluation.</param>
/// <param name="ImagesPerSecond">Of the training steps, including data loading.</param>
/// <param name="EstimatedMemoryBytes">The estimate of the plans before the first step.</param>
/// <param name="PeakMemoryBytes">The largest resident memory of the process since just before the run was planned.</param>
public sealed record TrainingResult(Recipe Recipe, IReadOnlyList<EpochProgress> Epochs, int BestEpoch, Evaluation Test, TimeSpan Elapsed,
    double ImagesPerSecond, long EstimatedMemoryBytes, long PeakMemoryBytes)
{
    /// <summary>The largest growth of the process since just before the run was planned, in bytes.</summary>
    public long MeasuredMemoryBytes { get; init; }

    /// <summary>What was estimated of the process before the first step.</summary>
    internal MemoryBudget? Memory { get; init; }

    /// <summary>Why it ended.</summary>
    public TrainingEnd End { get; init; }

    /// <summary>Notes on the epochs: a collapse, a rising loss, no progress. Empty for a healthy run.</summary>
    public IReadOnlyList<TrainingNote> Notes => TrainingNotes.Of(Epochs, Recipe, Classes);

    internal int Classes { get; init; }
}
