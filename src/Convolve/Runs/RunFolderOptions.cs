namespace Convolve.Runs;

/// <summary>What a run leaves in its folder in addition to its recipe, its log and its best weights.</summary>
public sealed record RunFolderOptions
{
    /// <summary>No checkpoints: the run cannot be resumed, and takes no more of the disk than its best weights.</summary>
    public static RunFolderOptions NoCheckpoints { get; } = new() { HasCheckpoints = false };

    /// <summary>Whether it saves checkpoints, to resume after it was interrupted or killed; default true.</summary>
    public bool HasCheckpoints { get; init; } = true;

    /// <summary>Whether the first checkpoint is saved before the first step, so that there always is one to go on from.</summary>
    internal bool SavesStart { get; init; }

    /// <summary>
    /// Steps from one checkpoint to the next, counted over the run, in addition to the one at the end of each epoch; 0 for only those.
    /// </summary>
    public int EverySteps
    {
        get;
        init => field = value >= 0 ? value
            : throw new RecipeException(
            $"Checkpoints must be saved every 1 step or more, or 0 for only at the end of each epoch, got {value}.");
    }

    /// <summary>The command that trains the run, for its report and environment.json; null where there is none.</summary>
    public string? Command { get; init; }

    /// <summary>Whether the event file gets histograms of all weights and gradients at the end of each epoch; default false.</summary>
    public bool HasHistograms { get; init; }
}
