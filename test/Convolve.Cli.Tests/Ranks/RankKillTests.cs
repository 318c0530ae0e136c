using System.Diagnostics;
using System.Globalization;
using Convolve.Kernels;
using Convolve.Testing;

namespace Convolve.Cli.Tests.Ranks;

/// <summary>Ranks that are killed at any moment, from the start of the processes to the last step.</summary>
/// <remarks>
/// CONVOLVE_RANK_KILLS says how many; 20 otherwise. Every one of them ends all ranks within 10 s, names the rank and its host, and loses
/// nothing: the run goes on from its last checkpoint on another number of ranks, and comes to the file of a run that nothing happened to.
/// </remarks>
public class RankKillTests
{
    private static readonly (string, string?)[] AsRoot = [("OMPI_ALLOW_RUN_AS_ROOT", "1")];

    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable("CONVOLVE_RANK_KILLS"), CultureInfo.InvariantCulture,
        out int kills) ? kills : 20;

    [NeedsFact(Feature.OpenMpi, Feature.FashionMnist), Trait("Category", "Slow")]
    public void A_killed_rank_ends_the_run_and_nothing_is_lost()
    {
        CounterRandom random = new(4, RandomPurpose.Test, 77);
        using Cli cli = new();
        string[] network = ["lenet5", "--data", "fashion-mnist", "--limit", "2000", "--batch-size", "100", "--shards", "4"];
        int done = 0, startedOver = 0;
        for (int round = 0; done < Kills; round++)
        {
            string folder = string.Create(CultureInfo.InvariantCulture, $"run{round}");
            string[] begin = ["train", .. network, "--epochs", "60", "--save-every", "2", "--out", folder];
            bool isFinished = false;
            while (!isFinished && done < Kills)
            {
                int ranks = 2 + random.NextInt32(3), victim = random.NextInt32(ranks);
                string[] command = File.Exists(cli.At($"{folder}/recipe.json")) ? ["train", "--resume", folder, "--save-every", "2"]
                    : begin;
                using Process process =
                    cli.Start(AsRoot, [.. command, "--ranks", ranks.ToString(CultureInfo.InvariantCulture)]);
                Thread.Sleep(random.NextInt32(9000));
                bool isKilled = RankKills.Kill(process.Id, victim);
                Stopwatch watch = Stopwatch.StartNew();
                CliResult result = Cli.Finish(process);
                if (result.Status == 0)
                {
                    isFinished = true; // the kill came too late
                    continue;
                }
                if (!isKilled)
                {
                    Assert.Fail($"no rank was killed, and yet the run failed: {result.Errors}");
                    continue;
                }
                done++;
                startedOver += command == begin ? 1 : 0;
                Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
                Assert.True(result.Status == 1, result.Errors);
                Assert.Contains($"Rank {victim} ({Environment.MachineName})", result.Errors, StringComparison.Ordinal);
            }
            Assert.Equal(0, cli.Run(AsRoot, [.. File.Exists(cli.At($"{folder}/recipe.json")) ? ["train", "--resume", folder] : begin,
                "--ranks", "3"]).Status);
            if (!File.Exists(cli.At("whole/model.safetensors")))
                Assert.Equal(0, cli.Run(["train", .. network, "--epochs", "60", "--out", "whole"]).Status);
            Assert.Equal(File.ReadAllBytes(cli.At("whole/model.safetensors")), File.ReadAllBytes(cli.At($"{folder}/model.safetensors")));
        }
    }
}
