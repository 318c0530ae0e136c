using System.Text.Json.Nodes;
using Convolve.Cli.Tests;
using Convolve.Data;
using Convolve.Evaluations;
using Convolve.OnnxRuntime;
using Convolve.Training;
using Google.Protobuf;

namespace Convolve.Onnx.Tests;

/// <summary>`convolve evaluate FILE.onnx` as a process.</summary>
public sealed class EvaluateTests(CommandTests.TrainedRun run) : IClassFixture<CommandTests.TrainedRun>
{
    private readonly Cli.Tests.Cli _cli = run.Cli;

    [Theory]
    [InlineData]
    [InlineData("--static-batch", "7")]
    [InlineData("--opset", "18", "--with-preprocessing")]
    public void What_was_exported_is_as_accurate_as_the_run(params string[] options)
    {
        JsonObject expected = _cli.Run("evaluate", "run", "--data", "fashion-mnist", "--json", "--precision", "f32", "--predictions",
            "run.csv").Json;
        Assert.Equal(0, _cli.Run(["export", "run", "--out", "evaluated.onnx", .. options]).Status);
        CliResult result = _cli.Run("evaluate", "evaluated.onnx", "--data", "fashion-mnist", "--json", "--predictions", "onnx.csv");
        Assert.True(result.Status == 0, result.Errors);
        RequireSame(expected, result.Json);
        Assert.Equal((string)result.Json["run"]!, _cli.At("evaluated.onnx"));
        Assert.Equal(File.ReadLines(_cli.At("run.csv")).Count(), File.ReadLines(_cli.At("onnx.csv")).Count());
    }

    // As other exporters write them: channels last, probabilities, no metadata, or only Ultralytics' and timm's.
    [Theory]
    [InlineData("names")]
    [InlineData("nothing")]
    public void Files_of_other_programs_are_evaluated(string metadata)
    {
        JsonObject expected = _cli.Run("evaluate", "run", "--data", "fashion-mnist", "--json", "--precision", "f32").Json;
        Assert.Equal(0, _cli.Run("export", "run", "--out", "own.onnx").Status);
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(_cli.At("own.onnx")));
        string mean = Value("mean"), std = Value("std");
        StringStringEntryProto[] kept = metadata == "nothing" ? []
            : [.. model.MetadataProps.Where(p => p.Key is "names" or "mean" or "std")];
        model.MetadataProps.Clear();
        model.MetadataProps.Add(kept);
        MoveChannelsLast(model.Graph);
        model.Graph.Node.Add(new NodeProto
        {
            OpType = "Softmax",
            Input = { model.Graph.Output[0].Name },
            Output = { "shares" },
            Attribute = { new AttributeProto { Name = "axis", I = 1, Type = AttributeProto.Types.AttributeType.Int } },
        });
        model.Graph.Output[0].Name = "shares";
        File.WriteAllBytes(_cli.At("other.onnx"), model.ToByteArray());
        string[] options = metadata == "nothing" ? ["--mean", mean, "--std", std] : [];
        CliResult result = _cli.Run(["evaluate", "other.onnx", "--data", "fashion-mnist", "--json", .. options]);
        Assert.True(result.Status == 0, result.Errors);
        RequireSame(expected, result.Json);
        Assert.Equal(metadata == "nothing", result.Errors.Contains("warning: other.onnx says nothing of its preprocessing.",
            StringComparison.Ordinal));

        string Value(string key) => model.MetadataProps.Single(p => p.Key == key).Value.Trim('[', ']');
    }

    [Theory]
    [InlineData("Which pictures? Add --data with a data set: mnist, fashion-mnist", "own.onnx")]
    [InlineData("Cannot use 'gone.onnx' as a classifier: it does not exist. Pass an .onnx file.", "gone.onnx", "--data", "fashion-mnist")]
    [InlineData("Cannot use 'text.onnx' as a classifier: ONNX Runtime says: [ErrorCode:InvalidProtobuf]", "text.onnx", "--data",
        "fashion-mnist")]
    [InlineData("--split is for runs. Remove it", "own.onnx", "--data", "fashion-mnist", "--split", "test")]
    [InlineData("--mean is for ONNX files.", "run", "--mean", "1")]
    [InlineData("The network has 10 outputs, but the data has 3 classes.", "nameless.onnx", "--data", "folder:three")]
    [InlineData("Preprocessing: a std of 0 is invalid.", "own.onnx", "--data", "fashion-mnist", "--std", "0")]
    public void What_cannot_be_done_is_told(string message, params string[] arguments)
    {
        Assert.Equal(0, _cli.Run("export", "run", "--out", "own.onnx").Status);
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(_cli.At("own.onnx")));
        model.MetadataProps.Clear();
        File.WriteAllBytes(_cli.At("nameless.onnx"), model.ToByteArray());
        File.WriteAllText(_cli.At("text.onnx"), "not a model");
        foreach (string name in new[] { "a", "b", "c" })
        {
            Directory.CreateDirectory(_cli.At($"three/{name}"));
            File.WriteAllBytes(_cli.At($"three/{name}/1.png"), Imaging.PngEncoder.Encode(new byte[28 * 28], 1, 28, 28));
        }
        CliResult result = _cli.Run(["evaluate", .. arguments]);
        Assert.Equal(2, result.Status);
        Assert.Contains($"convolve: {message}", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_evaluates_too_and_can_cancel()
    {
        Assert.Equal(0, _cli.Run("export", "run", "--out", "own.onnx").Status);
        using OnnxClassifier network = OnnxClassifier.Load(_cli.At("own.onnx"));
        Split test = new Recipe { Network = "", Dataset = "fashion-mnist" }.Split(Datasets.Load("fashion-mnist")).Test;
        List<double> shares = [];
        Predictions predictions = network.PredictAll(test, network.Preprocessing!, 1000, new Heard(shares.Add));
        Assert.InRange(predictions.Accuracy, 0.4, 1);
        Assert.Equal([.. Enumerable.Range(1, 10).Select(i => i / 10.0)], shares);
        Assert.Throws<OperationCanceledException>(() => network.PredictAll(test, network.Preprocessing!, 1000, cancellation: new(true)));
        OnnxException wrong = Assert.Throws<OnnxException>(() => OnnxClassifier.Load(_cli.Folder));
        Assert.Equal($"Cannot use '{_cli.Folder}' as a classifier: it is a folder. Pass an .onnx file.", wrong.Message);
    }

    private sealed class Heard(Action<double> hear) : IProgress<double>
    {
        public void Report(double value) => hear(value);
    }

    private static void RequireSame(JsonObject expected, JsonObject actual)
    {
        foreach (string field in new[] { "accuracy", "top5_accuracy" })
            Assert.Equal((double)expected[field]!, (double)actual[field]!, 2e-4); // a tie may fall otherwise
        Assert.Equal((double)expected["loss"]!, (double)actual["loss"]!, 1e-4);
        Assert.Equal((int)expected["images"]!, (int)actual["images"]!);
        Assert.True((double)actual["accuracy"]! > 0.4, "nothing was learned");
    }

    private static void MoveChannelsLast(GraphProto graph)
    {
        ValueInfoProto input = graph.Input[0];
        AttributeProto order = new() { Name = "perm", Type = AttributeProto.Types.AttributeType.Ints };
        order.Ints.Add([0, 3, 1, 2]);
        graph.Node.Insert(0, new() { OpType = "Transpose", Input = { "pixels" }, Output = { input.Name }, Attribute = { order } });
        var sizes = input.Type.TensorType.Shape.Dim;
        (var channels, var height, var width) = (sizes[1], sizes[2], sizes[3]);
        (sizes[1], sizes[2], sizes[3]) = (height, width, channels);
        input.Name = "pixels";
    }
}
