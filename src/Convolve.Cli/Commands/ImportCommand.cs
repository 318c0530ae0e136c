using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Data.Inputs;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Layers;
using Convolve.Weights;
using Convolve.Zoo;

namespace Convolve.Cli.Commands;

/// <summary>convolve import FILE --network NET</summary>
internal sealed class ImportCommand
{
    private const int MostListed = 12;

    private readonly Argument<string> _file = new("FILE")
    {
        HelpName = "FILE",
        Description = "The weights: a .safetensors file with the names of torchvision, timm, Keras or Convolve; or a .weights.h5, .h5 or " +
            ".keras file of Keras.",
    };

    private readonly Option<string?> _network = Inputs.Word("--network", "NET",
        $"The network that the weights are of: a name that `{ProgramName.Current} summary` lists, or a JSON file of your own. Required.");

    private readonly Option<string[]> _networkOptions = Inputs.NetworkOptions();
    private readonly Option<string?> _input = Inputs.ImageShape();

    private readonly Option<string?> _out =
        Inputs.Word("--out", "FILE", "The model file to write; replaced if it exists. Default: NET.safetensors in the current folder.");

    private readonly PreprocessingOptions _preprocessing = new("ImageNet's, as torchvision does, for its networks; for others as the " +
        "network's input is, pixel / 255");

    private readonly Option<bool> _json = Inputs.Json();

    public static Command Create()
    {
        ImportCommand import = new();
        Command command = new("import", "Make a model file from weights that another program trained.") { import._file };
        foreach (Option option in (Option[])[import._network, import._networkOptions, import._input, import._out,
            .. import._preprocessing.All, import._json])
            command.Add(option);
        command.SetAction(import.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json));
        string path = HomePath.Expand(line.GetRequiredValue(_file));
        NetworkArgument network = new(line.GetValue(_network)
            ?? throw new UsageException($"Which network are the weights of? Add --network with a name that `{ProgramName.Current} " +
                $"summary` lists, such as --network resnet18."));
        string to = OutputPath.File(line.GetValue(_out) ?? $"{Path.GetFileNameWithoutExtension(network.Typed)}.safetensors", _out.Name);
        if (Path.GetFullPath(to) == Path.GetFullPath(path))
            throw new UsageException($"{path} would be replaced by what is made from it. Choose another file with --out.");
        using IWeightFile file = Open(path);
        (Graph graph, WeightMatch match) = Match(file, classes => network.Create(classes, Inputs.Pairs(line.GetValue(_networkOptions)),
            line.GetValue(_input)), network.IsFile);
        if (!match.IsWhole)
            throw new UsageException(Differences(path, network, graph, match));
        Preprocessing preprocessing = PreprocessingOf(line, graph, match);
        ModelFile.Write(to, graph, preprocessing, (name, values) => match.Taken[name].Read(file, values));
        if (output.IsJson)
            Output.Json(Json(to, graph, preprocessing, match));
        else
            Show(output, to, graph, preprocessing, match);
        if (match.Naming is KerasNaming && graph.Nodes.FirstOrDefault(node => node.Layer is BatchNorm) is { Layer: BatchNorm norm } node)
            Failures.Say(string.Create(CultureInfo.InvariantCulture,
                $"warning: {node.Name} adds {norm.Eps:R} to the variance, and Keras adds 0.001 by default. Use a network file " +
                $"({NetworkArgument.FormatGuide}) with Keras's number."));
        return Failures.Success;
    }

    private static IWeightFile Open(string path)
    {
        if (!Path.Exists(path))
            throw new UsageException($"{path} does not exist. Pass a file of weights.");
        if (Directory.Exists(path))
            throw new UsageException($"{path} is a folder. Pass a file of weights.");
        if (KerasFile.IsLikely(path))
            return KerasFile.Open(path);
        SafeTensorsFile file = SafeTensorsFile.Open(path);
        if (!ModelFile.IsModel(file))
            return file;
        file.Dispose();
        throw new UsageException($"{path} is a model file already: predict, evaluate and export take it as it is.");
    }

    // The number of classes is the file's: that of the last layer with weights.
    private static (Graph Graph, WeightMatch Match) Match(IWeightFile file, Func<int?, Graph> create, bool isFixed)
    {
        Graph graph = create(null);
        WeightMatch match = WeightMatch.Of(graph, file);
        Node? last = graph.Nodes.LastOrDefault(node => node.Layer is WeightedLayer);
        if (isFixed || last is null
            || match.Misfits.FirstOrDefault(misfit => misfit.Parameter == $"{last.Name}.weight") is not { } misfit)
            return (graph, match);
        long classes = misfit.Wanted.ChannelsLast is null ? misfit.Tensor.Shape is [long rows, ..] ? rows : 0 : misfit.Tensor.Shape[^1];
        if (classes is < 1 or > int.MaxValue)
            return (graph, match);
        Graph sized = create((int)classes);
        return (sized, WeightMatch.Of(sized, file));
    }

    private Preprocessing PreprocessingOf(ParseResult line, Graph graph, WeightMatch match)
    {
        int classes = graph.Output.Channels;
        return _preprocessing.Apply(line, PublishedPreprocessing.For(graph,
            match.Naming is not KerasNaming && TorchvisionNaming.ModelOf(graph) is not null, _preprocessing.ClassNames(line, classes)
            ?? [.. Enumerable.Range(0, classes).Select(i => i.ToString(CultureInfo.InvariantCulture))]));
    }

    private static string Differences(string path, NetworkArgument network, Graph graph, WeightMatch match)
    {
        string some = $"{path} does not fit {graph.Name}: {match.Taken.Count} of {match.Taken.Count + match.Skipped.Count} parameters do.";
        return $"{some}{List("Of another shape", match.Misfits.Select(misfit => $"{misfit}"))}" +
            $"{List("Missing", match.Missing)}{List("In the file only", match.Unused)}\nChoose the network, its --net-option and its " +
            $"--input as they were in training. To start a training from what fits, use `{ProgramName.Current} train " +
            $"{Format.Quoted(network.Typed)} --from {Format.Quoted(path)}`.";
    }

    private static string List(string title, IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length == 0 ? "" : $"\n{title}:" + string.Concat(all.Take(MostListed).Select(name => $"\n  {name}"))
            + (all.Length > MostListed ? $"\n  and {all.Length - MostListed} more" : "");
    }

    private static void Show(Output output, string file, Graph graph, Preprocessing preprocessing, WeightMatch match)
    {
        output.Fact("file", $"{file} ({Format.Bytes(new FileInfo(file).Length)}): a model file");
        output.Fact("network", $"{graph.Name}: {graph.Input} -> {graph.Output}");
        output.Fact("weights", $"{match.Taken.Count} tensors, with {NamesOf(match.Naming)} names");
        if (match.Unused.Count > 0)
            output.Fact("unused", $"{string.Join(", ", match.Unused)}: not in this network");
        output.Fact("input", $"{preprocessing}");
        output.Line();
        output.Next(($"{ProgramName.Current} predict {Format.Quoted(file)} PICTURE", "the most probable classes of a picture"));
    }

    private static string NamesOf(WeightNaming naming) => naming.Name switch
    {
        "keras" => "Keras's",
        "convolve" => "Convolve's",
        _ => $"{naming.Name}'s",
    };

    private static JsonObject Json(string file, Graph graph, Preprocessing preprocessing, WeightMatch match) => new()
    {
        ["file"] = Path.GetFullPath(file),
        ["network"] = graph.Name,
        ["classes"] = graph.Output.Channels,
        ["names"] = match.Naming.Name,
        ["tensors"] = match.Taken.Count,
        ["unused"] = new JsonArray([.. match.Unused.Select(name => (JsonNode?)name)]),
        ["preprocessing"] = JsonNode.Parse(preprocessing.ToJson()),
    };
}
