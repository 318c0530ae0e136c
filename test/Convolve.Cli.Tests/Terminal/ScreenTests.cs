using System.Text.Json.Nodes;
using Convolve.Zoo;

namespace Convolve.Cli.Tests.Terminal;

/// <summary>What needs no training: help, the network's table, the machine, the data sets.</summary>
public class ScreenTests
{
    private const string RootHelp = """
        Description:
          Train and evaluate convolutional image classifiers on the CPU.

        Usage:
          convolve [command] [options]

        Options:
          --kernels <auto|managed|onednn>  What computes: auto (oneDNN and own kernels, each where it is faster; own kernels where oneDNN isn't installed), managed (own kernels alone) or onednn. Default: CONVOLVE_KERNELS, or auto.
          -?, -h, --help                   Show help and usage information
          --version                        Show version information

        Commands:
          train <NET>                Train a network, keep the weights of the best epoch on the validation split, and test them once.
          evaluate <RUN>             Evaluate the weights of a run on one of its splits.
          predict <RUN> <FILE>       Classify pictures with the weights of a run.
          serve <RUN>                Serve trained networks over HTTP: a page, a picture API, and the Open Inference Protocol.
          lr-find <NET>              Find a learning rate: raise it over a short training, plot the loss, suggest a rate, and try it against the recipe's. The trained weights are discarded.
          sweep <NET>                Train a network once for each combination of options and compare speed, memory and accuracy. Options of train take several values here, separated by commas; repeat an option whose values are lists.
          analyze <NET>              Time each layer of a network against what this machine can do at most (its roofline), say what bounds it, and try what would make it faster.
          scale <NET>                Predict how fast a network would train on a cluster: measure this machine, or take its speed as given, and compute what the network between the nodes leaves of it.
          doctor <NET|RUN>           Find out why a network doesn't learn or a run went wrong: check network, recipe and data, try changes in a short training, and name the cause. RUN is a run folder; for a NET, pass --data and the options of train.
          report <RUN>               Write the report of a run as one HTML file: curves, classes, calibration, pictures, filters, network, memory, recipe.
          compare <RUN RUN>          Compare runs: their settings, their curves, and whether one is better on the same pictures.
          filters <RUN>              Draw the learned filters of convolutions.
          activations <RUN> <IMAGE>  Draw the feature maps that a picture produces in each convolution.
          saliency <RUN> <IMAGE>     Draw which places of a picture made a network decide: Grad-CAM, or occlusion.
          similar <RUN> <IMAGE>      Find the training pictures that are most similar to one; or, in a whole set, wrong labels and copies.
          export <RUN>               Write a trained network for other programs, languages and browsers: ONNX or safetensors.
          import <FILE>              Make a model file from weights that another program trained.
          reproduce <NAME>           Run an experiment from the teaching material and compare its result with the published one.
          summary <NET>              Describe a network: layers, shapes, parameters, cost, memory.
          info                       Show what this machine computes with: processor, kernel library, number formats, picture libraries, memory, data.
          data                       List, download, check and preview data sets.
        """;

    private const string LeNet = """
        lenet5: 1x28x28 -> 10
        name      layer                     output    parameters  multiply-adds
        conv1     Conv2d(6, 5, padding: 2)  6x28x28          156        117,600
        relu1     ReLU()                    6x28x28            -              -
        pool1     MaxPool2d(2)              6x14x14            -              -
        conv2     Conv2d(16, 5)             16x10x10       2,416        240,000
        relu2     ReLU()                    16x10x10           -              -
        pool2     MaxPool2d(2)              16x5x5             -              -
        flatten1  Flatten()                 400                -              -
        fc1       Linear(120)               120           48,120         48,000
        relu3     ReLU()                    120                -              -
        fc2       Linear(84)                84            10,164         10,080
        relu4     ReLU()                    84                 -              -
        fc3       Linear(10)                10               850            840
        total                                             61,706        416,520

        """;

    [Theory]
    [InlineData]
    [InlineData("--help")]
    [InlineData("-h")]
    public void Help(params string[] line) => Assert.Equal((0, RootHelp, ""), Trimmed(Cli.RunAnywhere(line)));

    [Theory]
    [InlineData("train")]
    [InlineData("evaluate")]
    [InlineData("predict")]
    [InlineData("serve")]
    [InlineData("reproduce")]
    [InlineData("summary")]
    [InlineData("info")]
    [InlineData("data list")]
    [InlineData("data fetch")]
    [InlineData("data verify")]
    [InlineData("data preview")]
    [InlineData("lr-find")]
    [InlineData("sweep")]
    [InlineData("analyze")]
    [InlineData("scale")]
    [InlineData("doctor")]
    [InlineData("report")]
    [InlineData("compare")]
    [InlineData("filters")]
    [InlineData("activations")]
    [InlineData("saliency")]
    [InlineData("similar")]
    [InlineData("export")]
    [InlineData("import")]
    public void EveryOptionIsExplained(string verb)
    {
        CliResult help = InProcess.Run(width: 1000, [.. verb.Split(' '), "--help"]);
        Assert.Equal((0, ""), (help.Status, help.Errors));
        string[] options = [.. help.Output.Split('\n').SkipWhile(l => l != "Options:").Skip(1).TakeWhile(l => l.Length > 0)];
        Assert.NotEmpty(options);
        Assert.All(options, option => Assert.Matches(@"^  -.*\S  +[A-Z]\S", option));
    }

    [Fact]
    public void VersionIsANumber() => Assert.Matches(@"^\d+\.\d+\.\d+\n$", Cli.RunAnywhere("--version").Output);

    [Fact]
    public void Summary()
    {
        CliResult result = Cli.RunAnywhere("summary", "lenet5", "--precision", "f32");
        Assert.StartsWith(LeNet, result.Output, StringComparison.Ordinal);
        Assert.Contains(
            "\nrecipe      15 epochs at batch size 128, SGD 0.1 one-cycle, momentum 0.9 Nesterov, gradients clipped to norm 1, weight " +
            "decay 0.001 (not biases)\n", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"\nprecision   float32: as requested\n", result.Output);
        Assert.Matches(
            @"\ntraining    \S+ MiB at batch size 128: weights \S+ KiB, gradients \S+ KiB, optimizer \S+ KiB, .*activations \S+ MiB\n",
            result.Output);
        Assert.Matches(@"\ninference   \S+ [KM]iB at batch size 128: weights \S+ KiB, .*activations \S+ [KM]iB\n", result.Output);
        Assert.Matches(@"\n +the process grows by about \S+ MiB: plan \S+ [KM]iB, loader \S+ KiB, evaluation \S+ KiB, runtime " +
            @"\S+ MiB\n$", result.Output);
        Assert.Equal("", result.Errors);
        AssertPlain(result.Output);
    }

    [Fact]
    public void SummaryWithThePlan() =>
        Assert.Matches(@"lenet5, batch 16, training, Float32: \d+ steps, arena",
            Cli.RunAnywhere("summary", "lenet5", "--batch-size", "16", "--plan", "--precision", "f32").Output);

    [Fact]
    public void SummaryOfANetworkThatBranchesSaysWhoReadsWhom()
    {
        string[] lines = Cli.RunAnywhere("summary", "resnet20", "--input", "1x28x28", "--classes", "7", "--batch-size",
            "2").Output.Split('\n');
        Assert.Equal("resnet20: 1x28x28 -> 7", lines[0]);
        Assert.Matches("^name +layer +output +parameters +multiply-adds +inputs$", lines[1]);
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line,
            @"^layer1\.0\.conv1 +Conv2d\(16, 3, padding: 1, bias: false\) +16x28x28 +2,304 +1,806,336$"));
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line,
            @"^layer2\.0\.downsample +AvgPool2d\(1, stride: 2\) +16x14x14 +- +- +layer1\.2\.relu2$"));
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line,
            @"^layer2\.0\.add +Add\(\) +32x14x14 +- +- +layer2\.0\.bn2, layer2\.0\.zeros$"));
        Assert.Contains(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line, @"^total +[\d,]+ +[\d,]+$"));
    }

    [Fact]
    public void SummaryAsJson()
    {
        JsonObject json = Cli.RunAnywhere("summary", "lenet5", "--classes", "7", "--net-option", "activation=tanh,pooling=avg",
            "--json").Json;
        Assert.Equal(["network", "input", "parameters", "multiply_adds", "training_bytes", "inference_bytes", "training_process",
            "inference_process", "layers"],
            json.Select(p => p.Key));
        Assert.Equal(("lenet5", "1x28x28", 61706L - 3 * 85), ((string)json["network"]!, (string)json["input"]!, (long)json["parameters"]!));
        Assert.InRange((long)json["inference_bytes"]!, 61451 * 4, (long)json["training_bytes"]! - 2 * 61451 * 4);
        JsonArray layers = json["layers"]!.AsArray();
        Assert.All(layers, layer => Assert.Equal(["name", "type", "output", "parameters", "multiply_adds", "layer", "inputs"],
            layer!.AsObject().Select(p => p.Key)));
        Assert.Equal(
            """{"name":"conv2","type":"Conv2d","output":"16x10x10","parameters":2416,"multiply_adds":""" +
            """240000,"layer":"Conv2d(16, 5)","inputs":["pool1"]}""", layers[3]!.ToJsonString());
        Assert.Equal((long)json["parameters"]!, layers.Sum(l => (long)l!["parameters"]!));
        Assert.Equal((long)json["multiply_adds"]!, layers.Sum(l => (long)l!["multiply_adds"]!));
    }

    [Fact]
    public void SummaryOfNothingListsTheNetworks()
    {
        string output = Cli.RunAnywhere("summary").Output;
        Assert.All(NetworkCatalog.All, network => Assert.Contains($"\n{network.Name} ", output, StringComparison.Ordinal));
        Assert.Equal(NetworkCatalog.All.Count, Cli.RunAnywhere("summary", "--json").Json["networks"]!.AsArray().Count);
    }

    [Fact]
    public void Info()
    {
        CliResult result = Cli.RunAnywhere("info");
        Assert.Matches(
            @"^convolve    \d+\.\d+\.\d+\nprocessor   .+ cores, \d+ threads\nkernels     (oneDNN|own kernels).+\nprecision   f32.*: .+\n" +
            @"pictures    Skia \d.+; JPEG with(out)? .+\nmemory      .+\n\.NET        10\..+\ndata        mnist: .+\n " +
            @"{12}fashion-mnist: .+\n {12}cifar10: .+\n {12}cifar100: .+\n {12}cifar100-coarse: .+\ncache       /.+/cache/convolve\n$",
            result.Output);
        JsonObject json = Cli.RunAnywhere("info", "--json").Json;
        Assert.Equal(["version", "processor", "cores", "threads", "kernel_library", "instruction_set", "own_kernel_bits", "precisions",
            "precision_reason", "picture_library", "jpeg_accelerator",
            "dotnet", "system", "memory_bytes", "available_memory_bytes", "datasets", "cache"], json.Select(p => p.Key));
        Assert.Equal("f32", (string)json["precisions"]![0]!);
    }

    [Fact]
    public void DataSets()
    {
        Assert.Matches(@"\nfashion-mnist +1x28x28 +10 +60,000 +10,000  /", Cli.RunAnywhere("data", "list").Output);
        JsonObject json = Cli.RunAnywhere("data", "list", "--json").Json;
        JsonObject fashion = json["datasets"]!.AsArray().Single(d => (string)d!["name"]! == "fashion-mnist")!.AsObject();
        Assert.Equal(["name", "description", "image", "classes", "train_images", "test_images", "folder"], fashion.Select(p => p.Key));
    }

    [Fact]
    public void VerifySaysWhichFileIsDamagedOrMissing()
    {
        using Cli cli = new();
        CliResult whole = cli.Run("data", "verify", "fashion-mnist");
        Assert.Equal((0, ""), (whole.Status, whole.Errors));
        Assert.Equal(4, whole.Output.Split('\n').Count(l => l.Contains(" ok ", StringComparison.Ordinal)));

        string source = (string)cli.Run("data", "list", "--json").Json["datasets"]![1]!["folder"]!;
        foreach (string file in Directory.GetFiles(source))
            File.Copy(file, cli.At(Path.GetFileName(file)));
        string labels = Directory.GetFiles(cli.Folder, "t10k-labels*").Single(),
            images = Directory.GetFiles(cli.Folder, "t10k-images*").Single();
        File.Delete(images);
        byte[] bytes = File.ReadAllBytes(labels);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(labels, bytes);

        CliResult broken = cli.Run("data", "verify", "fashion-mnist", "--data-dir", ".");
        Assert.Equal(2, broken.Status);
        Assert.Matches(@"t10k-images-idx3-ubyte +0  - +missing  -", broken.Output);
        Assert.Matches(@"t10k-labels-idx1-ubyte +.* damaged  ", broken.Output);
        Assert.Equal(2, broken.Errors.Count(c => c == '\n'));
        JsonObject json = cli.Run("data", "verify", "fashion-mnist", "--data-dir", ".", "--json").Json;
        Assert.False((bool)json["datasets"]![0]!["ok"]!);
        Assert.Equal(["name", "path", "bytes", "digest", "expected_digest", "digest_kind", "ok", "problem", "note"],
            json["datasets"]![0]!["files"]![0]!.AsObject().Select(p => p.Key));

        CliResult nothing = cli.Run("data", "verify", "--data-dir", "empty");
        Assert.Equal(
            (2, "convolve: No data sets found. Name one to see what is missing: mnist, fashion-mnist, cifar10, cifar100, " +
                "cifar100-coarse.\n"), (nothing.Status, nothing.Errors));
    }

    private static void AssertPlain(string text)
    {
        Assert.DoesNotContain('\e', text);
        Assert.DoesNotContain('\r', text);
        Assert.All(text.Split('\n'), line => Assert.Equal(line.TrimEnd(), line));
    }

    private static (int, string, string) Trimmed(CliResult result) => (result.Status, result.Output.Trim(), result.Errors);
}
