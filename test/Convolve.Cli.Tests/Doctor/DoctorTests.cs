using System.Text.Json.Nodes;

namespace Convolve.Cli.Tests.Doctor;

/// <summary>'convolve doctor' from end to end.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly Cli _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void A_fault_of_a_network_comes_first_with_evidence_and_what_to_try()
    {
        Photos.Write(_cli.Folder, 40);
        File.WriteAllText(_cli.At("net.json"), """
            {"name":"mine","input":[3,16,16],"nodes":[{"type":"Flatten"},{"type":"Linear","units":8},{"type":"Linear","units":2}]}
            """);
        CliResult said = _cli.Run("doctor", "net.json", "--data", "folder:photos", "--epochs", "60");
        Assert.Equal((0, ""), (said.Status, said.Errors));
        Assert.Contains("1. no activation between fc1 and fc2: together they are one linear layer\n", said.Output,
            StringComparison.Ordinal);
        foreach (string word in new[] { "   evidence", "   try      add ReLU() behind fc1", "   expect", "no trial" })
            Assert.Contains($"\n{word}", said.Output, StringComparison.Ordinal);
        Assert.Equal(1, _cli.Run("doctor", "net.json", "--data", "folder:photos", "--epochs", "60", "--strict").Status);
    }

    [Fact]
    public void A_run_is_examined_with_its_own_recipe_and_without_its_data_as_far_as_that_goes()
    {
        Photos.Write(_cli.Folder, 40);
        File.WriteAllText(_cli.At("net.json"), """
            {"name":"mine","input":[3,16,16],"nodes":[{"type":"Flatten"},{"type":"Linear","units":8},{"type":"ReLU"},
            {"type":"Linear","units":2}]}
            """);
        Assert.Equal(0, _cli.Run("train", "net.json", "--data", "folder:photos", "--epochs", "20", "--freeze", "fc1", "--lr", "0.01",
            "--out", "run", "--quiet").Status);
        JsonObject json = _cli.Run("doctor", "run", "--json").Json;
        Assert.Equal("frozen-layers", (string)json["findings"]![0]!["fault"]!);
        CliResult refused = _cli.Run("doctor", "run", "--lr", "0.1");
        Assert.Equal((2, "convolve: run is a run, which has its own recipe: remove --lr.\n"), (refused.Status, refused.Errors));
        Directory.Move(_cli.At("photos"), _cli.At("elsewhere"));
        CliResult without = _cli.Run("doctor", "run", "--json");
        Assert.Equal("frozen-layers", (string)without.Json["findings"]![0]!["fault"]!);
        Assert.Contains("only network, recipe and epochs are checked, because the data can't be read", without.Errors,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_needs_data() => Assert.StartsWith("convolve: --data is missing.", _cli.Run("doctor", "lenet5").Errors,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("nowhere", "\"nowhere\" is neither a run folder nor a network. Pass the run folder that `convolve train` printed, a ")]
    [InlineData("lenet", "\"lenet\" is neither a run folder nor a network. Did you mean lenet5? Pass the run folder that ")]
    [InlineData("runs/nowhere", "runs/nowhere does not exist. Pass the run folder that ")]
    [InlineData("mine.json --data mnist", "mine.json does not exist. Pass the run folder that ")]
    [InlineData("lenet5 --data mnist --time-limit 0s", "--time-limit 0s leaves no time for a trial. Use 30s or more.")]
    public void What_cannot_be_examined_is_called_so(string typed, string message)
    {
        CliResult said = _cli.Run(["doctor", .. typed.Split(' ')]);
        Assert.Equal(2, said.Status);
        Assert.StartsWith($"convolve: {message}", said.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Bounds_are_those_of_Clopper_and_Pearson()
    {
        (double low, double high) = SetupResult.Exact(0, 60);
        Assert.Equal((0, 0.0596), (low, Math.Round(high, 4)));
        (low, high) = SetupResult.Exact(85, 90);
        Assert.Equal((0.8751, 0.9817), (Math.Round(low, 4), Math.Round(high, 4)));
        Assert.Equal(1, SetupResult.Exact(90, 90).High);
    }
}
