using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Files;
using Convolve.Graphs;
using Convolve.Imaging;
using Convolve.Zoo;

namespace Convolve.Cli.Commands;

/// <summary>convolve data preview SET</summary>
internal sealed class PreviewCommand
{
    private const int MostImages = 100;
    private readonly Argument<string> _set = new("SET") { HelpName = "SET", Description = $"The data set: {Inputs.Sets}." };
    private readonly Option<string?> _augment = Inputs.Augment("Transforms of the training images. Default: none.");

    private readonly Option<string?> _network = Inputs.Word("--network", "NET",
        $"Show the input of this network: {string.Join(", ", NetworkCatalog.All.Select(n => n.Name))}; or a JSON file. Default: the size " +
        $"that the transforms produce.");

    private readonly Option<string[]> _networkOptions = Inputs.NetworkOptions();
    private readonly Option<int?> _images = Inputs.Integer("--images", $"Images to show, 1 to {MostImages}. Default: 8.",
        least: 1);
    private readonly Option<int?> _epochs = Inputs.Integer("--epochs", $"Epochs to show of each image, 1 to {MostImages}. Default: 6.",
        least: 1);
    private readonly Option<ulong?> _seed = Inputs.Seed("--seed", "Seed of the run to preview. Default: 0.");
    private readonly Option<bool> _skipBad = Inputs.Flag("--skip-bad", "With a folder of pictures: leave out bad files.");
    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();
    private readonly Option<string?> _out = Inputs.Word("--out", "FILE", "The PNG file to write. Default: SET-preview.png in the current " +
        "folder.");
    private readonly Option<bool> _json = Inputs.Json();

    public static Command Create()
    {
        PreviewCommand preview = new();
        Command command = new("preview",
            "Write a PNG file of training images before and after augmentation: the image, what evaluation sees, and what training sees " +
            "in its first epochs.")
        {
            preview._set,
        };
        foreach (Option option in (Option[])[preview._augment, preview._network, preview._networkOptions, preview._images, preview._epochs,
            preview._seed,
            preview._skipBad, preview._dataDirectory, preview._out, preview._json])
            command.Add(option);
        command.SetAction(preview.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json));
        DatasetInfo info = Datasets.Find(line.GetRequiredValue(_set));
        TransformList transforms = Inputs.Transforms(line.GetValue(_augment)) ?? TransformList.Empty;
        if (line.GetValue(_network) is null)
            GivenOptions.Refuse(line, "--net-option only applies to --network NET", _networkOptions);
        Graph? graph = line.GetValue(_network) is not { } typed ? null
            : new NetworkArgument(typed) is var network
            && network.IsFile ? network.Create(null, Inputs.Pairs(line.GetValue(_networkOptions)), null)
            : network.Create(info.ClassNames.Count, Inputs.Pairs(line.GetValue(_networkOptions)), null);
        int images = UpTo(MostImages, line.GetValue(_images) ?? 8, "--images"),
            epochs = UpTo(MostImages, line.GetValue(_epochs) ?? 6, "--epochs");
        string file = OutputPath.File(line.GetValue(_out) ?? $"{Path.GetFileName(info.Name)}-preview.png", _out.Name);

        using Interruption interruption = new("stopping ...");
        DatasetOptions where = Inputs.DataOptions(line.GetValue(_dataDirectory)) with
        {
            Channels = graph is null ? null : graph.Input.Channels == 1 ? 1 : 3,
            SkipBad = line.GetValue(_skipBad),
        };
        LoadedData loaded;
        using (DataScreen reading = new(output))
            loaded = Datasets.Load(info.Name, where, reading, interruption.Token);
        ulong seed = line.GetValue(_seed) ?? 0;
        ImageSize? input = graph is null ? null : new(graph.Input.Channels, graph.Input.Height, graph.Input.Width);
        PreviewSheet sheet = PreviewSheet.Create(loaded.Split(seed: seed).Train, transforms, input, seed, images, epochs);
        AtomicFile.WriteBytes(file, PngEncoder.Encode(sheet.Pixels, sheet.Size.Channels, sheet.Size.Height, sheet.Size.Width));
        if (output.IsJson)
        {
            Output.Json(new JsonObject
            {
                ["file"] = Path.GetFullPath(file),
                ["dataset"] = info.Name,
                ["augment"] = new JsonArray([.. transforms.Select(t => (JsonNode)t.ToString())]),
                ["images"] = sheet.Images,
                ["epochs"] = sheet.Columns - 2,
                ["height"] = sheet.Size.Height,
                ["width"] = sheet.Size.Width,
            });
            return Failures.Success;
        }
        output.Line(
            $"{file}: {sheet.Images} images; each row shows the image, what evaluation sees, and what training sees in " +
            $"{sheet.Columns - 2} epochs.");
        return Failures.Success;
    }

    private static int UpTo(int most, int value, string name) =>
        value <= most ? value : throw new UsageException($"{name}: expected a whole number from 1 to {most}, got {value}.");
}
