using System.Text.Json.Nodes;
using Convolve.Data.Inputs;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Tests.Training;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Runs;

/// <summary>A run that was interrupted, or killed, and resumed is the run that was not.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static Recipe Recipe => TrainingData.Recipe;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    public void Interrupted_anywhere_a_run_comes_to_the_same_bits(int number) => AssertSameBits(new(number));

    [Fact, Trait("Category", "Slow")]
    public void Fifty_runs_interrupted_within_epochs_come_to_the_same_bits()
    {
        for (int number = 0; number < 50; number++)
        {
            AssertSameBits(new(number));
            Directory.Delete(_folder["whole"], recursive: true);
            Directory.Delete(_folder["interrupted"], recursive: true);
        }
    }

    private void AssertSameBits(ResumeCase run)
    {
        TrainingResult whole = run.Run(_folder["whole"]), resumed = run.RunInterrupted(_folder["interrupted"], whole.Epochs.Count);
        Assert.Equal(RunSnapshot.Of(_folder["whole"]), RunSnapshot.Of(_folder["interrupted"]));
        Assert.Equal(whole.Test with { ImagesPerSecond = 0 }, resumed.Test with { ImagesPerSecond = 0 });
        Assert.Equal(whole.BestEpoch, resumed.BestEpoch);
        Assert.Equal(whole.Epochs.Select(e => (e.TrainLoss, e.ValidationLoss, e.IsBest, e.LearningRate)),
            resumed.Epochs.Select(e => (e.TrainLoss, e.ValidationLoss, e.IsBest, e.LearningRate)));
    }

    // The process dies before its n-th file operation, for every n; what it held in memory is gone.
    [Fact]
    public void Killed_before_any_file_operation_a_run_comes_to_the_same_bits()
    {
        RunFolderOptions often = new() { EverySteps = 3 };
        Recipe recipe = Recipe with { Epochs = 2, Optimizer = new Adam { LearningRate = 0.003f } };
        int count = 0;
        ThreadTeam.Invoke(() =>
        {
            using Faults all = new();
            Begin("whole");
            count = all.Count;
        });
        SortedDictionary<string, string> expected = RunSnapshot.Of(_folder["whole"]);
        int resumed = 0;
        for (int n = 0; n < count; n++)
        {
            string name = $"run{n}";
            ThreadTeam.Invoke(() =>
            {
                using Faults faults = new(n, () => new KilledException());
                Assert.Throws<KilledException>(() => Begin(name));
            });
            if (!File.Exists(_folder[$"{name}/recipe.json"]))
            {
                Begin(name); // nothing is lost: the same command begins the run
            }
            else
            {
                using RunFolder run = RunFolder.Open(_folder[name]);
                using Trainer trainer = run.Resume(TrainingData.Splits(60, 20), options: often);
                trainer.Fit();
                Assert.Empty(trainer.ResumedFrom!.Notes);
                resumed++;
            }
            Assert.Equal(expected, RunSnapshot.Of(_folder[name]));
        }
        Assert.True(resumed > 30, $"{resumed} of {count}");

        void Begin(string name)
        {
            using Trainer trainer = RunFolder.Begin(_folder[name], TrainingData.Network, TrainingData.Splits(60, 20), recipe, often);
            trainer.Fit();
        }
    }

    [Fact]
    public void A_resumed_run_says_where_it_goes_on_and_counts_its_time_on()
    {
        IReadOnlyList<EpochProgress> before = Interrupt(_folder, Recipe with { Epochs = 4 }, epochs: 2).Epochs;
        using RunFolder run = RunFolder.Open(_folder["run"]);
        using Trainer trainer = run.Resume(TrainingData.Splits());
        Assert.Equal((_folder["run/checkpoint/epoch-000002-step-00000001.safetensors"], 2, 1, 8),
            (trainer.ResumedFrom!.Checkpoint, trainer.ResumedFrom.Epochs, trainer.ResumedFrom.Step, trainer.ResumedFrom.StepsPerEpoch));
        Assert.Empty(trainer.ResumedFrom.Notes);
        List<TrainingProgress> told = [];
        TrainingResult result = trainer.Fit(new Told(told.Add));
        Assert.Equal(4, result.Epochs.Count);
        Assert.Equal(before, result.Epochs.Take(2));
        Assert.Equal([3, 4], told.OfType<EpochProgress>().Select(e => e.Epoch));
        Assert.Equal((3, 2), told.OfType<StepProgress>().Select(s => (s.Epoch, s.Step)).First());
        Assert.True(result.Elapsed > before[0].Elapsed + before[1].Elapsed);
        JsonObject environment = JsonNode.Parse(File.ReadAllText(_folder["run/environment.json"]))!.AsObject();
        JsonObject resumed = Assert.Single(environment["resumed"]!.AsArray())!.AsObject();
        Assert.Equal((2, 1), ((int)resumed["epochs"]!, (int)resumed["step"]!));
        Assert.Equal(environment["processor"]!.ToString(), resumed["processor"]!.ToString());
    }

    [Fact]
    public void More_epochs_and_another_rate_make_a_longer_run_of_it()
    {
        using (Trainer first = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe))
            first.Fit();
        Recipe longer = Recipe with { Epochs = 5, Optimizer = new Sgd { LearningRate = 0.01f, Momentum = 0.8f } };
        using (RunFolder run = RunFolder.Open(_folder["run"]))
        {
            Assert.Equal(3, run.Outcome!.Epochs);
            Assert.Equal($"The run {_folder["run"]} is finished after 3 epochs. Set more epochs to continue.",
                Assert.Throws<RecipeException>(() => run.Resume(TrainingData.Splits())).Message);
            using Trainer trainer = run.Resume(TrainingData.Splits(), longer);
            Assert.Equal(5, trainer.Fit().Epochs.Count);
        }
        Assert.Equal(longer, RunFolder.ReadRecipe(_folder["run"]).Recipe);
        Assert.Equal([1, 2, 3, 4, 5], MetricsLog.Read(_folder["run/metrics.jsonl"]).SkipLast(1).Select(line => (int)line["epoch"]!));
        using RunFolder done = RunFolder.Open(_folder["run"]);
        Assert.Equal(5, done.Outcome!.Epochs);
    }

    [Fact]
    public void Killed_before_its_first_checkpoint_a_run_that_starts_from_other_weights_starts_from_them_again()
    {
        using (Trainer source = RunFolder.Begin(_folder["source"], TrainingData.Network, TrainingData.Splits(), Recipe with { Seed = 9 }))
            source.Fit();
        Recipe recipe = Recipe with { StartFrom = _folder["source"], AverageDecay = 0.9f };
        using (Trainer whole = RunFolder.Begin(_folder["whole"], TrainingData.Network, TrainingData.Splits(), recipe))
            whole.Fit();
        for (int run = 0; run < 2; run++)
            RunFolder.Begin(_folder[$"run{run}"], TrainingData.Network, TrainingData.Splits(), recipe).Dispose();
        using (RunFolder run = RunFolder.Open(_folder["run0"]))
        using (Trainer trainer = run.Resume(TrainingData.Splits()))
        {
            Assert.Null(trainer.ResumedFrom!.Checkpoint);
            trainer.Fit();
        }
        Assert.Equal(RunSnapshot.Of(_folder["whole"]), RunSnapshot.Of(_folder["run0"]));
        File.Copy(_folder["whole/model.safetensors"], _folder["source/model.safetensors"], overwrite: true);
        using RunFolder other = RunFolder.Open(_folder["run1"]);
        Assert.Equal(
            $"The run started from {_folder["source"]}, which now has other weights. Restore the original file, or start a new run.",
            Assert.Throws<RecipeException>(() => other.Resume(TrainingData.Splits())).Message);
    }

    [Fact]
    public void A_run_that_stopped_early_is_finished_and_one_whose_time_was_over_is_not()
    {
        Recipe early = Recipe with { Epochs = 9, EarlyStopping = new(1), Optimizer = new Sgd { LearningRate = 1e-12f } };
        using (Trainer trainer = RunFolder.Begin(_folder["early"], TrainingData.Network, TrainingData.Splits(), early))
            Assert.Equal(TrainingEnd.EarlyStop, trainer.Fit().End);
        using RunFolder stopped = RunFolder.Open(_folder["early"]);
        Assert.True(stopped.IsFinished(early));
        Assert.False(stopped.IsFinished(early with { EarlyStopping = null }));
        using (Trainer trainer = RunFolder.Begin(_folder["short"], TrainingData.Network, TrainingData.Splits(), Recipe))
            Assert.Equal(TrainingEnd.TimeLimit, trainer.Fit(null, TimeSpan.Zero).End);
        using RunFolder timed = RunFolder.Open(_folder["short"]);
        Assert.False(timed.IsFinished(Recipe));
        using Trainer resumed = timed.Resume(TrainingData.Splits());
        Assert.Equal(TrainingEnd.Finished, resumed.Fit().End);
    }

    [Fact]
    public void The_cuts_of_a_plateau_end_with_it()
    {
        // Nothing is ever good enough: the rate is cut after every epoch.
        Recipe cut = Recipe with
        {
            Epochs = 6,
            Schedule = new() { Kind = ScheduleKind.Plateau, Patience = 0, Factor = 0.5, Threshold = 0.99 }
        };
        IReadOnlyList<EpochProgress> before = Interrupt(_folder, cut, epochs: 3).Epochs;
        Assert.Equal([0.05f, 0.05f, 0.025f], before.Select(e => (float)e.LearningRate));
        using RunFolder run = RunFolder.Open(_folder["run"]);
        using Trainer trainer = run.Resume(TrainingData.Splits(), cut with { Schedule = new() });
        Assert.Equal([0.05f, 0.05f, 0.05f], trainer.Fit().Epochs.Skip(3).Select(e => (float)e.LearningRate));
    }

    [Fact]
    public void A_network_of_the_same_parameters_may_take_over()
    {
        Graph after = Graph.Sequential("small", (1, 12, 12),
            [new Conv2d(8, 3), new Tanh(), new MaxPool2d(2), new Flatten(), new Linear(20), new ReLU(), new Linear(TrainingData.Classes)]);
        Interrupt(_folder, Recipe, epochs: 1);
        using RunFolder run = RunFolder.Open(_folder["run"]);
        using Trainer trainer = run.Resume(TrainingData.Splits(), graph: after);
        trainer.Fit();
        Assert.NotEqual(TrainingData.Network, after);
        Assert.Equal(after, RunFolder.ReadRecipe(_folder["run"]).Graph);
    }

    [Fact]
    public void What_a_run_depends_on_cannot_change()
    {
        Interrupt(_folder, Recipe with { Epochs = 3 }, epochs: 1);
        byte[] recipe = File.ReadAllBytes(_folder["run/recipe.json"]), log = File.ReadAllBytes(_folder["run/metrics.jsonl"]);
        using RunFolder run = RunFolder.Open(_folder["run"]);
        Recipe asked = run.Recipe;
        Refused("its optimizer is Sgd, got Adam",
            () => run.Resume(TrainingData.Splits(), asked with { Optimizer = new Adam() }));
        Refused("training images could now be in the test split", () => run.Resume(TrainingData.Splits(validation: 0.3)));
        Refused("training images could now be in the test split", () => run.Resume(TrainingData.Splits(test: 44)));
        Refused("it is within an epoch of 8 steps, but an epoch now has 4",
            () => run.Resume(TrainingData.Splits(), asked with { BatchSize = 32 }));
        Refused("1 epochs are done and another one has begun, but the recipe has only 1",
            () => run.Resume(TrainingData.Splits(), asked with { Epochs = 1 }));
        Refused("its preprocessing was ", () => run.Resume(TrainingData.Splits(), asked with { Normalization = Normalization.None }));
        Graph wider = Graph.Sequential("small", (1, 12, 12),
            [new Conv2d(9, 3), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(20), new ReLU(), new Linear(TrainingData.Classes)]);
        Assert.Contains("The network has conv1.weight F32 [9, 1, 3, 3], but ",
            Assert.Throws<RecipeException>(() => run.Resume(TrainingData.Splits(), graph: wider)).Message, StringComparison.Ordinal);
        Assert.Equal(recipe, File.ReadAllBytes(_folder["run/recipe.json"]));
        Assert.Equal(log, File.ReadAllBytes(_folder["run/metrics.jsonl"]));

        void Refused(string how, Action resume)
        {
            string message = Assert.Throws<RecipeException>(resume).Message;
            Assert.StartsWith($"The run can't resume from {_folder["run/checkpoint/epoch-000001-step-00000001.safetensors"]}: ", message,
                StringComparison.Ordinal);
            Assert.Contains(how, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Another_number_of_threads_is_told()
    {
        Interrupt(_folder, Recipe with { Threads = 1 }, epochs: 1);
        using RunFolder run = RunFolder.Open(_folder["run"]);
        using Trainer trainer = run.Resume(TrainingData.Splits(), run.Recipe with { Threads = 3 });
        string precision = trainer.Precision == Precision.BFloat16 ? "bfloat16" : "float32",
            by = $"with {Machine.KernelLibraryName} for {Machine.InstructionSetName}";
        Assert.Equal(
            $"The run was computed in {precision} on 1 thread {by} and resumes in {precision} on 3 threads {by}, so it won't be " +
            $"bit-identical to an uninterrupted run.",
            Assert.Single(trainer.ResumedFrom!.Notes));
        Assert.Equal(3, trainer.Fit().Epochs.Count);
    }

    [Fact]
    public void A_log_that_was_lost_is_written_again()
    {
        Interrupt(_folder, Recipe with { Epochs = 3 }, epochs: 2);
        string[] lines = File.ReadAllLines(_folder["run/metrics.jsonl"]);
        File.Delete(_folder["run/metrics.jsonl"]);
        using (RunFolder run = RunFolder.Open(_folder["run"]))
        using (Trainer trainer = run.Resume(TrainingData.Splits()))
            trainer.Fit();
        string[] again = File.ReadAllLines(_folder["run/metrics.jsonl"]);
        Assert.Equal(4, again.Length);
        Assert.Equal(lines, again.Take(2));
    }

    // What was switched on can be switched off, and on again.
    [Fact]
    public void Early_stop_clipping_and_means_can_be_switched_off()
    {
        Recipe all = Recipe with
        {
            Epochs = 4,
            EarlyStopping = new(1),
            Clipping = new(1, 1),
            AverageDecay = 0.9f,
            MicroBatchSize = 4,
            ClassWeights = ClassWeights.Balanced
        };
        Recipe none = Recipe with { Epochs = 4 };
        Interrupt(_folder, all, epochs: 1);
        using (RunFolder run = RunFolder.Open(_folder["run"]))
        using (Trainer off = run.Resume(TrainingData.Splits(), none))
            Assert.Equal(4, off.Fit().Epochs.Count);
        using (RunFolder run = RunFolder.Open(_folder["run"]))
        using (Trainer on = run.Resume(TrainingData.Splits(), all with { Epochs = 5, EarlyStopping = null }))
            Assert.Equal(5, on.Fit().Epochs.Count);
    }

    [Fact]
    public void A_recipe_that_was_edited_since_is_refused_unless_it_is_asked_for()
    {
        Interrupt(_folder, Recipe with { Epochs = 4 }, epochs: 2);
        File.WriteAllText(_folder["run/recipe.json"],
            RecipeJson.Write(Recipe with { Epochs = 4, LabelSmoothing = 0.25f }, TrainingData.Network));
        using (RunFolder run = RunFolder.Open(_folder["run"]))
        {
            Assert.Equal(
                $"{_folder["run/recipe.json"]} has changed since {_folder["run/checkpoint/epoch-000002-step-00000001.safetensors"]} was " +
                $"saved: label_smoothing was 0, is 0.25. Restore it, or pass the recipe to resume with.",
                Assert.Throws<RecipeException>(() => run.Resume(TrainingData.Splits())).Message);
            run.Resume(TrainingData.Splits(), run.Recipe).Dispose();
        }
        using RunFolder changed = RunFolder.Open(_folder["run"]);
        using Trainer trainer = changed.Resume(TrainingData.Splits()); // its checkpoint is one of the new recipe now
        Assert.Equal(4, trainer.Fit().Epochs.Count);
        JsonArray resumed = JsonNode.Parse(File.ReadAllText(_folder["run/environment.json"]))!["resumed"]!.AsArray();
        Assert.Equal("label_smoothing: 0, then 0.25", (string)Assert.Single(resumed[0]!["changed"]!.AsArray())!);
        Assert.Null(resumed[1]!["changed"]);
    }

    [Fact]
    public void A_trainer_runs_once()
    {
        using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(40, 10), Recipe with { Epochs = 1 });
        trainer.Fit();
        Assert.Throws<InvalidOperationException>(() => trainer.Fit());
    }

    /// <summary>A run in the folder "run" that is interrupted after an epoch.</summary>
    internal static (IReadOnlyList<EpochProgress> Epochs, int BestEpoch) Interrupt(TemporaryFolder folder, Recipe recipe, int epochs)
    {
        using CancellationTokenSource cancellation = new();
        using Trainer trainer = RunFolder.Begin(folder["run"], TrainingData.Network, TrainingData.Splits(), recipe);
        Assert.Throws<OperationCanceledException>(() => trainer.Fit(new Told(progress =>
        {
            if (progress is EpochProgress done && done.Epoch == epochs)
                cancellation.Cancel();
        }), cancellation.Token));
        return (trainer.Epochs, trainer.BestEpoch);
    }

    private sealed class KilledException : Exception;
}
