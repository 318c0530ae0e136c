using Convolve.Files;
using Convolve.Formats;
using Convolve.Inference;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>Brings a run back to its newest good checkpoint: weights, optimizer, state, log, best weights.</summary>
internal sealed class Resumption(TrainingParts parts, RunFolder folder, RunRecord record, ResumePlan plan)
{
    private readonly List<string> _notes = [];

    /// <summary>Where the run resumes; known after <see cref="Restore"/>.</summary>
    public ResumePoint? Point { get; private set; }

    /// <summary>Restores everything; on the executor thread. Nothing is written before all is known to fit.</summary>
    /// <returns>The state to resume from.</returns>
    /// <exception cref="RecipeException">There is no checkpoint, none that can be read, or none that fits the recipe, the network and the
    /// data.</exception>
    /// <exception cref="FileWriteException">A file of the run cannot be written.</exception>
    public TrainingState Restore()
    {
        IReadOnlyList<string> files = folder.Checkpoints.Files;
        (string? file, CheckpointInfo? info) = ReadNewest(files);
        if (info is null && files.Count > 0)
            throw new RecipeException(
                $"No checkpoint of the run {folder.FullPath} can be used. {string.Join(' ', _notes)} Start a new run.");
        if (info is null)
            parts.StartAgain();
        TrainingState state = info?.State ?? new();
        if (info?.Watched != parts.Recipe.Schedule.Watched)
            state.Plateau = new(); // what another schedule has seen, and its cuts, are nothing to this one
        IReadOnlyList<RecipeDifference> changes = RecipeDifference.Between(plan.BegunWith(info), (parts.Recipe, parts.Graph));
        folder.RestoreLog(info?.MetricsLines ?? 0, state.Epochs); // first: by another recipe, the end that it may have could be one
        folder.Change(parts.Recipe, parts.Graph);
        record.GoOnFrom(state);
        if (file is not null)
            folder.Checkpoints.GoOnFrom(file);
        MendBest(state);
        if (file is not null && changes.Count > 0)
            record.Save(state); // the checkpoint is now one of the new recipe
        folder.DeleteReport();
        folder.LogResumption(state.Epoch, state.Step, parts.Sampler.BatchCount, changes);
        Point = new(file, state.Epoch, state.Step, parts.Sampler.BatchCount, _notes);
        return state;
    }

    private (string? File, CheckpointInfo? Info) ReadNewest(IReadOnlyList<string> files)
    {
        foreach (string path in files)
        {
            try
            {
                using SealedTensors file = SealedTensors.Open(path);
                CheckpointInfo info = Checkpoint.Describe(path, file);
                if (plan.RefusalOf(path, file, info, parts, record.DataDigest) is { } refusal)
                    throw new RecipeException(refusal.Message);
                if (info.ComputedBy != record.Arithmetic)
                    _notes.Add(
                        $"The run was computed in {info.ComputedBy} and resumes in {record.Arithmetic}, so it won't be bit-identical to " +
                        $"an uninterrupted run.");
                Checkpoint.Restore(path, file, parts, info);
                return (path, info);
            }
            catch (SafeTensorsException e)
            {
                _notes.Add($"{path} cannot be used: {e.Reason}.");
            }
        }
        return default;
    }

    // Its file may be older than the checkpoint, by a moment in which the process was killed, or newer, where that checkpoint was passed
    // over.
    private void MendBest(TrainingState state)
    {
        (int? kept, string? fault) = (0, null);
        try
        {
            kept = state.BestEpoch > 0 ? ModelFile.EpochOf(folder.ModelPath) : 0;
        }
        catch (SafeTensorsException e)
        {
            (kept, fault) = (null, e.Reason);
        }
        if (kept == state.BestEpoch)
            return;
        if (kept > state.Epoch)
            _notes.Add(
                $"{folder.ModelPath} has the weights of epoch {kept}, which is trained again: they are kept as " +
                $"{folder.SetBestAside(kept.Value)}.");
        if (state.Step == 0 && state.BestEpoch == state.Epoch)
        {
            if (fault is not null && File.Exists(folder.ModelPath))
                _notes.Add(
                    $"{folder.ModelPath} can't be used: {fault}. It is restored from the checkpoint, which has the same weights.");
            record.KeepWeights(state.Epoch);
            return;
        }
        if (TryExportBest(state.BestEpoch) is { } source)
        {
            _notes.Add(
                $"{folder.ModelPath} {(fault is null ? $"has the weights of epoch {kept}" : $"can't be used: {fault}")}. It is restored " +
                $"from {source}, which has those of epoch {state.BestEpoch}, the best.");
            return;
        }
        // Otherwise those weights are gone. To the same bits, the run comes to the ones that are there again.
        _notes.Add(
            $"{folder.ModelPath} has " +
            $"{(kept is > 0 ? $"the weights of epoch {kept}" : "no usable weights")}{(fault is null ? "" : $" ({fault})")}, " +
            $"but epoch {state.BestEpoch} was the best at the checkpoint: "
            + "the best is chosen from here on.");
        state.BestEpoch = state.Step == 0 ? state.Epoch : 0;
        if (state.BestEpoch > 0)
            record.KeepWeights(state.BestEpoch);
    }

    // The checkpoint of that epoch's end may still be there, beside a newer one.
    private string? TryExportBest(int epoch)
    {
        string? source = folder.Checkpoints.Files.FirstOrDefault(file => Path.GetFileName(file) == Checkpoint.NameOf(epoch, 0));
        if (source is null)
            return null;
        try
        {
            using SealedTensors file = SealedTensors.Open(source);
            Checkpoint.ExportModel(file, folder.ModelPath, parts, epoch);
            return source;
        }
        catch (SafeTensorsException)
        {
            return null;
        }
    }
}
