namespace Convolve.Runs;

/// <summary>Why a run can't be resumed as asked.</summary>
/// <param name="Obstacle">What prevents it.</param>
/// <param name="Message">The reason, and what to do about it in the terms of the library.</param>
/// <param name="Differences">The requested settings that differ from what the run was started with; empty unless that is the
/// obstacle.</param>
internal sealed record ResumeRefusal(ResumeObstacle Obstacle, string Message, IReadOnlyList<RecipeDifference> Differences)
{
    private static readonly string[] Unchangeable = ["start_from", "initialization", "optimizer.rule"];

    /// <summary>Whether overriding what the run was started with would help.</summary>
    public bool CanOverride => Obstacle == ResumeObstacle.EditedRecipe
        || (Obstacle == ResumeObstacle.Disagreement && !Differences.Any(d => Unchangeable.Contains(d.Name)));
}

/// <summary>What prevents resuming a run.</summary>
internal enum ResumeObstacle
{
    /// <summary>The requested settings differ from what the run was started with.</summary>
    Disagreement,

    /// <summary>The run has done all that is asked for.</summary>
    Finished,

    /// <summary>Other first weights are asked for, and training has moved them.</summary>
    OtherStart,

    /// <summary>There is no checkpoint.</summary>
    NoCheckpoint,

    /// <summary>recipe.json was edited since the checkpoint was saved.</summary>
    EditedRecipe,

    /// <summary>The checkpoint is of another optimizer, other data, other input, or another place in the run.</summary>
    Misfit,
}
