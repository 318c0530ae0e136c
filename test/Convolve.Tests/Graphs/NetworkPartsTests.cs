using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Zoo;

namespace Convolve.Tests.Graphs;

/// <summary>Networks divided by their channels, and normalization in groups. What ranks make of them: Convolve.Mpi.Tests.</summary>
public class NetworkPartsTests
{
    // The paper's figure 2: between the GPUs before the third convolution and the fully connected layers.
    [Fact]
    public void The_halves_of_AlexNet_2012_meet_where_the_paper_says()
    {
        Graph whole = NetworkParts.Whole(AlexNet.Original2012(), 2), half = NetworkParts.Of(whole, 2);
        Assert.Equal(AlexNet.Original2012(normGroups: 2), whole);
        Assert.Equal([("conv3", new Shape(256, 13, 13)), ("dropout1", Shape.Vector(9216)), ("dropout2", Shape.Vector(4096)),
            ("fc3", Shape.Vector(4096))], half.Nodes.Skip(1).Where(node => node.Inputs[0].Layer is GatherParts)
            .Select(node => (node.Name, node.Input)));
        Assert.Equal((new GatherParts(2, sumsGradients: false), Shape.Vector(1000)), ((GatherParts)half.Nodes[^1].Layer, half.Output));
        Assert.Equal(2 * half.ParameterCount, whole.ParameterCount);
        Assert.Equal(2 * half.MultiplyAdds, whole.MultiplyAdds);
        Assert.Equal(whole.Nodes.Where(node => node.Layer is Dropout).Select(node => (int?)node.Index),
            half.Nodes.Select(node => node.Layer).OfType<Dropout>().Select(dropout => dropout.Number));
        Assert.Equal(whole, NetworkParts.Whole(whole, 2));
    }

    [Theory]
    [InlineData("Add() \"layer1.0.add\" can't be divided between 2 ranks: its network branches.", "resnet18", 10)]
    [InlineData("Linear(7) \"fc3\" can't be divided between 2 ranks: its 7 units aren't a multiple of 2.", "alexnet-2012", 7)]
    public void What_cannot_be_divided_is_named(string message, string network, int classes)
    {
        NetworkException e = Assert.Throws<NetworkException>(() => NetworkParts.Whole(NetworkCatalog.Create(network, classes), 2));
        Assert.Equal(message + " Only a network without branches can be divided, such as alexnet-2012, and the filters, units and groups " +
            "(unless 1) of all its layers must be multiples of 2.", e.Message);
    }

    [Fact]
    public void Parameters_that_all_channels_share_cannot_be_divided()
    {
        Graph graph = Graph.Sequential("shared", (1, 8, 8), [new Conv2d(4, 3), new PReLU(), new Flatten(), new Linear(2)]);
        Assert.StartsWith("PReLU() \"relu1\" can't be divided between 2 ranks: its parameters aren't those of its channels",
            Assert.Throws<NetworkException>(() => NetworkParts.Whole(graph, 2)).Message, StringComparison.Ordinal);
    }

    // Groups of whole blocks of 16 channels, and others; forward and back, with the gradient of the ReLU before it.
    [Theory]
    [InlineData(32, 2)]
    [InlineData(8, 2)]
    public void Groups_of_normalization_are_normalizations_of_their_channels(int filters, int groups)
    {
        LocalResponseNorm norm = new(5, alpha: 0.5f, divideAlpha: false);
        Graph grouped = Graph.Sequential("grouped", (2, 9, 9), [new Conv2d(filters, 3, groups: 2), new ReLU(), norm.WithGroups(groups),
            new Flatten(), new Linear(3)]);
        GraphBuilder net = new("apart", (2, 9, 9));
        GraphBuilder.Handle all = net.Add(new ReLU(), net.Add(new Conv2d(filters, 3, groups: 2), net.Input));
        // Each group is what is left of the channels behind a convolution that takes nothing else.
        GraphBuilder.Handle[] parts = [.. Enumerable.Range(0, groups).Select(i =>
            net.Add(norm, net.AddNamed($"take{i}", new Conv2d(filters / groups, 1, bias: false), all)))];
        Graph apart = net.Build(net.Add(new Linear(3), net.Add(new Flatten(), net.Add(new Concat(), parts))));
        ExecutionOptions options = new() { Precision = Precision.Float32, Exact = true };
        using Model first = new(grouped, options, 3, seed: 1), second = new(apart, options, 3, seed: 2);
        for (int i = 0; i < groups; i++)
        {
            float[] taken = new float[filters / groups * filters];
            for (int channel = 0; channel < filters / groups; channel++)
                taken[channel * filters + i * filters / groups + channel] = 1;
            second.WriteParameter($"take{i}.weight", taken);
        }
        foreach (string name in first.ParameterNames)
        {
            float[] values = new float[Count(grouped, name)];
            first.ReadParameter(name, values);
            second.WriteParameter(name, values);
        }
        CounterRandom random = new(3, RandomPurpose.Test, 0, 0);
        float[] images = [.. Enumerable.Range(0, 3 * 162).Select(_ => random.NextSingle() - 0.5f)];
        Assert.Equal(second.ForwardBackward(images, [0, 1, 2]), first.ForwardBackward(images, [0, 1, 2]), 1e-5);
        foreach (string name in first.ParameterNames)
        {
            float[] expected = new float[Count(grouped, name)], actual = new float[expected.Length];
            second.ReadGradient(name, expected);
            first.ReadGradient(name, actual);
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Fact]
    public void Groups_of_normalization_must_divide_the_channels() => Assert.Equal(
        "LocalResponseNorm(5, groups: 2) \"norm1\": groups 2 must divide the 3 channels. Change one of the two.",
        Assert.Throws<NetworkException>(() => Graph.Sequential("odd", (3, 9, 9), [new LocalResponseNorm(5, groups: 2)])).Message);

    private static long Count(Graph graph, string name) => graph.Nodes.SelectMany(node => node.State.Select(spec => (node, spec)))
        .First(pair => $"{pair.node.Name}.{pair.spec.Name}" == name).spec.Count;
}
