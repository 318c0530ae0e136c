namespace Convolve.Training.Division;

/// <summary>The record of rank 0 of a run whose ranks each have a part of the network: the others serve while it saves.</summary>
internal sealed class JoiningRecord(ITrainingRecord record, WholeNetwork whole) : ITrainingRecord
{
    public bool IsDue(TrainingState state, int stepsPerEpoch) => whole.Ask(record.IsDue(state, stepsPerEpoch));

    public void Save(TrainingState state)
    {
        record.Save(state);
        whole.Release();
    }

    public void EndEpoch(TrainingState state, EpochProgress done)
    {
        record.EndEpoch(state, done);
        whole.Release();
    }

    public void EndStep(int step, long update, double loss, double rate) => record.EndStep(step, update, loss, rate);

    public void FlushSteps() => record.FlushSteps();

    public void RestoreBest(TrainingState state)
    {
        record.RestoreBest(state);
        whole.Release();
    }

    public void Log(TrainingResult result) => record.Log(result);

    public void Dispose() => record.Dispose();
}

/// <summary>The record of the other ranks.</summary>
internal sealed class ServingRecord(TrainingParts parts, WholeNetwork whole) : ITrainingRecord
{
    public bool IsDue(TrainingState state, int stepsPerEpoch) => whole.Ask(false);

    public void Save(TrainingState state)
    {
        parts.RequireFinite(state.Epoch);
        whole.Serve();
    }

    public void EndEpoch(TrainingState state, EpochProgress done)
    {
        parts.RequireFinite(done.Epoch);
        whole.Serve();
    }

    public void RestoreBest(TrainingState state) => whole.Serve();

    public void Dispose()
    {
    }
}
