using System.Diagnostics;
using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.OneDnn;
using Convolve.Planning;

namespace Convolve.Training;

/// <summary>Trains a network by a recipe: steps on the training split, choice of the best epoch by the validation split, one look at the test split at the end.</summary>
/// <example><code>
/// using Trainer trainer = new(graph, splits, recipe, "runs/first");
/// TrainingResult result = trainer.Fit(new Progress&lt;TrainingProgress&gt;(Show), cancellation);
/// </code></example>
public sealed class Trainer : IDisposable
{
    private const string TooFast = "The learning rate is too high for this network: try a tenth of it, a warm-up, or another initialisation.";
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(0.1);
    private readonly DataSplits _data;
    private readonly RunFolder? _folder;
    private readonly Model _model;
    private readonly Optimizer _optimizer;
    private readonly BatchSampler _sampler;
    private readonly BatchLoader _loader;
    private readonly Evaluator? _validation;
    private readonly Evaluator _test;
    private readonly long _residentBefore;
    private float[][]? _bestWeights;
    private PlateauState _plateau = new();

    /// <summary>Plans everything: after this, the memory of the run is known and taken.</summary>
    /// <param name="graph">Its input channels must be the data's (or 3 for grey images), its outputs the data's classes.</param>
    /// <param name="data">Training, validation and test split.</param>
    /// <param name="recipe">How.</param>
    /// <param name="runFolder">Where the files of the run go; null for none.</param>
    /// <exception cref="RecipeException">The recipe has a value out of range, or the folder holds a run already.</exception>
    /// <exception cref="NetworkException">Network and data do not go together.</exception>
    /// <exception cref="DataException">A split is empty, or the channels or the transforms do not fit.</exception>
    public Trainer(Graph graph, DataSplits data, Recipe recipe, string? runFolder = null)
    {
        recipe.Validate();
        if (recipe.Initialization is not null)
            graph = graph.WithInitialization(recipe.Initialization);
        Dataset images = data.Train.Dataset;
        if (graph.Output != Shape.Vector(images.ClassNames.Count))
            throw new NetworkException($"The network {graph.Name} gives {graph.Output} outputs, and {images.Name} has {images.ClassNames.Count} classes. Make the network with {images.ClassNames.Count} classes.");
        // What loading left behind would stand in the memory of the whole run.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        Machine.ForgetPeakMemory();
        _residentBefore = Machine.ProcessMemory.Resident;
        ImageSize input = new(graph.Input.Channels, graph.Input.Height, graph.Input.Width);
        // Sizes are checked before anything is measured or made.
        TransformList transforms = recipe.Transforms.For(data.Train, input);
        recipe = recipe with { Transforms = recipe.Transforms.Fit(data.Train) };
        (Graph, _data, Recipe) = (graph, data, recipe);
        Preprocessing = Preprocessing.Fit(data.Train, input, recipe.Normalization, recipe.Transforms);
        ImagePipeline pipeline = new(Preprocessing, images.Channels);
        Augmentation? augmentation = transforms.Count == 0 ? null : new(recipe.Transforms.For(data.Train, input), pipeline, recipe.Seed);
        int batch = Math.Clamp(data.Train.Count, 1, recipe.BatchSize);
        _sampler = new(data.Train, batch, recipe.Seed, shuffle: true);
        _model = new(graph, OptionsOf(recipe), batch, recipe.Seed);
        try
        {
            _optimizer = new(_model, recipe.Optimizer);
            _loader = new(images, pipeline, batch, augmentation, recipe.Seed);
            if (data.Train.Count % batch != 0)
                _model.Training(data.Train.Count % batch);
            _validation = data.Validation.Count > 0 ? new(_model, data.Validation, pipeline, batch) : null;
            _test = new(_model, data.Test, pipeline, batch);
            if (runFolder is not null)
                _folder = RunFolder.Create(runFolder, recipe, graph);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Graph Graph { get; }

    public Recipe Recipe { get; }

    /// <summary>What is done to every image, in training and after.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>The plan of a training step.</summary>
    public Plan Plan => _model.Training(_sampler.BatchSize).Plan;

    /// <summary>The number format in use.</summary>
    public Precision Precision => _model.Precision;

    /// <summary>Why it is that one.</summary>
    public string PrecisionReason => _model.PrecisionReason;

    /// <summary>Memory that the run needs besides the program and the data: weights, gradients, optimizer state, copies, activations. Exact; a run without
    /// a folder keeps its best weights in memory as well, once there are any.</summary>
    public long EstimatedMemoryBytes => _model.MemoryBytes + _optimizer.MemoryBytes;

    /// <summary>How much the process has grown at most since just before the run was planned.</summary>
    public long MeasuredMemoryBytes => Machine.ProcessMemory.Peak - _residentBefore;

    /// <summary>The classifier as it stands: the best weights after <see cref="Fit"/>. Good while the trainer lives.</summary>
    public Classifier Classifier => new(_model, Preprocessing);

    /// <summary>What a trainer of the same arguments would take, without taking it.</summary>
    /// <exception cref="NetworkException">The recipe asks for bfloat16, and the CPU has none.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing, or has no kernel for a layer.</exception>
    public static MemoryEstimate Estimate(Graph graph, DataSplits data, Recipe recipe)
    {
        recipe.Validate();
        int batch = Math.Min(recipe.BatchSize, data.Train.Count);
        List<Plan> plans = [];
        void Add(int count, int largest, bool training)
        {
            if (count == 0)
                return;
            int size = Math.Min(count, largest);
            plans.Add(Model.PlanFor(graph, OptionsOf(recipe), size, training, plans.FirstOrDefault()?.Parameters));
            Add(count % size, size, training);
        }
        Add(data.Train.Count, batch, true);
        Add(data.Validation.Count, batch, false);
        Add(data.Test.Count, batch, false);
        return MemoryEstimate.Of(plans, recipe.Optimizer.States.Count);
    }

    /// <summary>What training in whole batches would take, whatever the data: a little less than with the short batches and the evaluations of a run.</summary>
    /// <exception cref="NetworkException">The recipe asks for bfloat16, and the CPU has none.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing, or has no kernel for a layer.</exception>
    public static MemoryEstimate Estimate(Graph graph, Recipe recipe) =>
        MemoryEstimate.Of([Model.PlanFor(graph, OptionsOf(recipe), recipe.BatchSize, training: true)], recipe.Optimizer.States.Count);

    /// <summary>Runs the recipe.</summary>
    /// <param name="progress">Told of steps and epochs; called on the executor thread unless it passes calls on.</param>
    /// <param name="cancellation">Ends the run cleanly: the best weights, or the last ones where no epoch was finished, are kept and saved.</param>
    /// <exception cref="TrainingException">The loss is no number any more.</exception>
    /// <exception cref="FileWriteException">A file of the run cannot be written.</exception>
    public TrainingResult Fit(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        TrainingResult? result = null;
        ThreadTeam.Invoke(() => result = Run(progress, cancellation));
        return result!;
    }

    public void Dispose()
    {
        _folder?.Dispose();
        _test?.Dispose();
        _validation?.Dispose();
        _loader?.Dispose();
        _optimizer?.Dispose();
        _model.Dispose();
    }

    private static ExecutionOptions OptionsOf(Recipe recipe) => new()
    {
        Precision = recipe.Precision,
        Exact = recipe.Exact,
        Threads = recipe.Threads,
        LabelSmoothing = recipe.LabelSmoothing,
    };

    private TrainingResult Run(IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        List<EpochProgress> epochs = [];
        EpochProgress? best = null;
        TimeSpan training = TimeSpan.Zero;
        long images = 0;
        bool interrupted = false;
        for (int epoch = 0; epoch < Recipe.Epochs && !interrupted; epoch++)
        {
            EpochRun run = new(this, epoch, start, progress);
            interrupted = !run.Train(cancellation);
            training += run.Elapsed;
            images += run.Metrics.Images;
            if (interrupted)
                break;
            Evaluation? validation = Validate(cancellation, ref interrupted);
            if (interrupted)
                break;
            if (validation is { } figures && !double.IsFinite(figures.Loss))
                throw new TrainingException($"The weights of epoch {epoch + 1} give a validation loss that is no number. {TooFast}");
            EpochProgress done = run.Finish(validation, best);
            epochs.Add(done);
            if (done.IsBest)
            {
                best = done;
                KeepWeights();
            }
            _folder?.Log(done);
            progress?.Report(done);
            if (Recipe.Schedule.Kind == ScheduleKind.Plateau)
                _plateau = _plateau.After(Recipe.Schedule, Recipe.Optimizer.LearningRate, Recipe.Schedule.Metric == PlateauMetric.Accuracy ? done.ChosenAccuracy : done.ChosenLoss);
        }
        if (best is null)
            KeepWeights();
        else
            RestoreBest();
        Evaluation? test = interrupted ? null : Test(cancellation, ref interrupted);
        if (test is { } last && !double.IsFinite(last.Loss))
            throw new TrainingException($"The weights of epoch {best?.Epoch} give a test loss that is no number. {TooFast}");
        double rate = training > TimeSpan.Zero ? images / training.TotalSeconds : 0;
        TrainingResult result = new(Recipe, epochs, best?.Epoch ?? 0, test, interrupted, Stopwatch.GetElapsedTime(start), rate, EstimatedMemoryBytes, Machine.ProcessMemory.Peak)
        {
            MeasuredMemoryBytes = MeasuredMemoryBytes,
        };
        if (test is not null)
            _folder?.Log(result);
        return result;
    }

    private Evaluation? Validate(CancellationToken cancellation, ref bool interrupted) => Guard(_validation, cancellation, ref interrupted);

    private Evaluation? Test(CancellationToken cancellation, ref bool interrupted) => Guard(_test, cancellation, ref interrupted);

    private static Evaluation? Guard(Evaluator? evaluator, CancellationToken cancellation, ref bool interrupted)
    {
        try
        {
            return evaluator?.Run(null, cancellation);
        }
        catch (OperationCanceledException)
        {
            interrupted = true;
            return null;
        }
    }

    // The file is the copy; without a folder the weights are kept in memory.
    private void KeepWeights()
    {
        if (_folder is not null)
        {
            Classifier.Save(_folder.ModelPath);
            return;
        }
        _bestWeights ??= [.. _model.Store.Plan.Slots.Select(s => new float[s.Spec.Count])];
        for (int i = 0; i < _bestWeights.Length; i++)
        {
            float[] kept = _bestWeights[i];
            _model.Store.Read(i, plain => plain.CopyTo(kept));
        }
    }

    private void RestoreBest()
    {
        if (_folder is not null)
        {
            using SafeTensorsFile file = SafeTensorsFile.Open(_folder.ModelPath);
            Classifier.Read(file, _model);
            return;
        }
        int index = 0;
        _model.Store.WriteAll((_, values) => _bestWeights![index++].CopyTo(values));
    }

    /// <summary>One pass over the training split.</summary>
    private sealed class EpochRun(Trainer trainer, int epoch, long runStart, IProgress<TrainingProgress>? progress)
    {
        private readonly long _start = Stopwatch.GetTimestamp();
        private Metrics _metrics;
        private long _dataTicks, _lastReport;
        private double _rate;

        public Metrics Metrics => _metrics;

        public TimeSpan Elapsed { get; private set; }

        /// <summary>Returns false where it was cancelled.</summary>
        public bool Train(CancellationToken cancellation)
        {
            int steps = trainer._sampler.BatchCount;
            bool finished = true;
            for (int step = 0; step < steps && finished; step++)
            {
                Step(step, steps);
                finished = step + 1 == steps || !cancellation.IsCancellationRequested;
            }
            Elapsed = Stopwatch.GetElapsedTime(_start);
            return finished && !cancellation.IsCancellationRequested;
        }

        public EpochProgress Finish(Evaluation? validation, EpochProgress? best)
        {
            double accuracy = validation?.Accuracy ?? _metrics.Accuracy, loss = validation?.Loss ?? _metrics.Loss;
            double? bestAccuracy = best?.ChosenAccuracy, bestLoss = best?.ChosenLoss;
            bool isBest = best is null || accuracy > bestAccuracy || (accuracy == bestAccuracy && loss < bestLoss);
            return new(epoch + 1, trainer.Recipe.Epochs, _metrics.Loss, _metrics.Accuracy, validation?.Loss, validation?.Accuracy, _rate,
                _metrics.Images / Elapsed.TotalSeconds, Elapsed, Stopwatch.GetElapsedTime(0, _dataTicks), isBest);
        }

        private void Step(int step, int steps)
        {
            long index = (long)epoch * steps + step;
            _rate = trainer.Recipe.Optimizer.LearningRate * trainer.Recipe.Schedule.At(index, steps, trainer.Recipe.Epochs) * trainer._plateau.Scale;
            ReadOnlySpan<int> batch = trainer._sampler.Batch(epoch, step);
            Executor pass = trainer._model.Training(batch.Length);
            long before = Stopwatch.GetTimestamp();
            trainer._loader.Load(batch, pass, epoch, (uint)index);
            _dataTicks += Stopwatch.GetTimestamp() - before;
            pass.Run((uint)index);
            trainer._optimizer.Step((float)_rate);
            _metrics.Add(pass.Losses, pass.Correct);
            if (!double.IsFinite(_metrics.Loss))
                throw new TrainingException($"The loss is no number any more, at epoch {epoch + 1}, step {step + 1}. "
                    + $"The learning rate was {_rate:G3}. {TooFast}");
            if (progress is not null && (Stopwatch.GetElapsedTime(_lastReport) >= ReportInterval || step + 1 == steps))
                Report(step, steps);
        }

        private void Report(int step, int steps)
        {
            _lastReport = Stopwatch.GetTimestamp();
            double elapsed = Stopwatch.GetElapsedTime(_start).TotalSeconds;
            double share = (epoch + (step + 1.0) / steps) / trainer.Recipe.Epochs;
            TimeSpan run = Stopwatch.GetElapsedTime(runStart);
            progress!.Report(new StepProgress(epoch + 1, trainer.Recipe.Epochs, step + 1, steps, _metrics.Loss, _metrics.Accuracy, _rate,
                _metrics.Images / elapsed, run / share - run));
        }
    }
}
