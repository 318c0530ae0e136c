using System.Text.Json.Nodes;

namespace Convolve.Cli.Tests.Commands;

/// <summary>'convolve analyze', as a process.</summary>
public class AnalyzeTests
{
    [Fact]
    public void EveryLayerIsTimedAndTheCeilingsAreMeasuredOnce()
    {
        using Cli cli = new();
        CliResult result = cli.Run("analyze", "lenet5", "--batch-size", "64", "--precision", "f32", "--svg", "roof.svg", "--json");
        Assert.True(result.Status == 0, result.Errors);
        Assert.Contains("measuring this machine's ceilings, once ...\n", result.Errors, StringComparison.Ordinal);
        JsonArray layers = result.Json["layers"]!.AsArray();
        Assert.Contains(layers, row => ((string)row!["name"]!, (string)row["phase"]!) == ("conv2", "backward"));
        Assert.Contains(layers, row => ((string)row!["name"]!, (string)row["phase"]!) == ("update", "update"));
        Assert.Equal((double)result.Json["seconds"]!, layers.Sum(row => (double)row!["seconds"]!), 1e-9);
        Assert.All(layers, row =>
        {
            Assert.Equal((double)row!["least_seconds"]! / (double)row["seconds"]!, (double)row["share_of_ceiling"]!, 1e-9);
            Assert.Contains((string)row["bound"]!, result.Json["ceilings"]!["levels"]!.AsArray().Select(l => (string)l!["name"]!)
                .Append("compute"));
        });
        Assert.Equal(["memory", "compute", "bandwidth", "ceilings"], result.Json["findings"]!.AsObject().Select(f => f.Key));
        Assert.All(result.Json["suggestions"]!.AsArray(), s => Assert.InRange((double)s!["measured_images_per_second"]!, 1, 1e9));
        Assert.StartsWith("<svg", File.ReadAllText(cli.At("roof.svg")), StringComparison.Ordinal);

        // Ceilings that no busy machine reaches are kept; those that a layer exceeds are measured again.
        Scale(cli, 1000);
        CliResult again = cli.Run("analyze", "lenet5", "--batch-size", "64", "--inference", "--no-trial");
        Assert.True(again.Status == 0, again.Errors);
        Assert.DoesNotContain("measuring", again.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("backward", again.Output, StringComparison.Ordinal);
        Assert.Matches(@"\nlayer +pass +ms +time ", again.Output);
        Assert.Matches(@"\nspeed +[\d,]+ images/s", again.Output);

        Scale(cli, 1e-6);
        CliResult low = cli.Run("analyze", "lenet5", "--batch-size", "64", "--inference", "--no-trial");
        Assert.True(low.Status == 0, low.Errors);
        Assert.Contains("a layer is faster than the kept ceilings allow: they were measured while the machine was busy\nmeasuring ",
            low.Output, StringComparison.Ordinal);
    }

    private static void Scale(Cli cli, double factor)
    {
        string file = cli.At("cache/convolve/ceilings.json");
        JsonArray kept = JsonNode.Parse(File.ReadAllText(file))!.AsArray();
        foreach (JsonObject figures in kept.Select(k => k!.AsObject()).SelectMany(k => k["reads"]!.AsArray().Select(r => r!.AsObject())
            .Append(k)).ToArray())
            foreach (string name in figures.Select(f => f.Key).Where(key => key.Contains("per_second", StringComparison.Ordinal)
                || key.Contains("one_thread", StringComparison.Ordinal)).ToArray())
                if (figures[name] is { } value)
                    figures[name] = (double)value * factor;
        File.WriteAllText(file, kept.ToJsonString());
    }

    [Theory]
    [InlineData("analyze", "NET is missing. The network: ")]
    [InlineData("analyze lenet5 --batch-size 0", "--batch-size: expected a whole number from 1 to 2147483647, got \"0\".")]
    [InlineData("analyze lenet5 --batch-size 4096 --memory-limit 10MB", "lenet5 at batch size 4096 needs ")]
    [InlineData("analyze lenet5 --svg no/such/roof.svg", "--svg no/such/roof.svg: the folder ")]
    public void WhatCannotBeAnalyzedIsRefused(string line, string message)
    {
        CliResult result = InProcess.Run(1000, line.Split(' '));
        Assert.Equal(2, result.Status);
        Assert.StartsWith($"convolve: {message}", result.Errors, StringComparison.Ordinal);
    }
}
