using System.Diagnostics;
using System.Globalization;
using Convolve.Kernels;
using Convolve.Testing;

namespace Convolve.Cli.Tests.Ranks;

/// <summary>Runs that go on without ranks that were killed.</summary>
public class ElasticTests
{
    private static readonly (string, string?)[] AsRoot = [("OMPI_ALLOW_RUN_AS_ROOT", "1")];
    private static readonly string[] Run =
        ["train", "lenet5", "--data", "fashion-mnist", "--limit", "2000", "--batch-size", "100", "--shards", "4", "--epochs", "60"];

    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable("CONVOLVE_RANK_KILLS"), CultureInfo.InvariantCulture,
        out int kills) ? kills : 20;

    [NeedsTheory(Feature.OpenMpi5, Feature.FashionMnist)]
    [InlineData(0)] // the next one prints, and keeps the folder
    [InlineData(2)]
    public void The_ranks_that_are_left_go_on_to_the_same_file(int victim)
    {
        using Cli cli = new();
        Assert.Equal(0, cli.Run([.. Run, "--out", "whole"]).Status);
        using Process process = cli.Start(AsRoot, [.. Run, "--out", "run", "--ranks", "3", "--elastic", "--json"]);
        Cli.WaitFor(process, cli.At("run/model.safetensors"));
        Assert.True(RankKills.Kill(process.Id, victim));
        CliResult result = Cli.Finish(process);
        Assert.True(result.Status == 0, result.Errors);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture,
            $"\nconvolve: rank {victim} ({Environment.MachineName}) was lost; the 2 that are left go on from the last checkpoint\n"),
            result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("NBC_Progress", result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.Split('\n'), line => line.TrimStart().StartsWith("60/60 ", StringComparison.Ordinal));
        Assert.Equal(60, (int)result.Json["epochs"]!);
        Assert.Equal(File.ReadAllBytes(cli.At("whole/model.safetensors")), File.ReadAllBytes(cli.At("run/model.safetensors")));
    }

    [NeedsFact(Feature.OpenMpi5, Feature.FashionMnist)]
    public void The_last_rank_goes_on_alone_and_hears_signals()
    {
        using Cli cli = new();
        using Process process = cli.Start(AsRoot, [.. Run[..^1], "100000", "--out", "run", "--ranks", "2", "--elastic"]);
        Cli.WaitFor(process, cli.At("run/model.safetensors"));
        Assert.True(RankKills.Kill(process.Id, 0));
        Thread.Sleep(3000);
        Cli.Signal(process, "TERM");
        CliResult result = Cli.Finish(process);
        Assert.Equal(130, result.Status);
        Assert.Contains("was lost; the rank that is left goes on from the last checkpoint\n", result.Errors, StringComparison.Ordinal);
        Assert.EndsWith("\nconvolve: to resume: convolve train --resume run --ranks 2 --elastic\n", result.Errors,
            StringComparison.Ordinal);
        Assert.Equal(0, cli.Run("evaluate", "run").Status);
    }

    [NeedsFact(Feature.OpenMpi)]
    public void An_older_Open_MPI_is_refused()
    {
        Assert.SkipWhen(Features.Missing(Feature.OpenMpi5) is null, "has Open MPI 5");
        CliResult result = Cli.RunAnywhere([.. Run, "--ranks", "2", "--elastic"]);
        Assert.Equal(2, result.Status);
        Assert.Matches("^convolve: --elastic needs Open MPI 5, and .*/mpirun is Open MPI 4. Without it, ", result.Errors);
    }

    [Fact]
    public void It_needs_ranks()
    {
        CliResult result = Cli.RunAnywhere([.. Run, "--elastic"]);
        Assert.Equal((2, "convolve: --elastic only applies to --ranks N, with N of 2 or more.\n"), (result.Status, result.Errors));
    }

    [NeedsFact(Feature.OpenMpi5, Feature.FashionMnist), Trait("Category", "Slow")]
    public void Whenever_ranks_are_killed_the_others_come_to_the_same_file()
    {
        CounterRandom random = new(5, RandomPurpose.Test, 78);
        using Cli cli = new();
        Assert.Equal(0, cli.Run([.. Run, "--out", "whole"]).Status);
        byte[] whole = File.ReadAllBytes(cli.At("whole/model.safetensors"));
        int done = 0;
        for (int round = 0; done < Kills; round++)
        {
            string folder = string.Create(CultureInfo.InvariantCulture, $"run{round}");
            using Process process = cli.Start(AsRoot, [.. Run, "--out", folder, "--ranks", "4", "--elastic", "--save-every", "3"]);
            Cli.WaitFor(process, cli.At($"{folder}/ranks/rank-1.log"));
            int[] victims = [random.NextInt32(4), random.NextInt32(4)];
            foreach (int victim in victims)
            {
                Thread.Sleep(random.NextInt32(4000));
                done += RankKills.Kill(process.Id, victim) ? 1 : 0;
            }
            CliResult result = Cli.Finish(process);
            Assert.True(result.Status == 0, $"{folder}, victims {string.Join(", ", victims)}: {result.Status} {result.Errors}");
            Assert.True(whole.AsSpan().SequenceEqual(File.ReadAllBytes(cli.At($"{folder}/model.safetensors"))), folder);
        }
    }
}
