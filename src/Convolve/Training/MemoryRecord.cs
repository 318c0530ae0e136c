using Convolve.Execution;
using Convolve.Kernels.Threads;

namespace Convolve.Training;

/// <summary>The record of a run without a folder: the best weights, in memory.</summary>
internal sealed class MemoryRecord(TrainingParts parts) : ITrainingRecord
{
    private float[][]? _bestWeights;

    public void EndEpoch(TrainingState state, EpochProgress done)
    {
        parts.RequireFinite(done.Epoch);
        if (done.IsBest)
            parts.WithKeptWeights(() => Keep(done.Epoch));
    }

    public void RestoreBest(TrainingState state)
    {
        if (state.BestEpoch == 0)
            parts.WithKeptWeights(() => Keep(0));
        int index = 0;
        ThreadTeam.Invoke(() => parts.Model.Store.WriteAll((_, values) => _bestWeights![index++].CopyTo(values)));
    }

    public void Dispose()
    {
    }

    private void Keep(int epoch)
    {
        parts.RequireFinite(epoch);
        ParameterStore store = parts.Model.Store;
        _bestWeights ??= [.. store.Plan.Slots.Select(s => new float[s.Spec.Count])];
        for (int i = 0; i < _bestWeights.Length; i++)
            store.Read(i, store.Weights, _bestWeights[i]);
    }
}
