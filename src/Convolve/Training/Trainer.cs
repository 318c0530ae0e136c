using Convolve.Data;
using Convolve.Data.Caching;
using Convolve.Data.Inputs;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Kernels;
using Convolve.Kernels.Parameters;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Training.Profiles;

namespace Convolve.Training;

/// <summary>
/// Trains a network with a recipe: steps on the training split, the best epoch chosen on the validation split, and one evaluation on the
/// test split at the end.
/// </summary>
/// <remarks>
/// The same recipe, network, data and number of threads give the same bits, even if the run was interrupted or killed and resumed, at the
/// end of an epoch or within one. Of a recipe with shards, the number of threads doesn't matter.
/// <para>
/// Between two steps, it serves the requests of other threads to any classifier or model of the process; its own bits don't depend on them.
/// Another training waits until this one is done.
/// </para>
/// </remarks>
/// <example><code>
/// using Trainer trainer = new(graph, splits, recipe);
/// TrainingResult result = trainer.Fit(new Progress&lt;TrainingProgress&gt;(Show), cancellation);
/// </code></example>
public sealed class Trainer : IDisposable
{
    private readonly TrainingParts _parts;
    private readonly ITrainingRecord _record;
    private readonly TrainingState _state;
    private bool _isUsed;

    /// <summary>
    /// Plans everything: after this, the memory of the run is known and allocated. The run leaves no files; <c>RunFolder.Begin</c> trains
    /// into a folder.
    /// </summary>
    /// <param name="graph">Its input channels must be the data's (or 3 for gray images), its outputs the data's classes.</param>
    /// <param name="data">Training, validation and test split.</param>
    /// <param name="recipe">The recipe.</param>
    /// <exception cref="RecipeException">The recipe has a value out of range, or batches of one value per channel for a batch
    /// normalization.</exception>
    /// <exception cref="NetworkException">The network and the data don't fit together.</exception>
    /// <exception cref="DatasetException">A split is empty, or the channels or the transforms do not fit.</exception>
    /// <exception cref="SafeTensorsException">The weights that the recipe starts from cannot be read, or aren't all finite.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing, or has no kernel for a layer.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    public Trainer(Graph graph, DataSplits data, Recipe recipe)
    {
        (_parts, Transfer) = TrainingParts.Begin(graph, data, recipe);
        (_record, _state) = (new MemoryRecord(_parts), new());
    }

    /// <summary>Takes over parts and their record.</summary>
    internal Trainer(TrainingParts parts, ITrainingRecord record, TrainingState state, WeightTransfer? transfer = null,
        ResumePoint? resumedFrom = null) =>
        (_parts, _record, _state, Transfer, ResumedFrom) = (parts, record, state, transfer, resumedFrom);

    /// <summary>A trainer of a process that isn't the first of its run: it computes its shards, and leaves no files.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="data">The same as in the first process.</param>
    /// <param name="recipe">The same as in the first process.</param>
    /// <param name="exchange">Connects the processes.</param>
    internal static Trainer Following(Graph graph, DataSplits data, Recipe recipe, IGradientExchange exchange)
    {
        TrainingParts parts = new(graph, data, recipe, exchange); // the weights come from the first process
        return new(parts, parts.Whole is { } whole ? new ServingRecord(parts, whole) : new FollowingRecord(parts), new());
    }

    /// <summary>How long each process of the run has computed; none of a run without shards or parts.</summary>
    internal IReadOnlyList<TimeSpan> RankTimes => _parts.RankTimes;

    /// <summary>Bytes of gradients or activations that this process has sent to others in a step, on average; 0 alone.</summary>
    internal long SentBytesPerStep => _parts.SentSteps > 0 ? _parts.SentBytes / _parts.SentSteps : 0;

    /// <summary>The network.</summary>
    public Graph Graph => _parts.Graph;

    /// <summary>The recipe, with what the run has settled in it.</summary>
    public Recipe Recipe => _parts.Recipe;

    /// <summary>Where the run resumes; null for a new one.</summary>
    public ResumePoint? ResumedFrom { get; }

    /// <summary>What the network loaded from other weights; null if that wasn't requested.</summary>
    internal WeightTransfer? Transfer { get; }

    /// <summary>What is done to every image, in training and after.</summary>
    public Preprocessing Preprocessing => _parts.Preprocessing;

    /// <summary>Steps of an epoch.</summary>
    public int StepsPerEpoch => _parts.Sampler.BatchCount;

    /// <summary>Updates of the weights that are done, since the run started.</summary>
    public long Steps => _parts.Optimizer.Steps;

    /// <summary>The plan of a training step.</summary>
    internal Plan Plan => _parts.Model.Training(_parts.MicroBatchSize).Plan;

    /// <summary>What measures the run; null for nothing.</summary>
    internal TrainingProfile? Profile
    {
        get => _parts.Profile;
        set => _parts.Profile = value;
    }

    /// <summary>The number format in use.</summary>
    public Precision Precision => _parts.Model.Precision;

    /// <summary>The reason for that number format.</summary>
    public string PrecisionReason => Model.ChoosePrecision(Graph, Recipe.Precision).Reason;

    /// <summary>Memory that the run needs in addition to the program and the data: weights, gradients, optimizer state, copies,
    /// activations, and kept pictures once each was needed. Exact; a run without a folder keeps its best weights in memory as well, once
    /// there are any.</summary>
    public long EstimatedMemoryBytes => _parts.MemoryBytes;

    /// <summary>The same, with what the process takes in addition.</summary>
    internal MemoryBudget MemoryBudget =>
        RunMemory.OfTraining(EstimatedMemoryBytes, Graph, _parts.Data, _record is MemoryRecord, _parts.ResidentBefore);

    /// <summary>The largest growth of the process since just before the run was planned.</summary>
    public long MeasuredMemoryBytes => Machine.ProcessMemory.Peak - _parts.ResidentBefore;

    /// <summary>
    /// The classifier in its current state: the best weights after <see cref="Fit(IProgress{TrainingProgress}?, CancellationToken)"/>.
    /// Valid until the trainer is disposed.
    /// </summary>
    public Classifier Classifier => _parts.Classifier;

    /// <summary>The memory that a trainer with the same arguments would need, without allocating it.</summary>
    /// <exception cref="NetworkException">The recipe asks for bfloat16, but the CPU doesn't have it.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing, or has no kernel for a layer.</exception>
    public static MemoryEstimate Estimate(Graph graph, DataSplits data, Recipe recipe) => Estimate(graph, data, recipe, 1);

    /// <summary>The same for one process of several, which share the shards.</summary>
    internal static MemoryEstimate Estimate(Graph graph, DataSplits data, Recipe recipe, int ranks)
    {
        recipe.Validate();
        int batch = Math.Min(recipe.BatchSize, data.Train.Count), micro = RecipePasses.MicroBatchSizeOf(recipe, batch);
        List<Plan> plans = [];
        Graph computed = TrainingParts.ComputedOf(graph, recipe);
        void Add(int size, bool training)
        {
            if (size > 0)
                plans.Add(Model.PlanFor(computed, RecipePasses.OptionsOf(recipe, graph), size, training,
                    plans.FirstOrDefault()?.Parameters));
        }
        foreach (int size in RecipePasses.PassSizes(recipe, data.Train.Count))
            Add(size, true);
        foreach (int count in new[] { data.Validation.Count, data.Test.Count })
        {
            Add(Math.Min(count, micro), false);
            Add(count % micro, false);
        }
        ImageSize input = new(graph.Input.Channels, graph.Input.Height, graph.Input.Width);
        long pictures = data.Train.Dataset.Caching is null ? 0 : PictureCaches.Of(data, recipe.Transforms, input).MemoryBytes;
        return MemoryEstimate.Of(plans, RecipePasses.StatesOf(recipe, batch), ShardsOf(recipe, ranks), WorkersOf(recipe, ranks)) with
        {
            PictureBytes = pictures,
            ExchangeBytes = recipe.ModelParallel > 1 ? 0 : ExchangeBytesOf(recipe, ranks, plans[0].Parameters.Bytes),
            WholeBytes = recipe.ModelParallel > 1 ? WholeBytesOf(graph, recipe) : 0,
        };
    }

    // Of the rank with the most: its slice of every subtree that others hold.
    private static long ExchangeBytesOf(Recipe recipe, int ranks, long gradientBytes)
    {
        if (ranks == 1)
            return 0;
        ShardTree tree = new(Math.Max(recipe.Shards, ranks), ranks);
        int[] held = [.. Enumerable.Range(0, ranks).Select(rank => tree.Held(rank).Count)];
        return (held.Sum() - held.Min()) * ((gradientBytes + ranks - 1) / ranks);
    }

    // Of rank 0, which keeps the whole network for files.
    private static long WholeBytesOf(Graph graph, Recipe recipe)
    {
        Plan plan = Model.PlanFor(graph, RecipePasses.OptionsOf(recipe, graph), 1, training: false);
        return plan.Parameters.Bytes * (1 + recipe.Optimizer.States.Count + (recipe.AverageDecay > 0 ? 1 : 0)) + plan.ArenaBytes;
    }

    private static int ShardsOf(Recipe recipe, int ranks) => (recipe.Shards + ranks - 1) / ranks;

    private static int WorkersOf(Recipe recipe, int ranks) => recipe.SyncBatchNorm ? ShardsOf(recipe, ranks)
        : Math.Min(ShardsOf(recipe, ranks), ThreadTeam.Resolve(recipe.Threads));

    /// <summary>
    /// The memory that training in whole batches would need, independent of the data: a little less than with the short batches and the
    /// evaluations of a run.
    /// </summary>
    /// <exception cref="NetworkException">The recipe asks for bfloat16, but the CPU doesn't have it.</exception>
    /// <exception cref="KernelLibraryException">The kernel library is missing, or has no kernel for a layer.</exception>
    public static MemoryEstimate Estimate(Graph graph, Recipe recipe) =>
        MemoryEstimate.Of([Model.PlanFor(graph, RecipePasses.OptionsOf(recipe, graph), recipe.PassSize, training: true)],
            RecipePasses.StatesOf(recipe, recipe.BatchSize), recipe.Shards, WorkersOf(recipe, 1));

    /// <summary>Runs the recipe to the end; only once.</summary>
    /// <param name="progress">Receives steps and epochs; called on the caller's thread, between two steps, and may use the
    /// classifier.</param>
    /// <param name="cancellation">Ends the run after the step with an <see cref="OperationCanceledException"/>. A run in a folder has saved
    /// a checkpoint then; its model file and <see cref="Classifier"/> have the best weights, or the latest ones if no epoch was
    /// finished.</param>
    /// <exception cref="TrainingException">The loss or weights are NaN or infinite, or an image or a file of the run can no longer be read.
    /// The best weights and checkpoints so far are kept.</exception>
    /// <exception cref="FileWriteException">A file of the run cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public TrainingResult Fit(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default) =>
        Fit(progress, null, cancellation);

    /// <inheritdoc cref="Fit(IProgress{TrainingProgress}?, CancellationToken)"/>
    /// <param name="progress">Receives steps and epochs; called on the caller's thread, between two steps, and may use the
    /// classifier.</param>
    /// <param name="timeLimit">After this time in this call, the run ends with its best weights so far, tested; the unfinished epoch is in
    /// the checkpoint, and it can be resumed. Null for no limit.</param>
    /// <param name="cancellation">Ends the run after the step with an <see cref="OperationCanceledException"/>, as above.</param>
    public TrainingResult Fit(IProgress<TrainingProgress>? progress, TimeSpan? timeLimit, CancellationToken cancellation = default) =>
        TryFit(progress, timeLimit, cancellation)
            ?? throw new OperationCanceledException($"The training was canceled after {Epochs.Count} epochs.", cancellation);

    /// <summary>The epochs that are done.</summary>
    internal IReadOnlyList<EpochProgress> Epochs => _state.Epochs;

    /// <summary>The epoch that has the best weights so far, from 1; 0 before there is one.</summary>
    internal int BestEpoch => _state.BestEpoch;

    /// <summary>The same, and null after a cancellation.</summary>
    internal TrainingResult? TryFit(IProgress<TrainingProgress>? progress, TimeSpan? timeLimit, CancellationToken cancellation)
    {
        if (_isUsed)
            throw new InvalidOperationException("A trainer runs only once. Create another one, or resume the run in its folder.");
        _isUsed = true;
        try
        {
            return RunToEnd(progress, timeLimit, cancellation);
        }
        catch (Exception e) when (e is DatasetException or SafeTensorsException)
        {
            // All was well when the run began.
            throw new TrainingException(e.Message, e);
        }
    }

    private TrainingResult? RunToEnd(IProgress<TrainingProgress>? progress, TimeSpan? timeLimit, CancellationToken cancellation)
    {
        TrainingResult? result = null;
        MemoryBudget memory = MemoryBudget;
        _parts.Model.Invoke(() =>
        {
            if (new TrainingRun(_parts, _state, _record, CallerProgress.OfAll(progress), timeLimit, cancellation).Finish()
                is not var (end, test))
                return;
            result = new(Recipe, _state.Epochs, _state.BestEpoch, test, _state.Elapsed, ImagesPerSecond, EstimatedMemoryBytes,
                Machine.ProcessMemory.Peak)
            {
                MeasuredMemoryBytes = MeasuredMemoryBytes,
                Memory = memory,
                End = end,
                Classes = Graph.Output.Channels,
            };
            _record.Log(result);
        }, JobKind.Training);
        return result;
    }

    /// <summary>Trains with a rising learning rate and records the loss; then everything is restored, bit for bit.</summary>
    /// <param name="sweep">The range of the sweep; null for the default.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1], at most twenty times a second and at the end; called on the caller's
    /// thread.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>; everything is restored then, too.</param>
    /// <exception cref="InvalidOperationException">The run has already started.</exception>
    /// <exception cref="RecipeException">The sweep doesn't rise.</exception>
    public LearningRateCurve FindLearningRate(LearningRateSweep? sweep = null, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        if (_isUsed || ResumedFrom is not null)
            throw new InvalidOperationException("Find the learning rate before the run starts. Create another trainer.");
        LearningRateCurve? curve = null;
        _parts.Model.Invoke(() => curve = new LearningRateFinder(_parts).Run(sweep ?? new(), CallerProgress.Of(progress), cancellation),
            JobKind.Training);
        return curve!;
    }

    /// <summary>
    /// Trains some steps with a learning rate and evaluates on the validation split, never on the test split; then everything is restored,
    /// bit for bit.
    /// </summary>
    /// <param name="rate">The highest rate; the recipe's schedule, shortened to the steps where it is a one-cycle or a cosine, scales
    /// it.</param>
    /// <param name="steps">At least 1; see <see cref="LearningRateTrial.StepsWithin"/>.</param>
    /// <param name="run">Which training with this rate, from 0: each has other orders, augmentations and dropout.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1]; called on the caller's thread.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>; everything is restored then, too.</param>
    /// <exception cref="InvalidOperationException">The run has already started.</exception>
    internal LearningRateTrial TryLearningRate(double rate, int steps, int run = 0, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        if (rate is not (> 0 and < float.PositiveInfinity))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "It must be above 0.");
        if (_isUsed || ResumedFrom is not null)
            throw new InvalidOperationException("Try learning rates before the run starts. Create another trainer.");
        LearningRateTrial? trial = null;
        _parts.Model.Invoke(() => trial = new LearningRateFinder(_parts).Try(rate, steps, run, CallerProgress.Of(progress), cancellation),
            JobKind.Training);
        return trial!;
    }

    /// <summary>
    /// Frees everything after the current step; a training in progress then ends with an
    /// <see cref="ObjectDisposedException"/>.
    /// </summary>
    public void Dispose() => ThreadTeam.Invoke(() =>
    {
        _record.Dispose();
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
