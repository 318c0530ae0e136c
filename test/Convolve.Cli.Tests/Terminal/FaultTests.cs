using Convolve.Cli.Commands;
using Convolve.Imaging;
using Convolve.Kernels;
using Convolve.Kernels.Threads;
using Convolve.Testing;
using Convolve.Training;

namespace Convolve.Cli.Tests.Terminal;

/// <summary>
/// A file operation of 'convolve train' that fails, whichever it is: exit code 1, the file named, nothing said of success, and what was
/// there before loads.
/// </summary>
public sealed class FaultTests : IDisposable
{
    private readonly Cli _cli = new();

    // Sixty pictures: reading all of Fashion-MNIST would take most of the time.
    public FaultTests()
    {
        byte[] pixels = new byte[28 * 28];
        CounterRandom random = new(1, RandomPurpose.Test);
        for (int i = 0; i < 60; i++)
        {
            for (int p = 0; p < pixels.Length; p++)
                pixels[p] = (byte)random.NextInt32(256);
            string folder = _cli.At($"set/{(i < 40 ? "train" : "test")}/{i % 4}");
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), PngEncoder.Encode(pixels, 1, 28, 28));
        }
    }

    private string Data => $"folder:{_cli.At("set")}";

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void A_few() => AssertTold("ENOSPC", "disk full", isShort: true, every: 6);

    [Theory, Trait("Category", "Slow")]
    [InlineData("EIO", "the disk reported an error", false)]
    [InlineData("ENOSPC", "disk full", false)]
    [InlineData("ENOSPC", "disk full", true)]
    [InlineData("EACCES", "permission denied", false)]
    public void All(string error, string reason, bool isShort) => AssertTold(error, reason, isShort, every: 1);

    [Theory]
    [InlineData("report whole", "report.html")]
    [InlineData("compare whole whole --out c.html", "c.html")]
    [InlineData("evaluate whole --predictions p.csv", "p.csv")]
    [InlineData("lr-find lenet5 --data folder:set --batch-size 4 --steps 10 --svg lr.svg", "lr.svg")]
    [InlineData("summary lenet5 --svg net.svg", "net.svg")]
    [InlineData("data preview folder:set --images 2 --out p.png", "p.png")]
    public void A_file_that_another_command_cannot_write_is_named(string command, string file)
    {
        Assert.Equal(0, Train("whole", -1, "EIO", isShort: false).Status);
        string[] arguments =
            [.. command.Split(' ').Select(word => word == "whole" || word == file ? _cli.At(word) : word == "folder:set" ? Data : word)];
        (int status, string output, string errors, Faults whole) = RunWith(-1, "EIO", isShort: false, arguments);
        Assert.True(status == 0, errors);
        Assert.NotEmpty(output);
        Assert.InRange(whole.Count, 3, 20);
        for (int n = 0; n < whole.Count; n++)
        {
            (status, _, errors, Faults faults) = RunWith(n, "EIO", isShort: false, arguments);
            Assert.Equal(1, status);
            Assert.StartsWith($"convolve: Cannot write '{faults.FailedPath}': the disk reported an error. ", errors,
                StringComparison.Ordinal);
            Assert.Single(errors, '\n');
            Assert.Empty(Directory.GetFiles(_cli.Folder, "*.partial", SearchOption.AllDirectories));
        }
    }

    private void AssertTold(string error, string reason, bool isShort, int every)
    {
        (int status, string output, string errors, Faults whole) = Train("whole", -1, error, isShort);
        Assert.Equal((0, ""), (status, errors));
        Assert.NotEmpty(output);
        Assert.InRange(whole.Count, 40, 200);
        int loaded = 0;
        for (int n = 0; n < whole.Count; n += every)
        {
            string run = $"run{n}";
            (status, output, errors, Faults faults) = Train(run, n, error, isShort);
            Assert.Equal(1, status);
            // Where only the report is missing, the run is whole, and its result is told.
            Assert.True(errors.Contains("The run ", StringComparison.Ordinal) == output.Length > 0, $"fault {n}: {errors}{output}");
            if (output.Length > 0)
                Assert.True(File.Exists(_cli.At($"{run}/report.html"))
                    || errors.Contains("only its report is missing", StringComparison.Ordinal), $"fault {n}: {errors}");
            Assert.StartsWith(
                $"convolve: Cannot {(errors.Contains("delete", StringComparison.Ordinal) ? "delete" : "write")} '{faults.FailedPath}': " +
                $"{reason}. ", errors, StringComparison.Ordinal);
            Assert.Single(errors, '\n');
            string model = _cli.At($"{run}/model.safetensors");
            if (File.Exists(model))
            {
                Classifier.Load(model).Dispose();
                loaded++;
            }
            if (File.Exists(_cli.At($"{run}/recipe.json")))
                Assert.Equal(0, Run("train", "--resume", _cli.At(run), "--save-every", "1", "--quiet").Status);
        }
        Assert.True(loaded > 0);
    }

    private (int Status, string Output, string Errors, Faults Faults) Train(string run, int failAt, string error, bool isShort) =>
        RunWith(failAt, error, isShort,
        "train", "lenet5", "--data", Data, "--batch-size", "20", "--epochs", "2", "--save-every", "1", "--out", _cli.At(run), "--json",
        "--quiet");

    private static (int Status, string Output, string Errors, Faults Faults) RunWith(int failAt, string error, bool isShort,
        params string[] arguments)
    {
        (int Status, string Output, string Errors) result = (-1, "", "");
        Faults? faults = null;
        // On the executor's thread, where the files are written, so that the fault reaches them.
        ThreadTeam.Invoke(() =>
        {
            using (faults = new(failAt, () => Faults.Error(error), isShort))
                result = Run(arguments);
        });
        return (result.Status, result.Output, result.Errors, faults!);
    }

    // In this process, which the faults are in.
    private static (int Status, string Output, string Errors) Run(params string[] arguments)
    {
        (TextWriter output, TextWriter errors) = (Console.Out, Console.Error);
        using StringWriter said = new(), complained = new();
        Console.SetOut(said);
        Console.SetError(complained);
        try
        {
            return (CommandLine.Run(arguments), said.ToString(), complained.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }
}
