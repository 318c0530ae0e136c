using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Training;

/// <summary>What a run computes with, planned once: the model, its optimizer, and the ways of each split into it.</summary>
internal sealed class TrainingParts : IDisposable
{
    /// <exception cref="NetworkException">Network and data do not go together.</exception>
    /// <exception cref="DataException">A split is empty, or the channels or the transforms do not fit.</exception>
    public TrainingParts(Graph graph, DataSplits data, Recipe recipe)
    {
        if (recipe.Initialization is not null)
            graph = graph.WithInitialization(recipe.Initialization);
        Dataset images = data.Train.Dataset;
        if (graph.Output != Shape.Vector(images.ClassNames.Count))
            throw new NetworkException($"The network {graph.Name} gives {graph.Output} outputs, and {images.Name} has {images.ClassNames.Count} classes. Make the network with {images.ClassNames.Count} classes.");
        // What loading left behind would stand in the memory of the whole run.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        Machine.ForgetPeakMemory();
        ResidentBefore = Machine.ProcessMemory.Resident;
        ImageSize input = new(graph.Input.Channels, graph.Input.Height, graph.Input.Width);
        // Sizes are checked before anything is measured or made.
        TransformList transforms = recipe.Transforms.For(data.Train, input);
        recipe = recipe with { Transforms = recipe.Transforms.Fit(data.Train) };
        (Graph, Data, Recipe) = (graph, data, recipe);
        Preprocessing = Preprocessing.Fit(data.Train, input, recipe.Normalization, recipe.Transforms);
        ImagePipeline pipeline = new(Preprocessing, images.Channels);
        Augmentation? augmentation = transforms.Count == 0 ? null : new(recipe.Transforms.For(data.Train, input), pipeline, recipe.Seed);
        int batch = Math.Clamp(data.Train.Count, 1, recipe.BatchSize);
        Sampler = new(data.Train, batch, recipe.Seed, shuffle: true);
        Model = new(graph, OptionsOf(recipe), batch, recipe.Seed);
        try
        {
            Optimizer = new(Model, recipe.Optimizer);
            Loader = new(images, pipeline, batch, augmentation, recipe.Seed);
            if (data.Train.Count % batch != 0)
                Model.Training(data.Train.Count % batch);
            Validation = data.Validation.Count > 0 ? new(Model, data.Validation, pipeline, batch) : null;
            Test = new(Model, data.Test, pipeline, batch);
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

    /// <summary>Null where the validation split is empty.</summary>
    public Evaluator? Validation { get; }

    public Evaluator Test { get; }

    /// <summary>The classifier as it stands.</summary>
    public Classifier Classifier => new(Model, Preprocessing);

    /// <summary>Resident memory just before the run was planned.</summary>
    public long ResidentBefore { get; }

    public static ExecutionOptions OptionsOf(Recipe recipe) => new()
    {
        Precision = recipe.Precision,
        Exact = recipe.Exact,
        Threads = recipe.Threads,
        LabelSmoothing = recipe.LabelSmoothing,
    };

    public void Dispose()
    {
        Test?.Dispose();
        Validation?.Dispose();
        Loader?.Dispose();
        Optimizer?.Dispose();
        Model.Dispose();
    }
}
