using System.Globalization;
using Convolve.Graphs;

namespace Convolve.Zoo.Tests;

/// <summary>Each network's layers, shapes, parameters and cost, pinned in Summaries: the shape comments that the zoo's files do without.</summary>
public class SummaryTests
{
    public static TheoryData<string> Names => [.. NetworkCatalog.All.Select(entry => entry.Name)];

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
        IEnumerable<string> lines =
        [
            graph.ToString(),
            .. graph.Nodes.Select(n => string.Create(CultureInfo.InvariantCulture,
                $"{n.Name,-10} {n.Layer,-42} {n.Output,-10} {n.ParameterCount,12:N0} {n.MultiplyAdds,14:N0}").TrimEnd()),
            string.Create(CultureInfo.InvariantCulture, $"{"total",-64} {graph.ParameterCount,12:N0} {graph.MultiplyAdds,14:N0}"),
            $"initialisation: {string.Join(", ", graph.Nodes.SelectMany(n => n.Parameters).Select(p => $"{p.Name} {p.Initializer}").Distinct())}",
        ];
        return string.Join('\n', lines) + "\n";
    }
}
