using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Drawing.Sheets;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Inspection;
using Convolve.Layers;

namespace Convolve.Cli.Commands.Inspecting;

/// <summary>convolve filters RUN</summary>
internal sealed class FiltersCommand
{
    private readonly InspectionOptions _options = new("filters.png");
    private readonly Option<string?> _layer = InspectionOptions.Layers("Convolutions to show. Default: the first one.");

    public static Command Create()
    {
        FiltersCommand filters = new();
        InspectionOptions options = filters._options;
        Command command = new("filters", "Draw the learned filters of convolutions.")
        {
            options.Run, filters._layer, options.Out, options.Threads, options.Json,
        };
        command.SetAction(filters.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_options.Json));
        RunArgument run = new(line.GetRequiredValue(_options.Run));
        SheetFile file = _options.Sheet(line);
        using ModelFile model = run.Open();
        using ModelInspector inspector = new(model, _options.Execution(line, run));
        IReadOnlyList<Node> layers = Layers(model.Graph, line.GetValue(_layer));
        Sheet sheet = InspectionSheets.Filters(inspector.Model, layers);
        file.Write(sheet);
        if (output.IsJson)
            Output.Json(new()
            {
                ["file"] = Path.GetFullPath($"{file}"),
                ["layers"] = new JsonArray([.. layers.Select(node => new JsonObject
                {
                    ["name"] = node.Name,
                    ["filters"] = new JsonArray([.. node.Parameters[0].Shape.Select(size => (JsonNode)size)]),
                })]),
            });
        else
            output.Line($"{file}: {string.Join(", ", layers.Select(Words))}");
        return Failures.Success;
    }

    private static string Words(Node node) =>
        $"{node.Parameters[0].Shape[0]} filters of {string.Join('x', node.Parameters[0].Shape.Skip(1))} of {node.Name}";

    private static IReadOnlyList<Node> Layers(Graph graph, string? typed)
    {
        IReadOnlyList<Node> convolutions = LayerNames.Convolutions(graph);
        if (convolutions.Count == 0)
            throw new UsageException($"{graph.Name} has no convolution, so it has no filters.");
        if (typed is null)
            return [convolutions[0]];
        IReadOnlyList<Node> found = InspectionOptions.Find(graph, typed);
        return found.FirstOrDefault(node => node.Layer is not Conv2d) is { } other
            ? throw new UsageException($"--layer: {other.Name} is {other.Layer}, which has no filters. The convolutions are " +
                $"{string.Join(", ", convolutions.Select(node => node.Name))}.")
            : found;
    }
}
