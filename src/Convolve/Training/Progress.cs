using Convolve.Evaluations;

namespace Convolve.Training;

/// <summary>What a training says of itself while it runs.</summary>
public abstract record TrainingProgress;

/// <summary>A few steps further within an epoch; at most ten a second.</summary>
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

/// <summary>An epoch is done. All losses and accuracies are means over images; null where there is no validation split.</summary>
/// <param name="IsBest">Whether its weights are the best so far, by the figure that an early stop watches, else by accuracy; on the
/// validation split, or where there is none in training.</param>
public sealed record EpochProgress(int Epoch, int Epochs, double TrainLoss, double TrainAccuracy, double? ValidationLoss,
    double? ValidationAccuracy,
    double LearningRate, double ImagesPerSecond, TimeSpan Elapsed, TimeSpan DataWait, bool IsBest) : TrainingProgress
{
    /// <summary>What the choice of weights and the schedule look at: validation, or training where there is none.</summary>
    internal double ChosenAccuracy => ValidationAccuracy ?? TrainAccuracy;

    /// <inheritdoc cref="ChosenAccuracy"/>
    internal double ChosenLoss => ValidationLoss ?? TrainLoss;

    /// <summary>
    /// Whether its weights are better than those of the best epoch so far: by what is watched, and where that is the same, by the other
    /// figure.
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

    /// <summary>The figure that is watched had stopped improving.</summary>
    EarlyStop,

    /// <summary>The time that it was given is over; the epoch that had begun is in the checkpoint alone.</summary>
    TimeLimit,

    /// <summary>It was cancelled.</summary>
    Interrupted,
}

/// <summary>What a training came to.</summary>
/// <param name="Recipe">What was asked.</param>
/// <param name="Epochs">One entry for each epoch that was finished.</param>
/// <param name="BestEpoch">The epoch whose weights were kept, from 1; 0 where none was finished.</param>
/// <param name="Test">The test split under the best weights, touched once at the end; null after an interruption.</param>
/// <param name="Interrupted">Whether it was cancelled before its last epoch.</param>
/// <param name="Elapsed">Of the whole run, with evaluation.</param>
/// <param name="ImagesPerSecond">Of the training steps, data included.</param>
/// <param name="EstimatedMemoryBytes">What the plans said before the first step.</param>
/// <param name="PeakMemoryBytes">The largest resident memory of the process since just before the run was planned.</param>
public sealed record TrainingResult(Recipe Recipe, IReadOnlyList<EpochProgress> Epochs, int BestEpoch, Evaluation? Test, bool Interrupted,
    TimeSpan Elapsed, double ImagesPerSecond, long EstimatedMemoryBytes, long PeakMemoryBytes)
{
    /// <summary>How much the process has grown at most since just before the run was planned, in bytes.</summary>
    public long MeasuredMemoryBytes { get; init; }

    /// <summary>Why it ended.</summary>
    public TrainingEnd End { get; init; }

    /// <summary>What the epochs showed: a collapse, a rising loss, no progress. Empty for a sound run.</summary>
    public IReadOnlyList<TrainingNote> Notes => TrainingNotes.Of(Epochs, Recipe, Classes);

    internal int Classes { get; init; }
}
