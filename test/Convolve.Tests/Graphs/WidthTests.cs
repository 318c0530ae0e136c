using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Tests.Graphs;

/// <summary>Networks made narrower and wider.</summary>
public class WidthTests
{
    private static Graph Network { get; } = Graph.Sequential("net", new(4, 8, 8),
        [new Conv2d(6, 3, groups: 2) { Initialization = Initialization.Default }, new BatchNorm2d(), new ReLU(), new Flatten(),
            new Linear(7), new ReLU(), new Linear(10)]);

    [Theory]
    [InlineData(0.5, 4, 4)] // filters are a multiple of the groups
    [InlineData(1, 6, 7)]
    [InlineData(2, 12, 14)]
    [InlineData(0.01, 2, 1)]
    public void AllLayersButTheLastChange(double factor, int filters, int units)
    {
        Graph graph = Network.WithWidth(factor);
        Assert.Equal(filters, ((Conv2d)graph.Nodes.Single(node => node.Layer is Conv2d).Layer).Filters);
        Assert.Equal([units, 10], graph.Nodes.Select(node => node.Layer).OfType<Linear>().Select(layer => layer.Units));
        Assert.Equal(factor == 1, graph.Equals(Network));
    }

    [Fact]
    public void BranchesStayAsWideAsEachOther()
    {
        GraphBuilder builder = new("branches", new(8, 4, 4));
        GraphBuilder.Handle first = builder.Add(new Conv2d(8, 1), builder.Input);
        GraphBuilder.Handle depthwise = builder.Add(new Conv2d(8, 3, padding: 1, groups: 8), first);
        GraphBuilder.Handle sum = builder.Add(new Add(), first, depthwise);
        Graph graph = builder.Build(builder.Add(new Linear(3), builder.Add(new Flatten(), sum))).WithWidth(0.5);
        Assert.Equal([4, 4], graph.Nodes.Select(node => node.Layer).OfType<Conv2d>().Select(conv => conv.Filters));
        Assert.Equal(Shape.Vector(3), graph.Output);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void AFactorIsAboveZero(double factor) => Assert.Throws<NetworkException>(() => Network.WithWidth(factor));
}
