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
        "There is no command \"trian\". Did you mean train? There are train, evaluate, lr-find, report, compare, reproduce, summary, " +
        "info, data. See 'convolve --help'.")]
    [InlineData("qqqqqqq",
        "There is no command \"qqqqqqq\". There are train, evaluate, lr-find, report, compare, reproduce, summary, info, data. See " +
        "'convolve --help'.")]
    [InlineData("--verbose", "There is no option --verbose. See 'convolve --help'.")]
    [InlineData("train",
        $"NET is missing. The network: {Networks}; or a JSON file of your own (docs/networks.md). See 'convolve train --help'.")]
    [InlineData("train lenet5",
        "--data is missing. The data set: mnist, fashion-mnist, cifar10, cifar100, cifar100-coarse, or folder:PATH for your own " +
        "pictures. See 'convolve train --help'.")]
    [InlineData("train lenet5 --data mnist --epoch 3", "There is no option --epoch. Did you mean --epochs? See 'convolve train --help'.")]
    [InlineData("train lenet5 lenet5 --data mnist", "\"lenet5\" is one word too many. See 'convolve train --help'.")]
    [InlineData("train lenet --data mnist", $"There is no network \"lenet\". Did you mean lenet5? Known are {Networks}.")]
    [InlineData("train lenet5 --data minst",
        "There is no data set \"minst\". Did you mean mnist? Known are: mnist, fashion-mnist, cifar10, cifar100, cifar100-coarse, and " +
        "folder:PATH for your own pictures.")]
    [InlineData("train lenet5 --data fashion", "There is no data set \"fashion\". Did you mean fashion-mnist? Known are: mnist,")]
    [InlineData("train lenet5 --data fmnist", "There is no data set \"fmnist\". Did you mean fashion-mnist? Known are: mnist,")]
    [InlineData("train lenet5 --data /tmp", "There is no data set \"/tmp\". Did you mean folder:/tmp? Known are: mnist,")]
    [InlineData("train resnet --data mnist", $"There is no network \"resnet\". Did you mean resnet18? Known are {Networks}.")]
    [InlineData("reproduce lenet5", "There is no experiment \"lenet5\". Did you mean mnist-lenet5? Known are ")]
    [InlineData("evaluate nowhere --split valid",
        "--split is \"valid\", and one of test, validation, train was expected. Did you mean validation? See 'convolve evaluate --help'.")]
    [InlineData("evaluate nowhere --split testing",
        "--split is \"testing\", and one of test, validation, train was expected. Did you mean test? See 'convolve evaluate --help'.")]
    [InlineData("data preview minst", "There is no data set \"minst\". Did you mean mnist? Known are: mnist,")]
    [InlineData("summary resnet18 --input 3x1x1000000000",
        "resnet18 is too large for one image of 3x1x1000000000: \"conv1\" has 32,000,000,000 values, 119.21 GiB, and a tensor may have " +
        "at most 2,147,483,647. Use a smaller input.")]
    [InlineData("summary lenet5 --svg no/such/net.svg", "--svg no/such/net.svg: the folder ")]
    [InlineData("summary lenet5 --svg .", "--svg . is a folder. Name a file in it, such as ./out.")]
    [InlineData("summary lenet5 --svg /dev/null", "--svg /dev/null is no ordinary file. Choose a file in a folder of yours.")]
    [InlineData("lr-find lenet5 --data fashion-mnist --svg no/such/net.svg", "--svg no/such/net.svg: the folder ")]
    [InlineData("compare . . --out no/such/page.html", "--out no/such/page.html: the folder ")]
    [InlineData("report . --out no/such/page.html", "--out no/such/page.html: the folder ")]
    [InlineData("reproduce --results . --out no/such/page.md", "--out no/such/page.md: the folder ")]
    [InlineData("reproduce dropout --out /etc/passwd/below", "--out /etc/passwd/below: /etc/passwd is a file. Choose another folder.")]
    [InlineData("data preview fashion-mnist --out no/such/p.png", "--out no/such/p.png: the folder ")]
    [InlineData("data fetch mnist --data-dir /etc/passwd/below",
        "--data-dir /etc/passwd/below: /etc/passwd is a file. Choose another folder.")]
    [InlineData("data", "Say what to do: list, fetch, verify, preview. See 'convolve data --help'.")]
    [InlineData("data verfy",
        "There is no command \"verfy\". Did you mean verify? There are list, fetch, verify, preview. See 'convolve data --help'.")]
    [InlineData("evaluate", "RUN is missing. A run folder, or the model.safetensors in it. See 'convolve evaluate --help'.")]
    [InlineData("evaluate nowhere", "nowhere does not exist. Give the folder that 'convolve train' named at its end.")]
    [InlineData("evaluate nowhere --split all",
        "--split is \"all\", and one of test, validation, train was expected. See 'convolve evaluate --help'.")]
    [InlineData("summary lenet5 --batch-size 0",
        "--batch-size is \"0\", and a whole number from 1 to 2147483647 was expected. See 'convolve summary --help'.")]
    [InlineData("summary lenet5 --net-option input=1x8x8", "Conv2d(16, 5) \"conv2\": a window")]
    [InlineData("summary resnet18 --input 3x64",
        "resnet18: input is \"3x64\", and channels x height x width such as 3x224x224 was expected.")]
    [InlineData("summary resnet18 --input 3x64x64 --net-option input=3x32x32",
        "--input and --net-option input are one and the same. Give one of them.")]
    [InlineData("summary resnet18 --svg", "Required argument missing for option: '--svg'.")]
    [InlineData("summary my-net.json", "my-net.json does not exist. Give the file of a network (docs/networks.md), or one of the zoo: "
        + Networks + ".")]
    [InlineData("train no/such/net --data mnist",
        "no/such/net does not exist. Give the file of a network (docs/networks.md), or one of the zoo: " + Networks + ".")]
    [InlineData("summary /", "/ cannot be read: it is a folder. Give the file of a network (docs/networks.md).")]
    [InlineData("summary @file", "There is no network \"@file\". Known are " + Networks + ".")]
    public void OneMessage(string line, string message) => Refused(line, message);

    [Theory]
    [InlineData("--epochs 0", "0 epochs were asked for, and there must be at least 1.")]
    [InlineData("--optimizer adam --nesterov true", "--nesterov belongs to --optimizer sgd, and the optimizer is adam.")]
    [InlineData("--beta1 0.8", "--beta1 belongs to --optimizer adam or adamw, and the optimizer is sgd.")]
    [InlineData("--optimizer adamw --beta2 1", "The beta2 is 1, and must be at least 0 and below 1, such as 0.999.")]
    [InlineData("--schedule multi-step",
        "A multi-step schedule has no milestones. Name the epochs after which the rate is cut, such as 10, 15.")]
    [InlineData("--schedule multi-step --milestones 5,x", "--milestones is \"5,x\", and epochs from 1 on were expected, such as 10,15.")]
    [InlineData("--schedule cosine --patience 3", "--patience belongs to --schedule plateau, and the schedule is cosine.")]
    [InlineData("--lr-scale conv1",
        "--lr-scale: \"conv1\" has no factor. Write conv1=X, such as conv1=0.1; to keep a layer as it is, use --freeze.")]
    [InlineData("--lr-scale conv*=0.1,fc1",
        "--lr-scale: \"fc1\" has no factor. Write fc1=X, such as fc1=0.1; to keep a layer as it is, use --freeze.")]
    [InlineData("--lr-scale conv1=", "\"conv1=\" is no learning rate of a layer. Give NAME=FACTOR, such as conv*=0.1 or fc3=10.")]
    [InlineData("--label-smoothing 1", "The label smoothing is 1, and must be at least 0 and below 1, such as 0.1.")]
    [InlineData("--epochs many", "--epochs is \"many\", and a whole number up to 2147483647 was expected. See 'convolve train --help'.")]
    [InlineData("--epochs 1.5", "--epochs is \"1.5\", and a whole number up to 2147483647 was expected. See 'convolve train --help'.")]
    [InlineData("--batch-size 0", "The batch size is 0, and must be at least 1.")]
    [InlineData("--batch-size 99999999999",
        "--batch-size is \"99999999999\", and a whole number up to 2147483647 was expected. See 'convolve train --help'.")]
    [InlineData("--lr nan", "The learning rate is NaN, and must be above 0, such as 0.01.")]
    [InlineData("--lr 0,1", "--lr is \"0,1\", and a number was expected. See 'convolve train --help'.")]
    [InlineData("--lr -1", "The learning rate is -1, and must be above 0, such as 0.01.")]
    [InlineData("--momentum 1", "The momentum is 1, and must be at least 0 and below 1, such as 0.9.")]
    [InlineData("--momentum 0 --nesterov", "Nesterov looks ahead along the momentum, and the momentum is 0. Set a momentum such as 0.9.")]
    [InlineData("--weight-decay -1", "The weight decay is -1, and must be at least 0, such as 0.0005.")]
    [InlineData("--schedule linear",
        "--schedule is \"linear\", and one of constant, step, multi-step, exponential, plateau, cosine, one-cycle was expected. See " +
        "'convolve train --help'.")]
    [InlineData("--step-factor 2", "The factor of each cut is 2, and must be above 0 and at most 1.")]
    [InlineData("--optimizer adagrad",
        "--optimizer is \"adagrad\", and one of sgd, adam, adamw, rmsprop was expected. See 'convolve train --help'.")]
    [InlineData("--seed -1",
        "--seed is \"-1\", and a whole number from 0 to 18446744073709551615 was expected. See 'convolve train --help'.")]
    [InlineData("--precision f16",
        "--precision is \"f16\", and one of auto, f32, bf16 was expected. Did you mean bf16? See 'convolve train --help'.")]
    [InlineData("--threads -1", "-1 threads were asked for, and there may be 1 to 1024; 0 means all cores.")]
    [InlineData("--limit -3", "The limit is -3 images, and must be at least 1.")]
    [InlineData("--validation 1", "The share of validation images is 1, and must be at least 0 and below 1.")]
    [InlineData("--init magic",
        "\"magic\" is not an initialiser. Known are kaiming-normal, kaiming-normal-fan-out, kaiming-uniform, xavier-normal, " +
        "xavier-uniform, pytorch, normal(S), constant(V), keras, torchvision, 2012.")]
    [InlineData("--augment random-corp:32",
        "--augment: There is no transform \"random-corp\". Did you mean random-crop? Known are: resize, center-crop, random-crop, " +
        "random-resized-crop, horizontal-flip, rotation, translation, color-jitter, lighting, noise, random-erasing, mixup, cutmix.")]
    [InlineData("--augment random-crop:28:pad=4",
        "--augment: random-crop: there is no \"pad\" to choose. Did you mean padding? There are: padding, padding-mode.")]
    [InlineData("--net-option activation=step", "lenet5: activation is \"step\", and relu, leaky-relu, sigmoid or tanh was expected.")]
    [InlineData("--net-option tanh", "--net-option: \"tanh\" is not KEY=VALUE, such as activation=tanh.")]
    [InlineData("--net-option pooling=avg,pooling=max", "--net-option: pooling is given twice.")]
    [InlineData("--out /proc/self/run", "--out /proc/self/run: can't write to /proc/self ")]
    [InlineData("--optimizer adm",
        "--optimizer is \"adm\", and one of sgd, adam, adamw, rmsprop was expected. Did you mean adam? See 'convolve train --help'.")]
    [InlineData("--schedule onecycle",
        "--schedule is \"onecycle\", and one of constant, step, multi-step, exponential, plateau, cosine, one-cycle was expected. Did " +
        "you mean one-cycle? See 'convolve train --help'.")]
    [InlineData("--init kaiming", "\"kaiming\" is not an initialiser. Did you mean kaiming-normal? Known are ")]
    [InlineData("--net-option activatoin=tanh", "lenet5 has no option \"activatoin\". Did you mean activation? It has ")]
    [InlineData("--out /dev/null", "--out /dev/null is a file, and a folder was expected.")]
    public void AWrongValue(string options, string message) => Refused("train lenet5 --data fashion-mnist " + options, message);

    [Theory]
    [InlineData("color-jitter:0.4",
        "color-jitter:brightness=0.4:contrast=0.4:saturation=0.4: an image of 1x28x28 came, and red, green and blue were expected. Grey " +
        "images take color-jitter:brightness=0.4:contrast=0.4.")]
    [InlineData("color-jitter:hue=0.1",
        "color-jitter:hue=0.1: an image of 1x28x28 came, and red, green and blue were expected. Leave it out.")]
    [InlineData("lighting", "lighting: an image of 1x28x28 came, and red, green and blue were expected. Leave lighting out.")]
    [InlineData("resize:32,random-crop:24",
        "resize:32,random-crop:24 make images of 1x24x24 out of 1x28x28, and the network takes 1x28x28. End with resize:28x28, or " +
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
        Assert.Matches(@"^convolve: alexnet-d2l at batch size 54000 .+\. The largest batch size (that fits )?is \d+: --batch-size \d+\.\n$",
            result.Errors);
    }

    [Fact]
    public void AMissingKernelLibraryIsNamedWithTheRemedy()
    {
        using Cli cli = new();
        File.WriteAllText(cli.At("libdnnl.so.2"), ""); // the loader finds it first, and cannot load it
        (string, string?)[] here = [("LD_LIBRARY_PATH", cli.Folder)];

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
    public void MissingPictureLibrariesAreNamedWithTheRemedy()
    {
        using Cli cli = new();
        File.WriteAllText(cli.At("libturbojpeg.so.0"), "");
        File.WriteAllText(cli.At("libspng.so.0"), "");
        CliResult info = cli.Run([("LD_LIBRARY_PATH", cli.Folder)], "info");
        Assert.Equal(0, info.Status);
        Assert.Contains("The JPEG library libturbojpeg.so.0 is not installed. Install it: sudo apt-get install -y libturbojpeg0\n",
            info.Output, StringComparison.Ordinal);
        Assert.Contains("The PNG library libspng.so.0 is not installed. Install it: sudo apt-get install -y libspng0\n", info.Output,
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
            Assert.Equal("convolve: unexpected: never heard of (InvalidOperationException; CONVOLVE_DEBUG=1 shows where)\n", Tell("0"));
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
