using Convolve.Formats;
using Convolve.Inference;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>What a run leaves in its folder: the log, the checkpoints, the best weights.</summary>
internal sealed class RunRecord(TrainingParts parts, RunFolder folder, RunFolderOptions options) : ITrainingRecord
{
    private readonly Arithmetic _arithmetic = Arithmetic.Of(parts.Model.Training(parts.MicroBatchSize).Plan);
    private readonly Lazy<string> _data = new(parts.Data.Digest);
    private readonly RunEvents _events = new(folder.FullPath, parts, options.HasHistograms);

    /// <summary>How this process computes.</summary>
    public Arithmetic Arithmetic => _arithmetic;

    /// <summary>The digest of the splits.</summary>
    public string DataDigest => _data.Value;

    public bool IsDue(TrainingState state, int stepsPerEpoch) => state is { Epoch: 0, Step: 0 } ? options.SavesStart
        : options.EverySteps > 0 && ((long)state.Epoch * stepsPerEpoch + state.Step) % options.EverySteps == 0;

    public void Save(TrainingState state)
    {
        _events.Flush();
        if (!options.HasCheckpoints)
            return;
        parts.RequireFinite(state.Epoch);
        CheckpointInfo info = new()
        {
            State = state,
            Updates = parts.Optimizer.Steps,
            Recipe = RecipeJson.Write(folder.Recipe, folder.Graph),
            Rule = RuleOf(parts.Recipe),
            Watched = parts.Recipe.Schedule.Watched,
            StepsPerEpoch = parts.Sampler.BatchCount,
            MetricsLines = folder.MetricsLines,
            Data = DataDigest,
            ComputedBy = _arithmetic,
        };
        parts.Whole?.Join();
        folder.Checkpoints.Save(Checkpoint.NameOf(state), path => Checkpoint.Write(path, parts, info));
    }

    /// <summary>
    /// Records an epoch. The order lets a run resume from every moment: a line of the log that no checkpoint knows is cut off again, and
    /// the best weights that are not in their file yet are those of the newest checkpoint.
    /// </summary>
    public void EndEpoch(TrainingState state, EpochProgress done)
    {
        parts.RequireFinite(done.Epoch); // before the log has it
        _events.Epoch(done);
        folder.Log(done);
        folder.WriteTable(state.Epochs);
        Save(state);
        if (done.IsBest)
            KeepWeights(done.Epoch);
    }

    public void EndStep(int step, long update, double loss, double rate) => _events.Step(step, update, loss, rate);

    public void FlushSteps() => _events.Flush();

    /// <summary>Says where a run resumes: what was recorded for curves after that is void.</summary>
    public void GoOnFrom(TrainingState state)
    {
        folder.WriteTable(state.Epochs);
        _events.GoesOnFrom = parts.Optimizer.Steps;
    }

    public void Dispose()
    {
        _events.Dispose();
        folder.Dispose();
    }

    public void Log(TrainingResult result)
    {
        _events.End(result.Test); // first: with its line in the log, the run is finished
        folder.Log(result);
    }

    /// <summary>Keeps the current weights as the best ones, of an epoch or, with 0, of an unfinished one.</summary>
    public void KeepWeights(int epoch) => parts.WithKeptWeights(() =>
    {
        parts.RequireFinite(epoch);
        parts.ClassifierOf(epoch).Save(folder.ModelPath);
    });

    public void RestoreBest(TrainingState state)
    {
        if (state.BestEpoch == 0)
            KeepWeights(0);
        using SafeTensorsFile file = SafeTensorsFile.Open(folder.ModelPath);
        FileDigest.Require(folder.ModelPath, file);
        ModelFile.Read(file, parts.KeptModel);
    }

    /// <summary>The name of the rule that a recipe's optimizer follows.</summary>
    public static string RuleOf(Recipe recipe) => recipe.Optimizer.GetType().Name;
}
