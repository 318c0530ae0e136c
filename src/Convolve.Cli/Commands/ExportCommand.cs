using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Onnx;
using Convolve.Weights;

namespace Convolve.Cli.Commands;

/// <summary>convolve export RUN</summary>
internal sealed class ExportCommand
{
    private enum ModelFormat
    {
        Onnx,
        SafeTensors,
    }

    private enum WeightNames
    {
        Convolve,
        Torchvision,
    }

    private readonly Argument<string> _run = new("RUN") { HelpName = "RUN", Description = RunArgument.Description };

    private readonly Option<ModelFormat?> _format = Inputs.OneOf<ModelFormat>("--format",
        "What to write: onnx (for ONNX Runtime, browsers, ML.NET, OpenCV and others) or safetensors (a model file of its own, also from " +
        "a checkpoint). Default: onnx.",
        ("onnx", ModelFormat.Onnx), ("safetensors", ModelFormat.SafeTensors));

    private readonly Option<string?> _out =
        Inputs.Word("--out", "FILE", "The file to write; replaced if it exists. Default, for onnx: model.onnx beside the model.");

    private readonly Option<WeightNames?> _names = Inputs.OneOf<WeightNames>("--names",
        "With --format safetensors: whose names the weights get, convolve (a model file) or torchvision (weights alone, for " +
        "load_state_dict in PyTorch). Default: convolve.",
        ("convolve", WeightNames.Convolve), ("torchvision", WeightNames.Torchvision));

    private readonly Option<int?> _opset = Inputs.OneOf<int>("--opset",
        "ONNX's version of the operators. 13 runs in the most programs; smoothing pictures with --with-preprocessing needs 18. " +
        "Default: 13.",
        [.. OnnxOptions.Opsets.Select(opset => (opset.ToString(CultureInfo.InvariantCulture), opset))]);

    private readonly Option<int?> _staticBatch = Inputs.Integer("--static-batch",
        "Fix the batch size, and with --with-preprocessing the pictures' size, for programs that need every size, such as OpenCV 4. " +
        "Default: any batch size.",
        least: 1);

    private readonly Option<bool> _withPreprocessing = Inputs.Flag("--with-preprocessing",
        "The ONNX model takes pictures as bytes [N, height, width, channels] and resizes, crops and normalizes them itself. Default: it " +
        "takes normalized numbers [N, channels, height, width].");

    private readonly Option<bool> _json = Inputs.Json();

    public static Command Create()
    {
        ExportCommand export = new();
        Command command = new("export", "Write a trained network for other programs, languages and browsers: ONNX or safetensors.")
            { export._run };
        foreach (Option option in (Option[])[export._format, export._out, export._names, export._opset, export._staticBatch,
            export._withPreprocessing, export._json])
            command.Add(option);
        command.SetAction(export.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json));
        RunArgument run = new(line.GetRequiredValue(_run));
        bool isOnnx = (line.GetValue(_format) ?? ModelFormat.Onnx) == ModelFormat.Onnx;
        if (!isOnnx && OnnxOption(line) is { } option)
            throw new UsageException($"{option} is for --format onnx. Remove it, or export ONNX.");
        if (isOnnx && line.GetValue(_names) is not null)
            throw new UsageException($"{_names.Name} is for --format safetensors. Remove it, or export safetensors.");
        using ModelFile model = run.Open();
        string file = OutputPath.File(line.GetValue(_out) ?? (isOnnx ? Path.Combine(run.Folder, "model.onnx")
            : throw new UsageException("--format safetensors needs the file to write: --out FILE.")), _out.Name);
        if (isOnnx && Path.GetFullPath(file) == Path.GetFullPath(run.ModelPath))
            throw new UsageException($"--out {file} is the model itself. Choose another file.");
        if (!isOnnx)
        {
            bool isTorchvision = line.GetValue(_names) == WeightNames.Torchvision;
            if (isTorchvision)
                WriteTorchvision(model, file);
            else
                model.CopyTo(file);
            Show(output, file, isTorchvision ? TorchvisionNaming.ModelOf(model.Graph) : null, model.Graph);
            return Failures.Success;
        }
        OnnxFile written = OnnxExport.Write(model, file, new()
        {
            Opset = line.GetValue(_opset) ?? new OnnxOptions().Opset,
            StaticBatch = line.GetValue(_staticBatch),
            WithPreprocessing = line.GetValue(_withPreprocessing),
        });
        ExportScreen screen = new(written, model.Preprocessing);
        if (output.IsJson)
            Output.Json(screen.Json());
        else
            screen.Show(output);
        return Failures.Success;
    }

    private string? OnnxOption(ParseResult line) => line.GetValue(_opset) is not null ? _opset.Name
        : line.GetValue(_staticBatch) is not null ? _staticBatch.Name : line.GetValue(_withPreprocessing) ? _withPreprocessing.Name : null;

    private static void WriteTorchvision(ModelFile model, string file)
    {
        Graph graph = model.Graph;
        if (TorchvisionNaming.ModelOf(graph) is null)
            throw new UsageException($"torchvision has no {graph.Name}. It has {TorchvisionNaming.Networks}. Export with " +
                $"--names convolve.");
        if (TorchvisionNaming.WrongInput(graph) is { } wrong)
            throw new UsageException($"{graph.Name} for images of {graph.Input} has no counterpart in torchvision: {wrong}. Export with " +
                $"--names convolve.");
        model.CopyTo(file, TorchvisionNaming.Instance);
    }

    private static void Show(Output output, string file, string? torchvision, Graph graph)
    {
        long bytes = new FileInfo(file).Length;
        string? snippet = torchvision is null ? null : $"""
            # pip install torchvision safetensors
            import torchvision, safetensors.torch

            model = torchvision.models.{torchvision}(num_classes={graph.Output.Channels}{(torchvision == "googlenet"
                ? ", aux_logits=False, transform_input=False, init_weights=False" : "")})
            model.load_state_dict(safetensors.torch.load_file("{file.Replace('\\', '/')}"))
            model.eval()
            """;
        if (output.IsJson)
        {
            JsonObject json = new() { ["file"] = Path.GetFullPath(file), ["format"] = "safetensors", ["bytes"] = bytes };
            if (snippet is not null)
                (json["names"], json["snippets"]) = ("torchvision", new JsonObject { ["Python"] = snippet });
            Output.Json(json);
            return;
        }
        output.Fact("file", $"{file} ({Format.Bytes(bytes)}): {(snippet is null
            ? "a model file; weights in float32, names as in the network" : "weights in float32, with torchvision's names")}");
        if (snippet is null)
            return;
        output.Line();
        output.Title("Python");
        foreach (string line in snippet.Split('\n'))
            output.Words.WriteLine(line);
    }
}
