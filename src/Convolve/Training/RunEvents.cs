using Convolve.Execution;
using Convolve.Formats.TensorBoard;
using Convolve.Planning;

namespace Convolve.Training;

/// <summary>What a run tells TensorBoard: losses and the learning rate by step, figures by epoch, histograms where they are asked for.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="parts">Whose weights and gradients.</param>
/// <param name="hasHistograms">Whether there are histograms.</param>
internal sealed class RunEvents(string folder, TrainingParts parts, bool hasHistograms) : IDisposable
{
    // Enough for a curve, and few enough that writing them costs nothing.
    private const int StepsOfAnEpoch = 100;
    private EventLog? _log;

    /// <summary>Steps of the run when this process began; files of earlier ones are void from there on.</summary>
    public long FirstStep { get; set; }

    private EventLog Log => _log ??= new(folder, FirstStep > 0 ? FirstStep : null);

    /// <summary>Tells of a step, if it is one of those that are told.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="step">In the epoch, from 0.</param>
    /// <param name="loss">Mean over the images of the step.</param>
    /// <param name="rate">The learning rate.</param>
    /// <exception cref="Formats.FileWriteException">The file cannot be written.</exception>
    public void Step(int epoch, int step, double loss, double rate)
    {
        int steps = parts.Sampler.BatchCount, stride = Math.Max(1, steps / StepsOfAnEpoch);
        if ((step + 1) % stride != 0)
            return;
        Log.AddScalars((long)epoch * steps + step + 1, ("loss/batch", loss), ("learning rate", rate));
        if (parts.Optimizer.GradientNorm is { } norm)
            Log.AddScalars((long)epoch * steps + step + 1, ("gradient norm", norm));
    }

    /// <summary>Tells of an epoch, and brings all to the disk; on the executor thread, with the gradients of its last step.</summary>
    /// <exception cref="Formats.FileWriteException">The file cannot be written.</exception>
    public void Epoch(EpochProgress done)
    {
        long step = (long)done.Epoch * parts.Sampler.BatchCount;
        Log.AddScalars(step, ("loss/training", done.TrainLoss), ("accuracy/training", done.TrainAccuracy), ("speed/images per second", done.ImagesPerSecond),
            ("speed/share of waiting for data", done.DataWait / done.Elapsed), ("epoch", done.Epoch));
        if (done is { ValidationLoss: { } loss, ValidationAccuracy: { } accuracy })
            Log.AddScalars(step, ("loss/validation", loss), ("accuracy/validation", accuracy));
        if (hasHistograms)
            AddHistograms(step);
        Log.Flush();
    }

    public void Dispose() => _log?.Dispose();

    // Gradients first: reading a weight takes the place of its gradient.
    private void AddHistograms(long step)
    {
        ParameterStore store = parts.Model.Store;
        for (int i = 0; i < store.Plan.Slots.Count; i++)
        {
            ParameterSlot slot = store.Plan.Slots[i];
            if (slot.IsLearned)
            {
                float[] gradient = new float[slot.Spec.Count];
                store.Read(i, store.Gradients, gradient);
                Log.AddHistogram(step, $"gradients/{slot.Name}", gradient);
            }
            store.Read(i, plain => Log.AddHistogram(step, $"weights/{slot.Name}", plain));
        }
    }
}
