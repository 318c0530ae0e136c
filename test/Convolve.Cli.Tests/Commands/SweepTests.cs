using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Convolve.Cli.Tests.Commands;

/// <summary>Sweeps, in small.</summary>
public class SweepTests
{
    private static readonly string[] Small = ["sweep", "lenet5", "--data", "fashion-mnist", "--limit", "400", "--precision", "f32"];

    [Fact]
    public void EachArmIsARunAndTheBestOneIsTheBestOnValidation()
    {
        using Cli cli = new();
        CliResult result = cli.Run([.. Small, "--epochs", "2", "--batch-size", "20,40", "--net-option", "activation=relu,tanh", "--seeds",
            "2", "--seed", "3", "--out", "here", "--json"]);
        Assert.True(result.Status == 0, result.Errors);
        JsonArray arms = result.Json["arms"]!.AsArray();
        Assert.Equal(["batch-size 20, activation relu", "batch-size 20, activation tanh", "batch-size 40, activation relu",
            "batch-size 40, activation tanh"], arms.Select(arm => (string)arm!["name"]!));
        Assert.Equal(720, (double)result.Json["same_images"]!);
        foreach (JsonNode? arm in arms)
        {
            JsonArray runs = arm!["runs"]!.AsArray();
            Assert.Equal(2, runs.Count);
            double[] best = [.. runs.Select(run => File.ReadLines(cli.At($"here/{run}/metrics.jsonl")).Select(line => JsonNode.Parse(line)!)
                .Where(line => line["epoch"] is not null).Max(line => (double)line["validation_accuracy"]!))];
            Assert.Equal(best.Average(), (double)arm["best_accuracy"]!, 1e-12);
            Assert.True((double)arm["best_accuracy_half_interval"]! >= 0);
            Assert.InRange((double)arm["images_per_second"]!, 1, 1e7);
            Assert.InRange((double)arm["estimated_memory_bytes"]!, 1e5, 1e8);
            Assert.True(File.Exists(cli.At($"here/{runs[0]}/report.html")));
        }
        JsonNode recipe = JsonNode.Parse(File.ReadAllText(cli.At("here/004-batch-size-40-activation-tanh-seed4/recipe.json")))!;
        Assert.Equal((40, 4), ((int)recipe["batch_size"]!, (int)recipe["seed"]!));
        Assert.Contains("Tanh", recipe["graph"]!.ToJsonString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal((string)arms.MaxBy(arm => (double)arm!["best_accuracy"]!)!["name"]!, (string)result.Json["best"]!);
        Assert.Equal(5, File.ReadAllLines(cli.At("here/sweep.csv")).Length);
        Assert.Matches(@"\nbatch-size +activation +epochs +images/s ", result.Errors);
        Assert.Matches(@"\n  convolve train lenet5 --data fashion-mnist --limit 400 --precision f32 --epochs 2 --seed 3 --batch-size \d0 " +
            @"--net-option activation=\w+\n", result.Errors);
        CliResult again = cli.Run([.. Small, "--batch-size", "20,40", "--out", "here"]);
        Assert.Equal((2, "convolve: here is not empty, and runs are not overwritten. Choose another folder with --out, delete it, or " +
            "resume the sweep in it: --resume here.\n"), (again.Status, again.Errors));
    }

    [Fact]
    public void AKilledSweepResumes()
    {
        using Cli cli = new();
        string[] arguments = [.. Small, "--epochs", "4", "--batch-size", "20,10"];
        Assert.Equal(0, cli.Run([.. arguments, "--out", "whole", "--quiet"]).Status);
        using Process process = cli.Start([], [.. arguments, "--out", "here"]);
        _ = process.StandardOutput.ReadToEndAsync(); // or its pipe fills up
        Cli.WaitFor(process, cli.At("here/002-batch-size-10-seed0/metrics.jsonl"));
        process.Kill();
        process.WaitForExit();
        string first = cli.At("here/001-batch-size-20-seed0/metrics.jsonl");
        DateTime done = File.GetLastWriteTimeUtc(first);
        CliResult refused = cli.Run("sweep", "lenet5", "--resume", "here");
        Assert.Equal((2, "convolve: --resume uses the settings that the sweep was started with: remove NET.\n"),
            (refused.Status, refused.Errors));
        refused = cli.Run("sweep", "--resume", "here", "--lr", "0.1");
        Assert.Equal((2, "convolve: --resume uses the settings that the sweep was started with: remove --lr.\n"),
            (refused.Status, refused.Errors));
        CliResult rest = cli.Run("sweep", "--resume", "here", "--json");
        Assert.True(rest.Status == 0, rest.Errors);
        Assert.Equal(done, File.GetLastWriteTimeUtc(first));
        Assert.Equal(Accuracies(JsonNode.Parse(File.ReadAllText(cli.At("whole/result.json")))!), Accuracies(rest.Json));
        CliResult none = cli.Run("sweep", "--resume", "nowhere");
        Assert.Equal(2, none.Status);
        Assert.StartsWith("convolve: nowhere is not a sweep's folder: ", none.Errors, StringComparison.Ordinal);

        static double[] Accuracies(JsonNode result) => [.. result["arms"]!.AsArray().Select(arm => (double)arm!["best_accuracy"]!)];
    }

    [Fact]
    public void AnArmThatFailsIsNamedAndTheOthersGoOn()
    {
        using Cli cli = new();
        CliResult result = cli.Run([.. Small, "--epochs", "1", "--lr", "0.05,1e30", "--clip-norm", "none", "--out", "here", "--json"]);
        Assert.Equal(1, result.Status);
        Assert.Contains("convolve: lr 1e30 failed: Loss became ", result.Errors, StringComparison.Ordinal);
        Assert.Equal("lr 1e30", (string)Assert.Single(result.Json["failed"]!.AsArray())!["run"]!);
        Assert.Equal("lr 0.05", (string)result.Json["best"]!);
        Assert.Equal([1, 0], result.Json["arms"]!.AsArray().Select(arm => (int)arm!["finished_runs"]!));
    }

    [Fact]
    public void ArmsThatDoNotFitInTheLimitAreNamedBeforeTheFirstStep()
    {
        using Cli cli = new();
        CliResult result = cli.Run([.. Small, "--epochs", "1", "--batch-size", "16,360", "--memory-limit", "6MB", "--out", "here"]);
        Assert.Equal(1, result.Status);
        Assert.StartsWith("convolve: batch-size 360 failed: lenet5 at batch size 360 needs ", result.Errors, StringComparison.Ordinal);
        Assert.Contains("best          batch-size 16: ", result.Output, StringComparison.Ordinal);
        CliResult none = cli.Run([.. Small, "--epochs", "1", "--batch-size", "300,360", "--memory-limit", "2MB", "--out", "none"]);
        Assert.Equal(2, none.Status);
        Assert.False(Directory.Exists(cli.At("none")));
    }

    [Fact]
    public void HalvingStopsTheWorseArmsWithoutATest()
    {
        using Cli cli = new();
        CliResult result = cli.Run([.. Small, "--epochs", "4", "--batch-size", "10", "--lr", "0.05,1e-7,0.04,1e-6", "--halving", "--out",
            "here", "--json"]);
        Assert.True(result.Status == 0, result.Errors);
        JsonArray arms = result.Json["arms"]!.AsArray();
        int[] epochs = [.. arms.Select(arm => (int)arm!["epochs"]!)];
        Assert.Equal([1, 1, 2, 4], epochs.Order());
        Assert.Equal([1, 1], [epochs[1], epochs[3]]);
        Assert.Equal(1, arms.Count(arm => arm!["test_accuracy"] is not null));
        Assert.Contains("\n  4 arms to 1 epoch\n  2 arms to 2 epochs\n  1 arm to 4 epochs\n", result.Errors, StringComparison.Ordinal);
        // What was stopped is a run like any other.
        CliResult more = cli.Run("train", "--resume", "here/002-lr-1e-7-seed0", "--json");
        Assert.True(more.Status == 0, more.Errors);
        Assert.Equal(4, (int)more.Json["epochs"]!);
    }

    [Theory]
    [InlineData("--batch-size 16", "Nothing varies. Give an option several values, such as --batch-size 16,32,64, or use --seeds.")]
    [InlineData("--lr 0.001..0.1", "--lr is a range. Add --random N to draw N arms, or list values: --lr 0.001,0.1.")]
    [InlineData("--lr 0.1,0.2,0.1", "lr has the value 0.1 twice. List each value once.")]
    [InlineData("--lr 0.1,x", "lr x: --lr: expected a number, got \"x\".")]
    [InlineData("--optimizer sgd,adam --momentum 0.5",
        "optimizer adam: --momentum only applies to --optimizer sgd or lars or rmsprop, but the optimizer is adam.")]
    [InlineData("--epochs 1,2 --halving", "--halving decides how many epochs an arm trains. Give --epochs one value.")]
    [InlineData("--net-option activation", "--net-option: expected KEY=VALUE,..., such as activation=relu,tanh, got \"activation\".")]
    [InlineData("--width 0.5,0", "width 0: The factor of the width must be above 0, such as 0.5, got 0.")]
    public void WhatCannotBeSweptIsRefusedBeforeTheFirstRun(string typed, string message)
    {
        CliResult result = InProcess.Run(1000, [.. Small, .. typed.Split(' '), "--out", "/nonexistent/sweep"]);
        Assert.Equal((2, $"convolve: {message}\n"), (result.Status, result.Errors));
    }
}
