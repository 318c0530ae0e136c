using Convolve.Data;
using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Training;
using Convolve.Training.Batches;

namespace Convolve.Tests.Training;

/// <summary>Training in shards: what comes of it depends on their number alone.</summary>
public sealed class ShardsTests
{
    // 120 images: a last batch of 3 for 16 images leaves one of the shards without images.
    private static Recipe RecipeOf(Precision precision, int threads) => TrainingData.Recipe with
    {
        Epochs = 2,
        BatchSize = 13,
        Shards = 4,
        Threads = threads,
        Precision = precision,
        AverageDecay = 0.9f,
        Clipping = new(Norm: 0.5f),
        Transforms = TransformList.Parse("horizontal-flip,mixup"),
    };

    [Theory, MemberData(nameof(SharesTests.Networks), MemberType = typeof(SharesTests))]
    public void Any_number_of_threads_gives_the_same_bits(string network, Precision precision)
    {
        Dictionary<string, float[]> one = Train(network, RecipeOf(precision, 1));
        foreach (int threads in new[] { 2, 3, 5 })
            foreach (var (name, values) in Train(network, RecipeOf(precision, threads)))
                Assert.True(values.AsSpan().SequenceEqual(one[name]), $"{name} with {threads} threads");
    }

    [Fact]
    public void Synchronized_batch_normalization_gives_the_same_bits_too() => RequireSameSynchronizedBits(Precision.Float32);

    [NeedsFact(Feature.BFloat16)]
    public void Synchronized_batch_normalization_gives_the_same_bits_in_bfloat16() => RequireSameSynchronizedBits(Precision.BFloat16);

    private static void RequireSameSynchronizedBits(Precision precision)
    {
        const string network = "blocks";
        Dictionary<string, float[]> one = Train(network, RecipeOf(precision, 1) with { SyncBatchNorm = true });
        foreach (int threads in new[] { 2, 5 })
            foreach (var (name, values) in Train(network, RecipeOf(precision, threads) with { SyncBatchNorm = true }))
                Assert.True(values.AsSpan().SequenceEqual(one[name]), $"{name} with {threads} threads");
    }

    // Of 29 images: shards of different sizes. Their means, each in its share, are the mean of all.
    [Theory]
    [InlineData("lanes", false)]
    [InlineData("blocks", true)]
    public void Shards_have_the_gradients_of_the_whole_batch(string network, bool isSynchronized)
    {
        Recipe recipe = TrainingData.Recipe with { BatchSize = 29, Threads = 2, Precision = Precision.Float32 };
        Dictionary<string, float[]> whole = StepGradients(network, recipe, out double loss);
        foreach (int shards in new[] { 2, 3, 7, 29 })
        {
            Dictionary<string, float[]> sharded = StepGradients(network,
                recipe with { Shards = shards, SyncBatchNorm = isSynchronized }, out double shardedLoss);
            Assert.Equal(loss, shardedLoss, 1e-4);
            // In front of a batch normalization, the gradient of a bias is 0, and what is computed is rounding.
            foreach (var (name, expected) in whole.Where(p => !isSynchronized || p.Key != "conv1.bias"))
                Assert.True(Distance(expected, sharded[name]) < 2e-5, $"{name} in {shards} shards");
        }
    }

    [Fact]
    public void Class_weights_count_over_the_whole_batch()
    {
        Recipe recipe = TrainingData.Recipe with
        {
            BatchSize = 30,
            Precision = Precision.Float32,
            ClassWeights = ClassWeights.Parse("class 0=3,class 3=0.25"),
        };
        Dictionary<string, float[]> whole = StepGradients("lanes", recipe, out double loss);
        Dictionary<string, float[]> sharded = StepGradients("lanes", recipe with { Shards = 6 }, out double shardedLoss);
        Assert.Equal(loss, shardedLoss, 1e-4);
        Assert.All(whole, p => Assert.True(Distance(p.Value, sharded[p.Key]) < 2e-5, p.Key));
    }

    [Fact]
    public void Each_shard_has_statistics_of_its_own_and_the_running_ones_are_their_mean()
    {
        Recipe recipe = TrainingData.Recipe with { BatchSize = 24, Precision = Precision.Float32 };
        Graph graph = SharesTests.NetworkOf("blocks");
        using TrainingParts parts = TrainingParts.Begin(graph, TrainingData.Splits(), recipe with { Shards = 3 }).Parts;
        using TrainingParts alone = TrainingParts.Begin(graph, TrainingData.Splits(), recipe with { BatchSize = 8 }).Parts;
        string name = parts.Model.ParameterNames.First(n => n.EndsWith("running_mean", StringComparison.Ordinal));
        float[] mean = new float[32], expected = new float[32], start = new float[32];
        int[] batch = parts.Sampler.Batch(0, 0).ToArray();
        for (int shard = 0; shard < 3; shard++)
        {
            alone.Model.WriteParameter(name, start);
            ThreadTeam.Invoke(() => alone.Step(batch.AsSpan(shard * 8, 8), 0, 0, 0));
            alone.Model.ReadParameter(name, mean);
            for (int c = 0; c < 32; c++)
                expected[c] += mean[c] / 3;
        }
        ThreadTeam.Invoke(() => parts.Step(batch, 0, 0, 0));
        parts.Model.ReadParameter(name, mean);
        Assert.Contains(expected, x => Math.Abs(x) > 1e-3);
        for (int c = 0; c < 32; c++)
            Assert.Equal(expected[c], mean[c], 1e-6);
    }

    [Fact]
    public void A_run_resumes_with_another_number_of_threads_to_the_same_bits()
    {
        using TemporaryFolder folder = new();
        Recipe recipe = RecipeOf(Precision.Float32, 0) with { Epochs = 3 };
        Graph graph = SharesTests.NetworkOf("blocks");
        ThreadTeam.Resize(3);
        Dictionary<string, float[]> whole = Train("blocks", recipe);
        using CancellationTokenSource stop = new();
        string path = folder["run"];
        ThreadTeam.Resize(2);
        using (Trainer first = RunFolder.Begin(path, graph, TrainingData.Splits(), recipe, new() { EverySteps = 2 }))
            Assert.Throws<OperationCanceledException>(() => first.Fit(new StopAfter(stop, 1), stop.Token));
        ThreadTeam.Resize(1);
        using Trainer second = RunFolder.Open(path).Resume(TrainingData.Splits());
        second.Fit();
        Assert.All(Weights(second.Classifier.Model), p => Assert.True(p.Value.AsSpan().SequenceEqual(whole[p.Key]), p.Key));
    }

    [Fact]
    public void The_memory_figure_is_exact()
    {
        foreach (bool isSynchronized in new[] { false, true })
        {
            Recipe recipe = RecipeOf(Precision.Float32, 2) with { SyncBatchNorm = isSynchronized };
            DataSplits data = TrainingData.Splits();
            using Trainer trainer = new(SharesTests.NetworkOf("blocks"), data, recipe);
            Assert.Equal(Trainer.Estimate(SharesTests.NetworkOf("blocks"), data, recipe).TotalBytes, trainer.EstimatedMemoryBytes);
        }
    }

    [Theory]
    [InlineData(0, null, false, "The number of shards must be at least 1 and at most the batch size, 16, got 0.")]
    [InlineData(17, null, false, "The number of shards must be at least 1 and at most the batch size, 16, got 17.")]
    [InlineData(4, 4, false, "A batch is computed either in parts of a given size or in shards, not both.")]
    [InlineData(1, null, true, "Batch normalization is synchronized between shards, but there is only one.")]
    [InlineData(2, null, true, "small has no batch normalization to synchronize.")]
    public void What_makes_no_sense_is_refused(int shards, int? part, bool isSynchronized, string message)
    {
        Recipe recipe = TrainingData.Recipe with { Shards = shards, MicroBatchSize = part, SyncBatchNorm = isSynchronized };
        RecipeException error = Assert.Throws<RecipeException>(() => new Trainer(TrainingData.Network, TrainingData.Splits(), recipe));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_of_one_image_cannot_be_normalized_one_by_one()
    {
        Graph graph = Graph.Sequential("vectors", (1, TrainingData.Side, TrainingData.Side),
            [new Flatten(), new Linear(8), new BatchNorm1d(), new Linear(TrainingData.Classes)]);
        Recipe recipe = TrainingData.Recipe with { BatchSize = 4, Shards = 4 };
        RecipeException error = Assert.Throws<RecipeException>(() => new Trainer(graph, TrainingData.Splits(), recipe));
        Assert.Contains("The shards of a batch have 1 image", error.Message, StringComparison.Ordinal);
        using Trainer synchronized = new(graph, TrainingData.Splits(), recipe with { SyncBatchNorm = true });
        synchronized.Fit();
    }

    // Rate 0 leaves the gradients of a step, and no update.
    private static Dictionary<string, float[]> StepGradients(string network, Recipe recipe, out double loss)
    {
        using TrainingParts parts = TrainingParts.Begin(SharesTests.NetworkOf(network).WithoutDropout(), TrainingData.Splits(),
            recipe).Parts;
        StepResult done = default;
        ThreadTeam.Invoke(() => done = parts.Step(parts.Sampler.Batch(0, 0), 0, 0, 0));
        loss = done.LossSum;
        Dictionary<string, float[]> gradients = [];
        foreach (ParameterSlot slot in parts.Model.Store.Plan.Slots.Where(s => s.IsLearned))
            parts.Model.ReadGradient(slot.Name, gradients[slot.Name] = new float[slot.Spec.Count]);
        return gradients;
    }

    private static double Distance(float[] expected, float[] actual) => Math.Sqrt(expected.Zip(actual, (a, b) => (double)(a - b) * (a - b))
        .Sum() / Math.Max(1e-12, expected.Sum(a => (double)a * a)));

    private sealed class StopAfter(CancellationTokenSource stop, int epochs) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value is EpochProgress { Epoch: var epoch } && epoch == epochs)
                stop.Cancel();
        }
    }

    private static Dictionary<string, float[]> Train(string network, Recipe recipe)
    {
        using Trainer trainer = new(SharesTests.NetworkOf(network), TrainingData.Splits(), recipe);
        trainer.Fit();
        return Weights(trainer.Classifier.Model);
    }

    private static Dictionary<string, float[]> Weights(Model model)
    {
        Dictionary<string, float[]> weights = [];
        foreach (ParameterSlot slot in model.Store.Plan.Slots)
            model.ReadParameter(slot.Name, weights[slot.Name] = new float[slot.Spec.Count]);
        return weights;
    }
}
