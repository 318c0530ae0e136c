using System.Globalization;
using System.Text.Json;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Kernels;
using Convolve.Kernels.Threads;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Training.Optimizers;
using Convolve.Zoo;

namespace Convolve.Bench.Memory;

/// <summary>The memory of one network at one batch size, as estimated and as this process grew by: two steps on noise and a test.</summary>
internal sealed record MemoryCase(string Network, int BatchSize, Precision Precision, bool IsTraining)
{
    private const int Classes = 10, Batches = 2;

    public MemoryBudget? Estimate { get; init; }

    /// <summary>How much larger the process was at its largest than just before the network was planned.</summary>
    public long GrowthBytes { get; init; }

    /// <summary>Of the whole process.</summary>
    public long PeakBytes { get; init; }

    public string Library { get; init; } = "";

    public string ToJson() => JsonSerializer.Serialize(this, Sample.Json);

    public static MemoryCase Take(Arguments arguments)
    {
        MemoryCase one = new(arguments.Word("the network"), arguments.Count("--batch-size", 32),
            arguments.OneOf("--precision", "f32", "bf16") == "bf16" ? Precision.BFloat16 : Precision.Float32,
            !arguments.Flag("--inference"));
        arguments.End();
        return one;
    }

    /// <summary>The words that <see cref="Take"/> understands.</summary>
    public IEnumerable<string> Words =>
    [
        "memory-case", Network, "--batch-size", BatchSize.ToString(CultureInfo.InvariantCulture), "--precision", PrecisionWord,
        .. IsTraining ? (string[])[] : ["--inference"],
    ];

    public string PrecisionWord => Precision == Precision.BFloat16 ? "bf16" : "f32";

    /// <summary>What the plans of the case need, without running it.</summary>
    public MemoryEstimate Planned()
    {
        Graph graph = NetworkCatalog.Create(Network, Classes);
        Plan plan = Model.PlanFor(graph, new() { Precision = Precision }, BatchSize, IsTraining);
        return MemoryEstimate.Of([plan], IsTraining ? 1 : 0);
    }

    /// <summary>Why there is no such run; null if there is.</summary>
    public string? Refusal()
    {
        try
        {
            if (IsTraining)
                RecipePasses.RequireSeveralValues(NetworkCatalog.Create(Network, Classes),
                    new() { Network = Network, Dataset = "noise", BatchSize = BatchSize }, BatchSize);
            return null;
        }
        catch (RecipeException)
        {
            return "batch normalization over one value";
        }
    }

    public MemoryCase Run()
    {
        Graph graph = NetworkCatalog.Create(Network, Classes);
        DataSplits data = Noise(new(graph.Input.Channels, graph.Input.Height, graph.Input.Width), BatchSize);
        Recipe recipe = new()
        {
            Network = Network,
            Dataset = "noise",
            Epochs = 1,
            BatchSize = BatchSize,
            Optimizer = new Sgd { LearningRate = 1e-6f, Momentum = 0.9f },
            Precision = Precision,
            ValidationFraction = 0,
        };
        return IsTraining ? Train(graph, data, recipe) : Evaluate(graph, data, recipe);
    }

    private MemoryCase Train(Graph graph, DataSplits data, Recipe recipe)
    {
        using Trainer trainer = new(graph, data, recipe);
        MemoryBudget estimate = trainer.MemoryBudget;
        TrainingResult result = trainer.Fit();
        return this with
        {
            Estimate = estimate,
            GrowthBytes = result.MeasuredMemoryBytes,
            PeakBytes = result.PeakMemoryBytes,
            Library = Machine.KernelLibraryName,
        };
    }

    private MemoryCase Evaluate(Graph graph, DataSplits data, Recipe recipe)
    {
        ImagePipeline pipeline = new(Preprocessing.Fit(data.Train, new(graph.Input.Channels, graph.Input.Height, graph.Input.Width),
            recipe.Normalization, recipe.Transforms), graph.Input.Channels);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        Machine.ForgetPeakMemory();
        long before = Machine.ProcessMemory.Resident;
        using Model model = new(graph, new() { Precision = Precision }, seed: 1);
        using Evaluator evaluator = new(model, data.Train, pipeline, BatchSize);
        MemoryBudget estimate = RunMemory.OfEvaluation(model.MemoryBytes, graph, data.Train.Count) with { ProcessBytes = before };
        ThreadTeam.Invoke(() => evaluator.Run(null, default));
        long peak = Machine.ProcessMemory.Peak;
        return this with { Estimate = estimate, GrowthBytes = peak - before, PeakBytes = peak, Library = Machine.KernelLibraryName };
    }

    private static DataSplits Noise(ImageSize size, int batch)
    {
        int count = Batches * batch;
        CounterRandom random = new(1, RandomPurpose.Test);
        byte[] pixels = new byte[count * size.Length], labels = new byte[count];
        foreach (ref byte pixel in pixels.AsSpan())
            pixel = (byte)random.NextUInt32();
        for (int i = 0; i < count; i++)
            labels[i] = (byte)(i % Classes);
        MemoryDataset noise = new("noise", size, pixels, labels, [.. Enumerable.Range(0, Classes).Select(i => $"class {i}")]);
        Split Of(string split, int images) => new(split, noise, [.. Enumerable.Range(0, images)]);
        return new(Of("train", count), Of("validation", 0), Of("test", batch));
    }
}
