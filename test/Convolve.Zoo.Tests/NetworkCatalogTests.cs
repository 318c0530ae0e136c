using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo.Tests;

public class NetworkCatalogTests
{
    public static TheoryData<string> Names => [.. NetworkCatalog.All.Select(entry => entry.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_graph_bears_the_name_of_its_entry(string name) => Assert.Equal(name, NetworkCatalog.Create(name).Name);

    [Fact]
    public void Every_network_has_its_golden_figures() =>
        Assert.Empty(NetworkCatalog.All.Select(entry => entry.Name).Where(name => !name.EndsWith("-bn", StringComparison.Ordinal))
            .Except(GoldenNetwork.All.Select(golden => golden.Name)));

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
        Assert.Equal(NetworkCatalog.Create(name),
            NetworkCatalog.Create(name, options: entry.Options.ToDictionary(o => o.Name, o => o.Default)));
        Assert.Contains(entry.Options, o => o.Name == "input" && o.Default == NetworkCatalog.Create(name).Input.ToString());
    }

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
        Assert.All(graph.Nodes.SelectMany(n => n.Parameters).Where(p => p.Role == ParameterRole.Weight),
            p => Assert.Equal(new XavierUniform(), p.Initializer));
    }

    [Fact]
    public void AlexNet_of_2012_starts_as_the_paper_says()
    {
        Node[] learning = [.. NetworkCatalog.Create("alexnet-2012").Nodes.Where(n => n.Parameters.Count > 0)];
        Assert.All(learning, n => Assert.Equal(new Normal(0.01f), n.Parameters[0].Initializer));
        Assert.Equal(["conv2", "conv4", "conv5", "fc1", "fc2"],
            learning.Where(n => n.Parameters[1].Initializer == new Constant(1)).Select(n => n.Name));
        Assert.Equal(["conv1", "conv3", "fc3"], learning.Where(n => n.Parameters[1].Initializer == new Constant(0)).Select(n => n.Name));
    }

    // AlexNet of the book and of PyTorch start otherwise: plain ones do not train from anything.
    [Theory]
    [InlineData("alexnet-d2l", "kaiming-normal constant(0)")]
    [InlineData("alexnet-bn", "pytorch pytorch")]
    [InlineData("alexnet-torchvision", "pytorch pytorch")]
    [InlineData("cnn-bn-leaky", "pytorch pytorch")]
    [InlineData("lenet5-keras", "xavier-uniform constant(0)")]
    public void Networks_start_as_their_sources_do(string name, string expected) => Assert.All(
        NetworkCatalog.Create(name).Nodes.Where(n => n.Layer is Conv2d or Linear),
        n => Assert.Equal(expected, string.Join(' ', n.Parameters.Select(p => p.Initializer))));

    [Fact]
    public void Dropout_can_be_left_out() =>
        Assert.DoesNotContain(NetworkCatalog.Create("alexnet-d2l", options: new Dictionary<string, string> { ["dropout"] = "off" }).Nodes,
            n => n.Layer is Dropout);

    [Theory]
    [InlineData("alexnet-dl2", "Unknown network \"alexnet-dl2\". Did you mean alexnet-d2l? Use one of ")]
    [InlineData("lenet", "Unknown network \"lenet\". Did you mean lenet5? Use one of ")]
    [InlineData("transformer", "Unknown network \"transformer\". Use one of ")]
    public void An_unknown_name_is_told_the_nearest(string name, string message) =>
        Assert.Equal($"{message}{string.Join(", ", NetworkCatalog.All.Select(n => n.Name))}.",
            Assert.Throws<NetworkException>(() => NetworkCatalog.Create(name)).Message);

    [Theory]
    [InlineData("lenet5", "activation", "gelu", "lenet5: activation: expected relu, leaky-relu, sigmoid or tanh, got \"gelu\".")]
    [InlineData("lenet5", "dropout", "1", "lenet5: dropout: expected a probability below 1, or off, got \"1\".")]
    [InlineData("lenet5", "dropout", "nan", "lenet5: dropout: expected a probability below 1, or off, got \"nan\".")]
    [InlineData("lenet5-keras", "input", "28x28",
        "lenet5-keras: input: expected channels x height x width such as 3x224x224, got \"28x28\".")]
    [InlineData("lenet5-keras", "pooling", "avg",
        "lenet5-keras has no option \"pooling\". Its options are input (channels x height x width such as 3x224x224).")]
    [InlineData("alexnet-d2l", "input", "1x66x224",
        "MaxPool2d(3, stride: 2) \"pool3\": a window of 3x3 does not fit its 256x2x12 input. Use larger images, a smaller kernel or " +
        "more padding. The smallest input of alexnet-d2l is 1x67x67, got 1x66x224: resize the images, or choose a network for small " +
        "images.")]
    public void A_wrong_option_is_told_what_was_expected(string network, string option, string value, string message) =>
        Assert.Equal(message, Assert.Throws<NetworkException>(() =>
            NetworkCatalog.Create(network, 10, new Dictionary<string, string> { [option] = value })).Message);

    [Fact]
    public void No_class_is_no_network() =>
        Assert.Equal("Linear(0): 0 units. Use at least 1.",
            Assert.Throws<NetworkException>(() => NetworkCatalog.Create("lenet5", classes: 0)).Message);
}
