using Convolve.Files;
using Convolve.Kernels.Threads;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Training;

namespace Convolve.Tests.Training;

/// <summary>
/// A file operation that fails, whichever it is, is an error that names the file, and never a success; what was there before still loads.
/// </summary>
public sealed class TrainingFaultTests : IDisposable
{
    private static readonly RunFolderOptions Often = new() { EverySteps = 2 };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_a_new_run_on_a_disk_that_takes_half_of_the_bytes() => AssertHandled("ENOSPC", "disk full", isShort: true);

    [Theory, Trait("Category", "Slow")]
    [InlineData("EIO", "the disk reported an error")]
    [InlineData("ENOSPC", "disk full")]
    [InlineData("EACCES", "permission denied")]
    public void Of_a_new_run(string error, string reason) => AssertHandled(error, reason, isShort: false);

    [Fact, Trait("Category", "Slow")]
    public void Of_a_resumed_run()
    {
        Begin("whole");
        Interrupt("first");
        int count = Count(() => Resume(Copy("first", "counted")));
        for (int n = 0; n < count; n++)
        {
            string run = Copy("first", $"run{n}");
            Fail(n, "EIO", "the disk reported an error", false, () => Resume(run));
            Resume(run);
            Assert.Equal(RunSnapshot.Of(_folder["whole"]), RunSnapshot.Of(_folder[run]));
        }
        Assert.InRange(count, 20, 300);
    }

    private void AssertHandled(string error, string reason, bool isShort)
    {
        int count = Count(() => Begin("whole"));
        Assert.InRange(count, 40, 300);
        (int loaded, int resumed) = (0, 0);
        for (int n = 0; n < count; n++)
        {
            string run = $"run{n}";
            Fail(n, error, reason, isShort, () => Begin(run));
            if (!File.Exists(_folder[$"{run}/recipe.json"]))
                continue;
            if (File.Exists(_folder[$"{run}/model.safetensors"]))
            {
                Classifier.Load(_folder[run]).Dispose();
                loaded++;
            }
            Resume(run);
            Assert.Equal(RunSnapshot.Of(_folder["whole"]), RunSnapshot.Of(_folder[run]));
            resumed++;
        }
        Assert.True(loaded > 10 && resumed > 25, $"{loaded} models and {resumed} checkpoints of {count}");
    }

    // On the executor's thread, where the files are written, so that the fault reaches them.
    private static int Count(Action run)
    {
        int count = 0;
        ThreadTeam.Invoke(() =>
        {
            using Faults all = new();
            run();
            count = all.Count;
        });
        return count;
    }

    private static void Fail(int n, string error, string reason, bool isShort, Action run) => ThreadTeam.Invoke(() =>
    {
        using Faults faults = new(n, () => Faults.Error(error), isShort);
        FileWriteException failure = Assert.Throws<FileWriteException>(run);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Equal(faults.FailedPath, failure.FilePath);
        Assert.Contains($"'{failure.FilePath}'", failure.Message, StringComparison.Ordinal);
    });

    private void Begin(string run)
    {
        using Trainer trainer = New(run);
        trainer.Fit();
    }

    private void Interrupt(string run)
    {
        using CancellationTokenSource cancellation = new();
        using Trainer trainer = New(run);
        trainer.TryFit(new Told(progress => { if (progress is EpochProgress) cancellation.Cancel(); }), null, cancellation.Token);
    }

    private void Resume(string name)
    {
        using RunFolder run = RunFolder.Open(_folder[name]);
        if (run.Outcome is not null)
            return; // its last line was written, and could not be flushed
        using Trainer trainer = run.Resume(TrainingData.Splits(40, 10), options: Often);
        trainer.Fit();
    }

    private Trainer New(string run) => RunFolder.Begin(_folder[run], TrainingData.Network, TrainingData.Splits(40, 10),
        TrainingData.Recipe with { Epochs = 2 }, Often);

    private string Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(_folder[from], "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(_folder[to], Path.GetRelativePath(_folder[from], file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return to;
    }
}
