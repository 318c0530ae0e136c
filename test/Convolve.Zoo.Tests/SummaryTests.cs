using System.Globalization;
using Convolve.Graphs;

namespace Convolve.Zoo.Tests;

/// <summary>
/// Each network's layers, shapes, parameters and cost, pinned in Summaries: the shape comments that the zoo's files do without.
/// </summary>
public class SummaryTests
{
    // The deeper ones for 32x32 are resnet20 with more of its blocks.
    public static TheoryData<string> Names =>
        [.. NetworkCatalog.All.Select(entry => entry.Name).Except(["resnet32", "resnet44", "resnet56", "resnet110"])];

    [Theory, MemberData(nameof(Names))]
    public void Is_as_pinned(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Summaries", name + ".txt");
        string actual = Summarize(NetworkCatalog.Create(name)), expected = File.Exists(path) ? File.ReadAllText(path) : "";
        if (actual != expected)
            File.WriteAllText(path + ".actual", actual); // to be looked at, and copied if it is right
        Assert.Equal(expected, actual);
    }

    private static string Summarize(Graph graph)
    {
        int width = Math.Max(10, graph.Nodes.Max(n => n.Name.Length));
        IEnumerable<string> lines =
        [
            graph.ToString(),
            .. graph.Nodes.Select(n => string.Create(CultureInfo.InvariantCulture,
                $"{n.Name.PadRight(width)} {n.Layer,-42} {n.Output,-10} {n.ParameterCount,12:N0} {n.MultiplyAdds,14:N0}{Inputs(n)}")
                .TrimEnd()),
            string.Create(CultureInfo.InvariantCulture,
            $"{"total".PadRight(width + 54)} {graph.ParameterCount,12:N0} {graph.MultiplyAdds,14:N0}"),
            $"initialization: " +
            $"{string.Join(", ", graph.Nodes.SelectMany(n => n.Parameters).Select(p => $"{p.Name} {p.Initializer}").Distinct())}",
        ];
        return string.Join('\n', lines) + "\n";
    }

    // Of what does not read the node before it.
    private static string Inputs(Node node) =>
        node.Index == 0 || (node.Inputs is [{ } only] && only.Index == node.Index - 1) ? ""
            : $"  <- {string.Join(", ", node.Inputs.Select(input => input.Name))}";
}
