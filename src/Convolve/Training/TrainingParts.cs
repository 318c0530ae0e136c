using System.Diagnostics;
using Convolve.Data;
using Convolve.Data.Caching;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Kernels.Parameters;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Training.Batches;
using Convolve.Training.Optimizers;
using Convolve.Training.Profiles;

namespace Convolve.Training;

/// <summary>What a run computes with, planned once: the model, its optimizer, and the ways of each split into it.</summary>
internal sealed partial class TrainingParts : IDisposable
{
    private PictureFiller? _filler;

    /// <exception cref="NetworkException">The network and the data don't fit together.</exception>
    /// <exception cref="DatasetException">A split is empty, or the channels or the transforms do not fit.</exception>
    /// <exception cref="RecipeException">A batch normalization would see one value per channel at a time.</exception>
    public TrainingParts(Graph graph, DataSplits data, Recipe recipe, IGradientExchange? exchange = null)
    {
        RequireRanks(recipe, exchange);
        if (recipe.Initialization is not null)
            graph = graph.WithInitialization(recipe.Initialization);
        if (recipe.ModelParallel > 1)
            graph = NetworkParts.Whole(graph, recipe.ModelParallel);
        Dataset images = data.Train.Dataset;
        if (graph.Output != Shape.Vector(images.ClassNames.Count))
            throw new NetworkException(
                $"The network {graph.Name} has {graph.Output} outputs, but {images.Name} has {images.ClassNames.Count} classes. Create " +
                $"the network with {images.ClassNames.Count} classes.");
        if (recipe.SyncBatchNorm && !graph.Nodes.Any(n => n.Layer is BatchNorm))
            throw new RecipeException($"{graph.Name} has no batch normalization to synchronize. Leave that out.")
            {
                Remedy = Remedy.SyncBatchNorm,
            };
        RecipePasses.RequireSeveralValues(graph, recipe, recipe.SyncBatchNorm ? Math.Clamp(data.Train.Count, 1, recipe.BatchSize)
            : RecipePasses.PassSizes(recipe, data.Train.Count).Max());
        // What loading left behind would stand in the memory of the whole run.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        Machine.ForgetPeakMemory();
        ResidentBefore = Machine.ProcessMemory.Resident;
        ImageSize input = new(graph.Input.Channels, graph.Input.Height, graph.Input.Width);
        // Sizes are checked before anything is measured or made.
        TransformList transforms = recipe.Transforms.For(data.Train, input);
        recipe = recipe with { Transforms = recipe.Transforms.Fit(data.Train) };
        (Graph, Data, Recipe, Exchange) = (graph, data, recipe, exchange);
        Preprocessing = Preprocessing.Fit(data.Train, input, recipe.Normalization, recipe.Transforms);
        ImagePipeline pipeline = new(Preprocessing, images.Channels);
        Augmentation? augmentation = transforms.Count == 0 ? null : new(recipe.Transforms.For(data.Train, input), pipeline, recipe.Seed);
        int batch = Math.Clamp(data.Train.Count, 1, recipe.BatchSize);
        Sampler = new(data.Train, batch, recipe.Seed, shuffle: true);
        MicroBatchSize = RecipePasses.MicroBatchSizeOf(recipe, batch);
        ClassWeights = recipe.ClassWeights.For(data.Train);
        ExecutionOptions options = RecipePasses.OptionsOf(recipe, graph) with { ClassWeights = ClassWeights };
        if (recipe.ModelParallel > 1)
            Agreement = new(exchange!);
        Model = new(ComputedOf(graph, recipe), options with { Exchange = Agreement is null ? null : exchange }, MicroBatchSize,
            recipe.Seed);
        try
        {
            Optimizer = new(Model, recipe.Optimizer, recipe.Clipping, recipe.LayerRates, Agreement is null ? null : Agreement.JoinNorms);
            Pictures = PictureCaches.Of(data, recipe.Transforms, input);
            BatchLoader CreateLoader() => new(images, pipeline, MicroBatchSize, augmentation, recipe.Seed, Pictures.Training);
            Loader = CreateLoader();
            if (recipe.Shards > 1)
                Shards = new(Model, new(recipe.Shards, exchange?.Ranks ?? 1), batch, CreateLoader, recipe.SyncBatchNorm, exchange);
            foreach (int size in RecipePasses.PassSizes(recipe, data.Train.Count))
                Prepare(size);
            if (MicroBatchSize < batch && Shards is null)
                GradientSum = new(Model.Store.Gradients, Model.Store.Plan.RangesOf(slot => slot.IsLearned));
            if (recipe.AverageDecay > 0)
                Average = new(Model, recipe.AverageDecay);
            if (Agreement is not null)
                Whole = new(graph, options, recipe.Seed, Model, Optimizer, Average, exchange!);
            Evaluator EvaluatorOf(Split split, PictureCache? cache) =>
                new(Model, split, pipeline, MicroBatchSize, cache, Shards is null ? null : new(Model, Shards.Passes, exchange),
                    Agreement is null ? null : Agreement.HoldsAnywhere);
            Validation = data.Validation.Count > 0 ? EvaluatorOf(data.Validation, Pictures.Validation) : null;
            Test = EvaluatorOf(data.Test, Pictures.Test);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Graph Graph { get; }

    public DataSplits Data { get; }

    /// <summary>What was asked, with what its transforms have learned from the training split.</summary>
    public Recipe Recipe { get; }

    public Preprocessing Preprocessing { get; }

    public BatchSampler Sampler { get; }

    public Model Model { get; }

    public Optimizer Optimizer { get; }

    public BatchLoader Loader { get; }

    /// <summary>What is kept of the images.</summary>
    public PictureCaches Pictures { get; }

    /// <summary>How much each class counts in the loss; null for the same throughout.</summary>
    public float[]? ClassWeights { get; }

    /// <summary>Images of one pass; the whole batch unless it is computed in parts.</summary>
    public int MicroBatchSize { get; }

    /// <summary>Adds up the gradients of the parts of a batch; null where batches are whole.</summary>
    public GradientSumKernel? GradientSum { get; }

    /// <summary>Connects the processes of the run; null for one.</summary>
    public IGradientExchange? Exchange { get; }

    /// <summary>Computes batches in shards; null where the team computes them together.</summary>
    public ShardedBatch? Shards { get; }

    /// <summary>The running mean of the weights; null where there is none.</summary>
    public WeightAverage? Average { get; }

    /// <summary>
    /// Memory in addition to the program and the data: weights, gradients, optimizer state, copies, activations, kept pictures.
    /// </summary>
    public long MemoryBytes => Model.MemoryBytes + Optimizer.MemoryBytes + (GradientSum?.MemoryBytes ?? 0) + (Average?.MemoryBytes ?? 0)
        + (Shards?.Passes.MemoryBytes ?? 0) + Pictures.MemoryBytes + (Exchange?.MemoryBytes ?? 0) + (Whole?.MemoryBytes ?? 0);

    /// <summary>What measures; null for nothing.</summary>
    public TrainingProfile? Profile { get; set; }

    /// <summary>Null where the validation split is empty.</summary>
    public Evaluator? Validation { get; }

    public Evaluator Test { get; }

    /// <summary>The classifier in its current state.</summary>
    public Classifier Classifier => ClassifierOf(null);

    /// <summary>The network as it is now, with what a model file says of it.</summary>
    /// <param name="epoch">The epoch whose weights it has; null where that does not matter.</param>
    public Classifier ClassifierOf(int? epoch) => new(KeptModel, Preprocessing, epoch: epoch) { TrainingTransforms = Recipe.Transforms };

    /// <summary>Resident memory just before the run was planned.</summary>
    public long ResidentBefore { get; }

    /// <summary>Plans a new run, and takes the weights that its recipe starts from.</summary>
    public static (TrainingParts Parts, WeightTransfer? Transfer) Begin(Graph graph, DataSplits data, Recipe recipe,
        IGradientExchange? exchange = null)
    {
        recipe.Validate();
        TrainingParts parts = new(graph, data,
            recipe with { StartDigest = recipe.StartFrom is { } source ? WeightTransfer.DigestOf(source) : null }, exchange);
        try
        {
            return (parts, parts.Start());
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A step of training: forward, backward and update over a batch, in parts where the recipe says so; on the executor thread.
    /// </summary>
    /// <param name="batch">The images.</param>
    /// <param name="epoch">Of the run, from 0.</param>
    /// <param name="step">Of the run, from 0.</param>
    /// <param name="rate">The learning rate.</param>
    public StepResult Step(ReadOnlySpan<int> batch, int epoch, uint step, float rate)
    {
        double loss = 0, weights = WeightOf(batch);
        int correct = 0;
        TimeSpan waited = default;
        Profile?.BeginStep();
        long begun = Stopwatch.GetTimestamp(), sent = Exchange?.SentBytes ?? 0;
        Agreement?.Begin();
        Whole?.Invalidate();
        if (Shards is not null)
        {
            Shards.Profile = Profile;
            (loss, correct, waited) = Shards.Run(batch, epoch, step, weights);
        }
        else
            (loss, correct, waited) = Pass(batch, epoch, step, weights);
        Agreement?.End(Stopwatch.GetElapsedTime(begun));
        CountSent(sent);
        if (!double.IsFinite(loss))
            return new(loss, correct, waited); // without an update, so that what is wrong can be found
        long computed = Stopwatch.GetTimestamp();
        Optimizer.Step(rate);
        Average?.Add(Optimizer.Steps);
        Profile?.Add(ProfilePart.Update, computed, Stopwatch.GetTimestamp());
        Profile?.EndStep();
        return new(loss / weights * batch.Length, correct, waited) { LeftFiniteWeights = Optimizer.LeftFiniteWeights };
    }

    // Forward and backward with the whole team, in parts where the recipe says so.
    private (double Loss, int Correct, TimeSpan Wait) Pass(ReadOnlySpan<int> batch, int epoch, uint step, double weights)
    {
        double loss = 0;
        int correct = 0;
        long wait = 0;
        for (int first = 0; first < batch.Length; first += MicroBatchSize)
        {
            ReadOnlySpan<int> part = batch.Slice(first, Math.Min(MicroBatchSize, batch.Length - first));
            Executor pass = Model.Training(part.Length);
            pass.Observer = Profile;
            long before = Stopwatch.GetTimestamp();
            Loader.Load(part, pass, epoch, step);
            long loaded = Stopwatch.GetTimestamp();
            wait += loaded - before;
            Profile?.Add(ProfilePart.Loading, before, loaded);
            pass.Run(step, first);
            GradientSum?.Add((float)(pass.WeightSum / weights), isFirst: first == 0, isLast: first + part.Length == batch.Length);
            correct += pass.Correct;
            foreach (float image in pass.Losses)
                loss += image;
        }
        return (loss, correct, Stopwatch.GetElapsedTime(0, wait));
    }

    // Passes are planned, and their memory is there, before the run begins.
    private void Prepare(int size)
    {
        if (Shards is null)
            Model.Training(size);
        else
            ThreadTeam.Invoke(() => Shards.Prepare(size));
    }

    /// <summary>Begins to decode the images in the order in which an epoch needs them, while steps are computed.</summary>
    /// <param name="epoch">Of the run, from 0.</param>
    /// <param name="step">The next step of the epoch, from 0.</param>
    public void PreparePictures(int epoch, int step)
    {
        if (Pictures.Training is not { } cache || _filler is not null)
            return;
        ReadOnlySpan<int> order = Sampler.Order(epoch);
        int first = Math.Min(step * Sampler.BatchSize, order.Length);
        _filler = new(cache, [.. order[first..], .. order[..first]], Machine.Threads);
    }

    // What the losses of a batch are divided by. Mixtures count by their shares, and PyTorch divides them by the number of images.
    private double WeightOf(ReadOnlySpan<int> batch)
    {
        if (ClassWeights is null || Loader.IsMixing)
            return batch.Length;
        double sum = 0;
        foreach (int image in batch)
            sum += ClassWeights[Data.Train.Dataset.LabelOf(image)];
        return sum;
    }

    /// <summary>
    /// Where the first number that isn't finite is: in the weights, or in what a layer makes of a batch; null where all are finite. On the
    /// executor thread.
    /// </summary>
    /// <param name="batch">The images.</param>
    /// <param name="epoch">Of the run, from 0.</param>
    /// <param name="step">Of the run, from 0.</param>
    public string? FirstNonFinite(ReadOnlySpan<int> batch, int epoch, uint step)
    {
        // Running statistics follow from what layers make of the batch.
        string? place = Model.Store.FirstNonFinite(Model.Store.Weights, learnedOnly: true);
        // The other ranks don't come here, or stop at another layer.
        int first = Agreement is null ? 0 : batch.Length;
        for (int i = 0; first < batch.Length && place is null; i++)
        {
            int end = Shards is null ? Math.Min(first + MicroBatchSize, batch.Length)
                : ShardedBatch.FirstOf(batch.Length, i + 1, Shards.Tree.Shards);
            if (end == first)
                continue;
            ReadOnlySpan<int> part = batch[first..end];
            Executor pass = Model.Training(part.Length);
            Loader.Load(part, pass, epoch, step);
            place = pass.FirstNonFinite(step, first) is { } layer ? $"the output of {layer}" : null;
            first = end;
        }
        return place;
    }

    /// <summary>
    /// Refuses to save weights that aren't all finite. Every update looks at what it changes; this sees running statistics and means of the
    /// weights as well.
    /// </summary>
    /// <exception cref="TrainingException">They aren't.</exception>
    public void RequireFinite(int epoch)
    {
        string? bad = Model.Store.FirstNonFinite(Model.Store.Weights)
            ?? (Average is not null && Model.Store.FirstNonFinite(Average.Arena) is { } mean ? $"the moving average of {mean}" : null);
        if (bad is not null)
            throw new TrainingException(
                $"The weights {(epoch > 0 ? $"of epoch {epoch}" : "within epoch 1")} aren't saved, because they aren't all finite: " +
                $"{bad}. Try a learning rate 10x lower, or a warm-up.");
    }

    public void Dispose()
    {
        _filler?.Dispose();
        Test?.Dispose();
        Validation?.Dispose();
        Loader?.Dispose();
        Average?.Dispose();
        GradientSum?.Dispose();
        Shards?.Dispose();
        Whole?.Dispose();
        Optimizer?.Dispose();
        Model.Dispose();
    }
}
