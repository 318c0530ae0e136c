using System.Text.Json.Serialization;
using Convolve.Training.Batches;

namespace Convolve.Training;

/// <summary>
/// Everything that changes during a run except the weights and the optimizer's state: what it takes to stop anywhere and resume.
/// </summary>
internal sealed class TrainingState
{
    /// <summary>What came of the epochs that are done.</summary>
    public List<EpochProgress> Epochs { get; init; } = [];

    /// <summary>The epochs that are done.</summary>
    [JsonIgnore]
    public int Epoch => Epochs.Count;

    /// <summary>Steps done in the epoch after those; all of them where its validation is still to come.</summary>
    public int Step { get; set; }

    /// <summary>Images of those steps.</summary>
    public int Images { get; set; }

    /// <summary>How many of them were classified right, in training.</summary>
    public int Correct { get; set; }

    /// <summary>The sum of their losses.</summary>
    public double LossSum { get; set; }

    /// <summary>The epoch whose weights are kept as the best, from 1; 0 before there is one.</summary>
    public int BestEpoch { get; set; }

    /// <summary>What a plateau schedule has seen.</summary>
    public PlateauState Plateau { get; set; } = new();

    /// <summary>The time that the steps of this epoch took, with their data.</summary>
    public TimeSpan EpochElapsed { get; set; }

    /// <summary>The part of it that was waiting for data.</summary>
    public TimeSpan DataWait { get; set; }

    /// <summary>The time of the whole run, in all processes that it went through.</summary>
    public TimeSpan Elapsed { get; set; }

    /// <summary>Mean loss over the images of this epoch so far.</summary>
    [JsonIgnore]
    public double Loss => Images == 0 ? 0 : LossSum / Images;

    /// <summary>Share of them that was classified right.</summary>
    [JsonIgnore]
    public double Accuracy => Images == 0 ? 0 : (double)Correct / Images;

    /// <summary>The best epoch, or null before there is one.</summary>
    [JsonIgnore]
    public EpochProgress? Best => BestEpoch > 0 ? Epochs[BestEpoch - 1] : null;

    /// <summary>Takes over the state of another process.</summary>
    public void GoOnAs(TrainingState other)
    {
        Epochs.Clear();
        Epochs.AddRange(other.Epochs);
        (Step, Images, Correct, LossSum, BestEpoch) = (other.Step, other.Images, other.Correct, other.LossSum, other.BestEpoch);
        (Plateau, EpochElapsed, DataWait, Elapsed) = (other.Plateau, other.EpochElapsed, other.DataWait, other.Elapsed);
    }

    /// <summary>Counts a step.</summary>
    public void Add(int images, StepResult step)
    {
        LossSum += step.LossSum;
        Images += images;
        Correct += step.Correct;
        DataWait += step.DataWait;
        Step++;
    }

    /// <summary>Ends the epoch: the next one begins at its first step.</summary>
    public void End(EpochProgress done, PlateauState plateau)
    {
        Epochs.Add(done);
        (Step, Images, Correct, LossSum, EpochElapsed, DataWait) = (0, 0, 0, 0, default, default);
        Plateau = plateau;
        if (done.IsBest)
            BestEpoch = done.Epoch;
    }
}

/// <summary>Where a run resumes.</summary>
/// <param name="Checkpoint">The file that it resumes from; null if it was killed before its first checkpoint and starts again.</param>
/// <param name="Epochs">Epochs that are done.</param>
/// <param name="Step">Steps done in the next one.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="Notes">What should be known, in sentences: a damaged checkpoint that was passed over, a machine that computes
/// otherwise.</param>
public sealed record ResumePoint(string? Checkpoint, int Epochs, int Step, int StepsPerEpoch, IReadOnlyList<string> Notes);
