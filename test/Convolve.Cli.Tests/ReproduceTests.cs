using System.Text.Json.Nodes;

namespace Convolve.Cli.Tests;

/// <summary>Experiments, listed and run in small.</summary>
public class ReproduceTests
{
    [Fact]
    public void TheListHasTimeAndMemoryOfEachExperiment()
    {
        CliResult result = Cli.RunAnywhere("reproduce", "--json");
        Assert.True(result.Status == 0, result.Errors);
        JsonArray all = result.Json["experiments"]!.AsArray();
        Assert.Contains(all, e => (string)e!["name"]! == "mnist-lenet5");
        Assert.All(all, e =>
        {
            Assert.InRange((double)e!["expected_seconds"]!, 0.1, 1e6);
            Assert.InRange((long)e["expected_memory_bytes"]!, 100_000, 100_000_000_000);
            Assert.Contains($"\n{(string)e["name"]!} ", "\n" + result.Errors, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void AQuickRunPutsTheArmsSideBySideAndSaysThatItIsQuick()
    {
        using Cli cli = new();
        CliResult result = cli.Run("reproduce", "dropout", "--quick", "--seeds", "2", "--out", "here", "--json");
        Assert.True(result.Status == 0, result.Errors);
        JsonObject json = result.Json;
        Assert.True((bool)json["quick"]!);
        Assert.Equal(["with dropout .5", "without"], json["arms"]!.AsArray().Select(a => (string)a!["name"]!));
        foreach (JsonNode? arm in json["arms"]!.AsArray())
        {
            double[] accuracies = [.. arm!["runs"]!.AsArray().Select(r => (double)r!["test_accuracy"]!)];
            Assert.Equal(accuracies.Average(), (double)arm["test_accuracy"]!, 1e-12);
            Assert.True(accuracies.All(a => a > 0.5));
            Assert.True((double)arm["test_accuracy_half_interval"]! >= 0);
        }
        Assert.Equal(json.ToJsonString(), JsonNode.Parse(File.ReadAllText(cli.At("here/result.json")))!.ToJsonString());
        Assert.Equal(["result.json", "with-dropout--5-seed0", "with-dropout--5-seed1", "without-seed0", "without-seed1"],
            Directory.GetFileSystemEntries(cli.At("here")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("--quick trains on few images", result.Errors, StringComparison.Ordinal);
        CliResult again = cli.Run("reproduce", "dropout", "--quick", "--out", "here");
        Assert.Equal((2, "convolve: here is not empty, and runs are not overwritten. Choose another folder with --out, or delete it.\n"), (again.Status, again.Errors));
    }

    [Fact]
    public void AnUnknownExperimentIsToldTheNearest()
    {
        CliResult result = Cli.RunAnywhere("reproduce", "mnist-lenet");
        Assert.Equal(2, result.Status);
        Assert.StartsWith("convolve: There is no experiment \"mnist-lenet\". Did you mean mnist-lenet5? Known are mnist-lenet5, ", result.Errors, StringComparison.Ordinal);
    }
}
