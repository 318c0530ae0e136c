using System.Text.Json.Nodes;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo.Tests;

/// <summary>
/// The networks that torchvision has too are the same: parameters, shapes in the order in which layers run, weights one for one.
/// </summary>
/// <remarks>Golden/torchvision_networks.json was written by the script beside it.</remarks>
public class TorchvisionTests
{
    private static readonly JsonObject Golden =
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "torchvision_networks.json")))!.AsObject();

    public static TheoryData<string> Names => [.. Golden.Select(entry => entry.Key)];

    private static IEnumerable<(string Name, string Shape)> StateOf(Graph graph) =>
        graph.Nodes.SelectMany(node => node.State.Select(spec => ($"{node.Name}.{spec.Name}", string.Join(',', spec.Shape))));

    [Theory, MemberData(nameof(Names))]
    public void Has_its_parameters_and_shapes(string name)
    {
        Graph graph = NetworkCatalog.Create(name, 1000);
        Assert.Equal((long)Golden[name]!["parameters"]!, graph.ParameterCount);
        Assert.Equal(Golden[name]!["layers"]!.AsArray().Select(layer => (string)layer!),
            graph.Nodes.Where(n => n.Layer is Conv2d or BatchNorm2d or MaxPool2d or Linear)
            .Select(n => $"{n.Layer.GetType().Name} {n.Output}"));
    }

    [Theory, MemberData(nameof(Names))]
    public void Has_its_weights_in_its_order(string name)
    {
        var expected = Golden[name]!["state"]!.AsObject()
            .Select(entry => (Name: entry.Key, Shape: string.Join(',', entry.Value!.AsArray())));
        var actual = StateOf(NetworkCatalog.Create(name, 1000));
        Assert.Equal(expected.Select(e => e.Shape), actual.Select(a => a.Shape));
    }

    // Chains are numbered otherwise there (features.0); those that branch bear its names.
    [Theory]
    [InlineData("resnet18")]
    [InlineData("resnet34")]
    [InlineData("resnet50")]
    [InlineData("googlenet-bn")]
    public void Has_its_names(string name) =>
        Assert.Equal(Golden[name]!["state"]!.AsObject().Select(entry => entry.Key),
            StateOf(NetworkCatalog.Create(name, 1000)).Select(entry => entry.Name));
}
