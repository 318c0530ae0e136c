using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Imaging;
using Convolve.Inference;
using Convolve.Testing;

namespace Convolve.Cli.Tests.Commands;

/// <summary>'convolve import' and 'convolve export --names torchvision' as processes.</summary>
public sealed class ImportTests : IClassFixture<SmallRun>
{
    private const string Names = "names.txt";
    private readonly Cli _cli;

    public ImportTests(SmallRun run)
    {
        _cli = run.Cli;
        LoadedData data = Datasets.Load("fashion-mnist");
        File.WriteAllLines(_cli.At(Names), data.Test.ClassNames);
        File.WriteAllBytes(_cli.At("boot.png"), PngEncoder.Encode(data.Test.PixelsOf(0), 1, 28, 28));
    }

    [Fact]
    public void Weights_in_the_order_of_Keras_classify_as_they_did()
    {
        KerasOrder.Write(_cli.At("first"), _cli.At("keras.safetensors"));
        using ModelFile model = ModelFile.Open(_cli.At("first"));
        string mean = Number(model.Preprocessing.Mean[0]), std = Number(model.Preprocessing.Std[0]);
        CliResult result = _cli.Run("import", "keras.safetensors", "--network", "lenet5", "--class-names", Names, "--mean", mean,
            "--std", std);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.StartsWith($"""
            file        lenet5.safetensors ({Format.Bytes(new FileInfo(_cli.At("lenet5.safetensors")).Length)}): a model file
            network     lenet5: 1x28x28 -> 10
            weights     10 tensors, with Keras's names
            input       {model.Preprocessing}

            next:
              convolve predict lenet5.safetensors PICTURE 
            """, result.Output, StringComparison.Ordinal);
        Assert.Equal(_cli.Run("predict", "first", "boot.png", "--json").Output,
            _cli.Run("predict", "lenet5.safetensors", "boot.png", "--json").Output);
        JsonObject json = _cli.Run("import", "keras.safetensors", "--network", "lenet5", "--out", "other.safetensors", "--json").Json;
        Assert.Equal(("lenet5", 10, "keras", 10, "[]"), ((string)json["network"]!, (int)json["classes"]!, (string)json["names"]!,
            (int)json["tensors"]!, json["unused"]!.ToJsonString()));
        Assert.Equal("9", (string)json["preprocessing"]!["classNames"]![9]!);
    }

    [Fact]
    public void What_does_not_fit_is_listed_and_nothing_is_written()
    {
        KerasOrder.Write(_cli.At("first"), _cli.At("keras.safetensors"));
        CliResult result = _cli.Run("import", "keras.safetensors", "--network", "lenet5-keras", "--out", "none.safetensors");
        Assert.Equal((2, "", """
            convolve: keras.safetensors does not fit lenet5-keras: 9 of 10 parameters do.
            Of another shape:
              fc1.weight: dense/kernel:0 [400, 120] in the file, [256, 120] here
            Choose the network, its --net-option and its --input as they were in training. To start a training from what fits, use `convolve train lenet5-keras --from keras.safetensors`.

            """), (result.Status, result.Output, result.Errors));
        Assert.False(File.Exists(_cli.At("none.safetensors")));
        Assert.Equal(0, _cli.Run("train", "lenet5-keras", "--from", "keras.safetensors", "--limit", "256", "--epochs", "1", "--data",
            "fashion-mnist", "--out", "tuned").Status);
    }

    [Theory]
    [InlineData("Which network are the weights of? Add --network with a name that `convolve summary` lists", "first/model.safetensors")]
    [InlineData("first/model.safetensors is a model file already: predict, evaluate and export take it as it is.",
        "first/model.safetensors", "--network", "lenet5")]
    [InlineData("gone.safetensors does not exist.", "gone.safetensors", "--network", "lenet5")]
    [InlineData("first is a folder. Pass a file of weights.", "first", "--network", "lenet5")]
    [InlineData("Cannot read 'boot.png' as safetensors: it is a PNG image.", "boot.png", "--network", "lenet5")]
    [InlineData("Unknown network \"lenet6\". Did you mean lenet5?", "keras.safetensors", "--network", "lenet6")]
    [InlineData("--mean: expected 1 numbers separated by commas, one for each channel, got \"1,2\".", "keras.safetensors", "--network",
        "lenet5", "--mean", "1,2")]
    [InlineData("Preprocessing: a std of 0 is invalid.", "keras.safetensors", "--network", "lenet5", "--std", "0")]
    [InlineData("--class-names boot.txt does not exist.", "keras.safetensors", "--network", "lenet5", "--class-names", "boot.txt")]
    [InlineData("--class-names three.txt has 3 lines, but the network has 10 classes.", "keras.safetensors", "--network", "lenet5",
        "--class-names", "three.txt")]
    [InlineData("--steps: ", "keras.safetensors", "--network", "lenet5", "--steps", "melt")]
    [InlineData("keras.safetensors would be replaced by what is made from it.", "keras.safetensors", "--network", "lenet5", "--out",
        "keras.safetensors")]
    public void What_cannot_be_done_is_told(string message, params string[] arguments)
    {
        KerasOrder.Write(_cli.At("first"), _cli.At("keras.safetensors"));
        File.WriteAllText(_cli.At("three.txt"), "a\nb\nc\n");
        CliResult result = _cli.Run(["import", .. arguments]);
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.StartsWith($"convolve: {message}", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("torchvision has no lenet5. It has alexnet-torchvision, vgg11, ", "--format", "safetensors", "--out", "x.safetensors",
        "--names", "torchvision")]
    [InlineData("--names is for --format safetensors.", "--names", "torchvision")]
    public void Names_that_a_network_does_not_have_are_refused(string message, params string[] arguments)
    {
        CliResult result = _cli.Run(["export", "first", .. arguments]);
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.StartsWith($"convolve: {message}", result.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_cli.At("x.safetensors")));
    }

    [Fact]
    public void Where_ONNX_Runtime_is_missing_the_message_says_how_to_get_it()
    {
        CliResult result = _cli.Run([("NUGET_PACKAGES", _cli.At("none"))], "evaluate", "any.onnx", "--data", "fashion-mnist");
        Assert.Equal((2, $"convolve: ONNX Runtime is not installed. Get it with `dotnet package download Microsoft.ML.OnnxRuntime@1.31.1 " +
            $"-o {_cli.At("none")}`, or set CONVOLVE_ONNXRUNTIME to its library ({NativeName}).\n"), (result.Status, result.Errors));
        result = _cli.Run([("CONVOLVE_ONNXRUNTIME", "gone.so")], "evaluate", "any.onnx", "--data", "fashion-mnist");
        Assert.Equal((2, "convolve: CONVOLVE_ONNXRUNTIME is gone.so, which is not ONNX Runtime 1.31.1 for this system. Set it to the " +
            "library's file.\n"), (result.Status, result.Errors));
    }

    private static string NativeName => OperatingSystem.IsWindows() ? "onnxruntime.dll"
        : OperatingSystem.IsMacOS() ? "libonnxruntime.dylib" : "libonnxruntime.so";

    // torchvision makes each network with random weights and classifies a photo; import must find the same, and export must load back.
    [NeedsTheory(Feature.Torchvision), Trait("Category", "Slow")]
    [InlineData("resnet18", "resnet18")]
    [InlineData("alexnet", "alexnet-torchvision")]
    [InlineData("vgg11_bn", "vgg11-bn")]
    [InlineData("googlenet", "googlenet-bn")]
    [InlineData("timm_vgg11", "vgg11")]
    public void Torchvisions_weights_classify_as_in_PyTorch(string model, string network)
    {
        string made = Python("make", model, _cli.At($"{model}.safetensors"), _cli.At("photo.png"));
        double[] expected = [.. JsonNode.Parse(made)!.AsArray().Select(value => (double)value!)];
        CliResult imported = _cli.Run("import", $"{model}.safetensors", "--network", network, "--out", "imported.safetensors");
        Assert.True(imported.Status == 0, imported.Errors);
        JsonNode answer = JsonNode.Parse(_cli.Run("predict", "imported.safetensors", "photo.png", "--json", "--top", "7").Output)!;
        foreach (JsonNode? entry in answer["top"]!.AsArray())
            Assert.Equal(expected[int.Parse((string)entry!["label"]!, CultureInfo.InvariantCulture)], (double)entry["probability"]!, 2e-3);
        if (model.StartsWith("timm", StringComparison.Ordinal))
            return;
        CliResult exported = _cli.Run("export", "imported.safetensors", "--format", "safetensors", "--names", "torchvision", "--out",
            "back.safetensors", "--json");
        Assert.Contains($"torchvision.models.{model}(num_classes=7", (string)exported.Json["snippets"]!["Python"]!,
            StringComparison.Ordinal);
        Assert.Equal("equal\n", Python("compare", model, _cli.At($"{model}.safetensors"), _cli.At("back.safetensors")));
    }

    private static string Python(params string[] arguments)
    {
        ProcessStartInfo start = new("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "torchvision_weights.py"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        CliResult result = Cli.Finish(process);
        Assert.True(result.Status == 0, result.Errors);
        return result.Output;
    }

    private static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}
