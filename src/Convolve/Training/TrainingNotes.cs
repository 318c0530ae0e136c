using System.Globalization;
using System.Text.Json;

namespace Convolve.Training;

/// <summary>
/// What the figures of a run's epochs show, as a function of them alone: so a resumed run, and a report years later, say the same.
/// </summary>
internal static class TrainingNotes
{
    // Shares of ln(classes), the loss of guessing: at it, and clearly below it.
    private const double AtGuessing = 0.98, BelowGuessing = 0.8;

    // A loss is far above its lowest by half of it, and by a tenth of that of guessing: a loss near 0 may double.
    private const double FarFactor = 1.5, FarShare = 0.1;
    private const int FarEpochs = 3, FirstEpochs = 3, LeastPatience = 8;

    // A loss that turns by a tenth in this many of the last epochs doesn't settle.
    private const int SwingEpochs = 8, MostSwings = 5;
    private const double SwingFactor = 1.1;

    // By heart: the validation loss is above its lowest by a quarter, and by a twentieth of that of guessing, for some epochs in which the
    // training loss has fallen by a third, and training is right more often than validation by this much.
    private const double WorseFactor = 1.25, WorseShare = 0.05, LearnedFactor = 0.67, HeartGap = 0.05;
    private const int HeartEpochs = 3;

    // Of the epochs of a run: without improvement, and at its beginning.
    private const double StallShare = 0.15, FirstShare = 0.2;

    /// <summary>All notes of these epochs, by epoch.</summary>
    /// <param name="epochs">Finished ones, from the first.</param>
    /// <param name="recipe">Of the run.</param>
    /// <param name="classes">At least 1; with one there is nothing to guess.</param>
    public static IReadOnlyList<TrainingNote> Of(IReadOnlyList<EpochProgress> epochs, Recipe recipe, int classes)
    {
        List<TrainingNote> notes = [];
        double guessing = Math.Log(classes);
        EpochProgress? lowest = null, best = null, leastValidation = null;
        int far = 0, byHeart = 0, patience = Math.Max(LeastPatience, (int)Math.Ceiling(StallShare * recipe.Epochs)),
            first = Math.Max(FirstEpochs, (int)Math.Ceiling(FirstShare * recipe.Epochs));
        foreach (EpochProgress epoch in epochs)
        {
            if (lowest is null || epoch.TrainLoss < lowest.TrainLoss)
                lowest = epoch;
            if (epoch.IsBest)
                best = epoch;
            bool isGuessing = classes > 1 && epoch.TrainLoss >= AtGuessing * guessing;
            far = epoch.TrainLoss >= Math.Max(FarFactor * lowest.TrainLoss, lowest.TrainLoss + FarShare * guessing) ? far + 1 : 0;
            if (isGuessing && lowest.TrainLoss <= BelowGuessing * guessing)
                Add(TrainingNoteKind.Collapse, string.Create(CultureInfo.InvariantCulture,
                    $"the training loss is back at {epoch.TrainLoss:F4}, the loss of guessing (ln {classes} = {guessing:F4}), after " +
                    $"{lowest.TrainLoss:F4} in epoch {lowest.Epoch}: the network has collapsed"));
            else if (far >= FarEpochs)
                Add(TrainingNoteKind.Rising, string.Create(CultureInfo.InvariantCulture,
                    $"the training loss has risen from {lowest.TrainLoss:F4} in epoch {lowest.Epoch} to {epoch.TrainLoss:F4}"));
            if (isGuessing && epoch.Epoch == first && lowest.TrainLoss >= AtGuessing * guessing)
                Add(TrainingNoteKind.NotLearning, string.Create(CultureInfo.InvariantCulture,
                    $"the training loss is still {epoch.TrainLoss:F4}, the loss of guessing (ln {classes} = {guessing:F4}): the network " +
                    $"hasn't started to learn"));
            if (Swings(epochs, epoch.Epoch) is { } swings and >= MostSwings && epoch.TrainLoss > 0.02 * guessing)
                Add(TrainingNoteKind.Oscillating, string.Create(CultureInfo.InvariantCulture,
                    $"the training loss has turned {swings} times in {SwingEpochs} epochs, by more than {SwingFactor - 1:P0} each time"));
            if (epoch.ValidationLoss is { } loss)
            {
                if (leastValidation is null || loss < leastValidation.ValidationLoss)
                    leastValidation = epoch;
                byHeart = loss >= Math.Max(WorseFactor * leastValidation.ValidationLoss!.Value,
                    leastValidation.ValidationLoss.Value + WorseShare * guessing)
                    && epoch.TrainLoss <= LearnedFactor * leastValidation.TrainLoss
                    && epoch.TrainAccuracy - epoch.ValidationAccuracy >= HeartGap ? byHeart + 1 : 0;
                if (byHeart >= HeartEpochs)
                    Add(TrainingNoteKind.Overfitting, string.Create(CultureInfo.InvariantCulture,
                        $"the validation loss has risen from {leastValidation.ValidationLoss:F4} in epoch {leastValidation.Epoch} to " +
                        $"{loss:F4} while the training loss fell from {leastValidation.TrainLoss:F4} to {epoch.TrainLoss:F4}"));
            }
            if (best is not null && recipe.EarlyStopping is null && epoch.Epoch - best.Epoch >= patience)
                Add(TrainingNoteKind.Stalled, string.Create(CultureInfo.InvariantCulture,
                    $"no better {(epoch.ValidationAccuracy is null ? "training" : "validation")} accuracy since epoch {best.Epoch}, " +
                    $"{best.ChosenAccuracy:F4}"));

            void Add(TrainingNoteKind kind, string text)
            {
                if (notes.All(n => n.Kind != kind))
                    notes.Add(new(kind, epoch.Epoch, text)
                    {
                        Since = kind == TrainingNoteKind.Stalled
                        ? best?.Epoch : null
                    });
            }
        }
        return notes;
    }

    // How often the loss of the last epochs up to one turns, counting changes that are large.
    private static int? Swings(IReadOnlyList<EpochProgress> epochs, int end)
    {
        if (end < SwingEpochs)
            return null;
        int swings = 0, direction = 0;
        for (int i = end - SwingEpochs + 1; i < end; i++)
        {
            double change = epochs[i].TrainLoss / epochs[i - 1].TrainLoss;
            int turned = change > SwingFactor ? 1 : change < 1 / SwingFactor ? -1 : 0;
            if (turned == 0)
                continue;
            swings += direction != 0 && turned != direction ? 1 : 0;
            direction = turned;
        }
        return swings;
    }
}

/// <summary>What a training shows that whoever watches it should know.</summary>
internal enum TrainingNoteKind
{
    /// <summary>The training loss is that of guessing again, after it had been below: the network is dead.</summary>
    Collapse,

    /// <summary>The training loss has been far above its lowest for some epochs.</summary>
    Rising,

    /// <summary>The training loss has not left that of guessing.</summary>
    NotLearning,

    /// <summary>The training loss goes up and down from epoch to epoch.</summary>
    Oscillating,

    /// <summary>The validation loss has risen for some epochs while the training loss fell.</summary>
    Overfitting,

    /// <summary>The figure that chooses the weights has not improved for a long time.</summary>
    Stalled,
}

/// <summary>Reported once for each kind, after the epoch that shows it.</summary>
public sealed record TrainingNote : TrainingProgress
{
    internal TrainingNote(TrainingNoteKind kind, int epoch, string text) => (Kind, Epoch, Text) = (kind, epoch, text);

    /// <summary>The epoch that showed it, from 1.</summary>
    public int Epoch { get; }

    /// <summary>A sentence without the epoch, its first letter small and no full stop at its end.</summary>
    public string Text { get; }

    /// <summary>What was noticed.</summary>
    internal TrainingNoteKind Kind { get; }

    /// <summary>
    /// If the figure that chooses the weights has not improved for a long time, the best epoch, from 1: an early stop of as many epochs as
    /// came after it ends such a run here. Else null.
    /// </summary>
    public int? Since { get; init; }

    /// <summary>The kind as logs have it, such as "not-learning".</summary>
    public string KindName => JsonNamingPolicy.KebabCaseLower.ConvertName($"{Kind}");
}
