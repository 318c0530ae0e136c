using System.Diagnostics;
using Convolve.Formats;
using Convolve.Runs;
using Convolve.Testing;

namespace Convolve.Cli.Tests.Ranks;

/// <summary>Networks divided between several processes, as a user trains them.</summary>
public class ModelParallelTests
{
    private static readonly (string, string?)[] AsRoot = [("OMPI_ALLOW_RUN_AS_ROOT", "1")];
    private static readonly string[] Data = ["--data", "fashion-mnist", "--limit", "200", "--batch-size", "60", "--threads", "1"];
    private static readonly string[] Parts = ["--ranks", "2", "--model-parallel", "2"];

    // The structure of alexnet-2012, small.
    private const string Small = """
        {
          "name": "small-2012",
          "input": [1, 28, 28],
          "nodes": [
            {"type": "Conv2d", "filters": 32, "kernel": 5, "stride": 2},
            {"type": "ReLU"},
            {"type": "LocalResponseNorm", "size": 5, "alpha": 0.1},
            {"type": "MaxPool2d", "kernel": 3, "stride": 2},
            {"type": "Conv2d", "filters": 24, "kernel": 3, "padding": 1, "groups": 2},
            {"type": "ReLU"},
            {"type": "Conv2d", "filters": 16, "kernel": 3, "padding": 1, "bias": false},
            {"type": "BatchNorm2d"},
            {"type": "ReLU"},
            {"type": "Flatten"},
            {"type": "Dropout"},
            {"type": "Linear", "units": 40},
            {"type": "ReLU"},
            {"type": "Linear", "units": 10}
          ]
        }
        """;

    [NeedsTheory(Feature.OpenMpi, Feature.FashionMnist)]
    [InlineData("--clip-norm", "0.5", "--ema", "0.9")]
    [InlineData("--optimizer", "lars", "--lr", "1", "--trust-coefficient", "0.02")]
    [InlineData("--micro-batch", "25", "--class-weights", "balanced", "--save-every", "2")]
    public void Two_ranks_learn_what_one_process_learns(params string[] options)
    {
        using Cli cli = new();
        File.WriteAllText(cli.At("across.json"), Small);
        File.WriteAllText(cli.At("within.json"),
            Small.Replace("\"alpha\": 0.1", "\"alpha\": 0.1, \"groups\": 2", StringComparison.Ordinal));
        CliResult alone = cli.Run(["train", "within.json", .. Data, "--epochs", "3", .. options, "--out", "one", "--json"]);
        Assert.True(alone.Status == 0, alone.Errors);
        CliResult parts = cli.Run(AsRoot,
            ["train", "across.json", .. Data, "--epochs", "3", .. options, "--out", "two", "--json", .. Parts]);
        Assert.True(parts.Status == 0, parts.Errors);
        foreach (string figure in new[] { "train_loss", "validation_loss", "test_loss" })
            Assert.Equal((double)alone.Json[figure]!, (double)parts.Json[figure]!, 1e-4);
        // What differs is the order of sums over channels, in 9 steps.
        foreach (string file in new[] { "model.safetensors", "checkpoint/epoch-000003-step-00000000.safetensors" })
            Assert.InRange(Distance(cli.At($"one/{file}"), cli.At($"two/{file}")), 1e-9, 1e-4);
        Assert.Contains(", each with a part of the network\n", parts.Errors, StringComparison.Ordinal);
        Assert.Equal((double)parts.Json["test_loss"]!, (double)cli.Run("evaluate", "two", "--json").Json["loss"]!, 1e-5);
        Assert.Equal(0, cli.Run(["train", "within.json", .. Data, "--epochs", "1", "--from", "two", "--quiet"]).Status);
    }

    // Forward half of 6x14x14 before conv2, of 400, 120 and 84 before the linear layers, and of the 10 logits; back as much, but for the
    // logits: 1,785 values of 4 bytes for each image. An epoch is 180 images in 3 steps.
    [NeedsFact(Feature.OpenMpi, Feature.FashionMnist)]
    public void The_bytes_of_a_step_are_those_of_the_layers_that_take_all_channels()
    {
        using Cli cli = new();
        CliResult parts = cli.Run(AsRoot, ["train", "lenet5", .. Data, "--epochs", "2", "--out", "run", "--json", .. Parts]);
        Assert.True(parts.Status == 0, parts.Errors);
        Assert.Equal(1785 * 4 * 60, (long)parts.Json["sent_bytes_per_step"]!);
        CliResult batches = cli.Run(AsRoot, ["train", "lenet5", .. Data, "--epochs", "1", "--out", "data", "--json", "--ranks", "2"]);
        // Half of the gradients to the other, and the half that was added up; some are padded to blocks of 16 channels.
        Assert.InRange((long)batches.Json["sent_bytes_per_step"]!, 61_706 * 4, 61_706 * 4 * 6 / 5);
    }

    [NeedsFact(Feature.OpenMpi, Feature.FashionMnist)]
    public void A_run_resumes_on_as_many_ranks_to_the_same_file()
    {
        using Cli cli = new();
        File.WriteAllText(cli.At("net.json"), Small);
        string[] run = ["train", "net.json", .. Data, "--epochs", "30", "--ema", "0.9", "--save-every", "1"];
        Assert.Equal(0, cli.Run(AsRoot, [.. run, "--out", "whole", .. Parts]).Status);
        using Process process = cli.Start(AsRoot, [.. run, "--out", "run", .. Parts]);
        Cli.WaitFor(process, cli.At("run/model.safetensors"));
        Cli.Signal(process, "TERM");
        Assert.Equal(130, Cli.Finish(process).Status);
        CliResult alone = cli.Run("train", "--resume", "run");
        Assert.Equal((2, "convolve: The run divides the network between 2 processes, got 1. Resume it with --ranks 2.\n"),
            (alone.Status, alone.Errors));
        CliResult resumed = cli.Run(AsRoot, ["train", "--resume", "run", "--ranks", "2"]);
        Assert.True(resumed.Status == 0, resumed.Errors);
        Assert.Equal(File.ReadAllBytes(cli.At("whole/model.safetensors")), File.ReadAllBytes(cli.At("run/model.safetensors")));
    }

    [NeedsTheory(Feature.OpenMpi)]
    [InlineData("--model-parallel divides the network between 2 processes, got 1. Train with --ranks 2.", "lenet5", "--model-parallel",
        "2")]
    [InlineData("--model-parallel divides the network between 2 processes, got 4. Train with --ranks 2.", "lenet5", "--ranks", "4",
        "--model-parallel", "2")]
    [InlineData("Either batches are divided into shards or the network is divided between processes, not both. See --shards.", "lenet5",
        "--ranks", "2", "--model-parallel", "2", "--shards", "2")]
    [InlineData("--elastic goes on without a process that was lost, but here each has a part of the network. Remove it.", "lenet5",
        "--ranks", "2", "--model-parallel", "2", "--elastic")]
    [InlineData("--histograms is for networks that aren't divided between processes. Remove it.", "lenet5", "--ranks", "2",
        "--model-parallel", "2", "--histograms")]
    [InlineData("Conv2d(32, 3, stride: 2, padding: 1) \"conv1\" can't be divided between 3 ranks: its 32 filters aren't a multiple of 3. " +
        "Only a network without branches can be divided, such as alexnet-2012, and the filters, units and groups (unless 1) of all its " +
        "layers must be multiples of 3.", "cnn-bn-leaky", "--ranks", "3", "--model-parallel", "3")]
    public void What_cannot_be_divided_is_refused(string message, params string[] options)
    {
        CliResult result = Cli.RunAnywhere(["train", options[0], "--data", "fashion-mnist", .. options[1..]]);
        Assert.Equal((2, $"convolve: {message}\n"), (result.Status, result.Errors));
    }

    // alexnet-2012 itself, with small images: at 227x227, a step of it takes seconds.
    [NeedsFact(Feature.OpenMpi, Feature.FashionMnist)]
    public void AlexNet_2012_in_two_halves_learns_what_it_learns_in_one_process()
    {
        using Cli cli = new();
        string[] few = ["--input", "3x67x67", "--data", "fashion-mnist", "--limit", "10", "--batch-size", "4", "--epochs", "1",
            "--precision", "f32", "--threads", "1", "--json"];
        CliResult alone = cli.Run(["train", "alexnet-2012", "--net-option", "lrn=within", .. few, "--out", "one"]);
        CliResult parts = cli.Run(AsRoot, ["train", "alexnet-2012", .. few, "--out", "two", .. Parts]);
        Assert.True(parts.Status == 0, parts.Errors);
        foreach (string figure in new[] { "train_loss", "validation_loss", "test_loss" })
            Assert.Equal((double)alone.Json[figure]!, (double)parts.Json[figure]!, 1e-4);
        Assert.InRange(Distance(cli.At("one/model.safetensors"), cli.At("two/model.safetensors")), 1e-9, 1e-4);
        Assert.True(RunFolder.Open(cli.At("one")).Graph.Equals(RunFolder.Open(cli.At("two")).Graph));
    }

    // The relative distance of the tensor that is farthest.
    private static double Distance(string expected, string actual)
    {
        using SafeTensorsFile first = SafeTensorsFile.Open(expected), second = SafeTensorsFile.Open(actual);
        TensorInfo[] tensors = [.. first.Tensors.Where(tensor => tensor.Type == TensorType.F32)];
        Assert.Equal(tensors.Select(tensor => tensor.Name), second.Tensors.Where(t => t.Type == TensorType.F32).Select(t => t.Name));
        return tensors.Max(tensor =>
        {
            float[] whole = new float[tensor.ElementCount], parts = new float[tensor.ElementCount];
            first.ReadFloats(tensor.Name, whole);
            second.ReadFloats(tensor.Name, parts);
            double norm = Math.Sqrt(whole.Sum(x => (double)x * x));
            return norm == 0 ? 0 : Math.Sqrt(whole.Zip(parts).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2))) / norm;
        });
    }
}
