using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Convolve.Cli.Tests.Commands;

/// <summary>Networks from JSON files, and drawings of networks.</summary>
public class NetworkFileTests
{
    private const string Small = """
        {
          "name": "small net/1",
          "input": [1, 28, 28],
          "nodes": [
            {"type": "Conv2d", "filters": 8, "kernel": 5, "stride": 2},
            {"type": "BatchNorm2d"},
            {"type": "ReLU"},
            {"type": "GlobalAvgPool"},
            {"type": "Linear", "units": 10}
          ]
        }
        """;

    private static Cli With(string text)
    {
        Cli cli = new();
        File.WriteAllText(cli.At("net.json"), text);
        return cli;
    }

    [Fact]
    public void TheGuidesExampleTrainsAndIsEvaluated()
    {
        string guide = File.ReadAllText(Path.Combine(Root(), "docs/networks.md"));
        using Cli cli = With(Regex.Match(guide, "```json\n(.+?)```", RegexOptions.Singleline).Groups[1].Value);
        CliResult train = cli.Run("train", "net.json", "--data", "fashion-mnist", "--limit", "600", "--epochs", "2", "--batch-size", "64");
        Assert.Equal((0, ""), (train.Status, train.Errors));
        Assert.Contains("\nmy-net on fashion-mnist: 1x28x28 -> 10\n", train.Output, StringComparison.Ordinal);
        Assert.Contains("\n  convolve train net.json --data fashion-mnist --limit 600 --epochs 2 --batch-size 64 --seed 1 ", train.Output,
            StringComparison.Ordinal);
        string run = Assert.Single(Directory.GetDirectories(cli.At("runs")));
        Assert.StartsWith("my-net-fashion-mnist-", Path.GetFileName(run), StringComparison.Ordinal);
        File.Delete(cli.At("net.json")); // the run knows its network
        Assert.Equal(600, (int)cli.Run("evaluate", run, "--json").Json["images"]!);
    }

    [Fact]
    public void ANameThatIsNoFileNameMakesAFolderAllTheSame()
    {
        using Cli cli = With(Small);
        Assert.Equal(0, cli.Run("train", "./net.json", "--data", "fashion-mnist", "--limit", "64", "--epochs", "1", "--quiet").Status);
        Assert.StartsWith("small-net-1-fashion-mnist-", Path.GetFileName(Assert.Single(Directory.GetDirectories(cli.At("runs")))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void ItsInputMayBeOfAnotherSize()
    {
        using Cli cli = With("\ufeff" + Small);
        JsonObject json = cli.Run("summary", "net.json", "--input", "3x40x50", "--json").Json;
        Assert.Equal(("small net/1", "3x40x50"), ((string)json["network"]!, (string)json["input"]!));
        Assert.Equal("8x18x23", (string)json["layers"]![0]!["output"]!);
    }

    [Theory]
    [InlineData("Linear", "Liner", "summary net.json",
        "net.json: Node 5: \"Liner\" is not a kind of layer. Did you mean Linear? Use one of ")]
    [InlineData("stride", "strid", "train net.json --data mnist",
        "net.json: Node 1: \"strid\" is unknown here. Did you mean stride? Use one of name, type, inputs, filters, kernel, stride, " +
        "padding, dilation, groups, bias, initialization. See line 5, column 60: $.nodes[0].strid.\n")]
    [InlineData("\"GlobalAvgPool\"", "\"ReLU\"", "summary net.json",
        "net.json: Linear(10) \"fc1\": it takes a vector, but its input is an image of 8x12x12. Put a Flatten() before it. See line 9, " +
        "column 5: $.nodes[4].\n")]
    [InlineData("10}", "10", "summary net.json",
        "net.json: The network is not JSON: line 10, column 3: ']' is invalid without a matching open.\n")]
    [InlineData("", "", "summary net.json --classes 7",
        "net.json has 10 outputs, but --classes is 7. Change the units of its last layer.\n")]
    [InlineData("", "", "summary net.json --net-option dropout=0.5",
        "--net-option is for built-in networks, and net.json is a file. Change the setting in the file.\n")]
    [InlineData("", "", "summary net.json --input 28",
        "--input: expected channels x height x width, such as 3x224x224, got \"28\".\n")]
    [InlineData("", "", "summary net.json --input 1x2x2",
        "Conv2d(8, 5, stride: 2) \"conv1\": a window of 5x5 does not fit its 1x2x2 input.")]
    [InlineData("10", "7", "train net.json --data mnist",
        "net.json has 7 outputs, but mnist has 10 classes. Give its last layer 10 units.\n")]
    public void WhatIsWrongInItIsSaid(string from, string to, string line, string message)
    {
        using Cli cli = With(from.Length > 0 ? Small.Replace(from, to, StringComparison.Ordinal) : Small);
        CliResult result = cli.Run(line.Split(' '));
        Assert.StartsWith("convolve: " + message, result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors, '\n');
        Assert.Equal((2, ""), (result.Status, result.Output));
    }

    [Fact]
    public void WhatIsNoTextIsRefused()
    {
        using Cli cli = new();
        File.WriteAllBytes(cli.At("net.json"), [0x7b, 0xff, 0xfe, 0x7d]);
        Assert.Equal((2, "convolve: net.json is not text in UTF-8. Pass a network file (docs/networks.md).\n"),
            (cli.Run("summary", "net.json").Status, cli.Run("summary", "net.json").Errors));
        File.WriteAllBytes(cli.At("net.json"), new byte[20 << 20]);
        Assert.Equal("convolve: net.json is 20.0 MiB; a network file is at most 16.0 MiB. Is it the right file?\n",
            cli.Run("summary", "net.json").Errors);
    }

    [Fact]
    public void ANetworkIsDrawn()
    {
        using Cli cli = new();
        CliResult result = cli.Run("summary", "lenet5", "--svg", "net.svg");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.EndsWith("\ndrawing     net.svg\n", result.Output, StringComparison.Ordinal);
        XElement svg = XDocument.Load(cli.At("net.svg")).Root!;
        Assert.Equal("svg", svg.Name.LocalName);
        Assert.Equal(9, svg.Descendants().Count(e => e.Name.LocalName == "rect"
            && e.Attribute("class")!.Value.StartsWith("card ", StringComparison.Ordinal)));
        Assert.Equal(cli.At("net.svg"), (string)cli.Run("summary", "lenet5", "--svg", "net.svg", "--json").Json["svg"]!);
        Assert.Equal(["net.svg"], Directory.GetFileSystemEntries(cli.Folder).Select(Path.GetFileName));
    }

    [Fact]
    public void ADrawingThatCannotBeWrittenIsSaid()
    {
        using Cli cli = new();
        CliResult result = cli.Run("summary", "lenet5", "--svg", "no/such/folder/net.svg");
        Assert.Equal(2, result.Status);
        Assert.Matches(@"^convolve: .*no/such/folder/net\.svg.*\n$", result.Errors);
        Assert.Equal((2, "convolve: --svg: expected a file, got \"\". See 'convolve summary --help'.\n"),
            (cli.Run("summary", "lenet5", "--svg", "").Status, cli.Run("summary", "lenet5", "--svg", "").Errors));
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
