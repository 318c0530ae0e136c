using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>Whether a run may resume as requested: the one place that decides it, for the library and for the command line.</summary>
internal sealed class ResumePlan
{
    private readonly RunFolder _run;

    /// <summary>Looks at all that is known before the images are read.</summary>
    /// <param name="run">The run.</param>
    /// <param name="recipe">The recipe to resume with.</param>
    /// <param name="graph">The network to resume with.</param>
    /// <param name="isOverriding">Whether these may differ from what the run was started with.</param>
    public ResumePlan(RunFolder run, Recipe recipe, Graph graph, bool isOverriding)
    {
        (_run, Recipe, Graph, IsOverriding) = (run, recipe, graph, isOverriding);
        Refusal = Disagreement() ?? Finished() ?? OtherStart() ?? NoCheckpoint(run) ?? EditedSinceNewest();
    }

    /// <summary>The recipe to resume with.</summary>
    public Recipe Recipe { get; }

    /// <summary>The network to resume with.</summary>
    public Graph Graph { get; }

    /// <summary>Whether these may differ from what the run was started with.</summary>
    public bool IsOverriding { get; }

    /// <summary>The first obstacle; null if there is none.</summary>
    public ResumeRefusal? Refusal { get; }

    /// <summary>Throws if the run can't resume.</summary>
    /// <exception cref="RecipeException">There is an obstacle.</exception>
    public void Require()
    {
        if (Refusal is not null)
            throw new RecipeException(Refusal.Message);
    }

    /// <summary>What prevents resuming from a checkpoint, now that the images are known; null if nothing does.</summary>
    internal ResumeRefusal? RefusalOf(string path, SealedTensors file, CheckpointInfo info, TrainingParts parts, string dataDigest)
    {
        if (Edited(path, info) is { } edited)
            return edited;
        TrainingState state = info.State;
        if (info.Rule != RunRecord.RuleOf(Recipe))
            return Misfit($"its optimizer is {info.Rule}, got {RunRecord.RuleOf(Recipe)}");
        if (info.Data != dataDigest)
            return Misfit("the images, or their split, have changed, so training images could now be in the test split");
        if (ModelFile.PreprocessingOf(file.Metadata) is var preprocessing && preprocessing != parts.Preprocessing)
            return Misfit($"its preprocessing was {preprocessing}, and is now {parts.Preprocessing}");
        if (state.Step > 0 && info.StepsPerEpoch != parts.Sampler.BatchCount)
            return Misfit($"it is within an epoch of {info.StepsPerEpoch} steps, but an epoch now has {parts.Sampler.BatchCount}");
        if (Recipe.Epochs < state.Epoch + (state.Step > 0 ? 1 : 0))
            return Misfit(
                $"{state.Epoch} epochs are done{(state.Step > 0 ? " and another one has begun" : "")}, but the recipe has only " +
                $"{Recipe.Epochs}");
        return null;

        ResumeRefusal Misfit(string how) =>
            new(ResumeObstacle.Misfit, $"The run can't resume from {path}: {how}. Use the settings that the run was started with, or " +
                $"start a new run.",
                []);
    }

    /// <summary>What a run was started with: by its checkpoint, or by its folder if there is none.</summary>
    internal (Recipe Recipe, Graph Graph) BegunWith(CheckpointInfo? info) => info?.Recipe is { } text ? RecipeJson.Read(text)
        : (_run.Recipe, _run.Graph);

    private ResumeRefusal? Disagreement()
    {
        if (IsOverriding)
            return null;
        Recipe asked = Recipe with { Transforms = Recipe.Transforms.FittedAs(_run.Recipe.Transforms) };
        IReadOnlyList<RecipeDifference> differences = RecipeDifference.Between((_run.Recipe, _run.Graph), (asked, Graph));
        return differences.Count == 0 ? null : new(ResumeObstacle.Disagreement,
            $"The run {_run.FullPath} was started with other settings: {string.Join("; ", differences)}. Use the settings that it was " +
            $"started with.",
            differences);
    }

    private ResumeRefusal? Finished() => !_run.IsFinished(Recipe) ? null : new(ResumeObstacle.Finished,
        $"The run {_run.FullPath} is finished after {_run.Outcome!.Epochs} epochs. "
        + (_run.Outcome.IsEarly ? "It stopped early: change the early stopping to continue." : "Set more epochs to continue."),
        []);

    // Weights that training has moved do not start again.
    private ResumeRefusal? OtherStart()
    {
        if (Recipe.StartFrom != _run.Recipe.StartFrom)
            return Other(
                $"The run {_run.FullPath} started from {_run.Recipe.StartFrom ?? "new weights"}, and can't start from " +
                $"{Recipe.StartFrom ?? "new weights"} now.");
        return Recipe.Initialization == _run.Recipe.Initialization ? null
            : Other(
            $"The weights of the run {_run.FullPath} are already initialized ({_run.Recipe.Initialization ?? "by the network"}), and " +
            $"can't be initialized as {Recipe.Initialization ?? "the network says"} now.");

        static ResumeRefusal Other(string what) => new(ResumeObstacle.OtherStart, $"{what} Start a new run.", []);
    }

    /// <summary>
    /// The refusal of a run without a checkpoint. Killed in its first epoch, a run loses nothing by beginning again; later it had one.
    /// </summary>
    internal static ResumeRefusal? NoCheckpoint(RunFolder run) => run.Checkpoints.Exists
        && (run.Checkpoints.Files.Count > 0 || run.MetricsLines <= 1) ? null
        : new(ResumeObstacle.NoCheckpoint,
        $"The run {run.FullPath} has no checkpoint to resume from: it was trained without checkpoints, or they were deleted. Start a new " +
        $"run.", []);

    private ResumeRefusal? EditedSinceNewest()
    {
        if (IsOverriding || _run.Checkpoints.Files is not [string newest, ..])
            return null;
        try
        {
            using SealedTensors file = SealedTensors.Open(newest);
            return Edited(newest, Checkpoint.Describe(newest, file));
        }
        catch (Exception e) when (e is SafeTensorsException or RecipeException)
        {
            return null; // said where the checkpoint is restored, or passed over
        }
    }

    private ResumeRefusal? Edited(string path, CheckpointInfo info)
    {
        if (IsOverriding || RecipeDifference.Between(BegunWith(info), (_run.Recipe, _run.Graph)) is not { Count: > 0 } edited)
            return null;
        string what = string.Join("; ", edited.Select(d => $"{d.Name} was {d.Before}, is {d.After}"));
        return new(ResumeObstacle.EditedRecipe,
            $"{_run.RecipePath} has changed since {path} was saved: {what}. Restore it, or pass the recipe to resume with.", edited);
    }
}
