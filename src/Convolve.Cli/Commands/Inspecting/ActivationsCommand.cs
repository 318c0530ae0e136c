using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Data.Inputs;
using Convolve.Drawing.Sheets;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Inspection;

namespace Convolve.Cli.Commands.Inspecting;

/// <summary>convolve activations RUN IMAGE</summary>
internal sealed class ActivationsCommand
{
    private readonly InspectionOptions _options = new("activations.png");
    private readonly Option<string?> _layer = InspectionOptions.Layers(
        "Layers to show, each before the layers behind it. Default: every convolution, with its normalization and activation.");

    public static Command Create()
    {
        ActivationsCommand activations = new();
        InspectionOptions options = activations._options;
        Command command = new("activations", "Draw the feature maps that a picture produces in each convolution.")
        {
            options.Run, options.Image, activations._layer, options.DataDirectory, options.Out, options.Threads, options.Json,
        };
        command.SetAction(activations.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_options.Json));
        RunArgument run = new(line.GetRequiredValue(_options.Run));
        SheetFile file = _options.Sheet(line);
        using Interruption interruption = new("stopping ...");
        using ModelFile model = run.Open();
        using ModelInspector inspector = new(model, _options.Execution(line, run));
        (Node Layer, string Name)[] layers = [.. Layers(model.Graph, line.GetValue(_layer))];
        InspectedPicture picture = InspectedPicture.Read(line.GetRequiredValue(_options.Image), run, model,
            Inputs.DataOptions(line.GetValue(_options.DataDirectory)), output, interruption.Token);
        float[] input = picture.Input(model.Preprocessing), probabilities = inspector.Probabilities(input);
        FeatureMaps[] maps = inspector.Activations(input, [.. layers.Select(layer => layer.Layer)]);
        string said = InspectionOptions.Words(inspector.Labels, probabilities);
        file.Write(InspectionSheets.Activations(model.Graph.Name, Shown(model.Preprocessing, input) with
        {
            Captions = [Path.GetFileName(picture.Name)],
            Notes = said.Split(", "),
        }, layers.Zip(maps, (layer, map) => (layer.Name, map))));
        if (output.IsJson)
        {
            Output.Json(new()
            {
                ["file"] = Path.GetFullPath($"{file}"),
                ["image"] = picture.Name,
                ["predicted"] = inspector.Labels[InspectionOptions.ClassOf(null, inspector.Labels, probabilities)],
                ["layers"] = new JsonArray([.. maps.Select(Json)]),
            });
            return Failures.Success;
        }
        Table table = Output.Columns("layer", "output", "0 everywhere#", "0#", "mean#", "largest#");
        foreach ((string name, FeatureMaps map) in layers.Zip(maps, (layer, map) => (layer.Name, map)))
            Output.Row(table, name, $"{map.Shape}", map.Shape.IsVector ? "-" : $"{InspectionSheets.Silent(map)}",
                Format.Percent((double)map.Values.Count(0f) / map.Values.Length), Format.Fraction(Mean(map)),
                Format.Fraction(Largest(map)));
        output.Table(table);
        output.Fact("predicted", said);
        output.Fact("sheet", $"{file}");
        return Failures.Success;
    }

    /// <summary>An input as a picture.</summary>
    public static Tile Shown(Preprocessing preprocessing, float[] input)
    {
        byte[] planes = new byte[input.Length];
        new ImagePipeline(preprocessing, preprocessing.Size.Channels).Invert(input, planes);
        return InspectionSheets.Picture(planes, preprocessing.Size);
    }

    private static IEnumerable<(Node, string)> Layers(Graph graph, string? typed)
    {
        if (typed is not null)
            return InspectionOptions.Find(graph, typed).Select(node => (node, $"{node.Name}: {node.Layer}"));
        return LayerNames.Convolutions(graph) is { Count: > 0 } all
            ? all.Select(node => (End: LayerNames.EndOf(graph, node), node))
                .Select(pair => (pair.End, $"{pair.node.Name}: {pair.node.Layer}{(pair.End == pair.node ? "" : $" to {pair.End.Name}")}"))
                .DistinctBy(pair => pair.End)
            : throw new UsageException($"{graph.Name} has no convolution. Name layers with --layer: " +
                $"{string.Join(", ", LayerNames.All(graph).Select(node => node.Name))}.");
    }

    private static float Mean(FeatureMaps map)
    {
        double sum = 0;
        foreach (float value in map.Values)
            sum += value;
        return (float)(sum / map.Values.Length);
    }

    private static float Largest(FeatureMaps map)
    {
        float largest = map.Values[0];
        foreach (float value in map.Values)
            largest = Math.Max(largest, value);
        return largest;
    }

    private static JsonObject Json(FeatureMaps map) => new()
    {
        ["name"] = map.Layer,
        ["shape"] = new JsonArray([.. map.Shape.ToArray().Select(size => (JsonNode)size)]),
        ["silent_maps"] = map.Shape.IsVector ? null : InspectionSheets.Silent(map),
        ["zeros"] = map.Values.Count(0f),
        ["mean"] = Mean(map),
    };
}
