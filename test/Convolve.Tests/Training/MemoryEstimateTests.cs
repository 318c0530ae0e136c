using Convolve.Data;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

/// <summary>What a run is said to need before anything is taken is what it then takes.</summary>
public class MemoryEstimateTests
{
    [Theory]
    [InlineData(40, 0.9f, 0.1)] // batches of 40, 40 and 10 of 90; validation of 10, test of 40, 10
    [InlineData(30, 0f, 0.1)]
    [InlineData(1000, 0.9f, 0)]
    public void IsWhatTheTrainerTakes(int batchSize, float momentum, double validation)
    {
        Graph graph = Graph.Sequential("small", (1, 12, 12),
        [
            new Conv2d(40, 3, padding: 1), new ReLU(), new Conv2d(40, 3, padding: 1), new ReLU(), new MaxPool2d(2),
            new Flatten(), new Linear(70), new Dropout(0.5f), new Linear(3),
        ]);
        DataSplits data = DataSplits.Create(Images(100), Images(50), validation);
        Recipe recipe = new()
        {
            Network = "small",
            Dataset = "noise",
            BatchSize = batchSize,
            Optimizer = new Sgd { LearningRate = 0.01f, Momentum = momentum },
            Precision = Precision.Float32,
        };
        MemoryEstimate estimate = Trainer.Estimate(graph, data, recipe);
        using Trainer trainer = new(graph, data, recipe);
        Assert.Equal(trainer.EstimatedMemoryBytes, estimate.TotalBytes);
        Assert.Equal(momentum == 0 ? 0 : estimate.WeightBytes, estimate.OptimizerBytes);
        Assert.Equal(estimate.WeightBytes, estimate.GradientBytes);
        // layouts may pad channels
        Assert.InRange(estimate.WeightBytes, graph.ParameterCount * sizeof(float), 2 * graph.ParameterCount * sizeof(float));
    }

    [Theory]
    [InlineData(4, 1, 0)]
    [InlineData(4, 2, 1 / 2.0)] // half of the other's sum
    [InlineData(4, 4, 3 / 4.0)]
    [InlineData(5, 3, 3 / 3.0)] // the subtrees are 0; 1 and 2; 3 and 4 together: who holds one gets a third of the other three
    public void RanksNeedTheirSliceOfWhatOthersHold(int shards, int ranks, double gradients)
    {
        Graph graph = Graph.Sequential("small", (1, 12, 12), [new Conv2d(8, 3), new ReLU(), new Flatten(), new Linear(3)]);
        DataSplits data = DataSplits.Create(Images(100), Images(50), 0.1);
        Recipe recipe = new() { Network = "small", Dataset = "noise", BatchSize = 20, Shards = shards, Precision = Precision.Float32 };
        MemoryEstimate estimate = Trainer.Estimate(graph, data, recipe, ranks);
        Assert.Equal(Math.Round(gradients * estimate.WeightBytes), estimate.ExchangeBytes, 8.0);
    }

    [Fact]
    public void InferenceNeedsNeitherGradientsNorVelocities()
    {
        Graph graph = Graph.Sequential("small", (1, 12, 12), [new Conv2d(8, 3), new ReLU(), new Flatten(), new Linear(3)]);
        MemoryEstimate estimate = MemoryEstimate.Of([Planner.Create(graph, new(16, false, Precision.Float32, false, 1))]);
        Assert.Equal((0, 0), (estimate.GradientBytes, estimate.OptimizerBytes));
        Assert.InRange(estimate.ActivationBytes, 16 * 144 * sizeof(float), long.MaxValue);
    }

    private static Dataset Images(int count) => new MemoryDataset("noise", new(1, 12, 12), new byte[count * 144],
        [.. Enumerable.Range(0, count).Select(i => (byte)(i % 3))], ["a", "b", "c"]);
}
