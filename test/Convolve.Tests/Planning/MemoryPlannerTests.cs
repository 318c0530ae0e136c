using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Zoo;

namespace Convolve.Tests.Planning;

/// <summary>
/// Where tensors share memory, nothing may notice. Judged three ways on random networks: by lifetimes found from the steps; by running each
/// plan again with all tensors apart, which must give the same bits; and by the float64 reference or by differences of the loss, which see
/// what an operation in place has spoilt in both.
/// </summary>
public class MemoryPlannerTests
{
    private const int Graphs = 120;
    private static readonly int[] Batches = [1, 2, 3, 5, 16, 17];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, Graphs)];

    public static TheoryData<int> FewerSeeds => [.. Enumerable.Range(0, Graphs / 2)];

    public static TheoryData<int> FewSeeds => [.. Enumerable.Range(0, Graphs / 5)];

    private static Precision PrecisionOf(int seed) => seed % 3 == 2 && Features.HasNativeBFloat16 ? Precision.BFloat16 : Precision.Float32;

    private static PlanOptions OptionsOf(int seed, bool training) =>
        new(Batches[seed % Batches.Length], training, PrecisionOf(seed), seed % 2 == 0, 1 + seed % 4 / 2);

    [Theory, MemberData(nameof(Seeds))]
    public void Sharing_memory_changes_no_bit(int seed)
    {
        Graph graph = RandomGraphs.Create(seed);
        Plan training = Planner.Create(graph, OptionsOf(seed, true));
        RequireSameApart(training);
        // The evaluation of the same weights, as a model has it, and of a model that only evaluates.
        RequireSameApart(Planner.Create(graph, OptionsOf(seed, false), seed % 2 == 0 ? training.Parameters : null));
    }

    // What random networks are too small for: a first convolution on patches, Winograd, and that in micro-batches of a batch.
    [Theory]
    [PrecisionData(Precision.Float32, 8)]
    [PrecisionData(Precision.Float32, 40)]
    [PrecisionData(Precision.BFloat16, 8)]
    [PrecisionData(Precision.BFloat16, 40)]
    [PrecisionData(Precision.BFloat16, 71)]
    public void Sharing_memory_changes_no_bit_of_a_larger_network(Precision precision, int batch)
    {
        Graph graph = Graph.Sequential("larger", (3, 59, 59),
        [
            new Conv2d(32, 11, stride: 4, padding: 2), new ReLU(), new Conv2d(32, 3, padding: 1), new Tanh(),
            new Conv2d(48, 3, padding: 1), new ReLU(), new MaxPool2d(3, stride: 2), new Flatten(), new Dropout(), new Linear(10),
        ]);
        Plan training = Planner.Create(graph, new(batch, true, precision, false, 2));
        RequireSameApart(training);
        RequireSameApart(Planner.Create(graph, new(batch, false, precision, false, 2), training.Parameters));
    }

    [Fact]
    public void The_arena_is_near_the_least_possible()
    {
        double[] ratios = [.. Enumerable.Range(0, Graphs).Select(seed =>
            MemoryJudge.Judge(Planner.Create(RandomGraphs.Create(seed), OptionsOf(seed, seed % 4 > 0))))];
        Assert.InRange(ratios.Average(), 1, 1.1);
        Assert.InRange(ratios.Max(), 1, 1.6);
    }

    [Theory]
    [PrecisionData(Precision.Float32, "lenet5", 256)]
    [PrecisionData(Precision.Float32, "lenet5-keras", 100)]
    [PrecisionData(Precision.Float32, "lenet5-1998", 33)]
    [PrecisionData(Precision.Float32, "alexnet-d2l", 128)]
    [PrecisionData(Precision.Float32, "alexnet-torchvision", 64)]
    [PrecisionData(Precision.BFloat16, "lenet5", 256)]
    [PrecisionData(Precision.BFloat16, "lenet5-keras", 100)]
    [PrecisionData(Precision.BFloat16, "lenet5-1998", 33)]
    [PrecisionData(Precision.BFloat16, "alexnet-d2l", 128)]
    [PrecisionData(Precision.BFloat16, "alexnet-torchvision", 64)]
    public void Networks_of_the_zoo_lie_well(Precision precision, string name, int batch)
    {
        foreach (bool training in new[] { true, false })
        {
            double ratio = MemoryJudge.Judge(Planner.Create(NetworkCatalog.Create(name), new(batch, training, precision, false, 2)));
            Assert.InRange(ratio, 1, 1.3);
        }
    }

    [Theory, MemberData(nameof(FewerSeeds))]
    public void Random_networks_are_near_the_reference(int seed)
    {
        Graph graph = RandomGraphs.Create(seed, hasDropout: false);
        bool isFloat32 = PrecisionOf(seed) == Precision.Float32;
        ExecutionOptions options = new() { Precision = PrecisionOf(seed), Exact = true, Threads = 1 + seed % 2 };
        foreach ((string result, float[] actual, double[] expected) in ModelJudge.Results(graph, Batches[seed % Batches.Length], options))
        {
            // An element near a tie of a ReLU or a pool may go the other way: 0.02 allows for one, and not for a lost tensor.
            if (isFloat32)
                Assert.True(Compare.RelativeL2(actual, expected) < 0.02,
                    $"{graph}: {result} is off by {Compare.RelativeL2(actual, expected):e1}");
            else
                Assert.True(Norm(expected) < 1e-3 || Compare.Cosine(actual, expected) > 0.9,
                    $"{graph}: {result} has cosine {Compare.Cosine(actual, expected):f4}");
        }
    }

    // With the masks held, the loss is a function of the weights like any other, and its differences are what the gradients must be.
    [Theory, MemberData(nameof(FewSeeds))]
    public void Gradients_behind_dropout_are_the_differences_of_the_loss(int seed)
    {
        Graph graph = RandomGraphs.Create(1000 + seed);
        if (!graph.Nodes.Any(n => n.Layer is Dropout { Probability: > 0 }))
            return;
        using Model model = new(graph, new() { Precision = Precision.Float32, Exact = true, Threads = 1 }, trainingBatchSize: 8, seed: 3);
        Differences.RequireGradients(model, batch: 8);
    }

    private static void RequireSameApart(Plan plan)
    {
        MemoryJudge.Judge(plan);
        Dictionary<string, float[]> shared = PlanRunner.Run(plan, plan.ArenaBytes, hasGuards: false);
        Dictionary<string, float[]> apart = PlanRunner.Run(plan, PlanRunner.PlaceApart(plan), hasGuards: true);
        foreach ((string name, float[] values) in apart)
        {
            Assert.DoesNotContain(values, float.IsNaN);
            Expect.True(values.AsSpan().SequenceEqual(shared[name]),
                $"{plan.Graph}: {name} differs between the arena and tensors that lie apart\n{plan}");
        }
    }

    private static double Norm(double[] values) => Math.Sqrt(values.Sum(v => v * v));
}
