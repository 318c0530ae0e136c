using Convolve.Analysis;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Profiling;
using Convolve.Zoo;

namespace Convolve.Tests.Profiling;

/// <summary>What layers cost in plans is all that the plan has, and what they see is what papers say.</summary>
public class PlanCostTests
{
    private static Plan Create(string name, bool training, int batch = 8) =>
        Planner.Create(NetworkCatalog.Create(name), new(batch, training, Precision.Float32, Exact: false, Threads: 2));

    [Theory, InlineData("lenet5"), InlineData("alexnet-d2l"), InlineData("cnn-bn-leaky"), InlineData("resnet20"), InlineData("googlenet")]
    public void Every_piece_of_the_arena_is_a_layers_or_the_inputs(string name)
    {
        foreach (bool training in new[] { false, true })
        {
            Plan plan = Create(name, training);
            PlanCost cost = PlanCost.Of(plan);
            Assert.Equal(plan.Storages.Where(s => s.Region == Region.Arena).Sum(s => s.Bytes),
                cost.InputBytes + cost.Layers.Sum(l => l.ActivationBytes + l.WorkspaceBytes + l.GradientBytes));
            Assert.Equal(training, cost.Layers.Any(l => l.GradientBytes > 0));
            // No step has more, and the arena can't be smaller.
            long[] alive = [.. Enumerable.Range(0, plan.Steps.Count).Select(i => plan.Storages
                .Where(s => s.Region == Region.Arena && s.First <= i && i <= s.Last).Sum(s => s.Bytes))];
            Assert.Equal((alive.Max(), Array.IndexOf(alive, alive.Max())), (cost.PeakBytes, cost.PeakStep));
            Assert.InRange(plan.ArenaBytes, cost.PeakBytes, cost.PeakBytes * 1.5 + 4096);
            Assert.Equal(cost.PeakBytes, cost.PeakPieces.Sum(s => s.Bytes));
        }
    }

    [Theory, InlineData("lenet5"), InlineData("alexnet-d2l"), InlineData("resnet20")]
    public void Backward_is_twice_forward_but_for_the_first_convolution(string name)
    {
        PlanCost cost = PlanCost.Of(Create(name, training: true));
        long forward = cost.Layers.Sum(l => l.ForwardMultiplyAdds);
        Assert.Equal(8 * NetworkCatalog.Create(name).MultiplyAdds, forward);
        Assert.Equal(2 * forward - cost.Layers.First(l => l.ForwardMultiplyAdds > 0).ForwardMultiplyAdds,
            cost.Layers.Sum(l => l.BackwardMultiplyAdds));
        Assert.All(PlanCost.Of(Create(name, training: false)).Layers, l => Assert.Equal(0, l.BackwardMultiplyAdds));
    }

    // AlexNet and VGG16 as in Araujo, Norris and Sim 2019, table 1; before the fully connected layers.
    [Theory]
    [InlineData("alexnet-torchvision", "conv1", 11, 4), InlineData("alexnet-torchvision", "pool1", 19, 8)]
    [InlineData("alexnet-torchvision", "conv2", 51, 8), InlineData("alexnet-torchvision", "conv5", 163, 16)]
    [InlineData("alexnet-torchvision", "pool3", 195, 32), InlineData("vgg16", "pool5", 212, 32), InlineData("lenet5", "pool2", 16, 4)]
    public void Layers_see_as_much_as_papers_say(string name, string layer, double size, double jump)
    {
        Graph graph = NetworkCatalog.Create(name);
        ReceptiveField field = ReceptiveField.Of(graph)[graph.Nodes.First(node => node.Name == layer).Index];
        Assert.Equal((size, jump, size, jump), (field.Height.Size, field.Height.Jump, field.Width.Size, field.Width.Jump));
        Assert.False(field.IsAll);
    }

    [Fact]
    public void Places_are_in_the_middle_of_what_they_see()
    {
        Graph graph = NetworkCatalog.Create("lenet5");
        IReadOnlyList<ReceptiveField> fields = ReceptiveField.Of(graph);
        double Start(string name) => fields[graph.Nodes.First(node => node.Name == name).Index].Height.Start;
        Assert.Equal([.5, .5, 1, 5], new[] { "input", "conv1", "pool1", "conv2" }.Select(Start)); // 5x5 with padding 2; pairs; 5x5 of pairs
        Assert.Equal("all", fields[graph.Nodes.First(node => node.Name == "fc1").Index].Words(graph.Input));
        Assert.Equal("5x5", fields[graph.Nodes.First(node => node.Name == "relu1").Index].Words(graph.Input));
    }

    [Theory]
    [InlineData("8GB", 8_000_000_000), InlineData("512MiB", 512L << 20), InlineData("1.5 GiB", 3L << 29), InlineData("64k", 64_000L)]
    [InlineData("100", 100L), InlineData("2tb", 2_000_000_000_000)]
    [InlineData("", null), InlineData("GB", null), InlineData("-1GB", null), InlineData("8XB", null), InlineData("8 iB", null)]
    [InlineData("0", null), InlineData("1e9", null)]
    public void Sizes_are_read(string text, long? bytes) => Assert.Equal(bytes, Format.ReadBytes(text));
}
