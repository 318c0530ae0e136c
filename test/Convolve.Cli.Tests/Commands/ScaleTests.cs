using System.Text.Json.Nodes;

namespace Convolve.Cli.Tests.Commands;

/// <summary>'convolve scale', mostly with the speed of a machine that isn't here.</summary>
public class ScaleTests
{
    private static readonly string[] LeNet = ["scale", "lenet5", "--bandwidth", "1Gb", "--precision", "f32"];

    // 61,706 parameters; a node with 64 images computes 64 ms, of which none hides the exchange of one bucket.
    [Fact]
    public void AStepIsPredictedFromTheSpeedOfANode()
    {
        CliResult result = InProcess.Run(80, [.. LeNet, "--batch-size", "128", "--nodes", "1,2", "--latency", "1ms",
            "--images-per-second", "1000"]);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.StartsWith("""

            network     lenet5: 61,706 parameters, 241.0 KiB of gradients in f32 to exchange
                        in each step
            node        1000 images/s in training, as given
            connection  1 Gb/s (125 MB/s), 1 ms for a message

            """, result.Output, StringComparison.Ordinal);
        Assert.Matches(@"\n +1 +128 +0\.0 +- +128\.0 +1,000 +100 % +\S+ MiB +1\n", result.Output);
        // 246,824 bytes / 125 MB/s = 1.97 ms, and 2 ms for two messages; 76 images take 76 of 79.97 ms, 75 less than 95 %.
        Assert.Matches(@"\n +2 +64 +4\.0 +0 % +68\.0 +1,883 +94 % +\S+ MiB +152\n", result.Output);
        Assert.Contains("\nworth it      up to 2 nodes: 94 % efficiency\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void JsonHasEveryFigure()
    {
        CliResult result = InProcess.Run(80, [.. LeNet, "--batch-size", "128", "--nodes", "1,2", "--latency", "0us", "--weak",
            "--images-per-second", "1000", "--exchange-precision", "bf16", "--no-overlap", "--json"]);
        Assert.Equal(0, result.Status);
        JsonObject json = result.Json;
        Assert.Equal(("weak", 128, "bf16", 123412L, 125e6, false, 1000.0), ((string)json["scaling"]!, (int)json["batch_size"]!,
            (string)json["exchange_precision"]!, (long)json["gradient_bytes"]!, (double)json["bandwidth_bytes_per_second"]!,
            (bool)json["measured"]!, (double)json["node_images_per_second"]!));
        JsonNode two = json["nodes"]![1]!;
        Assert.Equal((256, 128), ((int)two["batch_size"]!, (int)two["images_per_node"]!));
        Assert.Equal(123412 / 125e6, (double)two["exchange_seconds"]!, 1e-12);
        Assert.Equal(0.128 + 123412 / 125e6, (double)two["step_seconds"]!, 1e-12);
        Assert.Equal(0.128 / (0.128 + 123412 / 125e6), (double)two["efficiency"]!, 1e-12);
        long one = (long)json["nodes"]![0]!["memory_bytes"]!;
        Assert.InRange((long)two["memory_bytes"]! - one, 61706 * 4, 300_000); // as much again as the gradients, with their padding
        Assert.Equal(two["nodes"]!.GetValue<int>(), (int)json["efficient_nodes"]!);
    }

    [Fact]
    public void ThisMachineIsMeasuredWhereNoSpeedIsGiven()
    {
        CliResult result = InProcess.Run(80, [.. LeNet, "--batch-size", "32", "--nodes", "1,4", "--json", "--quiet"]);
        Assert.True(result.Status == 0, result.Errors);
        Assert.True((bool)result.Json["measured"]!);
        Assert.InRange((double)result.Json["node_images_per_second"]!, 100, 1e7);
        Assert.Equal([32, 8], result.Json["nodes"]!.AsArray().Select(row => (int)row!["images_per_node"]!));
        Assert.All(result.Json["nodes"]!.AsArray(), row => Assert.InRange((double)row!["compute_seconds"]!, 1e-5, 10));
    }

    [Theory]
    [InlineData("scale", "NET is missing. The network: ")]
    [InlineData("scale lenet5", "--bandwidth is missing. What a node can send, and at the same time receive, in a second, such as 10Gb")]
    [InlineData("scale lenet5 --bandwidth 10", "--bandwidth: expected a bandwidth such as 10Gb (gigabits per second), 100Mb or 1.25GB " +
        "(gigabytes per second), got \"10\".")]
    [InlineData("scale lenet5 --bandwidth 1Gb --latency 20", "--latency: expected a time such as 20us, 500ns or 1.5ms, got \"20\".")]
    [InlineData("scale lenet5 --bandwidth 1Gb --nodes 4,2",
        "--nodes: expected rising whole numbers from 1, separated by commas, such as 1,2,4,8, got \"4,2\".")]
    [InlineData("scale lenet5 --bandwidth 1Gb --batch-size 64 --nodes 1,128",
        "--nodes 128 is more than the 64 images of a batch, and each node needs one. Use at most 64 nodes, a larger --batch-size, or " +
        "--weak.")]
    [InlineData("scale lenet5 --bandwidth 1Gb --weak --batch-size 2000000 --nodes 2000",
        "--nodes 2000 with 2000000 images each are 4000000000 images in a step. Use fewer.")]
    [InlineData("scale lenet5 --bandwidth 1Gb --weak --strong", "--strong and --weak exclude each other. Use only one of them.")]
    [InlineData("scale lenet5 --bandwidth 1Gb --images-per-second 0", "--images-per-second must be above 0, such as 150, got 0.")]
    [InlineData("scale lenet5 --bandwidth 1Gb --images-per-second 9 --threads 2",
        "--images-per-second is the speed of a machine that isn't here: remove --threads.")]
    public void WhatCannotBePredictedIsRefused(string line, string message)
    {
        CliResult result = InProcess.Run(1000, line.Split(' '));
        Assert.Equal(2, result.Status);
        Assert.StartsWith($"convolve: {message}", result.Errors, StringComparison.Ordinal);
    }
}
