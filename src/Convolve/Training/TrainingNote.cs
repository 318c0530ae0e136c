using System.Text.Json;

namespace Convolve.Training;

/// <summary>What a training shows that whoever watches it should know.</summary>
public enum TrainingNoteKind
{
    /// <summary>The training loss is that of guessing again, after it had been below: the network is dead.</summary>
    Collapse,

    /// <summary>The training loss has been far above its lowest for some epochs.</summary>
    Rising,

    /// <summary>The training loss has not left that of guessing.</summary>
    NotLearning,

    /// <summary>The figure that chooses the weights has not improved for a long time.</summary>
    Stalled,
}

/// <summary>Reported once for each kind, after the epoch that shows it.</summary>
/// <param name="Kind">What was noticed.</param>
/// <param name="Epoch">The epoch that showed it, from 1.</param>
/// <param name="Text">A sentence without the epoch, its first letter small and no full stop at its end.</param>
public sealed record TrainingNote(TrainingNoteKind Kind, int Epoch, string Text) : TrainingProgress
{
    /// <summary>
    /// For <see cref="TrainingNoteKind.Stalled"/>, the best epoch, from 1: an early stop of as many epochs as came after it ends such a run
    /// here. Else null.
    /// </summary>
    public int? Since { get; init; }

    /// <summary>The kind as logs have it, such as "not-learning".</summary>
    public string KindName => JsonNamingPolicy.KebabCaseLower.ConvertName($"{Kind}");
}
