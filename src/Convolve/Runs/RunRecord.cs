using Convolve.Formats;
using Convolve.Inference;
using Convolve.OneDnn;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>What a run leaves behind: the log, the checkpoints, the best weights. Without a folder these are in memory, and there is nothing else.</summary>
internal sealed class RunRecord(TrainingParts parts, RunFolder? folder, RunFolderOptions options) : IDisposable
{
    private readonly Arithmetic _arithmetic = Arithmetic.Of(parts.Model.Training(parts.MicroBatchSize).Plan);
    private readonly Lazy<string> _data = new(parts.Data.Digest);
    private readonly RunEvents? _events = folder is null ? null : new(folder.FullPath, parts, options.HasHistograms);
    private float[][]? _bestWeights;

    /// <summary>How this process computes.</summary>
    public Arithmetic Arithmetic => _arithmetic;

    /// <summary>The digest of the splits.</summary>
    public string DataDigest => _data.Value;

    /// <summary>Whether a checkpoint is to be saved within the epoch.</summary>
    public bool IsDue(TrainingState state, int stepsPerEpoch) =>
        folder is not null && options.EverySteps > 0 && ((long)state.Epoch * stepsPerEpoch + state.Step) % options.EverySteps == 0;

    /// <summary>Saves a checkpoint; on the executor thread, as all that follows.</summary>
    public void Save(TrainingState state)
    {
        _events?.Flush();
        if (folder is null || !options.HasCheckpoints)
            return;
        RequireFinite(state.Epoch);
        CheckpointInfo info = new()
        {
            State = state,
            Updates = parts.Optimizer.Steps,
            Recipe = RecipeJson.Write(folder.Recipe, folder.Graph),
            Rule = RuleOf(parts.Recipe),
            Watched = WatchedBy(parts.Recipe),
            StepsPerEpoch = parts.Sampler.BatchCount,
            MetricsLines = folder.MetricsLines,
            Data = DataDigest,
            ComputedBy = _arithmetic,
        };
        folder.Checkpoints.Save(Checkpoint.NameOf(state), path => Checkpoint.Write(path, parts, info));
    }

    /// <summary>
    /// Records an epoch. The order makes every moment one that a run can go on from: a line of the log that no checkpoint knows is cut off again, and the best
    /// weights that are not in their file yet are those of the newest checkpoint.
    /// </summary>
    public void EndEpoch(TrainingState state, EpochProgress done)
    {
        RequireFinite(done.Epoch); // before the log has it
        _events?.Epoch(done);
        folder?.Log(done);
        folder?.WriteTable(state.Epochs);
        Save(state);
        if (done.IsBest)
            KeepWeights(done.Epoch);
    }

    /// <summary>Records a step for curves.</summary>
    /// <param name="step">In the epoch, from 0.</param>
    /// <param name="update">Of the run, from 1.</param>
    /// <param name="loss">Mean over the images of the step.</param>
    /// <param name="rate">The learning rate.</param>
    public void EndStep(int step, long update, double loss, double rate) => _events?.Step(step, update, loss, rate);

    /// <summary>Brings the steps that wait to the curves, before the run ends for what they show.</summary>
    public void TellSteps() => _events?.Flush();

    /// <summary>Says where a resumed run goes on: what was recorded for curves after that is void.</summary>
    public void GoOnFrom(TrainingState state)
    {
        folder?.WriteTable(state.Epochs);
        if (_events is not null)
            _events.GoesOnFrom = parts.Optimizer.Steps;
    }

    public void Dispose() => _events?.Dispose();

    /// <summary>Records the end.</summary>
    public void Log(TrainingResult result)
    {
        _events?.End(result.Test!); // first: with its line in the log, the run is finished
        folder?.Log(result);
    }

    /// <summary>Keeps the weights as they are as the best ones, of an epoch or, with 0, of none that is done.</summary>
    public void KeepWeights(int epoch)
    {
        if (parts.Average is null)
            Keep(epoch);
        else
            parts.Average.With(() => Keep(epoch));
    }

    // Every update looks at what it changes; this sees running statistics and means of the weights as well.
    private void RequireFinite(int epoch)
    {
        var store = parts.Model.Store;
        string? bad = store.FirstNonFinite(store.Weights) ?? (parts.Average is null ? null : store.FirstNonFinite(parts.Average.Arena) is { } mean ? $"the mean of {mean}" : null);
        if (bad is not null)
            throw new TrainingException($"The weights {(epoch > 0 ? $"of epoch {epoch}" : "within epoch 1")} aren't saved, because they aren't all finite: {bad}. Try a learning rate 10x lower, or a warm-up.");
    }

    private bool Keep(int epoch)
    {
        RequireFinite(epoch);
        if (folder is not null)
        {
            parts.ClassifierOf(epoch).Save(folder.ModelPath);
            return true;
        }
        var store = parts.Model.Store;
        _bestWeights ??= [.. store.Plan.Slots.Select(s => new float[s.Spec.Count])];
        for (int i = 0; i < _bestWeights.Length; i++)
            store.Read(i, store.Weights, _bestWeights[i]);
        return true;
    }

    /// <summary>Gives the model the best weights back; where there are none, those that it has are kept.</summary>
    public void RestoreBest(TrainingState state)
    {
        if (state.BestEpoch == 0)
            KeepWeights(0);
        if (folder is not null)
        {
            using SafeTensorsFile file = SafeTensorsFile.Open(folder.ModelPath);
            FileDigest.Require(folder.ModelPath, file);
            Classifier.Read(file, parts.Model);
            return;
        }
        int index = 0;
        ThreadTeam.Invoke(() => parts.Model.Store.WriteAll((_, values) => _bestWeights![index++].CopyTo(values)));
    }

    /// <summary>The figure that a recipe's plateau schedule watches; null for other schedules.</summary>
    public static WatchedMetric? WatchedBy(Recipe recipe) => recipe.Schedule.Kind == ScheduleKind.Plateau ? recipe.Schedule.Metric : null;

    /// <summary>The name of the rule that a recipe's optimizer follows.</summary>
    public static string RuleOf(Recipe recipe) => recipe.Optimizer.GetType().Name;
}
