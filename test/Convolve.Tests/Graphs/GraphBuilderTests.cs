using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Tests.Graphs;

public class GraphBuilderTests
{
    private readonly GraphBuilder _net = new("net", (3, 8, 8));

    [Fact]
    public void Names_are_made_from_the_kinds_of_layers()
    {
        Graph graph = Graph.Sequential("net", (3, 8, 8),
            [new Conv2d(4, 3), new ReLU(), new Conv2d(4, 3), new LeakyReLU(), new MaxPool2d(2), new AvgPool2d(2), new Flatten(),
            new Linear(2), new Dropout()]);
        Assert.Equal(["input", "conv1", "relu1", "conv2", "relu2", "pool1", "pool2", "flatten1", "fc1", "dropout1"],
            graph.Nodes.Select(n => n.Name));
    }

    [Theory]
    [InlineData("", "ReLU(): the name \"\" is empty. Every node needs a unique name.")]
    [InlineData(" ", "ReLU(): the name \" \" is empty. Every node needs a unique name.")]
    [InlineData("input", "ReLU(): the name \"input\" is taken. Every node needs a unique name.")]
    [InlineData("mine", "ReLU(): the name \"mine\" is taken. Every node needs a unique name.")]
    public void A_name_is_needed_and_unique(string name, string message)
    {
        var mine = _net.AddNamed("mine", new Conv2d(4, 3), _net.Input);
        RequireMessage(message, () => _net.AddNamed(name, new ReLU(), mine));
    }

    [Fact]
    public void A_made_name_avoids_those_that_are_taken()
    {
        var own = _net.AddNamed("conv1", new ReLU(), _net.Input);
        Graph graph = _net.Build(_net.Chain(own, new Conv2d(4, 3), new Conv2d(4, 3)));
        Assert.Equal(["input", "conv1", "conv2", "conv3"], graph.Nodes.Select(n => n.Name));
    }

    [Fact]
    public void Handles_of_another_builder_are_refused()
    {
        GraphBuilder other = new("other", (3, 8, 8));
        var theirs = other.Chain(other.Input, new ReLU(), new ReLU());
        RequireMessage("Add() \"add1\": input 2 belongs to another builder. Use the handles of this one.",
            () => _net.Add(new Add(), _net.Input, theirs));
        RequireMessage("The output of the network \"net\" belongs to another builder. Use the handles of this one.",
            () => _net.Build(theirs));
        RequireMessage("The output of the network \"net\" belongs to another builder. Use the handles of this one.",
            () => _net.Build(default));
        RequireMessage("ReLU() \"relu1\": input 1 belongs to another builder. Use the handles of this one.",
            () => _net.Add(new ReLU(), default(GraphBuilder.Handle)));
    }

    [Fact]
    public void A_node_that_leads_nowhere_is_refused()
    {
        var first = _net.Add(new ReLU(), _net.Input);
        _net.Add(new Tanh(), first);
        RequireMessage("Tanh() \"tanh1\": nothing on the path to the output uses it. Add an edge or leave it out.",
            () => _net.Build(_net.Add(new Sigmoid(), first)));
    }

    [Fact]
    public void The_output_stands_last()
    {
        var first = _net.Add(new ReLU(), _net.Input);
        _net.Add(new Tanh(), first);
        RequireMessage("Tanh() \"tanh1\": nothing on the path to the output uses it. Add an edge or leave it " +
            "out.", () => _net.Build(first));
    }

    [Fact]
    public void A_graph_equals_one_of_the_same_layers_and_edges()
    {
        Assert.Equal(Branch(swapped: false), Branch(swapped: false));
        Assert.Equal(Branch(swapped: false).GetHashCode(), Branch(swapped: false).GetHashCode());
        Assert.NotEqual(Branch(swapped: false), Branch(swapped: true));
        Assert.NotEqual(Branch(swapped: false), Branch(swapped: false).WithInput((3, 9, 9)));
        Assert.NotEqual(Branch(swapped: false), Branch(swapped: false).WithInitialization(Initialization.Parse("pytorch")));

        static Graph Branch(bool swapped)
        {
            GraphBuilder net = new("net", (3, 8, 8));
            var (left, right) = (net.Add(new Conv2d(4, 1), net.Input), net.Add(new Conv2d(4, 1), net.Input));
            return net.Build(net.Add(new Concat(), swapped ? right : left, swapped ? left : right));
        }
    }

    private static void RequireMessage(string message, Func<object> build) =>
        Assert.Equal(message, Assert.Throws<NetworkException>(build).Message);
}
