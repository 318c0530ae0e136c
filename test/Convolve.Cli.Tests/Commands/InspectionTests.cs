using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Imaging;

namespace Convolve.Cli.Tests.Commands;

/// <summary>'convolve filters', 'activations', 'saliency' and 'similar' as processes, on a small run.</summary>
public sealed class InspectionTests(SmallRun run) : IClassFixture<SmallRun>
{
    private readonly Cli _cli = run.Cli;

    [Theory]
    [InlineData("filters first", "filters.png", "filters.png: 6 filters of 1x5x5 of conv1\n")]
    [InlineData("filters first --layer conv2,conv1 --out f.svg", "f.svg",
        "f.svg: 16 filters of 6x5x5 of conv2, 6 filters of 1x5x5 of conv1\n")]
    [InlineData("activations first test:3", "activations.png", "sheet       activations.png\n")]
    [InlineData("activations first/model.safetensors train:0 --layer conv1,fc1 --out a.svg", "a.svg", "sheet       a.svg\n")]
    [InlineData("saliency first test:3", "saliency.png", "sheet       saliency.png\n")]
    [InlineData("saliency first test:3 --layer conv1 --class Bag --out s.svg", "s.svg", "sheet       s.svg\n")]
    [InlineData("saliency first test:3 --method occlusion --window 7 --stride 7 --out o.png", "o.png", "sheet       o.png\n")]
    [InlineData("similar first test:3 --top 3", "similar.png", "sheet       similar.png\n")]
    [InlineData("similar first --limit 300 --out p.svg", "p.svg", "sheet       p.svg\n")]
    public void A_sheet_is_written_in_the_form_of_its_name(string command, string file, string end)
    {
        CliResult result = _cli.Run(command.Split(' '));
        Assert.True(result.Status == 0, result.Errors);
        Assert.EndsWith(end, result.Output, StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(_cli.At(file));
        if (file.EndsWith(".svg", StringComparison.Ordinal))
        {
            var svg = System.Xml.Linq.XDocument.Load(_cli.At(file)).Root!;
            Assert.Contains(svg.Elements(), element => element.Name.LocalName == "image");
        }
        else
            Assert.True(ImageDecoder.ReadInfo(bytes, file) is { Height: > 100, Width: > 400 });
    }

    [Fact]
    public void Maps_are_numbers_for_machines()
    {
        JsonObject activations = _cli.Run("activations", "first", "test:3", "--layer", "conv1,pool2,fc1", "--json").Json;
        Assert.Equal(["conv1", "pool2", "fc1"], activations["layers"]!.AsArray().Select(layer => (string)layer!["name"]!));
        Assert.Equal([6, 28, 28], activations["layers"]![0]!["shape"]!.AsArray().Select(size => (int)size!));
        JsonObject cam = _cli.Run("saliency", "first", "test:3", "--json").Json;
        Assert.Equal(("relu2", 10, 10), ((string)cam["layer"]!, cam["map"]!.AsArray().Count, cam["map"]![0]!.AsArray().Count));
        Assert.True(cam["map"]!.AsArray().SelectMany(row => row!.AsArray()).All(value => (double)value! >= 0));
        JsonObject occlusion = _cli.Run("saliency", "first", "test:3", "--method", "occlusion", "--stride", "4", "--json").Json;
        Assert.Equal(((string)cam["class"]!, 28), ((string)occlusion["class"]!, occlusion["map"]!.AsArray().Count));
    }

    // Where the same file and the same picture of the data are one.
    [Fact]
    public void A_training_picture_is_nearest_to_itself()
    {
        Dataset train = Datasets.Load("fashion-mnist").Train;
        int one = (int)_cli.Run("similar", "first", "test:3", "--top", "1", "--json").Json["nearest"]![0]!["sample"]!;
        JsonObject numbered = _cli.Run("similar", "first", $"train:{one}", "--top", "2", "--json").Json;
        Assert.Equal(train.PixelsOf(one), train.PixelsOf((int)numbered["nearest"]![0]!["sample"]!));
        Assert.Equal(1, (double)numbered["nearest"]![0]!["cosine"]!, 1e-5);
        File.WriteAllBytes(_cli.At("one.png"), PngEncoder.Encode(train.PixelsOf(one), 1, 28, 28));
        JsonObject file = _cli.Run("similar", "first", "one.png", "--top", "2", "--json").Json;
        Assert.True(JsonNode.DeepEquals(numbered["nearest"], file["nearest"]));
    }

    // A copy of a picture with another label is the first of the contradictions, and a copy.
    [Fact]
    public void A_wrong_label_is_found()
    {
        Dataset train = Datasets.Load("fashion-mnist").Train;
        for (int i = 0; i < 60; i++)
        {
            string folder = _cli.At($"set/train/{train.ClassNames[train.LabelOf(i)].Replace('/', '-')}");
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), PngEncoder.Encode(train.PixelsOf(i), 1, 28, 28));
        }
        string wrong = Directory.GetDirectories(_cli.At("set/train")).Order().First(d => !File.Exists(Path.Combine(d, "9.png")));
        File.WriteAllBytes(Path.Combine(wrong, "wrong.png"), PngEncoder.Encode(train.PixelsOf(9), 1, 28, 28));
        CliResult result = _cli.Run("similar", "first", "--data", "folder:set", "--json");
        Assert.True(result.Status == 0, result.Errors);
        JsonNode first = result.Json["different_labels"]![0]!;
        Assert.Equal(["9.png", "wrong.png"],
            new[] { first["first"]!, first["second"]! }.Select(p => Path.GetFileName((string)p["file"]!)).Order());
        Assert.Equal(1, (int)result.Json["copies_count"]!);
        Assert.Equal(1, (double)result.Json["copies"]![0]!["pixel_correlation"]!, 1e-4);
    }

    [Theory]
    [InlineData("filters first --layer pool1", "--layer: pool1 is MaxPool2d(2), which has no filters. The convolutions are conv1, conv2.")]
    [InlineData("filters first --out f.jpg", "--out: expected a file name that ends in .png or .svg, got f.jpg.")]
    [InlineData("activations first nowhere.png",
        "nowhere.png does not exist. Pass a picture file, or a picture of the run's data, such as " +
        "test:17.")]
    [InlineData("activations first test:10000", "test:10000: fashion-mnist test has the pictures test:0 to test:9999.")]
    [InlineData("activations first test:0 --layer convv1",
        "lenet5 has no layer \"convv1\". Did you mean conv1? Its layers are input, conv1, ")]
    [InlineData("saliency first test:0 --layer fc1", "fc1 gives a vector of 120, and Grad-CAM needs feature maps. Use a layer before the " +
        "Flatten, such as relu2.")]
    [InlineData("saliency first test:0 --class shoe", "--class: unknown class \"shoe\".")]
    [InlineData("saliency first test:0 --window 5", "--window and --stride only apply to --method occlusion: remove --window.")]
    [InlineData("saliency first test:0 --method occlusion --layer conv1", "--layer only applies to --method grad-cam: remove --layer.")]
    [InlineData("saliency first test:0 --method occlusion --window 29",
        "--window: expected at most 28, the shorter side of the network's " +
        "input 1x28x28, got 29.")]
    [InlineData("saliency first test:0 --method occlusion --window 4 --stride 5", "--stride: expected at most the window, 4, got 5: the " +
        "squares would leave gaps.")]
    public void What_cannot_be_shown_is_refused(string command, string message)
    {
        CliResult result = _cli.Run(command.Split(' '));
        Assert.Equal(2, result.Status);
        Assert.StartsWith($"convolve: {message}", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_confusion_matrix_is_shown_where_it_is_asked_for()
    {
        string[] lines = _cli.Run("evaluate", "first", "--confusion").Output.Split('\n');
        int head = Array.FindIndex(lines, line => line.StartsWith("confusion matrix: true classes", StringComparison.Ordinal)) + 1;
        Assert.Equal("true 0 1 2 3 4 5 6 7 8 9", string.Join(' ', lines[head].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        JsonArray matrix = _cli.Run("evaluate", "first", "--json").Json["confusion_matrix"]!.AsArray();
        foreach ((int label, JsonNode? row) in matrix.Index())
            Assert.EndsWith(string.Concat(row!.AsArray().Select(count => $" {((int)count! == 0 ? "." : $"{count}"),3}")),
                lines[head + 1 + label], StringComparison.Ordinal);
        Assert.DoesNotContain("confusion matrix", _cli.Run("evaluate", "first").Output, StringComparison.Ordinal);
        CliResult narrow = _cli.Run([("COLUMNS", "50")], "evaluate", "first", "--confusion");
        Assert.All(narrow.Output.Split('\n'), line => Assert.True(line.Length <= 50, line));
        Assert.Equal(2, narrow.Output.Split('\n').Count(line => line.StartsWith("true ", StringComparison.Ordinal)));
    }
}
