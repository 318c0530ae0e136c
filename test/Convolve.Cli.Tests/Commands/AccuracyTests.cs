namespace Convolve.Cli.Tests.Commands;

/// <summary>What the networks must come to on the real test images; whole trainings, minutes to hours of them.</summary>
[Trait("Category", "Slow")]
public sealed class AccuracyTests
{
    [Theory]
    [InlineData("fashion-native", 0.925)]
    [InlineData("fashion-simplified", 0.908)]
    [InlineData("fashion-alexnet", 0.908)] // an hour
    public void An_experiment_comes_to_what_was_published(string name, double least) => AssertReaches(least, ["reproduce", name, "--json"]);

    [Fact]
    public void LeNet_5_on_mnist_comes_to_what_was_published()
    {
        // .987 is the published figure's and PyTorch's, and the mean itself: one seed is off by .0015, and the mean of three by .0009, as
        // often up as down. So it is ten seeds, and twice what their mean is off by. The set is one that not every machine has:
        // CONVOLVE_DATA can name its folder.
        string? folder = Environment.GetEnvironmentVariable("CONVOLVE_DATA");
        AssertReaches(0.986,
            ["reproduce", "mnist-lenet5", "--seeds", "10", "--json", .. folder is null ? Array.Empty<string>() : ["--data-dir", folder]]);
    }

    [Fact]
    public void The_usual_recipe_of_LeNet_5_learns_fashion()
    {
        using Cli cli = new() { Patience = TimeSpan.FromMinutes(20) };
        CliResult result = cli.Run("train", "lenet5", "--data", "fashion-mnist", "--json");
        Assert.True(result.Status == 0, result.Errors);
        Assert.True((double)result.Json["test_accuracy"]! >= 0.905, result.Output);
    }

    private static void AssertReaches(double least, string[] command)
    {
        using Cli cli = new() { Patience = TimeSpan.FromHours(1.9) };
        CliResult result = cli.Run(command);
        Assert.True(result.Status == 0, result.Errors);
        Assert.All(result.Json["arms"]!.AsArray(),
            arm => Assert.True((double)arm!["test_accuracy"]! >= least, $"{arm["name"]}: {arm["test_accuracy"]}"));
    }
}
