using System.Diagnostics;
using Convolve.Testing;

namespace Convolve.Cli.Tests.Ranks;

/// <summary>Trainings in several processes, as a user starts them.</summary>
public class RankTests
{
    private static readonly (string, string?)[] AsRoot = [("OMPI_ALLOW_RUN_AS_ROOT", "1")];
    private static readonly string[] Small = ["train", "lenet5", "--data", "fashion-mnist", "--limit", "400", "--batch-size", "100"];

    [NeedsFact(Feature.OpenMpi, Feature.FashionMnist)]
    public void Rank_0_keeps_the_run_and_prints_it_and_the_others_write_logs()
    {
        using Cli cli = new();
        CliResult result = cli.Run(AsRoot, [.. Small, "--epochs", "2", "--out", "run", "--ranks", "2", "--json"]);
        Assert.True(result.Status == 0, result.Errors);
        Assert.Equal(2, (int)result.Json["epochs"]!);
        Assert.DoesNotContain('\e', result.Errors);
        Assert.Single(result.Errors.Split('\n'), line => line.StartsWith("    2/2 ", StringComparison.Ordinal));
        Assert.Contains("\nranks       2 ranks on 1 host (Open MPI v", result.Errors, StringComparison.Ordinal);
        Assert.Matches($@"\nrank [01] \({Environment.MachineName}\) computed longest, \d+\.\d s; on average, the ranks waited \d+ %",
            result.Errors);
        Assert.True(File.Exists(cli.At("run/model.safetensors")));
        Assert.Contains("\n    2/2 ", File.ReadAllText(cli.At("run/ranks/rank-1.log")), StringComparison.Ordinal);
    }

    [InterruptTheory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void A_signal_saves_the_run(string signal)
    {
        Assert.SkipWhen(Features.Missing(Feature.OpenMpi, Feature.FashionMnist) is not null, "needs Open MPI and Fashion-MNIST");
        using Cli cli = new();
        using Process process = cli.Start(AsRoot, [.. Small, "--epochs", "100000", "--out", "run", "--ranks", "2"]);
        Cli.WaitFor(process, cli.At("run/model.safetensors"));
        Cli.Signal(process, signal);
        CliResult result = Cli.Finish(process);
        Assert.Equal(130, result.Status);
        Assert.Single(result.Errors.Split('\n'), line => line.StartsWith("convolve: finishing the step", StringComparison.Ordinal));
        Assert.EndsWith(" completed\nconvolve: to resume: convolve train --resume run --ranks 2\n", result.Errors,
            StringComparison.Ordinal);
        Assert.Equal(0, cli.Run("evaluate", "run").Status);
    }

    [NeedsFact(Feature.OpenMpi, Feature.FashionMnist)]
    public void A_killed_rank_is_named()
    {
        using Cli cli = new();
        using Process process = cli.Start(AsRoot, [.. Small, "--epochs", "100000", "--out", "run", "--ranks", "3"]);
        Cli.WaitFor(process, cli.At("run/model.safetensors"));
        Assert.True(RankKills.Kill(process.Id, 1));
        Stopwatch watch = Stopwatch.StartNew();
        CliResult result = Cli.Finish(process);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal(1, result.Status);
        Assert.EndsWith($"convolve: Rank 1 ({Environment.MachineName}) was ended by signal 9, perhaps for lack of memory. The run ended " +
            "on all ranks; resume it from its last checkpoint.\n", result.Errors, StringComparison.Ordinal);
    }

    // As where ranks are started with command lines of their own.
    [NeedsFact(Feature.OpenMpi, Feature.FashionMnist)]
    public void The_recipe_of_rank_0_is_that_of_all()
    {
        using Cli cli = new();
        string program = Path.Combine(AppContext.BaseDirectory, "Convolve.Cli.dll");
        ProcessStartInfo start = new("mpirun", ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np", "2", "bash", "-c",
            $"exec dotnet '{program}' {string.Join(' ', Small)} --epochs 1 --out run --seed $((OMPI_COMM_WORLD_RANK + 1))"])
        {
            WorkingDirectory = cli.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Assert.Equal(0, Cli.Finish(process).Status);
        Assert.Contains("seed 1", File.ReadAllText(cli.At("run/ranks/rank-1.log")), StringComparison.Ordinal);
        Assert.Equal(0, cli.Run([.. Small, "--epochs", "1", "--out", "alone", "--seed", "1", "--shards", "2"]).Status);
        Assert.Equal(File.ReadAllBytes(cli.At("alone/model.safetensors")), File.ReadAllBytes(cli.At("run/model.safetensors")));
    }

    [NeedsTheory(Feature.OpenMpi, Feature.FashionMnist)]
    [InlineData("lenet5", "--shards", "4")]
    [InlineData("cnn-bn-leaky", "--shards", "4")]
    [InlineData("cnn-bn-leaky", "--shards", "5", "--sync-batch-norm")]
    public void Any_number_of_ranks_saves_the_same_file(string network, params string[] shards)
    {
        using Cli cli = new();
        string[] small = ["train", network, "--data", "fashion-mnist", "--limit", "240", "--batch-size", "60", "--epochs", "2", .. shards];
        Assert.Equal(0, cli.Run([.. small, "--out", "alone", "--threads", "1"]).Status);
        byte[] alone = File.ReadAllBytes(cli.At("alone/model.safetensors"));
        foreach (string ranks in new[] { "2", "4" })
        {
            CliResult result = cli.Run(AsRoot, [.. small, "--out", ranks, "--ranks", ranks]);
            Assert.True(result.Status == 0, result.Errors);
            Assert.True(alone.AsSpan().SequenceEqual(File.ReadAllBytes(cli.At($"{ranks}/model.safetensors"))), $"{ranks} ranks");
        }
    }

    [NeedsFact(Feature.OpenMpi, Feature.FashionMnist)]
    public void A_run_resumes_on_another_number_of_ranks_to_the_same_file()
    {
        using Cli cli = new();
        string[] run = [.. Small, "--shards", "4", "--epochs", "40"];
        Assert.Equal(0, cli.Run([.. run, "--out", "whole"]).Status);
        using Process process = cli.Start(AsRoot, [.. run, "--out", "run", "--ranks", "3", "--save-every", "3"]);
        Cli.WaitFor(process, cli.At("run/model.safetensors"));
        Cli.Signal(process, "TERM");
        Assert.Equal(130, Cli.Finish(process).Status);
        CliResult resumed = cli.Run(AsRoot, ["train", "--resume", "run", "--ranks", "2"]);
        Assert.True(resumed.Status == 0, resumed.Errors);
        Assert.Equal(File.ReadAllBytes(cli.At("whole/model.safetensors")), File.ReadAllBytes(cli.At("run/model.safetensors")));
        Assert.Equal(0, cli.Run(AsRoot, ["train", "--resume", "run", "--ranks", "2"]).Status); // finished: nothing to do on any rank
    }

    [NeedsFact(Feature.OpenMpi, Feature.FashionMnist)]
    public void Every_rank_has_a_shard()
    {
        using Cli cli = new();
        CliResult result = cli.Run(AsRoot, [.. Small, "--shards", "2", "--ranks", "3"]);
        Assert.Equal((2, "convolve: --ranks 3: a batch has 2 shards, and every rank computes at least one. Use fewer ranks or more " +
            "shards.\n"),
            (result.Status, result.Errors));
    }

    [NeedsFact(Feature.OpenMpi, Feature.FashionMnist)]
    public void What_no_rank_can_read_is_said_once()
    {
        using Cli cli = new();
        Directory.CreateDirectory(cli.At("empty"));
        CliResult alone = cli.Run([.. Small, "--data-dir", "empty"]), result =
            cli.Run(AsRoot, [.. Small, "--data-dir", "empty", "--ranks", "2"]);
        Assert.Equal((2, alone.Errors), (result.Status, result.Errors));
    }

    [Theory]
    [InlineData("--hosts only applies to --ranks N. Say how many processes to start on the hosts.", "--hosts", "hosts.txt")]
    [InlineData("--overfit-one-batch trains in one process: remove --ranks.", "--ranks", "2", "--overfit-one-batch")]
    public void What_does_not_go_together_is_refused(string message, params string[] options)
    {
        CliResult result = Cli.RunAnywhere([.. Small, .. options]);
        Assert.Equal((2, $"convolve: {message}\n"), (result.Status, result.Errors));
    }

    [NeedsFact(Feature.OpenMpi)]
    public void A_host_that_does_not_resolve_is_named_in_five_seconds()
    {
        using Cli cli = new();
        File.WriteAllText(cli.At("hosts.txt"), "127.0.0.1\nno-such-host.invalid\n");
        Stopwatch watch = Stopwatch.StartNew();
        CliResult result = cli.Run(AsRoot, [.. Small, "--ranks", "2", "--hosts", "hosts.txt"]);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(2, result.Status);
        Assert.StartsWith("convolve: hosts.txt line 2: host no-such-host.invalid (rank 1) doesn't resolve: ", result.Errors,
            StringComparison.Ordinal);
    }
}
