using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Zoo.Tests;

/// <summary>What docs/networks.md says is so.</summary>
public class GuideTests
{
    private static readonly string Guide = File.ReadAllText(Path.Combine(Root(), "docs/networks.md"));

    [Fact]
    public void Its_table_is_the_zoo()
    {
        string[] expected = [.. NetworkCatalog.All.Select(entry => entry.Name)];
        var rows = Regex.Matches(Guide, @"^\| `([\w-]+)` \| .+? \| (\d+) \| (\S+) \| (\S+) \| (\S+) \|$", RegexOptions.Multiline);
        Assert.Equal(expected.Order(StringComparer.Ordinal), rows.Select(row => row.Groups[1].Value).Order(StringComparer.Ordinal));
        Assert.All(rows, row =>
        {
            Graph graph = NetworkCatalog.Create(row.Groups[1].Value, int.Parse(row.Groups[2].Value, CultureInfo.InvariantCulture));
            Assert.Equal(string.Create(CultureInfo.InvariantCulture,
                $"{graph.Name} {graph.Input} {graph.ParameterCount:N0} {graph.MultiplyAdds:N0}"),
                $"{row.Groups[1]} {row.Groups[3]} {row.Groups[4]} {row.Groups[5]}");
        });
    }

    [Fact]
    public void Its_example_is_a_network()
    {
        Graph graph = GraphJson.Read(Example());
        Assert.Equal("my-net: 1x28x28 -> 10, 2,682 parameters", graph.ToString());
        Assert.Equal(["input", "conv1", "bn1", "relu1", "shortcut", "conv2", "branch", "add1", "relu2", "pool1", "fc1"],
            graph.Nodes.Select(node => node.Name));
        Assert.Equal(["branch", "shortcut"], graph.Nodes.Single(node => node.Layer is Add).Inputs.Select(node => node.Name));
    }

    [Fact]
    public void Its_error_is_what_comes()
    {
        string message = Regex.Match(Guide, "`my-net.json: ([^`]+)`").Groups[1].Value.Replace("\n  ", " ", StringComparison.Ordinal);
        Assert.Equal(message, Assert.Throws<NetworkException>(() =>
            GraphJson.Read(Example().Replace("filters", "filter", StringComparison.Ordinal))).Message);
    }

    [Fact]
    public void It_names_every_layer_and_every_initialization()
    {
        var layers = typeof(Layer).Assembly.GetExportedTypes()
            .Where(type => type.IsSubclassOf(typeof(Layer)) && !type.IsAbstract && type != typeof(Input));
        Assert.All(layers, type => Assert.Contains($"`{type.Name}`", Guide, StringComparison.Ordinal));
        Assert.All(InitializationScheme.Names, name => Assert.Contains($"`{name.Split('(')[0]}", Guide, StringComparison.Ordinal));
    }

    private static string Example() => Regex.Match(Guide, "```json\n(.+?)```", RegexOptions.Singleline).Groups[1].Value;

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
