using Convolve.Execution;
using Convolve.Formats.TensorBoard;
using Convolve.OneDnn;
using Convolve.Planning;

namespace Convolve.Training;

/// <summary>What a run tells TensorBoard: losses and the learning rate by step, figures by epoch, histograms where they are asked for.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="parts">Whose weights and gradients.</param>
/// <param name="hasHistograms">Whether there are histograms.</param>
internal sealed class RunEvents(string folder, TrainingParts parts, bool hasHistograms) : IDisposable
{
    // Enough for a curve, and few enough that writing them costs nothing.
    private const int StepsOfAnEpoch = 100, Waiting = 64;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    // Steps wait here, so that most of them allocate and write nothing.
    private readonly (long Step, double Loss, double Rate, double? Norm)[] _waiting = new (long, double, double, double?)[Waiting];
    private readonly int _stride = Math.Max(1, parts.Sampler.BatchCount / StepsOfAnEpoch);
    private int _count;
    private long _lastWrite = System.Diagnostics.Stopwatch.GetTimestamp();
    private bool _hasGradients;
    private EventLog? _log;

    /// <summary>Steps of the run when a resumed one goes on: what earlier files have of later steps is void. Null for a new run.</summary>
    public long? GoesOnFrom { get; set; }

    private EventLog Log => _log ??= new(folder, GoesOnFrom + 1);

    /// <summary>Tells of a step, if it is one of those that are told.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="step">In the epoch, from 0.</param>
    /// <param name="loss">Mean over the images of the step.</param>
    /// <param name="rate">The learning rate.</param>
    /// <exception cref="Formats.FileWriteException">The file cannot be written.</exception>
    public void Step(int epoch, int step, double loss, double rate)
    {
        _hasGradients = true;
        if ((step + 1) % _stride != 0)
            return;
        _waiting[_count++] = ((long)epoch * parts.Sampler.BatchCount + step + 1, loss, rate, parts.Optimizer.GradientNorm);
        if (_count == Waiting || System.Diagnostics.Stopwatch.GetElapsedTime(_lastWrite) > Longest)
            WriteSteps();
    }

    /// <summary>Brings all to the disk.</summary>
    /// <exception cref="Formats.FileWriteException">The file cannot be written.</exception>
    public void Flush()
    {
        WriteSteps();
        _log?.Flush();
    }

    /// <summary>Tells of an epoch, and brings all to the disk; on the executor thread, with the gradients of its last step.</summary>
    /// <exception cref="Formats.FileWriteException">The file cannot be written.</exception>
    public void Epoch(EpochProgress done)
    {
        WriteSteps();
        long step = (long)done.Epoch * parts.Sampler.BatchCount;
        Log.AddScalars(step, ("loss/training", done.TrainLoss), ("accuracy/training", done.TrainAccuracy), ("speed/images per second", done.ImagesPerSecond),
            ("speed/share of waiting for data", done.DataWait / done.Elapsed), ("epoch", done.Epoch));
        if (done is { ValidationLoss: { } loss, ValidationAccuracy: { } accuracy })
            Log.AddScalars(step, ("loss/validation", loss), ("accuracy/validation", accuracy));
        if (hasHistograms)
            AddHistograms(step);
        Flush();
        _hasGradients = false;
    }

    public void Dispose() => _log?.Dispose();

    private void WriteSteps()
    {
        foreach ((long step, double loss, double rate, double? norm) in _waiting.AsSpan(0, _count))
        {
            Log.AddScalars(step, ("loss/batch", loss), ("learning rate", rate));
            if (norm is { } length)
                Log.AddScalars(step, ("gradient norm", length));
        }
        (_count, _lastWrite) = (0, System.Diagnostics.Stopwatch.GetTimestamp());
    }

    // From where they are, in whatever order: a copy would be memory that no plan has. A run that goes on behind an epoch's last step has no gradients.
    private void AddHistograms(long step)
    {
        ParameterStore store = parts.Model.Store;
        foreach (ParameterSlot slot in store.Plan.Slots)
        {
            if (slot.IsLearned && _hasGradients)
                Add("gradients", store.Gradients);
            Add("weights", store.Weights);

            void Add(string what, NativeBuffer arena)
            {
                ReadOnlySpan<float> values = ParameterStore.Elements(slot, arena);
                Log.AddHistogram(step, $"{what}/{slot.Name}", values, values.Length - slot.Spec.Count);
            }
        }
    }
}
