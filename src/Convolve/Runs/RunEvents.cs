using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Formats.TensorBoard;
using Convolve.Kernels.Memory;
using Convolve.Planning;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>
/// What a run reports to TensorBoard. As Keras writes it, train/ and validation/ hold the same tags, so that both curves are in one chart;
/// steps are the updates since the run started. The run folder itself has the hyperparameters, the test, and what runs of versions before
/// 0.2 wrote.
/// </summary>
/// <param name="folder">The run folder.</param>
/// <param name="parts">Whose weights and gradients.</param>
/// <param name="hasHistograms">Whether there are histograms.</param>
internal sealed class RunEvents(string folder, TrainingParts parts, bool hasHistograms) : IDisposable
{
    // Enough for a curve, and few enough that writing them costs nothing.
    private const int StepsOfAnEpoch = 100, Waiting = 64;
    private const string HyperparametersSuffix = ".hparams";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    // Steps wait here, so that most of them allocate and write nothing.
    private readonly (long Step, double Loss, double Rate, double? Norm)[] _waiting = new (long, double, double, double?)[Waiting];
    private readonly int _stride = Math.Max(1, parts.Sampler.BatchCount / StepsOfAnEpoch);
    private int _count;
    private long _lastWrite = System.Diagnostics.Stopwatch.GetTimestamp();
    private bool _hasGradients;
    private EventLog? _train, _validation, _run;

    /// <summary>The folders of the curves.</summary>
    public const string TrainFolder = "train", ValidationFolder = "validation";

    /// <summary>
    /// Updates of the run at the point where it resumes: what earlier files have of later steps is void. Null for a new run.
    /// </summary>
    public long? GoesOnFrom { get; set; }

    private EventLog Train => _train ??= Create(TrainFolder);

    private EventLog Validation => _validation ??= Create(ValidationFolder);

    private EventLog Run => _run ??= Begin();

    private long Now => parts.Optimizer.Steps;

    /// <summary>Reports a step, if it is one of those that are reported.</summary>
    /// <param name="step">In the epoch, from 0.</param>
    /// <param name="update">Of the run, from 1.</param>
    /// <param name="loss">Mean over the images of the step.</param>
    /// <param name="rate">The learning rate.</param>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void Step(int step, long update, double loss, double rate)
    {
        _hasGradients = true;
        if ((step + 1) % _stride != 0)
            return;
        _waiting[_count++] = (update, loss, rate, parts.Optimizer.GradientNorm);
        if (_count == Waiting || System.Diagnostics.Stopwatch.GetElapsedTime(_lastWrite) > Longest)
            WriteSteps();
    }

    /// <summary>Brings all to the disk.</summary>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void Flush()
    {
        WriteSteps();
        _train?.Flush();
        _validation?.Flush();
        _run?.Flush();
    }

    /// <summary>Tells of an epoch, and brings all to the disk; on the executor thread, with the gradients of its last step.</summary>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void Epoch(EpochProgress done)
    {
        WriteSteps();
        Train.AddScalars(Now, ("loss/epoch", done.TrainLoss), ("accuracy/epoch", done.TrainAccuracy),
            ("speed/images per second", done.ImagesPerSecond),
            ("speed/share of waiting for data", done.DataWait / done.Elapsed), ("epoch", done.Epoch));
        if (done is { ValidationLoss: { } loss, ValidationAccuracy: { } accuracy })
            Validation.AddScalars(Now, ("loss/epoch", loss), ("accuracy/epoch", accuracy));
        if (hasHistograms)
            AddHistograms(Now);
        Flush();
        _hasGradients = false;
    }

    /// <summary>Tells of the test, and brings all to the disk.</summary>
    /// <exception cref="FileWriteException">The file cannot be written.</exception>
    public void End(Evaluation test)
    {
        Run.AddScalars(Now, ("test/accuracy", test.Accuracy), ("test/loss", test.Loss));
        Run.EndSession();
        Flush();
    }

    public void Dispose()
    {
        _train?.Dispose();
        _validation?.Dispose();
        _run?.Dispose();
    }

    // TensorBoard takes the first hyperparameters that it finds in a folder: those of a resumed run, which may differ, replace them, and a
    // test that was not the end.
    private EventLog Begin()
    {
        string[] before = Directory.GetFiles(folder, $"{EventLog.FilePrefix}*{HyperparametersSuffix}");
        EventLog run = new(folder, GoesOnFrom + 1, HyperparametersSuffix);
        try
        {
            run.StartSession(RecipeJson.Flat(parts.Recipe));
            run.Flush();
            foreach (string file in before)
                FileOperation.Run(FileStep.Delete, file, () => File.Delete(file));
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    private EventLog Create(string name)
    {
        _ = Run;
        string path = Path.Combine(folder, name);
        DurableFolder.Create(path);
        return new(path, GoesOnFrom + 1);
    }

    private void WriteSteps()
    {
        foreach ((long step, double loss, double rate, double? norm) in _waiting.AsSpan(0, _count))
        {
            Train.AddScalars(step, ("loss/batch", loss), ("learning rate", rate));
            if (norm is { } length)
                Train.AddScalars(step, ("gradient norm", length));
        }
        (_count, _lastWrite) = (0, System.Diagnostics.Stopwatch.GetTimestamp());
    }

    // From where they are, in whatever order: a copy would be memory that no plan has. A run that resumes after an epoch's last step has no
    // gradients.
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
                Train.AddHistogram(step, $"{what}/{slot.Name}", values, values.Length - slot.Spec.Count);
            }
        }
    }
}
