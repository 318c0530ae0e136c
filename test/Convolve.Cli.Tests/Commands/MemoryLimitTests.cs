using System.Globalization;
using System.Text.Json.Nodes;

namespace Convolve.Cli.Tests.Commands;

/// <summary>Memory before the run: what layers cost, and limits that are kept.</summary>
public sealed class MemoryLimitTests
{
    [Theory, InlineData(80), InlineData(100), InlineData(120), InlineData(200)]
    public void The_costs_of_layers_fit_the_screen(int width)
    {
        foreach (string network in new[] { "lenet5", "alexnet-d2l", "resnet20" })
        {
            CliResult result = InProcess.Run(width, "summary", network, "--training", "--batch-size", "16", "--precision", "f32");
            Assert.Equal((0, ""), (result.Status, result.Errors));
            Assert.All(result.Output.Split('\n'), line => Assert.True(line.Length <= width, line));
            Assert.Matches(@"\npeak +[0-9.]+ [KMG]iB at step [0-9]+ of [0-9]+, \S+ ", result.Output);
            Assert.Matches(@"\nname .*forward +backward +activations .*gradients\n", result.Output);
        }
    }

    [Fact]
    public void Costs_are_figures_for_machines()
    {
        JsonNode training = InProcess.Run(null, "summary", "lenet5", "--training", "--precision", "f32", "--json").Json["costs"]!;
        Assert.Equal((128, true), ((int)training["batch_size"]!, (bool)training["training"]!));
        JsonNode conv = training["layers"]!.AsArray().First(layer => (string)layer!["name"]! == "conv2")!;
        Assert.Equal((128L * 240_000, 2 * 128L * 240_000, "14x14"), ((long)conv["forward_multiply_adds"]!,
            (long)conv["backward_multiply_adds"]!, (string)conv["receptive_field"]!));
        JsonNode inference = InProcess.Run(null, "summary", "lenet5", "--batch-size", "4", "--precision", "f32", "--json").Json["costs"]!;
        Assert.Equal((4, false), ((int)inference["batch_size"]!, (bool)inference["training"]!));
        Assert.Null(InProcess.Run(null, "summary", "lenet5", "--json").Json["costs"]);
    }

    [Fact]
    public void A_limit_names_the_batch_and_the_parts_that_fit_and_they_do()
    {
        using Cli cli = new();
        string[] train = ["train", "lenet5", "--data", "fashion-mnist", "--limit", "600", "--epochs", "1", "--precision", "f32"];
        CliResult refused = cli.Run([.. train, "--batch-size", "256", "--memory-limit", "3MB"]);
        Assert.Equal(2, refused.Status);
        var match = System.Text.RegularExpressions.Regex.Match(refused.Errors, @"^convolve: lenet5 at batch size 256 needs \S+ MiB of " +
            @"memory \(.*\), but only 2\.9 MiB is allowed \(--memory-limit\)\. The largest batch size that fits is (\d+): " +
            @"--batch-size \1; or compute each batch in parts: --micro-batch (\d+)\.\n$");
        Assert.True(match.Success, refused.Errors);
        int batch = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        CliResult fits = cli.Run([.. train, "--batch-size", $"{batch}", "--memory-limit", "3MB", "--out", "fits", "--json"]);
        Assert.True(fits.Status == 0, fits.Errors);
        Assert.InRange((long)fits.Json["estimated_memory_bytes"]!, 1, 3_000_000);
        Assert.Equal(2, cli.Run([.. train, "--batch-size", $"{batch + 1}", "--memory-limit", "3MB"]).Status);
        CliResult parts = cli.Run([.. train, "--batch-size", "256", "--micro-batch", match.Groups[2].Value, "--memory-limit", "3MB",
            "--out", "parts", "--json"]);
        Assert.True(parts.Status == 0, parts.Errors);
        Assert.Equal(256, (int)parts.Json["batch_size"]!);
        CliResult free = cli.Run([.. train, "--batch-size", "auto", "--memory-limit", "3MB", "--out", "free", "--json"]);
        Assert.True(free.Status == 0, free.Errors);
        int chosen = (int)free.Json["batch_size"]!;
        Assert.True(int.IsPow2(chosen) && chosen <= batch && 2 * chosen > batch, $"{chosen} of {batch}");
        CliResult usual = cli.Run([.. train, "--batch-size", "auto", "--out", "usual", "--json"]);
        Assert.Equal(128, (int)usual.Json["batch_size"]!);
        Assert.StartsWith("convolve: --memory-limit: expected a size such as 8GB, 512MiB or 1.5GB, got \"much\".",
            cli.Run([.. train, "--memory-limit", "much"]).Errors, StringComparison.Ordinal);
        Assert.StartsWith("convolve: --batch-size: expected a whole number up to 2147483647, or auto, got \"some\".",
            cli.Run([.. train, "--batch-size", "some"]).Errors, StringComparison.Ordinal);

        CliResult served = cli.Run("serve", "fits", "--port", "0", "--max-batch", "256", "--memory-limit", "2MB");
        Assert.Equal(2, served.Status);
        Assert.Matches(@"^convolve: lenet5 at max batch 256 needs .* allowed \(--memory-limit\)\. The largest max batch that fits is " +
            @"\d+: --max-batch \d+\.\n$", served.Errors);
    }
}
