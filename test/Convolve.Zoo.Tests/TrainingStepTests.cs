using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Zoo.Tests;

/// <summary>Every network can be trained: a step on two images, and a plan at the size that it is made for.</summary>
public class TrainingStepTests
{
    private const long SmallParameters = 12_000_000;
    private const int Batch = 2, SmallInput = 32;

    public static TheoryData<string> Small => [.. Names(parameters => parameters <= SmallParameters)];

    public static TheoryData<string> Large => [.. Names(parameters => parameters > SmallParameters)];

    public static TheoryData<string> All => [.. Names(_ => true)];

    private static IEnumerable<string> Names(Predicate<long> has) =>
        NetworkCatalog.All.Select(entry => entry.Name).Where(name => has(NetworkCatalog.Create(name).ParameterCount));

    private static Graph AtSmallInput(string name)
    {
        Graph graph = NetworkCatalog.Create(name);
        int size = Math.Min(Math.Max(graph.SmallestInput()!.Value.Height, SmallInput), graph.Input.Height);
        return graph.WithInput((graph.Input.Channels, size, size));
    }

    [Theory, MemberData(nameof(Small))]
    public void Steps(string name) => Step(name);

    [Theory, MemberData(nameof(Large)), Trait("Category", "Slow")]
    public void Large_ones_step(string name) => Step(name);

    [Theory, MemberData(nameof(All))]
    public void Can_be_planned_at_its_own_size(string name)
    {
        Plan plan = Model.PlanFor(NetworkCatalog.Create(name), new() { Precision = Precision.Float32, Threads = 2 }, Batch, training: true);
        Assert.Contains(plan.Steps, step => step.Phase == Phase.Backward);
        Assert.InRange(plan.ArenaBytes, 1, 1L << 31);
    }

    private static void Step(string name)
    {
        Graph graph = AtSmallInput(name);
        using Model model = new(graph, new() { Precision = Precision.Float32, Threads = 2 }, Batch, seed: 1);
        double loss = model.ForwardBackward(TestTensors.Narrow(TestTensors.Images(graph, Batch)), TestTensors.Labels(graph, Batch));
        Assert.InRange(loss, 0.1, 20);
        foreach (Node node in graph.Nodes)
            foreach (ParameterSpec spec in node.Parameters)
            {
                float[] gradient = new float[spec.Count];
                model.ReadGradient($"{node.Name}.{spec.Name}", gradient);
                Assert.All(gradient.Chunk(1000), part => Assert.True(part.All(float.IsFinite)));
                Assert.True(gradient.Any(value => value != 0), $"{node.Name}.{spec.Name} gets no gradient");
            }
    }
}
