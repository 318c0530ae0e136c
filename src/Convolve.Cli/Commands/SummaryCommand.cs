using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Drawing;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Profiling;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Cli.Commands;

/// <summary>convolve summary [NET]</summary>
internal sealed class SummaryCommand
{
    private const int UsualBatchSize = 128, UsualClasses = 10, PlanIndent = 4;

    private readonly Argument<string?> _network = new("NET")
    {
        HelpName = "NET",
        Arity = ArgumentArity.ZeroOrOne,
        Description =
        $"The network: a name, or a JSON file of your own ({NetworkArgument.FormatGuide}). Without NET, list all networks and their " +
        $"options.",
    };

    private readonly Option<int?> _batchSize =
        Inputs.Integer("--batch-size", "Images per pass, at least 1; the memory is for this many. Also shows what each layer costs in a " +
            $"pass of as many. Default: {UsualBatchSize}.", least: 1);
    private readonly Option<bool> _training = Inputs.Flag("--training",
        "Show what each layer costs in a training step: work forward and backward, activations, workspace and gradients, and the peak.");
    private readonly Option<int?> _classes =
        Inputs.Integer("--classes", $"Outputs of the last layer, at least 1. Default: {UsualClasses}.", least: 1);
    private readonly Option<string?> _input = Inputs.ImageShape();
    private readonly Option<string[]> _networkOptions = Inputs.NetworkOptions();
    private readonly Option<Precision?> _precision =
        Inputs.Precision("Number format of the kernels; the memory is for this format. Default: auto.");
    private readonly Option<bool> _plan =
        Inputs.Flag("--plan", "Also show the steps of a training pass: implementation, layouts, memory offsets.");
    private readonly Option<string?> _svg =
        Inputs.Word("--svg", "FILE", "Draw the network as an SVG file; replaced if it exists.");
    private readonly Option<bool> _json = Inputs.Json();

    public static Command Create()
    {
        SummaryCommand summary = new();
        Command command = new("summary", "Describe a network: layers, shapes, parameters, cost, memory.") { summary._network };
        foreach (Option option in (Option[])[summary._batchSize, summary._classes, summary._input, summary._networkOptions,
            summary._precision, summary._training, summary._plan, summary._svg, summary._json])
            command.Add(option);
        command.SetAction(summary.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json));
        if (line.GetValue(_network) is not { } name)
        {
            List(output);
            return Failures.Success;
        }
        NetworkArgument network = new(name);
        Graph graph = network.Create(line.GetValue(_classes), Inputs.Pairs(line.GetValue(_networkOptions)), line.GetValue(_input));
        string? drawing = line.GetValue(_svg) is { } svg ? OutputPath.File(svg, _svg.Name) : null;
        int batchSize = line.GetValue(_batchSize) ?? UsualBatchSize;
        ExecutionOptions options = new() { Precision = line.GetValue(_precision) ?? Precision.Auto };
        (Precision precision, string reason) = Model.ChoosePrecision(graph, options.Precision);
        Plan training = Make(isTraining: true, null), inference = Make(isTraining: false, null);
        // The optimizer of every recipe of the zoo has momentum; an evaluation belongs to a training.
        MemoryEstimate train = MemoryEstimate.Of([training, Make(isTraining: false, training.Parameters)], optimizerStates: 1);
        MemoryEstimate infer = MemoryEstimate.Of([inference]);
        Plan? costed = line.GetValue(_training) ? training : line.GetValue(_batchSize) is null ? null : inference;
        if (drawing is not null)
            AtomicFile.WriteText(drawing, NetworkDrawing.ToSvg(graph));
        if (output.IsJson)
        {
            JsonObject json = Json(graph, train, infer, batchSize);
            if (drawing is not null)
                json["svg"] = Path.GetFullPath(drawing);
            if (costed is not null)
                json["costs"] = CostTable.Json(costed, PlanCost.Of(costed));
            Output.Json(json);
            return Failures.Success;
        }
        output.Line($"{graph.Name}: {graph.Input} -> {graph.Output}");
        output.Table(NetworkTable.Of(graph));
        if (costed is not null)
            CostTable.Show(output, costed, PlanCost.Of(costed));
        output.Line();
        output.Fact("recipe", TrainScreen.Words(network.RecipeFor(graph, "")));
        output.Fact("precision", $"{(precision == Precision.BFloat16 ? "bfloat16" : "float32")}: {reason}");
        output.Fact("training", $"{Format.Bytes(train.TotalBytes)} at batch size {batchSize}: {MemoryCheck.Words(train)}");
        output.Fact("", $"the process {MemoryCheck.Words(RunMemory.OfTraining(train.TotalBytes, graph, batchSize), isOwn: false)}");
        output.Fact("inference", $"{Format.Bytes(infer.TotalBytes)} at batch size {batchSize}: {MemoryCheck.Words(infer)}");
        output.Fact("", $"the process {MemoryCheck.Words(RunMemory.OfEvaluation(infer.TotalBytes, graph, batchSize), isOwn: false)}");
        if (drawing is not null)
            output.Fact("drawing", drawing);
        if (line.GetValue(_plan))
            Show(training, output);
        return Failures.Success;

        Plan Make(bool isTraining, ParameterPlan? parameters) => Model.PlanFor(graph, options, batchSize, isTraining, parameters);
    }

    // A step in a line; where that is too long, each tensor stays whole.
    private static void Show(Plan plan, Output output)
    {
        output.Line();
        foreach (string step in $"{plan}".TrimEnd().Split('\n'))
            output.Line(Regex.Replace(step, @" (?![A-Z]\w+=|scratchpad |\d+ steps)", $"{TextFolding.Unbroken}"), PlanIndent);
    }

    private static JsonObject Json(Graph graph, MemoryEstimate training, MemoryEstimate inference, int batchSize) => new()
    {
        ["network"] = graph.Name,
        ["input"] = $"{graph.Input}",
        ["parameters"] = graph.ParameterCount,
        ["multiply_adds"] = graph.MultiplyAdds,
        ["training_bytes"] = training.TotalBytes,
        ["inference_bytes"] = inference.TotalBytes,
        ["training_process"] = MemoryCheck.Json(RunMemory.OfTraining(training.TotalBytes, graph, batchSize)),
        ["inference_process"] = MemoryCheck.Json(RunMemory.OfEvaluation(inference.TotalBytes, graph, batchSize)),
        ["layers"] = NetworkTable.Json(graph),
    };

    private static void List(Output output)
    {
        if (output.IsJson)
        {
            Output.Json(new()
            {
                ["networks"] = new JsonArray([.. NetworkCatalog.All.Select(n => new JsonObject
                {
                    ["name"] = n.Name,
                    ["description"] = n.Description,
                    ["source"] = n.Source,
                    ["options"] = new JsonArray([.. n.Options.Select(o => new JsonObject
                    {
                        ["name"] = o.Name,
                        ["values"] = o.Values,
                        ["default"] = o.Default,
                    })]),
                })]),
            });
            return;
        }
        Table table = Output.Columns("network", new("description") { Folds = true }, new("--net-option") { Folds = true });
        foreach (NetworkEntry entry in NetworkCatalog.All)
            Output.Row(table, entry.Name, entry.Description, string.Join(", ", entry.Options.Select(o => $"{o.Name}={o.Default}")));
        output.Table(table);
    }
}
