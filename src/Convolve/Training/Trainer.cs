using Convolve.Data.Inputs;
using Convolve.Data.Sets;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Layers;
using Convolve.OneDnn;
using Convolve.Planning;
using Convolve.Runs;

namespace Convolve.Training;

/// <summary>Trains a network by a recipe: steps on the training split, choice of the best epoch by the validation split, one look at the test split at the end.</summary>
/// <remarks>
/// The same recipe, network, data and number of threads give the same bits, also where the run was interrupted or killed and resumed, at the end of an epoch or
/// within one.
/// <para>
/// Between two steps it serves what other threads ask of any classifier or model of the process; its own bits do not depend on that. Another training waits until
/// this one is done.
/// </para>
/// </remarks>
/// <example><code>
/// using Trainer trainer = new(graph, splits, recipe, "runs/first");
/// TrainingResult result = trainer.Fit(new Progress&lt;TrainingProgress&gt;(Show), cancellation);
/// </code></example>
public sealed class Trainer : IDisposable
{
    private readonly TrainingParts _parts;
    private readonly RunFolder? _folder;
    private readonly RunRecord _record;
    private readonly TrainingState _state = new();
    private bool _isUsed;

    /// <summary>Plans everything: after this, the memory of the run is known and taken.</summary>
    /// <param name="graph">Its input channels must be the data's (or 3 for grey images), its outputs the data's classes.</param>
    /// <param name="data">Training, validation and test split.</param>
    /// <param name="recipe">How.</param>
    /// <param name="runFolder">Where the files of the run go; null for none.</param>
    /// <param name="options">What the folder gets: how often what it takes to resume the run, whether histograms; null for the end of every epoch, and none.</param>
    /// <exception cref="RecipeException">The recipe has a value out of range or batches of one value per channel for a batch normalization, the folder holds a run already, or its disk has no room for one.</exception>
    /// <exception cref="NetworkException">Network and data do not go together.</exception>
    /// <exception cref="DataException">A split is empty, or the channels or the transforms do not fit.</exception>
    /// <exception cref="FileWriteException">The folder cannot be written to.</exception>
    /// <exception cref="SafeTensorsException">The weights that the recipe starts from cannot be read, or aren't all finite.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing, or has no kernel for a layer.</exception>
    /// <exception cref="InsufficientMemoryException">The machine does not give the memory.</exception>
    public Trainer(Graph graph, DataSplits data, Recipe recipe, string? runFolder = null, RunFolderOptions? options = null)
    {
        recipe.Validate();
        options ??= new();
        recipe = recipe with { StartDigest = recipe.StartFrom is { } source ? WeightTransfer.DigestOf(source) : null };
        _parts = new(graph, data, recipe);
        try
        {
            Transfer = _parts.Start();
            if (runFolder is not null)
            {
                DiskCheck.Require(runFolder, _parts, options);
                _folder = RunFolder.Create(runFolder, _parts.Recipe, _parts.Graph, data.Remarks, options, TrainedPictures.Of(data));
            }
            _record = new(_parts, _folder, options);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private Trainer(RunFolder run, TrainingParts parts, RunFolderOptions options, bool isOverriding)
    {
        (_folder, _parts, _record) = (run, parts, new(parts, run, options));
        DiskCheck.Require(run.FullPath, parts, options);
        Resumption resumption = new(parts, run, _record, isOverriding);
        TrainingState? state = null;
        ThreadTeam.Invoke(() => state = resumption.Restore());
        (_state, ResumedFrom) = (state!, resumption.Point);
    }

    /// <summary>Goes on with a run that was interrupted or killed, from its newest checkpoint that is whole, to the bits that it would have come to.</summary>
    /// <param name="run">The run; the trainer, once there is one, takes it over. Null values below leave what it was begun with.</param>
    /// <param name="data">Its data, split as its recipe says.</param>
    /// <param name="recipe">A recipe to go on by, which is then the run's, whatever its checkpoint was saved by: more epochs, another learning rate. What the weights, the optimizer's state or
    /// the splits depend on cannot change.</param>
    /// <param name="graph">Another network of the same parameters, such as one with less dropout.</param>
    /// <param name="options">What the folder gets: how often what it takes to resume the run, whether histograms; null for the end of every epoch, and none.</param>
    /// <exception cref="RecipeException">The run is finished, has no checkpoint that can be used, or one that does not go with what is asked for.</exception>
    /// <exception cref="NetworkException">Network and data do not go together.</exception>
    /// <exception cref="DataException">A split is empty, or the channels or the transforms do not fit.</exception>
    /// <exception cref="FileWriteException">The folder cannot be written to.</exception>
    public static Trainer Resume(RunFolder run, DataSplits data, Recipe? recipe = null, Graph? graph = null, RunFolderOptions? options = null)
    {
        bool isOverriding = recipe is not null || graph is not null;
        recipe ??= run.Recipe;
        recipe.Validate();
        TrainingParts parts = new(graph ?? run.Graph, data, recipe);
        try
        {
            return new(run, parts, options ?? new(), isOverriding);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    public Graph Graph => _parts.Graph;

    public Recipe Recipe => _parts.Recipe;

    /// <summary>Where a resumed run goes on; null for a new one.</summary>
    public ResumePoint? ResumedFrom { get; }

    /// <summary>What the network took from other weights; null where it was not asked to.</summary>
    public WeightTransfer? Transfer { get; }

    /// <summary>What is done to every image, in training and after.</summary>
    public Preprocessing Preprocessing => _parts.Preprocessing;

    /// <summary>Steps of an epoch.</summary>
    public int StepsPerEpoch => _parts.Sampler.BatchCount;

    /// <summary>Updates of the weights that are done, since the run began.</summary>
    public long Steps => _parts.Optimizer.Steps;

    /// <summary>The plan of a training step.</summary>
    public Plan Plan => _parts.Model.Training(_parts.MicroBatchSize).Plan;

    /// <summary>The number format in use.</summary>
    public Precision Precision => _parts.Model.Precision;

    /// <summary>Why it is that one.</summary>
    public string PrecisionReason => _parts.Model.PrecisionReason;

    /// <summary>Memory that the run needs besides the program and the data: weights, gradients, optimizer state, copies, activations. Exact; a run without
    /// a folder keeps its best weights in memory as well, once there are any.</summary>
    public long EstimatedMemoryBytes => _parts.MemoryBytes;

    /// <summary>How much the process has grown at most since just before the run was planned.</summary>
    public long MeasuredMemoryBytes => Machine.ProcessMemory.Peak - _parts.ResidentBefore;

    /// <summary>The classifier as it stands: the best weights after <see cref="Fit(IProgress{TrainingProgress}?, CancellationToken)"/>. Good while the trainer lives.</summary>
    public Classifier Classifier => _parts.Classifier;

    /// <summary>What a trainer of the same arguments would take, without taking it.</summary>
    /// <exception cref="NetworkException">The recipe asks for bfloat16, and the CPU has none.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing, or has no kernel for a layer.</exception>
    public static MemoryEstimate Estimate(Graph graph, DataSplits data, Recipe recipe)
    {
        recipe.Validate();
        int batch = Math.Min(recipe.BatchSize, data.Train.Count), micro = TrainingParts.MicroBatchSizeOf(recipe, batch);
        List<Plan> plans = [];
        void Add(int size, bool training)
        {
            if (size > 0)
                plans.Add(Model.PlanFor(graph, TrainingParts.OptionsOf(recipe), size, training, plans.FirstOrDefault()?.Parameters));
        }
        foreach (int size in TrainingParts.PassSizes(recipe, data.Train.Count))
            Add(size, true);
        foreach (int count in new[] { data.Validation.Count, data.Test.Count })
        {
            Add(Math.Min(count, micro), false);
            Add(count % micro, false);
        }
        return MemoryEstimate.Of(plans, TrainingParts.StatesOf(recipe, batch));
    }

    /// <summary>What training in whole batches would take, whatever the data: a little less than with the short batches and the evaluations of a run.</summary>
    /// <exception cref="NetworkException">The recipe asks for bfloat16, and the CPU has none.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing, or has no kernel for a layer.</exception>
    public static MemoryEstimate Estimate(Graph graph, Recipe recipe) =>
        MemoryEstimate.Of([Model.PlanFor(graph, TrainingParts.OptionsOf(recipe), recipe.PassSize, training: true)],
            TrainingParts.StatesOf(recipe, recipe.BatchSize));

    /// <summary>Runs the recipe to its end; once.</summary>
    /// <param name="progress">Told of steps and epochs; called on the caller's thread, between two steps, and may use the classifier.</param>
    /// <param name="cancellation">Ends the run cleanly after the step: a checkpoint is saved, and the best weights, or the last ones where no epoch was finished.</param>
    /// <exception cref="TrainingException">Loss or weights are NaN or infinite, or an image or a file of the run cannot be read any more. Best weights and checkpoints of before are kept.</exception>
    /// <exception cref="FileWriteException">A file of the run cannot be written.</exception>
    public TrainingResult Fit(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default) => Fit(progress, null, cancellation);

    /// <inheritdoc cref="Fit(IProgress{TrainingProgress}?, CancellationToken)"/>
    /// <param name="progress">Told of steps and epochs; called on the caller's thread, between two steps, and may use the classifier.</param>
    /// <param name="timeLimit">After so long in this call the run ends with its best weights so far, tested; what it had begun is in the checkpoint, and it can be
    /// resumed. Null for no limit.</param>
    /// <param name="cancellation">Ends the run cleanly after the step.</param>
    public TrainingResult Fit(IProgress<TrainingProgress>? progress, TimeSpan? timeLimit, CancellationToken cancellation = default)
    {
        if (_isUsed)
            throw new InvalidOperationException("A trainer runs once. Make another one, or resume the run of its folder.");
        _isUsed = true;
        try
        {
            return RunToEnd(progress, timeLimit, cancellation);
        }
        catch (Exception e) when (e is DataException or SafeTensorsException)
        {
            // All was well when the run began.
            throw new TrainingException(e.Message, e);
        }
    }

    private TrainingResult RunToEnd(IProgress<TrainingProgress>? progress, TimeSpan? timeLimit, CancellationToken cancellation)
    {
        TrainingResult? result = null;
        _parts.Model.Invoke(() =>
        {
            TrainingEnd end = new TrainingRun(_parts, _state, _record, CallerProgress.OfAll(progress), timeLimit, cancellation).Finish(out Evaluation? test);
            result = new(Recipe, _state.Epochs, _state.BestEpoch, test, end == TrainingEnd.Interrupted, _state.Elapsed, ImagesPerSecond, EstimatedMemoryBytes, Machine.ProcessMemory.Peak)
            {
                MeasuredMemoryBytes = MeasuredMemoryBytes,
                End = end,
                Classes = Graph.Output.Channels,
            };
            if (test is not null)
                _record.Log(result);
        }, JobKind.Training);
        return result!;
    }

    /// <summary>Trains with a rising learning rate and looks how the loss takes it; then all is as it was, down to the bit.</summary>
    /// <param name="sweep">From where to where; null for the usual.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1], at most twenty times a second and at the end; called on the caller's thread.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>; all is as it was then, too.</param>
    /// <exception cref="InvalidOperationException">The run has begun.</exception>
    /// <exception cref="RecipeException">The sweep does not rise.</exception>
    public LearningRateCurve FindLearningRate(LearningRateSweep? sweep = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        if (_isUsed || ResumedFrom is not null)
            throw new InvalidOperationException("The learning rate is found before a run has begun. Make another trainer.");
        LearningRateCurve? curve = null;
        _parts.Model.Invoke(() => curve = new LearningRateFinder(_parts).Run(sweep ?? new(), CallerProgress.Of(progress), cancellation), JobKind.Training);
        return curve!;
    }

    /// <summary>Trains some steps with a learning rate, looks at the validation split, and never at the test split; then all is as it was, down to the bit.</summary>
    /// <param name="rate">The highest rate; the recipe's schedule, shortened to the steps where it is a one-cycle or a cosine, scales it.</param>
    /// <param name="steps">At least 1; see <see cref="LearningRateTrial.StepsWithin"/>.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1]; called on the caller's thread.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>; all is as it was then, too.</param>
    /// <exception cref="InvalidOperationException">The run has begun.</exception>
    public LearningRateTrial TryLearningRate(double rate, int steps, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        if (rate is not (> 0 and < float.PositiveInfinity))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "It must be above 0.");
        if (_isUsed || ResumedFrom is not null)
            throw new InvalidOperationException("A learning rate is tried before a run has begun. Make another trainer.");
        LearningRateTrial? trial = null;
        _parts.Model.Invoke(() => trial = new LearningRateFinder(_parts).Try(rate, steps, CallerProgress.Of(progress), cancellation), JobKind.Training);
        return trial!;
    }

    /// <summary>Gives everything back, once the step that runs is done; a training that is under way then ends with an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose() => ThreadTeam.Invoke(() =>
    {
        _record?.Dispose();
        _folder?.Dispose();
        _parts.Dispose();
    });

    private double ImagesPerSecond
    {
        get
        {
            TimeSpan time = _state.Epochs.Aggregate(_state.EpochElapsed, (sum, epoch) => sum + epoch.Elapsed);
            long images = (long)_state.Epoch * _parts.Data.Train.Count + _state.Images;
            return time > TimeSpan.Zero ? images / time.TotalSeconds : 0;
        }
    }
}
