using Convolve.Cli.Terminal;
using Convolve.Zoo;

namespace Convolve.Cli.Tests.Commands;

/// <summary>
/// What is wrong with a command line is said in one message on standard error, with exit code 2, before anything is done.
/// </summary>
public class UsageTests
{
    private const int Unfolded = 1000;

    // Names of the catalogue, which grows; they are put in where the message is compared.
    private const string Networks = "[networks]";

    [Theory]
    [InlineData("trian",
        "Unknown command \"trian\". Did you mean train? The commands are train, evaluate, predict, serve, lr-find, sweep, analyze, " +
        "scale, doctor, report, compare, filters, activations, saliency, similar, export, import, reproduce, summary, info, data. " +
        "See 'convolve --help'.")]
    [InlineData("qqqqqqq",
        "Unknown command \"qqqqqqq\". The commands are train, evaluate, predict, serve, lr-find, sweep, analyze, scale, doctor, " +
        "report, compare, filters, activations, saliency, similar, export, import, reproduce, summary, info, data. " +
        "See 'convolve --help'.")]
    [InlineData("--verbose", "Unknown option --verbose. See 'convolve --help'.")]
    [InlineData("train",
        $"NET is missing. The network: {Networks}; or a JSON file of your own (docs/networks.md). See 'convolve train --help'.")]
    [InlineData("train lenet5",
        "--data is missing. The data set: mnist, fashion-mnist, cifar10, cifar100, cifar100-coarse, or folder:PATH for your own " +
        "pictures. See 'convolve train --help'.")]
    [InlineData("train lenet5 --data mnist --epoch 3", "Unknown option --epoch. Did you mean --epochs? See 'convolve train --help'.")]
    [InlineData("train lenet5 lenet5 --data mnist", "Unexpected argument \"lenet5\". See 'convolve train --help'.")]
    [InlineData("train lenet --data mnist", $"Unknown network \"lenet\". Did you mean lenet5? Use one of {Networks}.")]
    [InlineData("train lenet5 --data minst",
        "Unknown data set \"minst\". Did you mean mnist? Use one of mnist, fashion-mnist, cifar10, cifar100, cifar100-coarse, or " +
        "folder:PATH for your own pictures.")]
    [InlineData("train lenet5 --data fashion", "Unknown data set \"fashion\". Did you mean fashion-mnist? Use one of mnist,")]
    [InlineData("train lenet5 --data fmnist", "Unknown data set \"fmnist\". Did you mean fashion-mnist? Use one of mnist,")]
    [InlineData("train lenet5 --data /tmp", "Unknown data set \"/tmp\". Did you mean folder:/tmp? Use one of mnist,")]
    [InlineData("train resnet --data mnist", $"Unknown network \"resnet\". Did you mean resnet18? Use one of {Networks}.")]
    [InlineData("reproduce lenet5", "Unknown experiment \"lenet5\". Did you mean mnist-lenet5? Use one of ")]
    [InlineData("evaluate nowhere --split valid",
        "--split: expected one of test, validation, train, got \"valid\". Did you mean validation? See 'convolve evaluate --help'.")]
    [InlineData("evaluate nowhere --split testing",
        "--split: expected one of test, validation, train, got \"testing\". Did you mean test? See 'convolve evaluate --help'.")]
    [InlineData("data preview minst", "Unknown data set \"minst\". Did you mean mnist? Use one of mnist,")]
    [InlineData("summary resnet18 --input 3x1x1000000000",
        "resnet18 is too large for one image of 3x1x1000000000: \"conv1\" has 32,000,000,000 values, 119.21 GiB, and a tensor may have " +
        "at most 2,147,483,647. Use a smaller input.")]
    [InlineData("summary lenet5 --svg no/such/net.svg", "--svg no/such/net.svg: the folder ")]
    [InlineData("summary lenet5 --svg .", "--svg . is a folder. Name a file in it, such as ./out.")]
    [InlineData("summary lenet5 --svg /dev/null", "--svg /dev/null is not a regular file. Choose a file in one of your own folders.")]
    [InlineData("lr-find lenet5 --data fashion-mnist --svg no/such/net.svg", "--svg no/such/net.svg: the folder ")]
    [InlineData("compare . . --out no/such/page.html", "--out no/such/page.html: the folder ")]
    [InlineData("report . --out no/such/page.html", "--out no/such/page.html: the folder ")]
    [InlineData("reproduce --results . --out no/such/page.md", "--out no/such/page.md: the folder ")]
    [InlineData("reproduce dropout --out /etc/passwd/below", "--out /etc/passwd/below: /etc/passwd is a file. Choose another folder.")]
    [InlineData("data preview fashion-mnist --out no/such/p.png", "--out no/such/p.png: the folder ")]
    [InlineData("data fetch mnist --data-dir /etc/passwd/below",
        "--data-dir /etc/passwd/below: /etc/passwd is a file. Choose another folder.")]
    [InlineData("data", "A command is missing: list, fetch, verify, preview. See 'convolve data --help'.")]
    [InlineData("data verfy",
        "Unknown command \"verfy\". Did you mean verify? The commands are list, fetch, verify, preview. See 'convolve data --help'.")]
    [InlineData("evaluate", "RUN is missing. A run folder, or the model.safetensors in it; or, with --data, an ONNX file of any origin. " +
        "See 'convolve evaluate --help'.")]
    [InlineData("evaluate nowhere", "nowhere does not exist. Pass the run folder that `convolve train` printed when it finished.")]
    [InlineData("evaluate nowhere --split all",
        "--split: expected one of test, validation, train, got \"all\". See 'convolve evaluate --help'.")]
    [InlineData("summary lenet5 --batch-size 0",
        "--batch-size: expected a whole number from 1 to 2147483647, got \"0\". See 'convolve summary --help'.")]
    [InlineData("summary lenet5 --net-option input=1x8x8", "Conv2d(16, 5) \"conv2\": a window")]
    [InlineData("summary resnet18 --input 3x64",
        "resnet18: input: expected channels x height x width such as 3x224x224, got \"3x64\".")]
    [InlineData("summary resnet18 --input 3x64x64 --net-option input=3x32x32",
        "--input and --net-option input mean the same. Use only one of them.")]
    [InlineData("summary resnet18 --svg", "Required argument missing for option: '--svg'.")]
    [InlineData("summary my-net.json", "my-net.json does not exist. Pass a network file (docs/networks.md) or a built-in network: "
        + Networks + ".")]
    [InlineData("train no/such/net --data mnist",
        "no/such/net does not exist. Pass a network file (docs/networks.md) or a built-in network: " + Networks + ".")]
    [InlineData("summary /", "/ cannot be read: it is a folder. Pass a network file (docs/networks.md).")]
    [InlineData("summary @file", "Unknown network \"@file\". Use one of " + Networks + ".")]
    public void OneMessage(string line, string message) => Refused(line, message);

    [Theory]
    [InlineData("--epochs 0", "The number of epochs must be at least 1, got 0.")]
    [InlineData("--optimizer adam --nesterov true", "--nesterov only applies to --optimizer sgd, but the optimizer is adam.")]
    [InlineData("--optimizer lars --nesterov true", "--nesterov only applies to --optimizer sgd, but the optimizer is lars.")]
    [InlineData("--trust-coefficient 0.1", "--trust-coefficient only applies to --optimizer lars, but the optimizer is sgd.")]
    [InlineData("--optimizer lars --trust-coefficient 0", "The trust coefficient must be above 0, such as 0.001, got 0.")]
    [InlineData("--base-batch-size 0", "--base-batch-size: expected a whole number from 1 to 2147483647, or none, got \"0\".")]
    [InlineData("--beta1 0.8", "--beta1 only applies to --optimizer adam or adamw, but the optimizer is sgd.")]
    [InlineData("--optimizer adamw --beta2 1", "The beta2 must be at least 0 and below 1, such as 0.999, got 1.")]
    [InlineData("--schedule multi-step",
        "A multi-step schedule needs milestones: the epochs after which the rate decays, such as 10, 15.")]
    [InlineData("--schedule multi-step --milestones 5,x", "--milestones: expected epochs of at least 1, such as 10,15, got \"5,x\".")]
    [InlineData("--schedule cosine --patience 3", "--patience only applies to --schedule plateau, but the schedule is cosine.")]
    [InlineData("--lr-scale conv1",
        "--lr-scale: \"conv1\" has no factor. Write conv1=X, such as conv1=0.1; to freeze a layer, use --freeze.")]
    [InlineData("--lr-scale conv*=0.1,fc1",
        "--lr-scale: \"fc1\" has no factor. Write fc1=X, such as fc1=0.1; to freeze a layer, use --freeze.")]
    [InlineData("--lr-scale conv1=", "Expected NAME=FACTOR, such as conv*=0.1 or fc3=10, got \"conv1=\".")]
    [InlineData("--label-smoothing 1", "The label smoothing must be at least 0 and below 1, such as 0.1, got 1.")]
    [InlineData("--epochs many", "--epochs: expected a whole number up to 2147483647, got \"many\". See 'convolve train --help'.")]
    [InlineData("--epochs 1.5", "--epochs: expected a whole number up to 2147483647, got \"1.5\". See 'convolve train --help'.")]
    [InlineData("--batch-size 0", "The batch size must be at least 1, got 0.")]
    [InlineData("--batch-size 99999999999",
        "--batch-size: expected a whole number up to 2147483647, or auto, got \"99999999999\". See 'convolve train --help'.")]
    [InlineData("--lr nan", "The learning rate must be above 0, such as 0.01, got NaN.")]
    [InlineData("--lr 0,1", "--lr: expected a number, got \"0,1\". See 'convolve train --help'.")]
    [InlineData("--lr -1", "The learning rate must be above 0, such as 0.01, got -1.")]
    [InlineData("--momentum 1", "The momentum must be at least 0 and below 1, such as 0.9, got 1.")]
    [InlineData("--momentum 0 --nesterov", "Nesterov needs a momentum above 0, such as 0.9.")]
    [InlineData("--weight-decay -1", "The weight decay must be at least 0, such as 0.0005, got -1.")]
    [InlineData("--schedule linear",
        "--schedule: expected one of constant, step, multi-step, exponential, plateau, cosine, one-cycle, got \"linear\". See " +
        "'convolve train --help'.")]
    [InlineData("--step-factor 2", "The factor of each decay must be above 0 and at most 1, got 2.")]
    [InlineData("--optimizer adagrad",
        "--optimizer: expected one of sgd, lars, adam, adamw, rmsprop, got \"adagrad\". See 'convolve train --help'.")]
    [InlineData("--seed -1",
        "--seed: expected a whole number from 0 to 18446744073709551615, got \"-1\". See 'convolve train --help'.")]
    [InlineData("--precision f16",
        "--precision: expected one of auto, f32, bf16, got \"f16\". Did you mean bf16? See 'convolve train --help'.")]
    [InlineData("--threads -1", "The number of threads must be 1 to 1024, or 0 for all cores, got -1.")]
    [InlineData("--limit -3", "The limit must be at least 1 image, got -3.")]
    [InlineData("--validation 1", "The share of validation images must be at least 0 and below 1, got 1.")]
    [InlineData("--init magic",
        "\"magic\" is not an initializer. Use one of kaiming-normal, kaiming-normal-fan-out, kaiming-uniform, xavier-normal, " +
        "xavier-uniform, pytorch, normal(S), constant(V), keras, torchvision, 2012.")]
    [InlineData("--augment random-corp:32",
        "--augment: Unknown transform \"random-corp\". Did you mean random-crop? Use one of resize, center-crop, random-crop, " +
        "random-resized-crop, horizontal-flip, rotation, translation, color-jitter, lighting, noise, random-erasing, mixup, cutmix.")]
    [InlineData("--augment random-crop:28:pad=4",
        "--augment: random-crop: unknown option \"pad\". Did you mean padding? Its options are padding, padding-mode.")]
    [InlineData("--net-option activation=step", "lenet5: activation: expected relu, leaky-relu, sigmoid or tanh, got \"step\".")]
    [InlineData("--net-option tanh", "--net-option: expected KEY=VALUE, such as activation=tanh, got \"tanh\".")]
    [InlineData("--net-option pooling=avg,pooling=max", "--net-option: pooling is given twice.")]
    [InlineData("--out /proc/self/run", "--out /proc/self/run: can't write to /proc/self ")]
    [InlineData("--optimizer adm",
        "--optimizer: expected one of sgd, lars, adam, adamw, rmsprop, got \"adm\". Did you mean adam? See 'convolve train --help'.")]
    [InlineData("--schedule onecycle",
        "--schedule: expected one of constant, step, multi-step, exponential, plateau, cosine, one-cycle, got \"onecycle\". Did " +
        "you mean one-cycle? See 'convolve train --help'.")]
    [InlineData("--init kaiming", "\"kaiming\" is not an initializer. Did you mean kaiming-normal? Use one of ")]
    [InlineData("--net-option activatoin=tanh",
        "lenet5 has no option \"activatoin\". Did you mean activation? Its options are ")]
    [InlineData("--out /dev/null", "--out: expected a folder, but /dev/null is a file.")]
    public void AWrongValue(string options, string message) => Refused("train lenet5 --data fashion-mnist " + options, message);

    [Theory]
    [InlineData("color-jitter:0.4",
        "color-jitter:brightness=0.4:contrast=0.4:saturation=0.4: expected a color image, got 1x28x28. Grayscale " +
        "images take color-jitter:brightness=0.4:contrast=0.4.")]
    [InlineData("color-jitter:hue=0.1",
        "color-jitter:hue=0.1: expected a color image, got 1x28x28. Leave it out.")]
    [InlineData("lighting", "lighting: expected a color image, got 1x28x28. Leave lighting out.")]
    [InlineData("resize:32,random-crop:24",
        "resize:32,random-crop:24 make images of 1x24x24 from 1x28x28, but the network takes 1x28x28. End with resize:28x28, or " +
        "choose the size of the last crop or resize accordingly.")]
    public void TransformsThatDoNotFitTheImagesAreRefusedBeforeAnythingIsWritten(string transforms, string message)
    {
        using Cli cli = new();
        CliResult result = InProcess.Run(Unfolded, "train", "lenet5", "--data", "fashion-mnist", "--out", cli.At("run"), "--augment",
            transforms);
        Assert.Equal((2, $"convolve: {message}\n"), (result.Status, result.Errors));
        Assert.Empty(Directory.GetFileSystemEntries(cli.Folder));
    }

    [Fact]
    public void ABatchThatDoesNotFitIsRefusedWithTheLargestThatDoes()
    {
        CliResult result = Cli.RunAnywhere("train", "alexnet-d2l", "--data", "fashion-mnist", "--batch-size", "60000", "--precision",
            "f32");
        Assert.Equal(2, result.Status);
        Assert.Matches(@"^convolve: alexnet-d2l at batch size 54000 .+\. The largest batch size (that fits )?is \d+: --batch-size \d+" +
            @"(; or compute each batch in parts: --micro-batch \d+)?\.\n$", result.Errors);
    }

    [Fact]
    public void WithoutAKernelLibraryOwnKernelsCompute()
    {
        using Cli cli = new();
        File.WriteAllText(cli.At("libdnnl.so.2"), ""); // the loader finds it first, and cannot load it
        (string, string?)[] here = [("LD_LIBRARY_PATH", cli.Folder), ("CONVOLVE_KERNELS", null), ("COLUMNS", "200")];
        CliResult train = cli.Run(here, "train", "lenet5", "--data", "fashion-mnist", "--limit", "256", "--epochs", "1", "--out", "run");
        Assert.Equal((0, ""), (train.Status, train.Errors));
        Assert.Contains("\"kernel_library\": \"own kernels\"", File.ReadAllText(cli.At("run/environment.json")), StringComparison.Ordinal);
        string info = cli.Run(here, "info").Output;
        Assert.Contains("own kernels", info, StringComparison.Ordinal);
        Assert.Contains("libdnnl.so.2 is not installed", info, StringComparison.Ordinal);
    }

    [Fact]
    public void OwnKernelsComputeOnAnyProcessor()
    {
        using Cli cli = new();
        (string, string?)[] old = [("CONVOLVE_KERNELS", "managed"), ("DOTNET_EnableAVX", "0")];
        CliResult result = cli.Run(old, "train", "lenet5", "--data", "fashion-mnist", "--limit", "256", "--epochs", "1", "--out", "run");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Contains("\"own_kernel_bits\":128", cli.Run(old, "info", "--json").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void KernelsThatDoNotExistAreNamed()
    {
        using Cli cli = new();
        CliResult result = cli.Run([("CONVOLVE_KERNELS", "cuda")], "train", "lenet5", "--data", "fashion-mnist");
        Assert.Equal((2, "convolve: CONVOLVE_KERNELS is \"cuda\", but it can be auto, managed or onednn. Set it to one of these, or " +
            "unset it.\n"),
            (result.Status, result.Errors));
    }

    [Fact]
    public void AMissingKernelLibraryIsNamedWithTheRemedy()
    {
        using Cli cli = new();
        File.WriteAllText(cli.At("libdnnl.so.2"), ""); // the loader finds it first, and cannot load it
        (string, string?)[] here = [("LD_LIBRARY_PATH", cli.Folder), ("CONVOLVE_KERNELS", "onednn")];

        CliResult train = cli.Run(here, "train", "lenet5", "--data", "fashion-mnist");
        Assert.Equal((2, "", "convolve: The kernel library libdnnl.so.2 is not installed. Install it: sudo apt-get install -y libdnnl2\n"),
            (train.Status, train.Output, train.Errors));
        Assert.False(Directory.Exists(cli.At("runs")));

        Assert.Equal(0, cli.Run(here, "--help").Status);
        Assert.Equal(0, cli.Run(here).Status);
        Assert.Equal(0, cli.Run(here, "train", "--help").Status);
        Assert.Equal(0, cli.Run(here, "summary").Status);
        Assert.Contains("libdnnl.so.2 is not installed", cli.Run(here, "info").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingJpegAcceleratorIsOptional()
    {
        using Cli cli = new();
        File.WriteAllText(cli.At("libturbojpeg.so.0"), "");
        CliResult info = cli.Run([("LD_LIBRARY_PATH", cli.Folder), ("COLUMNS", "200")], "info");
        Assert.Equal(0, info.Status);
        Assert.Contains("; JPEG without TurboJPEG, an optional library (Debian: libturbojpeg0) that loads photos faster\n", info.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void TheUnexpectedIsOneLineUnlessAskedFor()
    {
        (TextWriter errors, string? debug) = (Console.Error, Environment.GetEnvironmentVariable("CONVOLVE_DEBUG"));
        try
        {
            string Tell(string value)
            {
                using StringWriter told = new();
                Console.SetError(told);
                Environment.SetEnvironmentVariable("CONVOLVE_DEBUG", value);
                Assert.Equal(1, Failures.Report(new InvalidOperationException("never\nheard of")));
                return told.ToString();
            }
            Assert.Equal("convolve: unexpected error: never heard of (InvalidOperationException; CONVOLVE_DEBUG=1 shows " +
                "where)\n", Tell("0"));
            Assert.Contains("System.InvalidOperationException: never", Tell("1"), StringComparison.Ordinal);
        }
        finally
        {
            Console.SetError(errors);
            Environment.SetEnvironmentVariable("CONVOLVE_DEBUG", debug);
        }
    }

    private static void Refused(string line, string message)
    {
        CliResult result = InProcess.Run(Unfolded, line.Split(' '));
        Assert.StartsWith("convolve: " + message.Replace(Networks, string.Join(", ", NetworkCatalog.All.Select(n => n.Name)),
            StringComparison.Ordinal), result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors, '\n');
        Assert.Equal((2, ""), (result.Status, result.Output));
    }
}
