using System.Text.Json;

namespace Convolve.Training;

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
