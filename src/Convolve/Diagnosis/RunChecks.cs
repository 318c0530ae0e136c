using Convolve.Training;
using static Convolve.Diagnosis.Finding;

namespace Convolve.Diagnosis;

/// <summary>What the epochs of a run show.</summary>
internal static class RunChecks
{
    // Of the last epochs: the loss still falls by this share in each, in training and in validation.
    private const double StillFalling = 0.05, StillFallingValidation = 0.02, Done = 0.97;
    private const int FewestEpochs = 2;

    /// <summary>All findings of a run's epochs.</summary>
    /// <param name="epochs">The finished ones.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="classes">Of the network.</param>
    /// <param name="isEnded">Whether the run came to its end.</param>
    public static IEnumerable<Finding> All(IReadOnlyList<EpochProgress> epochs, Recipe recipe, int classes, bool isEnded)
    {
        foreach (TrainingNote note in TrainingNotes.Of(epochs, recipe, classes))
            if (Of(note, recipe) is { } finding)
                yield return finding;
        if (isEnded && TooFewEpochs(epochs, recipe) is { } early)
            yield return early;
    }

    /// <summary>A note of the run as a finding; null where it is a symptom without a cause of its own.</summary>
    public static Finding? Of(TrainingNote note, Recipe recipe)
    {
        string epoch = Text($"epoch {note.Epoch}: {note.Text}"), lower = Text($"@lr {Digits(recipe.Optimizer.LearningRate / 10)}");
        return note.Kind switch
        {
            TrainingNoteKind.Collapse or TrainingNoteKind.Rising => new(Fault.RateTooHigh,
                Text($"the learning rate is too high for the whole run: {Digits(recipe.PeakLearningRate)}"), epoch,
                recipe.Clipping.Norm is null ? $"{lower}, or @clip-norm 1" : lower, "a training loss that keeps falling")
            { IsGrave = note.Kind == TrainingNoteKind.Collapse },
            TrainingNoteKind.Oscillating => new(Fault.Oscillating,
                Text($"the loss goes up and down: the learning rate {Digits(recipe.PeakLearningRate)} is too high to settle"), epoch,
                recipe.Schedule.Kind == ScheduleKind.Constant ? $"@schedule cosine, or {lower}" : lower,
                "a training loss that falls in every epoch"),
            TrainingNoteKind.Overfitting => new(Fault.Overfitting, "the network learns the training pictures by heart", epoch,
                "@augment (crops, flips), more @weight-decay, dropout, or more pictures; @early-stop 5 ends such a run",
                "a validation loss that doesn't rise"),
            _ => null,
        };
    }

    /// <summary>A run that was still getting better when it ended, at a rate that would have let it.</summary>
    public static Finding? TooFewEpochs(IReadOnlyList<EpochProgress> epochs, Recipe recipe)
    {
        // A rate that has come down is an end.
        if (epochs.Count < FewestEpochs || recipe.Schedule.Kind is ScheduleKind.OneCycle or ScheduleKind.Cosine
            || epochs[^1] is not { IsBest: true } last || last.LearningRate < 0.1 * epochs.Max(e => e.LearningRate)
            || last.TrainAccuracy > Done)
            return null;
        EpochProgress before = epochs[^2];
        double falls = 1 - last.TrainLoss / before.TrainLoss,
            validation = last.ValidationLoss is { } now && before.ValidationLoss is { } then ? 1 - now / then : falls;
        return falls < StillFalling || validation < StillFallingValidation ? null : new(Fault.TooFewEpochs,
            Text($"the run ended while it was still getting better: {epochs.Count} epochs are too few"),
            Text($"in the last epoch the training loss fell by {Format.Percent(falls)}, to {last.TrainLoss:F4}, and the validation loss ") +
            Text($"by {Format.Percent(validation)}; below {Format.Percent(StillFalling)} expected at the end"),
            recipe.EarlyStopping is { } stop && epochs.Count < recipe.Epochs
            ? Text($"@early-stop {2 * stop.Patience}, or none")
            : Text($"@epochs {2 * epochs.Count}, or @resume RUN @epochs {2 * epochs.Count} @override"), "a lower loss");
    }
}
