using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Imaging;

namespace Convolve.Cli.Tests.Commands;

/// <summary>'convolve predict' as a process.</summary>
public sealed class PredictTests : IClassFixture<SmallRun>
{
    private const int Pictures = 70;
    private readonly Cli _cli;

    public PredictTests(SmallRun run)
    {
        _cli = run.Cli;
        Directory.CreateDirectory(_cli.At("photos/below"));
        LoadedData data = Datasets.Load("fashion-mnist");
        for (int i = 0; i < Pictures; i++)
            File.WriteAllBytes(_cli.At(i % 2 == 0 ? $"photos/{i}.png" : $"photos/below/{i}.png"),
                PngEncoder.Encode(data.Test.PixelsOf(i), 1, 28, 28));
        File.WriteAllText(_cli.At("photos/notes.txt"), "no picture");
    }

    [Fact]
    public void A_folder_gets_the_answers_of_the_evaluation()
    {
        Assert.Equal(0, _cli.Run("evaluate", "first", "--predictions", "evaluated.csv", "--precision", "f32").Status);
        string[][] evaluated = [.. File.ReadLines(_cli.At("evaluated.csv")).Skip(1).Take(Pictures).Select(line => line.Split(','))];
        CliResult result = _cli.Run("predict", "first", "photos", "--csv", "--top", "1");
        Assert.Equal(0, result.Status);
        Assert.Contains("1 file in the folders is not named like a picture and was left out.", result.Errors, StringComparison.Ordinal);
        string[] lines = result.Output.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("file,label1,probability1", lines[0]);
        Assert.Equal(Pictures + 1, lines.Length);
        foreach (string[] cells in lines.Skip(1).Select(line => line.Split(',')))
        {
            string[] expected = evaluated[int.Parse(Path.GetFileNameWithoutExtension(cells[0]),
                System.Globalization.CultureInfo.InvariantCulture)];
            Assert.Equal(expected[3], cells[1]);
            Assert.Equal(double.Parse(expected[5], System.Globalization.CultureInfo.InvariantCulture),
                double.Parse(cells[2], System.Globalization.CultureInfo.InvariantCulture), 1e-5);
        }
    }

    [Fact]
    public void The_others_are_answered_where_one_cannot_be_read()
    {
        File.WriteAllText(_cli.At("text.png"), "not a picture");
        CliResult result = _cli.Run("predict", "first", "photos/0.png", "gone.png", "text.png", "photos/?.png", "--json", "--quiet");
        Assert.Equal(1, result.Status);
        Assert.StartsWith("convolve: gone.png: this file does not exist.\nconvolve: text.png: this is not a JPEG, PNG", result.Errors,
            StringComparison.Ordinal);
        JsonNode[] lines = [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(["photos/0.png", "gone.png", "text.png", "photos/0.png", "photos/2.png", "photos/4.png", "photos/6.png",
            "photos/8.png"], lines.Select(line => (string)line["file"]!));
        Assert.Equal("this file does not exist.", (string)lines[1]["error"]!);
        Assert.Equal((string)lines[0]["label"]!, (string)lines[0]["top"]![0]!["label"]!);
        Assert.Equal(3, lines[0]["top"]!.AsArray().Count);
        Assert.True(JsonNode.DeepEquals(lines[0], lines[3]));
    }

    [Fact]
    public void Views_that_the_network_was_not_trained_for_are_warned_of()
    {
        CliResult result = _cli.Run("predict", "first", "photos/0.png", "--tta", "mirror");
        Assert.Equal(0, result.Status);
        Assert.StartsWith("convolve: warning: the network was trained without flips, so mirrored views (--tta mirror) usually lower its " +
            "accuracy.", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_may_come_from_standard_input()
    {
        CliResult named = _cli.Run("predict", "first/model.safetensors", "photos/0.png");
        Assert.Matches("^photos/0.png: .+ [0-9.]+ %, .+ [0-9.]+ %, .+ [0-9.]+ %\n$", named.Output);
        CliResult piped = _cli.RunWithInput(File.ReadAllBytes(_cli.At("photos/0.png")), "predict", "first", "-");
        Assert.Equal((0, named.Output.Replace("photos/0.png", "-", StringComparison.Ordinal), ""),
            (piped.Status, piped.Output, piped.Errors));
    }

    [Theory]
    [InlineData("FILE is missing. Pictures", "first")]
    [InlineData("https://example.com/a.png is a URL. Download the picture, and pass the file.", "first", "https://example.com/a.png")]
    [InlineData("No file matches none*.png. Patterns may have * and ? in the name of the file.", "first", "none*.png")]
    [InlineData("empty has no pictures: no file in it ends in .jpg, ", "first", "empty")]
    [InlineData("- stands for one picture on standard input. Give it once.", "first", "-", "-")]
    [InlineData("--json and --csv exclude each other. Remove one.", "first", "photos", "--json", "--csv")]
    [InlineData("nowhere does not exist. Pass the run folder that `convolve train` printed when it finished.", "nowhere", "photos")]
    public void What_cannot_be_done_is_told(string message, params string[] arguments)
    {
        Directory.CreateDirectory(_cli.At("empty"));
        CliResult result = _cli.Run(["predict", .. arguments]);
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.StartsWith($"convolve: {message}", result.Errors,
            StringComparison.Ordinal);
    }
}
