using Convolve.OneDnn;
using Convolve.Testing;
using Convolve.Training;

namespace Convolve.Cli.Tests;

/// <summary>A file operation of 'convolve train' that fails, whichever it is: exit code 1, the file named, nothing said of success, and what was there before loads.</summary>
public sealed class FaultTests : IDisposable
{
    private readonly Cli _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void A_few() => AssertTold("ENOSPC", "disk full", isShort: true, every: 6);

    [Theory, Trait("Category", "Slow")]
    [InlineData("EIO", "the disk reported an error", false)]
    [InlineData("ENOSPC", "disk full", false)]
    [InlineData("ENOSPC", "disk full", true)]
    [InlineData("EACCES", "permission denied", false)]
    public void All(string error, string reason, bool isShort) => AssertTold(error, reason, isShort, every: 1);

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
            Assert.Equal(errors.Contains("only its report is missing", StringComparison.Ordinal), output.Length > 0);
            Assert.StartsWith($"convolve: Cannot {(errors.Contains("delete", StringComparison.Ordinal) ? "delete" : "write")} '{faults.FailedPath}': {reason}. ", errors, StringComparison.Ordinal);
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

    private (int Status, string Output, string Errors, Faults Faults) Train(string run, int failAt, string error, bool isShort)
    {
        (int Status, string Output, string Errors) result = (-1, "", "");
        Faults? faults = null;
        // On the executor's thread, where the files are written, so that the fault reaches them.
        ThreadTeam.Invoke(() =>
        {
            using (faults = new(failAt, () => Faults.Error(error), isShort))
                result = Run("train", "lenet5", "--data", "fashion-mnist", "--limit", "40", "--batch-size", "20", "--epochs", "2", "--save-every", "1", "--out", _cli.At(run), "--json", "--quiet");
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
