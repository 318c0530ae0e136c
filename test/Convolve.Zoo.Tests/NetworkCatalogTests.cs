using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo.Tests;

public class NetworkCatalogTests
{
    public static TheoryData<string> Names => [.. NetworkCatalog.All.Select(entry => entry.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_graph_bears_the_name_of_its_entry(string name) => Assert.Equal(name, NetworkCatalog.Create(name).Name);

    [Theory, MemberData(nameof(Names))]
    public void The_classes_are_the_logits(string name) => Assert.Equal(Shape.Vector(7), NetworkCatalog.Create(name, classes: 7).Output);

    [Theory, MemberData(nameof(Names))]
    public void Survives_json(string name)
    {
        Graph graph = NetworkCatalog.Create(name);
        Assert.Equal(graph, GraphJson.Read(GraphJson.Write(graph)));
    }

    [Theory, MemberData(nameof(Names))]
    public void Defaults_are_what_the_entry_says(string name)
    {
        NetworkEntry entry = NetworkCatalog.Find(name);
        Assert.Equal(NetworkCatalog.Create(name), NetworkCatalog.Create(name, options: entry.Options.ToDictionary(o => o.Name, o => o.Default)));
        Assert.Contains(entry.Options, o => o.Name == "input" && o.Default == NetworkCatalog.Create(name).Input.ToString());
    }

    // As published, where the last layer has 1000 outputs.
    [Theory]
    [InlineData("vgg11", 132_863_336)]
    [InlineData("vgg13", 133_047_848)]
    [InlineData("vgg16", 138_357_544)]
    [InlineData("vgg19", 143_667_240)]
    [InlineData("vgg16-bn", 138_365_992)]
    public void Has_the_published_number_of_parameters(string name, long parameters) => Assert.Equal(parameters, NetworkCatalog.Create(name, classes: 1000).ParameterCount);

    [Fact]
    public void Options_reach_the_network()
    {
        Graph graph = NetworkCatalog.Create("lenet5", 10, new Dictionary<string, string>
        {
            ["activation"] = "sigmoid",
            ["pooling"] = "avg",
            ["dropout"] = "0.25",
            ["input"] = "3x32x40",
        });
        Assert.Equal((3, 32, 40), graph.Input);
        Assert.Equal(4, graph.Nodes.Count(n => n.Layer is Sigmoid));
        Assert.Equal(2, graph.Nodes.Count(n => n.Layer == new AvgPool2d(2)));
        Assert.Equal(["dropout1: Dropout(0.25) -> 120"], graph.Nodes.Where(n => n.Layer is Dropout).Select(n => n.ToString()));
        Assert.All(graph.Nodes.SelectMany(n => n.Parameters).Where(p => !p.IsBias), p => Assert.Equal(new XavierUniform(), p.Initializer));
    }

    [Fact]
    public void Dropout_can_be_left_out() =>
        Assert.DoesNotContain(NetworkCatalog.Create("alexnet-d2l", options: new Dictionary<string, string> { ["dropout"] = "off" }).Nodes, n => n.Layer is Dropout);

    [Theory]
    [InlineData("alexnet-dl2", "There is no network \"alexnet-dl2\". Did you mean alexnet-d2l? Known are ")]
    [InlineData("lenet", "There is no network \"lenet\". Did you mean lenet5? Known are ")]
    [InlineData("transformer", "There is no network \"transformer\". Known are ")]
    public void An_unknown_name_is_told_the_nearest(string name, string message) =>
        Assert.Equal($"{message}{string.Join(", ", NetworkCatalog.All.Select(n => n.Name))}.", Assert.Throws<NetworkException>(() => NetworkCatalog.Create(name)).Message);

    [Theory]
    [InlineData("lenet5", "activation", "gelu", "lenet5: activation is \"gelu\", and relu, leaky-relu, sigmoid or tanh was expected.")]
    [InlineData("lenet5", "dropout", "1", "lenet5: dropout is \"1\", and a probability below 1, or off was expected.")]
    [InlineData("lenet5", "dropout", "nan", "lenet5: dropout is \"nan\", and a probability below 1, or off was expected.")]
    [InlineData("lenet5-keras", "input", "28x28", "lenet5-keras: input is \"28x28\", and channels x height x width such as 3x224x224 was expected.")]
    [InlineData("lenet5-keras", "pooling", "avg", "lenet5-keras has no option \"pooling\". It has input (channels x height x width such as 3x224x224).")]
    [InlineData("alexnet-d2l", "input", "1x66x224", "MaxPool2d(3, stride: 2) \"pool3\": a window of 3x3 does not fit its 256x2x12 input. Use larger images, a smaller kernel or more padding. The smallest input of alexnet-d2l is 1x67x67, and it got 1x66x224: resize the images, or choose a network for small ones.")]
    public void A_wrong_option_is_told_what_was_expected(string network, string option, string value, string message) =>
        Assert.Equal(message, Assert.Throws<NetworkException>(() =>
            NetworkCatalog.Create(network, 10, new Dictionary<string, string> { [option] = value })).Message);

    [Fact]
    public void No_class_is_no_network() =>
        Assert.Equal("Linear(0): 0 units. Use at least 1.", Assert.Throws<NetworkException>(() => NetworkCatalog.Create("lenet5", classes: 0)).Message);
}
