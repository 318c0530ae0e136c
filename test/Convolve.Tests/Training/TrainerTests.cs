using Convolve.Data;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Runs;
using Convolve.Tests.Formats;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

public class TrainerTests
{
    private static Recipe Recipe => TrainingData.Recipe;

    [Fact]
    public void One_batch_of_random_labels_is_learnt_by_heart()
    {
        Dataset noise = TrainingData.Noise(64, 1, new(1, 28, 28), 10);
        int[] all = [.. Enumerable.Range(0, 64)];
        DataSplits splits = new(new("train", noise, all), new("validation", noise, []), new("test", noise, all));
        Recipe recipe = Recipe with { Epochs = 120, BatchSize = 64, Optimizer = new Sgd { LearningRate = 0.02f, Momentum = 0.9f } };
        using Trainer trainer = new(Zoo.LeNet5.Create(), splits, recipe);
        TrainingResult result = trainer.Fit();
        Assert.InRange(result.Epochs[^1].TrainLoss, 0, 0.05);
        Assert.Equal(1, result.Test.Accuracy);
    }

    [Fact]
    public void Random_labels_teach_nothing_about_others()
    {
        Dataset noise = TrainingData.Noise(1200, 2, new(1, 28, 28), 10);
        int[] all = [.. Enumerable.Range(0, 1200)];
        DataSplits splits = new(new("train", noise, all[..200]), new("validation", noise, all[200..700]), new("test", noise, all[700..]));
        using Trainer trainer = new(Zoo.LeNet5.Create(), splits,
            Recipe with { Epochs = 25, BatchSize = 16, Optimizer = new Sgd { LearningRate = 0.01f, Momentum = 0.9f } });
        TrainingResult result = trainer.Fit();
        Assert.True(result.Epochs[^1].TrainAccuracy > 0.5, "it has learnt nothing at all");
        double deviation = Math.Sqrt(0.1 * 0.9 / 500);
        Assert.All(result.Epochs, epoch => Assert.InRange(epoch.ValidationAccuracy!.Value, 0.1 - 5 * deviation, 0.1 + 5 * deviation));
        Assert.InRange(result.Test.Accuracy, 0.1 - 5 * deviation, 0.1 + 5 * deviation);
    }

    [Fact]
    public void What_can_be_learnt_is_learnt()
    {
        using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(400, 100), Recipe with { Epochs = 6 });
        Assert.True(trainer.Fit().Test.Accuracy > 0.95);
    }

    [Fact]
    public void Images_read_on_demand_train_to_the_same_bits()
    {
        DataSplits kept = TrainingData.Splits();
        Tests.Data.Sets.ReadDataset train = Tests.Data.Sets.ReadDataset.Of(kept.Train.Dataset),
            test = Tests.Data.Sets.ReadDataset.Of(kept.Test.Dataset);
        DataSplits read = new(kept.Train with { Dataset = train }, kept.Validation with { Dataset = train },
            kept.Test with { Dataset = test });
        using Trainer first = new(TrainingData.Network, kept, Recipe), second = new(TrainingData.Network, read, Recipe);
        Assert.Equal(first.Fit().Epochs.Select(e => (e.TrainLoss, e.ValidationLoss)),
            second.Fit().Epochs.Select(e => (e.TrainLoss, e.ValidationLoss)));
        Assert.Equal((read.Train.Count + read.Validation.Count) * Recipe.Epochs + read.Train.Count, train.Reads);
    }

    // With a rate that moves nothing, the means over an epoch are those of an evaluation; a mean of the batches' means would weigh the last
    // one more.
    [Theory]
    [InlineData(0)]
    [InlineData(0.25)]
    public void Metrics_are_means_over_images_of_the_split_alone(double validation)
    {
        DataSplits splits = TrainingData.Splits(53, 37, validation);
        Recipe recipe = Recipe with { Epochs = 1, Optimizer = new Sgd { LearningRate = 1e-12f } };
        using Trainer trainer = new(TrainingData.Network, splits, recipe);
        Assert.NotEqual(0, splits.Train.Count % recipe.BatchSize);
        TrainingResult result = trainer.Fit();
        double[] losses = Losses(trainer.Classifier, splits.Train);
        Assert.Equal(losses.Average(), result.Epochs[0].TrainLoss, 1e-5);
        Assert.NotEqual(losses.Chunk(recipe.BatchSize).Average(batch => batch.Average()), result.Epochs[0].TrainLoss, 1e-4);
        Assert.Equal(Losses(trainer.Classifier, splits.Test).Average(), result.Test.Loss, 1e-5);
        Assert.Equal(37, result.Test.Images);
        Assert.Equal(validation > 0, result.Epochs[0].ValidationLoss is not null);
        if (validation > 0)
            Assert.Equal(Losses(trainer.Classifier, splits.Validation).Average(), result.Epochs[0].ValidationLoss!.Value, 1e-5);
        Assert.Empty(splits.Train.Indices.Intersect(splits.Validation.Indices));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_best_epochs_weights_come_back(bool hasFolder)
    {
        using TemporaryFolder folder = new();
        using Trainer trainer = hasFolder
            ? RunFolder.Begin(folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe with { Epochs = 4 })
            : new(TrainingData.Network, TrainingData.Splits(), Recipe with { Epochs = 4 });
        float[] best = [];
        TrainingResult result = trainer.Fit(new Told(progress =>
        {
            if (progress is not EpochProgress { Epoch: 2 })
                return;
            best = Weights(trainer.Classifier.Model);
            trainer.Classifier.Model.WriteParameter("fc2.weight", new float[100]);
            trainer.Classifier.Model.WriteParameter("fc1.weight", new float[4000]); // dead: nothing is learnt any more
        }));
        Assert.Equal(2, result.BestEpoch);
        Assert.Equal([true, true, false, false], result.Epochs.Select(e => e.IsBest));
        Assert.Equal(best, Weights(trainer.Classifier.Model));
        using Classifier? saved = hasFolder ? Classifier.Load(folder["run"]) : null;
        Assert.Equal(best, Weights(saved?.Model ?? trainer.Classifier.Model));
        Assert.Equal(result.Test.Accuracy, trainer.Classifier.Evaluate(TrainingData.Splits().Test, 16).Accuracy);
    }

    [Fact]
    public void Progress_comes_in_order_and_the_test_split_at_the_end_once()
    {
        using TemporaryFolder folder = new();
        List<TrainingProgress> told = [];
        using (Trainer trainer = RunFolder.Begin(folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe))
        {
            TrainingResult result = trainer.Fit(new Told(told.Add));
            Assert.Equal(told.OfType<EpochProgress>(), result.Epochs);
        }
        Assert.Equal([1, 2, 3], told.OfType<EpochProgress>().Select(e => e.Epoch));
        int epoch = 1, step = 0;
        foreach (TrainingProgress progress in told)
        {
            if (progress is StepProgress s)
            {
                Assert.Equal(epoch, s.Epoch);
                Assert.InRange(s.Step, step + 1, s.Steps);
                Assert.Equal(8, s.Steps); // 120 images
                step = s.Step;
                continue;
            }
            Assert.Equal(8, step);
            (epoch, step) = (epoch + 1, 0);
        }
        string[] lines = [.. MetricsLog.Read(folder["run/metrics.jsonl"]).Select(line => string.Join(" ", line.Select(p => p.Key)))];
        string[] epochs =
            [.. Enumerable.Repeat(
            "epoch train_loss train_accuracy validation_loss validation_accuracy learning_rate images_per_second seconds data_seconds " +
            "is_best", 3)];
        Assert.Equal(
            [.. epochs,
            "test_of_epoch test_images test_loss test_accuracy test_top5_accuracy end seconds images_per_second estimated_memory_bytes " +
            "measured_memory_bytes estimated_growth_bytes"], lines);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Cancelling_keeps_the_best_weights_in_a_file_that_loads(int epochs)
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource cancellation = new();
        if (epochs == 0)
            cancellation.Cancel();
        float[] last = [];
        using Trainer trainer = RunFolder.Begin(folder["run"], TrainingData.Network, TrainingData.Splits(), Recipe with { Epochs = 5 });
        float[] first = Weights(trainer.Classifier.Model);
        OperationCanceledException canceled = Assert.Throws<OperationCanceledException>(() => trainer.Fit(new Told(progress =>
        {
            if (progress is EpochProgress { IsBest: true })
                last = Weights(trainer.Classifier.Model);
            if (progress is EpochProgress done && done.Epoch == epochs)
                cancellation.Cancel();
        }), cancellation.Token));
        Assert.Equal((cancellation.Token, $"The training was canceled after {epochs} epochs."),
            (canceled.CancellationToken, canceled.Message));
        Assert.Equal((epochs, epochs == 0), (trainer.Epochs.Count, trainer.BestEpoch == 0));
        using Classifier saved = Classifier.Load(folder["run"]);
        Assert.Equal(Weights(trainer.Classifier.Model), Weights(saved.Model));
        if (epochs > 0)
            Assert.Equal(last, Weights(saved.Model));
        else
            Assert.NotEqual(first, Weights(saved.Model)); // after one step
        Assert.Equal(epochs, MetricsLog.Read(folder["run/metrics.jsonl"]).Count);
    }

    [Fact]
    public void A_run_that_diverges_ends_with_the_place_and_advice()
    {
        using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(),
            Recipe with { Optimizer = new Sgd { LearningRate = 1e20f } });
        Assert.Matches(@"^(Loss became (NaN|infinity)|Weights became NaN or infinite) at epoch 1, step [2-8] \(learning rate 1E\+20\)\. "
            + @"First NaN or infinity: (the output of (conv1|fc1|fc2)|(conv1|fc1|fc2)\.(weight|bias): [\d,]+ of [\d,]+ values (is|are) " +
            @"[\w ]+)\. "
            + @"Try a learning rate 10x lower, a warm-up, or a different initialization\.$",
            Assert.Throws<TrainingException>(() => trainer.Fit()).Message);
    }

    [Fact]
    public void Two_runs_of_one_seed_are_one()
    {
        static float[] Run(ulong seed)
        {
            using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(), Recipe with { Seed = seed });
            trainer.Fit();
            return Weights(trainer.Classifier.Model);
        }
        float[] first = Run(1);
        Assert.Equal(first, Run(1));
        Assert.NotEqual(first, Run(2));
    }

    [Fact]
    public void The_memory_is_known_before_the_first_step()
    {
        DataSplits splits = TrainingData.Splits();
        Assert.NotEqual(0, splits.Validation.Count % Recipe.BatchSize);
        using Trainer trainer = new(TrainingData.Network, splits, Recipe);
        long estimate = trainer.EstimatedMemoryBytes;
        Assert.True(estimate >= 3 * trainer.Plan.Parameters.Bytes + trainer.Plan.ArenaBytes);
        Assert.Equal(trainer.Classifier.Model.MemoryBytes + trainer.Plan.Parameters.Bytes, estimate); // the optimizer has one velocity each
        TrainingResult result = trainer.Fit();
        Assert.Equal(estimate, result.EstimatedMemoryBytes);
        Assert.Equal(estimate, trainer.EstimatedMemoryBytes);
        Assert.True(result.PeakMemoryBytes > estimate);
    }

    // What an epoch allocates, its validation and its reports, does not grow with its steps.
    [Fact]
    public void The_loop_allocates_nothing_per_step()
    {
        static long PerEpoch(int images)
        {
            List<long> allocated = [];
            using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(images, 16, validation: 0), Recipe with { Epochs = 40 });
            trainer.Fit(new Told(progress =>
            {
                if (progress is EpochProgress)
                    ThreadTeam.Invoke(() => allocated.Add(GC.GetAllocatedBytesForCurrentThread()));
            }));
            return allocated.Zip(allocated.Skip(1), (before, after) => after - before).Min();
        }
        _ = PerEpoch(64); // code that is not optimised yet may box
        Assert.InRange(PerEpoch(64 * 16) - PerEpoch(64), 0, 60); // 60 steps more
    }

    [Fact]
    public void Network_and_data_must_go_together()
    {
        DataSplits splits = TrainingData.Splits();
        Graph other = Graph.Sequential("other", (1, 12, 12), [new Flatten(), new Linear(7)]);
        Assert.Equal("The network other has 7 outputs, but patterns has 5 classes. Create the network with 5 classes.",
            Assert.Throws<NetworkException>(() => new Trainer(other, splits, Recipe)).Message);
        Assert.Throws<RecipeException>(() => new Trainer(TrainingData.Network, splits, Recipe with { Epochs = 0 }));
        Assert.Throws<DatasetException>(() =>
            new Trainer(TrainingData.Network, splits with { Test = new("test", splits.Test.Dataset, []) }, Recipe));
        Assert.Throws<DatasetException>(() =>
            new Trainer(TrainingData.Network, splits with { Train = new("train", splits.Test.Dataset, []) }, Recipe));
    }

    [Fact]
    public void A_folder_that_holds_a_run_is_refused_and_left_alone()
    {
        using TemporaryFolder folder = new();
        DataSplits splits = TrainingData.Splits();
        using (Trainer trainer = RunFolder.Begin(folder["run"], TrainingData.Network, splits, Recipe with { Epochs = 1 }))
            trainer.Fit();
        byte[] model = File.ReadAllBytes(folder["run/model.safetensors"]);
        Assert.Equal(
            $"The folder {folder["run"]} already holds a run, and runs are not overwritten. Choose another folder, or delete it.",
            Assert.Throws<RecipeException>(() => RunFolder.Begin(folder["run"], TrainingData.Network, splits, Recipe)).Message);
        Assert.Equal(model, File.ReadAllBytes(folder["run/model.safetensors"]));
        File.WriteAllText(folder["file"], "");
        Assert.StartsWith($"Can't create the run folder {folder["file"]}: ",
            Assert.Throws<RecipeException>(() => RunFolder.Begin(folder["file"], TrainingData.Network, splits, Recipe)).Message,
            StringComparison.Ordinal);
    }

    internal static float[] Weights(Model model) =>
        [.. model.Graph.Nodes.SelectMany(n => n.Parameters.Select(p => (Name: $"{n.Name}.{p.Name}", p.Count))).SelectMany(p =>
    {
        float[] values = new float[p.Count];
        model.ReadParameter(p.Name, values);
        return values;
    })];

    // Each image's softmax cross-entropy, by its own definition and one image at a time.
    private static double[] Losses(Classifier classifier, Split split) =>
        [.. split.Indices.Select(i =>
            -Math.Log(classifier.Predict(split.Dataset.PixelsOf(i), split.Dataset.SizeOf(i))[split.Dataset.LabelOf(i)]))];
}
