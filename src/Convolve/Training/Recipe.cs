using System.Text.Json.Serialization;
using Convolve.Data.Transforms;
using Convolve.Kernels.Threads;
using Convolve.Planning;
using Convolve.Training.Optimizers;

namespace Convolve.Training;

/// <summary>Everything that decides a run, except the network and the data themselves.</summary>
public sealed record Recipe
{
    /// <summary>The network's name in the zoo, or the name of the graph.</summary>
    public required string Network { get; init; }

    /// <summary>The data set's name.</summary>
    public required string Dataset { get; init; }

    /// <summary>Passes over the training split.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Images per step.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>
    /// The batch size that the optimizer's learning rate is meant for: the run multiplies the rate by <see cref="BatchSize"/> / this one.
    /// Null for a rate that is used as it is.
    /// </summary>
    /// <remarks>
    /// Source: Goyal et al. 2017 (arXiv 1706.02677), the linear scaling rule. Where it raises the rate, <see cref="Schedule.WarmUpEpochs"/>
    /// lead from the rate of the small batch to that of the large one, and not from 0; the paper has 5.
    /// </remarks>
    public int? BaseBatchSize { get; init; }

    /// <summary>The optimizer.</summary>
    public OptimizerSettings Optimizer { get; init; } = new Sgd();

    /// <summary>The learning rate from step to step.</summary>
    public Schedule Schedule { get; init; } = new();

    /// <summary>
    /// The share of each label that is spread over all classes, in [0, 1) (Szegedy et al. 2016); only the training loss uses it, not
    /// validation and test.
    /// </summary>
    public float LabelSmoothing { get; init; }

    /// <summary>The weight of each class in the training loss; validation and test weight every picture the same.</summary>
    public ClassWeights ClassWeights { get; init; } = ClassWeights.None;

    /// <summary>
    /// The largest part of a batch that is computed at a time, in images; the gradients of the parts are accumulated. Null for whole
    /// batches.
    /// </summary>
    /// <remarks>
    /// The same result in less memory, except where a layer depends on the batch: batch normalization, mixup and cutmix work on each part
    /// alone.
    /// </remarks>
    public int? MicroBatchSize { get; init; }

    /// <summary>
    /// Parts into which every batch is divided, each computed by one thread, so that the result depends on their number and not on the
    /// number of threads or processes; 1 for whole batches, computed by all threads together.
    /// </summary>
    /// <remarks>
    /// Batch normalization (unless it is synchronized), mixup and cutmix work on each shard alone; running statistics are the mean over the
    /// shards.
    /// </remarks>
    public int Shards { get; init; } = 1;

    /// <summary>Whether batch normalization takes the statistics of the whole batch instead of each shard's.</summary>
    public bool SyncBatchNorm { get; init; }

    /// <summary>
    /// Processes between which the network is divided: each computes a part of the filters and units of every layer for the whole batch.
    /// 1 where every process has the whole network.
    /// </summary>
    public int ModelParallel { get; init; } = 1;

    /// <summary>Limits of the gradients.</summary>
    public GradientClipping Clipping { get; init; } = new();

    /// <summary>Factors of the learning rate for some layers; 0 freezes them.</summary>
    public LayerRates LayerRates { get; init; } = LayerRates.None;

    /// <summary>
    /// The decay of the exponential moving average of the weights, in [0, 1); 0 for none. Validation, test and the file of the best weights
    /// then use the average instead of the weights. In early steps t, the decay is at most (1 + t) / (10 + t).
    /// </summary>
    /// <remarks>Source: Polyak and Juditsky 1992; the start as in TensorFlow's ExponentialMovingAverage.</remarks>
    public float AverageDecay { get; init; }

    /// <summary>When the run stops early; null for never.</summary>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>The number format of weights and activations; the faster one by default.</summary>
    public Precision Precision { get; init; }

    /// <summary>Whether float32 convolutions avoid Winograd.</summary>
    public bool Exact { get; init; }

    /// <summary>Kernel threads; 0 means OMP_NUM_THREADS, or all cores.</summary>
    public int Threads { get; init; }

    /// <summary>The seed of the initial weights, the splits, the order and the masks.</summary>
    public ulong Seed { get; init; }

    /// <summary>The share of the training images that are kept for validation, in [0, 1).</summary>
    public double ValidationFraction { get; init; } = 0.1;

    /// <summary>How the validation split is drawn; runs of version 0.1.0 keep theirs.</summary>
    public Data.SplitRule SplitRule { get; init; } = Data.SplitRule.CopiesTogether;

    /// <summary>Only the first N images of each file of the set, or null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Whether bad files of a folder of pictures are left out instead of being an error.</summary>
    public bool SkipBad { get; init; }

    /// <summary>How pixels are scaled.</summary>
    public Data.Inputs.Normalization Normalization { get; init; } = Data.Inputs.Normalization.TrainingSplit;

    /// <summary>The transforms of the training images, in order; those of evaluation are derived from them.</summary>
    public TransformList Transforms { get; init; } = TransformList.Empty;

    /// <summary>
    /// Replaces the initialization of every layer by one of <see cref="Graphs.InitializationScheme.Names"/>, or null to keep the network's
    /// own.
    /// </summary>
    public string? Initialization { get; init; }

    /// <summary>
    /// A run folder or a .safetensors file whose weights the network starts with, where name and shape match; null for new weights.
    /// </summary>
    public string? StartFrom { get; init; }

    /// <summary>The SHA-256 of the weights file that the run started with; set when the run starts.</summary>
    public string? StartDigest { get; init; }

    /// <summary>Images that are computed at a time: a whole batch, or a part of it.</summary>
    [JsonIgnore]
    public int PassSize => RecipePasses.MicroBatchSizeOf(this, BatchSize);

    /// <summary>What the learning rate is multiplied by because of the batch size: 1 without a base batch size.</summary>
    internal double BatchScale => BaseBatchSize is { } size ? (double)BatchSize / size : 1;

    /// <summary>The highest learning rate, scaled to the batch size.</summary>
    internal double PeakLearningRate => Optimizer.LearningRate * BatchScale;

    /// <summary>The share of the highest learning rate that a warm-up begins with: that of the base batch size.</summary>
    internal double WarmUpFrom => BatchScale > 1 ? 1 / BatchScale : 0;

    /// <summary>The learning rate at a step; without the decays of a plateau.</summary>
    /// <param name="step">Steps done so far in the whole run.</param>
    /// <param name="stepsPerEpoch">Steps of one epoch.</param>
    internal double LearningRateAt(long step, long stepsPerEpoch) =>
        PeakLearningRate * Schedule.At(step, stepsPerEpoch, Epochs, WarmUpFrom);

    /// <summary>Splits a data set as the run does.</summary>
    /// <exception cref="Data.DatasetException">The data set is too small to split.</exception>
    public Data.DataSplits Split(Data.LoadedData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data.IsRestored ? data.Split(validationFraction: 0) : data.Split(ValidationFraction, Seed, Limit, SplitRule);
    }

    /// <summary>Checks every value that can be checked without the network and the data.</summary>
    /// <exception cref="RecipeException">A value is out of range; the message says which, and what is expected.</exception>
    public void Validate()
    {
        if (Epochs < 1)
            throw new RecipeException($"The number of epochs must be at least 1, got {Epochs}.");
        if (BatchSize < 1)
            throw new RecipeException($"The batch size must be at least 1, got {BatchSize}.");
        if (BaseBatchSize < 1)
            throw new RecipeException($"The base batch size must be at least 1, got {BaseBatchSize}.");
        if (Threads is < 0 or > ThreadTeam.MostThreads)
            throw new RecipeException(
                $"The number of threads must be 1 to {ThreadTeam.MostThreads}, or 0 for all cores, got {Threads}.");
        if (ValidationFraction is not (>= 0 and < 1))
            throw new RecipeException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"The share of validation images must be at least 0 and below 1, got {ValidationFraction}."));
        if (Limit < 1)
            throw new RecipeException($"The limit must be at least 1 image, got {Limit}.");
        if (Initialization is not null)
            Graphs.InitializationScheme.Require(Initialization);
        if (LabelSmoothing is not (>= 0 and < 1))
            throw new RecipeException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"The label smoothing must be at least 0 and below 1, such as 0.1, got {LabelSmoothing}."));
        if (MicroBatchSize < 1)
            throw new RecipeException($"The parts of a batch must have at least 1 image, got {MicroBatchSize}.");
        if (Shards < 1 || Shards > BatchSize)
            throw new RecipeException(
                $"The number of shards must be at least 1 and at most the batch size, {BatchSize}, got {Shards}.")
            { Remedy = Remedy.Shards };
        if (Shards > 1 && MicroBatchSize is not null)
            throw new RecipeException(
                "A batch is computed either in parts of a given size or in shards, not both. Shards that wait for a thread need no " +
                "memory for activations, so more shards have the same effect as parts.")
            { Remedy = Remedy.Shards };
        if (SyncBatchNorm && Shards == 1)
            throw new RecipeException("Batch normalization is synchronized between shards, but there is only one. Use more shards.")
            {
                Remedy = Remedy.Shards,
            };
        if (ModelParallel < 1)
            throw new RecipeException($"The network can be divided between 1 or more processes, got {ModelParallel}.");
        if (ModelParallel > 1 && Shards > 1)
            throw new RecipeException("Either batches are divided into shards or the network is divided between processes, not both.")
            {
                Remedy = Remedy.Shards,
            };
        if (AverageDecay is not (>= 0 and < 1))
            throw new RecipeException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"The decay of the moving average of the weights must be at least 0 and below 1, such as 0.999, got {AverageDecay}."));
        Optimizer.Validate();
        if (!float.IsFinite((float)PeakLearningRate))
            throw new RecipeException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"The learning rate {Optimizer.LearningRate} for batches of {BaseBatchSize} isn't finite at batch size {BatchSize}. Use ") +
                "a lower rate.");
        Clipping.Validate();
        Schedule.Validate();
        EarlyStopping?.Validate();
    }
}
