using Convolve.Files;
using Convolve.Formats;
using Convolve.Kernels;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.Runs;

/// <summary>What lies in checkpoint/, and what becomes of a run when something is wrong with it.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static Recipe Recipe => TrainingData.Recipe;

    private string[] Names =>
        [.. Directory.GetFileSystemEntries(_folder["run/checkpoint"]).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_last_two_are_kept_and_are_model_files()
    {
        List<string> seen = [];
        using (Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe,
            new() { EverySteps = 3 }))
        {
            Assert.Empty(Names);
            trainer.Fit(new Told(_ => seen.AddRange(Names)));
        }
        // 8 steps an epoch; what falls on the end of one is that of the epoch.
        Assert.Equal(["epoch-000002-step-00000005.safetensors", "epoch-000003-step-00000000.safetensors"], Names);
        Assert.Contains("epoch-000000-step-00000006.safetensors", seen);
        Assert.Contains("epoch-000001-step-00000007.safetensors", seen);
        using Classifier early = Classifier.Load(_folder["run/checkpoint/epoch-000002-step-00000005.safetensors"]),
            last = Classifier.Load(_folder["run/checkpoint/epoch-000003-step-00000000.safetensors"]);
        Assert.NotEqual(TrainerTests.Weights(early.Model), TrainerTests.Weights(last.Model));
        using SafeTensorsFile file = SafeTensorsFile.Open(_folder["run/checkpoint/epoch-000003-step-00000000.safetensors"]);
        Assert.Equal(["conv1.weight F32 [8, 1, 3, 3]", "conv1.bias F32 [8]", "fc1.weight F32 [20, 200]", "fc1.bias F32 [20]",
            "fc2.weight F32 [5, 20]", "fc2.bias F32 [5]",
            "optimizer/velocity/conv1.weight F32 [8, 1, 3, 3]", "optimizer/velocity/conv1.bias F32 [8]",
            "optimizer/velocity/fc1.weight F32 [20, 200]", "optimizer/velocity/fc1.bias F32 [20]",
            "optimizer/velocity/fc2.weight F32 [5, 20]", "optimizer/velocity/fc2.bias F32 [5]", "convolve.crc32c U32 [12]",
            "convolve.sha256 U8 [32]"], file.Tensors.Select(t => $"{t}"));
    }

    [Fact]
    public void Without_checkpoints_there_are_none_and_the_run_cannot_be_resumed()
    {
        using CancellationTokenSource cancellation = new();
        using (Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe,
            RunFolderOptions.NoCheckpoints))
            trainer.TryFit(new Told(progress => { if (progress is EpochProgress { Epoch: 2 }) cancellation.Cancel(); }), null,
                cancellation.Token);
        Assert.False(Directory.Exists(_folder["run/checkpoint"]));
        Assert.Equal(
            $"The run {_folder["run"]} has no checkpoint to resume from: it was trained without checkpoints, or they were deleted. Start " +
            $"a new run.",
            Refusal());
    }

    [Fact]
    public void A_damaged_newest_one_is_named_and_the_one_before_it_is_used()
    {
        Assert.Equal(3, Train(epochs: 3).Epochs.Count);
        SortedDictionary<string, string> expected = RunSnapshot.Of(_folder["run"]);
        string damaged = _folder["run/checkpoint/epoch-000003-step-00000000.safetensors"];
        Change(damaged, 20_000, 4);
        // Without the test in its log, the run is not finished.
        File.WriteAllLines(_folder["run/metrics.jsonl"], File.ReadAllLines(_folder["run/metrics.jsonl"]).SkipLast(1));
        using (RunFolder run = RunFolder.Open(_folder["run"]))
        using (Trainer trainer = run.Resume(TrainingData.Splits()))
        {
            Assert.Equal(_folder["run/checkpoint/epoch-000002-step-00000000.safetensors"], trainer.ResumedFrom!.Checkpoint);
            Assert.Matches($"^{damaged} cannot be used: it is damaged: tensor '.+' has changed since it was written\\.$",
                trainer.ResumedFrom.Notes[0]);
            trainer.Fit();
        }
        Assert.Equal(expected, RunSnapshot.Of(_folder["run"]));
    }

    [Fact]
    public void With_none_left_there_is_one_clear_error()
    {
        Train(epochs: 2);
        File.WriteAllLines(_folder["run/metrics.jsonl"], File.ReadAllLines(_folder["run/metrics.jsonl"]).SkipLast(1));
        foreach (string name in Names)
            Change(_folder[$"run/checkpoint/{name}"], 9000, 4);
        Assert.Matches(
            $"^No checkpoint of the run {_folder["run"]} can be used\\. .+epoch-000002-step-00000000\\.safetensors cannot be used: .+ " +
            $".+epoch-000001-step-00000000\\.safetensors cannot be used: .+ Start a new run\\.$", Refusal());
    }

    [Fact]
    public void Every_one_of_a_thousand_damages_is_found()
    {
        Train(epochs: 1);
        string path = _folder["run/checkpoint/epoch-000001-step-00000000.safetensors"];
        CounterRandom random = new(4, RandomPurpose.Test);
        int found = 0;
        for (int i = 0; i < 1000; i++)
        {
            int position = random.NextInt32((int)new FileInfo(path).Length);
            byte change = (byte)(1 + random.NextInt32(255));
            Change(path, position, change);
            Assert.Throws<SafeTensorsException>(() => SealedTensors.Open(path));
            Change(path, position, change);
            found++;
        }
        Assert.Equal(1000, found);
        SealedTensors.Open(path).Dispose();
    }

    [Fact]
    public void A_run_in_progress_is_left_alone()
    {
        using Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe);
        Assert.Equal($"A training is running in {_folder["run"]}. Wait for it to finish, or stop it.",
            Assert.Throws<RecipeException>(() => RunFolder.Open(_folder["run"])).Message);
        Assert.Equal(TrainingEnd.Finished, trainer.Fit().End);
    }

    [Fact]
    public void Half_written_files_of_killed_processes_are_removed()
    {
        Train(epochs: 1);
        File.WriteAllLines(_folder["run/metrics.jsonl"], File.ReadAllLines(_folder["run/metrics.jsonl"]).SkipLast(1));
        File.WriteAllText(_folder["run/.convolve-1.partial"], "half");
        File.WriteAllText(_folder["run/checkpoint/.convolve-2.partial"], "half");
        using (RunFolder run = RunFolder.Open(_folder["run"]))
            run.Resume(TrainingData.Splits()).Dispose();
        Assert.Equal(["epoch-000001-step-00000000.safetensors"], Names);
        Assert.Equal([".lock", "environment.json", "events.out.tfevents", "metrics.csv", "metrics.jsonl", "model.safetensors",
            "recipe.json"],
            Directory.GetFiles(_folder["run"]).Select(f => Path.GetFileName(f).Split(".1")[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_checkpoint_of_a_later_version_is_not_passed_over()
    {
        Train(epochs: 2);
        File.WriteAllLines(_folder["run/metrics.jsonl"], File.ReadAllLines(_folder["run/metrics.jsonl"]).SkipLast(1));
        string path = _folder["run/checkpoint/epoch-000002-step-00000000.safetensors"];
        Dictionary<string, string> metadata;
        using (SealedTensors file = SealedTensors.Open(path))
            metadata = new(file.Metadata)
            {
                ["convolve.checkpoint"] = file.Metadata["convolve.checkpoint"]
                .Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal)
            };
        SealedTensors.Write(path, [], (_, _) => { }, metadata);
        Assert.Equal(
            $"{path} was written by another version of Convolve, probably a newer one. Resume the run with that version.",
            Refusal());
    }

    [Fact]
    public void A_disk_without_room_is_refused_before_anything_is_written()
    {
        const long Mebi = 1 << 20;
        DiskCheck.Require(_folder["run"], null, 187 * Mebi, 375 * Mebi);
        DiskCheck.Require(_folder["run"], (3 * 375 + 187) * Mebi, 187 * Mebi, 375 * Mebi);
        DiskCheck.Require(_folder["run"], 2 * 187 * Mebi, 187 * Mebi, 0);
        Assert.Equal(
            $"The run needs 1312.0 MiB on the disk of {_folder["run"]}: 2 checkpoints of 375.0 MiB, one more while it is written, and " +
            $"the best weights of 187.0 MiB; only 1311.0 MiB is free. "
            + "Free some space, choose another folder, or don't save checkpoints, which takes 374.0 MiB.",
            Assert.Throws<RecipeException>(() => DiskCheck.Require(_folder["run"], 1311 * Mebi, 187 * Mebi, 375 * Mebi)).Message);
        Assert.Equal(
            $"The run needs 374.0 MiB on the disk of {_folder["run"]}: the best weights of 187.0 MiB, twice while they are written; only " +
            $"0.0 MiB is free. Free some space or choose another folder.",
            Assert.Throws<RecipeException>(() => DiskCheck.Require(_folder["run"], 0, 187 * Mebi, 0)).Message);
        Assert.True(DiskSpace.AvailableBytes(_folder["run/not/there/yet"]) > Mebi);
    }

    [Fact]
    public void What_is_needed_is_what_is_written()
    {
        TrainingParts parts = new(TrainingData.Network, TrainingData.Splits(), Recipe);
        (long model, long checkpoint) = (Checkpoint.ModelBytesOf(parts), Checkpoint.BytesOf(parts));
        parts.Dispose();
        Train(epochs: 3);
        Assert.InRange(new FileInfo(_folder["run/model.safetensors"]).Length, model - 4000, model);
        Assert.InRange(new FileInfo(_folder["run/checkpoint/epoch-000003-step-00000000.safetensors"]).Length, checkpoint - 8000,
            checkpoint);
    }

    private static void Change(string path, int position, byte bits)
    {
        using FileStream file = new(path, FileMode.Open);
        file.Position = position;
        int value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ bits));
    }

    private TrainingResult Train(int epochs)
    {
        using Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(),
            Recipe with { Epochs = epochs });
        return trainer.Fit();
    }

    private string Refusal() => Assert.Throws<RecipeException>(() =>
    {
        using RunFolder run = RunFolder.Open(_folder["run"]);
        run.Resume(TrainingData.Splits());
    }).Message;
}
