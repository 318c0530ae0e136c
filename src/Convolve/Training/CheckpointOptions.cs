namespace Convolve.Training;

/// <summary>How often a run that has a folder saves what it takes to go on after it was interrupted or killed.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Never: the run cannot be resumed, and takes no more of the disk than its best weights.</summary>
    public static CheckpointOptions None { get; } = new() { IsOn = false };

    /// <summary>Steps from one checkpoint to the next, counted over the run, besides the one at the end of each epoch; 0 for those alone.</summary>
    public int EverySteps
    {
        get;
        init => field = value >= 0 ? value : throw new RecipeException($"A checkpoint every {value} steps was asked for, and it must be at least every 1, or 0 for the end of each epoch alone.");
    }

    internal bool IsOn { get; private init; } = true;
}
