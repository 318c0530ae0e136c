using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Inspection;

namespace Convolve.Cli.Commands.Inspecting;

/// <summary>convolve saliency RUN IMAGE</summary>
internal sealed class SaliencyCommand
{
    private const int WindowShare = 6, StrideShare = 4;
    private readonly InspectionOptions _options = new("saliency.png");
    private readonly Option<SaliencyMethod?> _method = Inputs.OneOf<SaliencyMethod>("--method",
        "What to look for: grad-cam (places of a layer's feature maps that speak for the class) or occlusion (places that can't be " +
        "covered without the class's probability falling). Default: grad-cam.",
        ("grad-cam", SaliencyMethod.GradCam), ("occlusion", SaliencyMethod.Occlusion));

    private readonly Option<string?> _layer = Inputs.Word("--layer", "NAME",
        "With grad-cam: the layer. Default: the last convolution, with its normalization and activation.");

    private readonly Option<string?> _class = Inputs.Word("--class", "CLASS", "The class to explain. Default: the predicted one.");
    private readonly Option<int?> _window = Inputs.Integer("--window",
        "With occlusion: the side of the gray square, in pixels of the network's input. Default: a sixth of the input's shorter side.",
        least: 1);

    private readonly Option<int?> _stride = Inputs.Integer("--stride",
        "With occlusion: pixels from one square to the next, at most --window. Default: a quarter of the square.", least: 1);

    private enum SaliencyMethod
    {
        GradCam,
        Occlusion,
    }

    public static Command Create()
    {
        SaliencyCommand saliency = new();
        InspectionOptions options = saliency._options;
        Command command = new("saliency", "Draw which places of a picture made a network decide: Grad-CAM, or occlusion.")
        {
            options.Run, options.Image, saliency._method, saliency._layer, saliency._class, saliency._window, saliency._stride,
            options.DataDirectory, options.Out, options.Threads, options.Json,
        };
        command.SetAction(saliency.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_options.Json));
        bool isOcclusion = line.GetValue(_method) == SaliencyMethod.Occlusion;
        if (isOcclusion)
            GivenOptions.Refuse(line, "--layer only applies to --method grad-cam", _layer);
        else
            GivenOptions.Refuse(line, "--window and --stride only apply to --method occlusion", _window, _stride);
        RunArgument run = new(line.GetRequiredValue(_options.Run));
        SheetFile file = _options.Sheet(line);
        using Interruption interruption = new("stopping ...");
        using ModelFile model = run.Open();
        using ModelInspector inspector = new(model, _options.Execution(line, run));
        Node layer = line.GetValue(_layer) is { } name ? LayerNames.Find(model.Graph, name)
            : isOcclusion ? model.Graph.Nodes[0] : LayerNames.LastMaps(model.Graph);
        (int window, int stride) = isOcclusion ? Square(line, model.Graph) : default;
        InspectedPicture picture = InspectedPicture.Read(line.GetRequiredValue(_options.Image), run, model,
            Inputs.DataOptions(line.GetValue(_options.DataDirectory)), output, interruption.Token);
        float[] input = picture.Input(model.Preprocessing), probabilities = inspector.Probabilities(input);
        int label = InspectionOptions.ClassOf(line.GetValue(_class), inspector.Labels, probabilities);
        FeatureMaps map = isOcclusion ? Saliency.Occlusion(inspector.Model, input, window, stride, label, interruption.Token)
            : Saliency.GradCam(inspector.Model, input, layer, label);
        string what = isOcclusion ? $"occlusion by {window}x{window} pixels, stride {stride}" : $"Grad-CAM at {layer.Name}";
        string unit = isOcclusion ? "nats of log-probability" : "logit";
        float largest = map.Values[0], least = map.Values[0];
        foreach (float value in map.Values)
            (largest, least) = (Math.Max(largest, value), Math.Min(least, value));
        file.Write(InspectionSheets.Saliency($"{inspector.Labels[label]}: {Format.Fraction(probabilities[label])}",
            $"{picture.Name}, {what}", ActivationsCommand.Shown(model.Preprocessing, input), map,
            model.Graph));
        if (output.IsJson)
        {
            Output.Json(new()
            {
                ["file"] = Path.GetFullPath($"{file}"),
                ["image"] = picture.Name,
                ["method"] = isOcclusion ? "occlusion" : "grad-cam",
                ["layer"] = layer.Name,
                ["class"] = inspector.Labels[label],
                ["probability"] = probabilities[label],
                ["map"] = new JsonArray([.. Enumerable.Range(0, map.Shape.Height).Select(y => new JsonArray(
                    [.. map.Values.Slice(y * map.Shape.Width, map.Shape.Width).ToArray().Select(value => Output.Finite(value))]))]),
            });
            return Failures.Success;
        }
        output.Fact("predicted", InspectionOptions.Words(inspector.Labels, probabilities));
        output.Fact("class", $"{inspector.Labels[label]}, {Format.Fraction(probabilities[label])}");
        output.Fact("map", $"{what}: {map.Shape.Height}x{map.Shape.Width} values from {Format.Fraction(least)} to " +
            $"{Format.Fraction(largest)} ({unit})");
        if (largest <= 0)
            output.Line($"No place speaks for {inspector.Labels[label]}, so the map is empty.");
        output.Fact("sheet", $"{file}");
        return Failures.Success;
    }

    private (int Window, int Stride) Square(ParseResult line, Graph graph)
    {
        int side = Math.Min(graph.Input.Height, graph.Input.Width);
        int window = line.GetValue(_window) ?? Math.Max(1, side / WindowShare);
        if (window > side)
            throw new UsageException($"--window: expected at most {side}, the shorter side of the network's input {graph.Input}, " +
                $"got {window}.");
        int stride = line.GetValue(_stride) ?? Math.Max(1, window / StrideShare);
        return stride <= window ? (window, stride)
            : throw new UsageException($"--stride: expected at most the window, {window}, got {stride}: the squares would leave gaps.");
    }
}
