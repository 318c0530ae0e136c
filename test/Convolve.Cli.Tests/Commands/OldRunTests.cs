using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Convolve.Cli.Tests.Commands;

/// <summary>
/// Runs of version 0.1.0 are evaluated and resumed: Runs/0.1.0.zip has one on Fashion-MNIST, interrupted within its fifth epoch, and a
/// finished one on a folder of pictures that has moved since. The expected figures are those that version 0.1.0 itself printed for them.
/// </summary>
public sealed class OldRunTests : IDisposable
{
    private readonly Cli _cli = new();

    public OldRunTests() => ZipFile.ExtractToDirectory(Path.Combine(AppContext.BaseDirectory, "Runs", "0.1.0.zip"), _cli.Folder);

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void An_interrupted_run_is_evaluated_and_resumed_within_its_epoch()
    {
        AssertTested(_cli.Run("evaluate", "run", "--json"), "", 0.7729, 0.630773245408042);
        AssertTested(_cli.Run("train", "--resume", "run", "--json"), "test_", 0.7796, 0.5978588305499497);
        Assert.Equal([1, 2, 3, 4, 5, 6], File.ReadLines(_cli.At("run/metrics.jsonl")).Select(line => (int?)JsonNode.Parse(line)!["epoch"])
            .OfType<int>());
    }

    [Fact]
    public void A_run_on_a_folder_that_has_moved_is_evaluated_and_resumed_on_the_same_split()
    {
        const string Moved = "convolve: Folder /srv/photos does not exist. Check the path. If the pictures have moved, pass their new " +
            "folder: ";
        Assert.EndsWith($"{Moved}--data folder:PATH.\n", _cli.Run("evaluate", "photos-run").Errors, StringComparison.Ordinal);
        Assert.EndsWith($"{Moved}--data folder:PATH --override.\n", _cli.Run("train", "--resume", "photos-run").Errors,
            StringComparison.Ordinal);
        CliResult evaluated = _cli.Run("evaluate", "photos-run", "--data", "folder:photos", "--json");
        AssertTested(evaluated, "", 0.5, 0.6416125740103673);
        Assert.Contains("36 of 40 pictures were trained on or chose the best epoch, and are left out of the test.", evaluated.Errors,
            StringComparison.Ordinal);
        AssertTested(_cli.Run("train", "--resume", "photos-run", "--data", "folder:photos", "--override", "--epochs", "6", "--json"),
            "test_", 1, 0.07670560085487407);
    }

    private static void AssertTested(CliResult result, string prefix, double accuracy, double loss)
    {
        Assert.True(result.Status == 0, result.Errors);
        Assert.Equal(accuracy, (double)result.Json[prefix + "accuracy"]!, 0.005); // other kernels on other processors
        Assert.Equal(loss, (double)result.Json[prefix + "loss"]!, 0.005);
    }
}
