using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo.Tests;

public class GoldenNetworkTests
{
    public static TheoryData<string> Names => [.. GoldenNetwork.All.Select(n => n.ToString())];

    private static GoldenNetwork Named(string name) => GoldenNetwork.All.Single(n => n.ToString() == name);

    [Theory, MemberData(nameof(Names))]
    public void Has_the_parameters_of_its_source(string name) => Assert.Equal(Named(name).Parameters, Named(name).Create().ParameterCount);

    [Theory, MemberData(nameof(Names))]
    public void Has_the_multiply_adds_of_its_source(string name) =>
        Assert.Equal(Named(name).MultiplyAdds, Named(name).Create().MultiplyAdds);

    [Fact]
    public void AlexNet_of_the_book_has_its_shapes_in_order()
    {
        var shapes = NetworkCatalog.Create("alexnet-d2l").Nodes.Where(n => n.Layer is Conv2d or MaxPool2d or Flatten or Linear)
            .Select(n => n.Output.ToString());
        Assert.Equal("96x54x54, 96x26x26, 256x26x26, 256x12x12, 384x12x12, 384x12x12, 256x12x12, 256x5x5, 6400, 4096, 4096, 10",
            string.Join(", ", shapes));
    }

    [Theory, MemberData(nameof(Names))]
    public void Has_the_smallest_input_of_its_source(string name)
    {
        Graph graph = Named(name).Create();
        Shape smallest = graph.SmallestInput()!.Value;
        Assert.Equal(Named(name).Smallest, smallest);
        Assert.Equal(smallest, graph.WithInput(smallest).Input);
        Assert.Throws<NetworkException>(() => graph.WithInput((smallest.Channels, smallest.Height - 1, smallest.Width - 1)));
    }
}
