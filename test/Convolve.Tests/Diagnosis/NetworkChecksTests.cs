using Convolve.Diagnosis;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Diagnosis;

/// <summary>What the doctor sees in networks and recipes alone.</summary>
public sealed class NetworkChecksTests
{
    private static readonly Recipe Recipe = new() { Network = "n", Dataset = "d", Epochs = 10, BatchSize = 32 };

    [Fact]
    public void A_sound_network_has_no_findings()
    {
        Assert.Empty(NetworkChecks.All(Net(new Conv2d(8, 3), new BatchNorm2d(), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(32),
            new ReLU(), new Dropout(0.5f), new Linear(10)), Recipe, 1000));
        Assert.Empty(NetworkChecks.All(Net(new Flatten(), new Linear(10), new Softmax()), Recipe, 1000));
    }

    [Fact]
    public void Each_fault_of_a_network_is_named()
    {
        Is(Fault.OutputActivation, Net(new Flatten(), new Linear(10), new ReLU()));
        Is(Fault.OutputActivation, Net(new Flatten(), new Linear(10), new Sigmoid(), new Softmax()));
        Is(Fault.OutputActivation, Net(new Flatten(), new Linear(10), new Dropout(0.2f)));
        Is(Fault.InnerSoftmax, Net(new Flatten(), new Linear(10), new Softmax(), new Softmax()));
        Is(Fault.MissingActivation, Net(new Flatten(), new Linear(20), new Dropout(0.1f), new Linear(10)));
        Is(Fault.MissingActivation, Net(new Conv2d(4, 3), new AvgPool2d(2), new Conv2d(4, 3), new ReLU(), new Flatten(), new Linear(10)));
        Is(Fault.DoubleActivation, Net(new Conv2d(4, 3), new ReLU(), new ReLU(), new Flatten(), new Linear(10)));
        Is(Fault.TooMuchPooling, Net(new Conv2d(4, 3, padding: 1), new ReLU(), new MaxPool2d(28), new Conv2d(4, 3, padding: 1), new ReLU(),
            new Flatten(), new Linear(10)));
        Is(Fault.TooMuchPooling, Net(new Conv2d(4, 3, padding: 1), new ReLU(), new MaxPool2d(8), new Flatten(), new Linear(10)));
        Is(Fault.SkippedPixels, Net(new Conv2d(4, 2, stride: 5), new ReLU(), new Flatten(), new Linear(10)));
        Is(Fault.SkippedPixels, Net(new Conv2d(4, 1, stride: 3), new ReLU(), new Flatten(), new Linear(10)));
        Is(Fault.Bottleneck, Net(new Flatten(), new Linear(2), new ReLU(), new Linear(10)));
        Is(Fault.DropoutTooHigh, Net(new Flatten(), new Linear(20), new ReLU(), new Dropout(0.95f), new Linear(10)));
        Is(Fault.BatchNormMomentum, Net(new Conv2d(4, 3), new BatchNorm2d(momentum: 0.0001f), new ReLU(), new Flatten(), new Linear(10)));
        Is(Fault.BatchNormBatch, Net(new Conv2d(4, 3), new BatchNorm2d(), new ReLU(), new Flatten(), new Linear(10)),
            Recipe with { BatchSize = 1 });
        Is(Fault.ConstantWeights, Net(new Flatten(), new Linear(20), new ReLU(), new Linear(10)).WithInitialization("constant(0.1)"));
        Is(Fault.FrozenLayers, Net(new Conv2d(4, 3), new ReLU(), new Flatten(), new Linear(10)),
            Recipe with { LayerRates = LayerRates.Parse("conv1") });
        Is(Fault.FrozenLayers, Net(new Conv2d(4, 3), new ReLU(), new Flatten(), new Linear(10)),
            Recipe with { LayerRates = LayerRates.Parse("conv1=0.000001") });
    }

    [Fact]
    public void What_only_looks_like_a_fault_is_none()
    {
        // Frozen because it is trained already; factors of one convolution; a shortcut's stride; a last layer that starts at 0.
        Graph net = Net(new Conv2d(4, 3), new ReLU(), new Flatten(), new Linear(10));
        Assert.Null(NetworkChecks.FrozenLayers(net, Recipe with { LayerRates = LayerRates.Parse("conv1"), StartFrom = "run" }));
        Assert.Null(NetworkChecks.MissingActivation(Net(new Conv2d(4, 1), new ReLU(), new Conv2d(4, 3, groups: 4), new Conv2d(8, 1),
            new ReLU(), new Flatten(), new Linear(10))));
        Assert.Null(NetworkChecks.MissingActivation(Net(new Conv2d(4, (1, 3)), new Conv2d(4, (3, 1)), new ReLU(), new Flatten(),
            new Linear(10))));
        GraphBuilder block = new("block", (1, 28, 28));
        var sum = block.Add(new Add(), block.Add(new Conv2d(4, 3, stride: 2, padding: 1), block.Input),
            block.Add(new Conv2d(4, 1, stride: 2), block.Input));
        Graph shortcut = block.Build(block.Chain(sum, new ReLU(), new Flatten(), new Linear(10)));
        Assert.Null(NetworkChecks.SkippedPixels(shortcut));
        Linear zero = new(10) { Initialization = new(new Constant(0), new Constant(0)) };
        Assert.Null(NetworkChecks.ConstantWeights(Net(new Flatten(), new Linear(20), new ReLU(), zero), Recipe));
        // Two updates are too few for any momentum; for one of 0, any number is.
        Assert.Null(NetworkChecks.BatchNormMomentum(Normalized(0.1f), 2));
        Assert.Equal(Fault.BatchNormMomentum, NetworkChecks.BatchNormMomentum(Normalized(0), 2)?.Fault);

        static Graph Normalized(float momentum) =>
            Net(new Conv2d(4, 3), new BatchNorm2d(momentum: momentum), new ReLU(), new Flatten(), new Linear(10));
    }

    [Fact]
    public void Recipes_that_do_nothing_for_most_of_a_run_are_named()
    {
        Recipe fast = Recipe with { Schedule = new() { Kind = ScheduleKind.Exponential, Factor = 0.01 } };
        Assert.Equal(Fault.ScheduleDecay, RecipeChecks.ScheduleDecay(fast, 1000)?.Fault);
        Assert.Equal(Fault.ScheduleDecay, RecipeChecks.ScheduleDecay(Recipe with { Schedule = new() { WarmUpEpochs = 20 } }, 1000)?.Fault);
        Assert.Null(RecipeChecks.ScheduleDecay(Recipe with { Schedule = new() { Kind = ScheduleKind.Cosine } }, 1000));
        Assert.Null(RecipeChecks.ScheduleDecay(Recipe with { Schedule = new() { Kind = ScheduleKind.Step, StepEpochs = 4 } }, 1000));
    }

    [Fact]
    public void Few_updates_are_named_with_the_way_to_more()
    {
        Assert.Equal("@batch-size 32", RecipeChecks.FewUpdates(Recipe with { BatchSize = 512 }, 1000)?.Try);
        Assert.Equal("@epochs 75", RecipeChecks.FewUpdates(Recipe, 100)?.Try);
        Assert.Null(RecipeChecks.FewUpdates(Recipe, 1000));
    }

    private static void Is(Fault fault, Graph graph, Recipe? recipe = null) =>
        Assert.Equal([fault], NetworkChecks.All(graph, recipe ?? Recipe, 1000).Select(f => f.Fault));

    private static Graph Net(params Layer[] layers) => Graph.Sequential("n", (1, 28, 28), layers);
}
