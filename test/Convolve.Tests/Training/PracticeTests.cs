using Convolve.Data;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Tests.Formats;
using Convolve.Training;
using Convolve.Training.Checks;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

/// <summary>
/// What a run can be asked for besides a plain one: parts of batches, means of weights, early ends, other weights to start from.
/// </summary>
public sealed class PracticeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static Recipe Recipe => TrainingData.Recipe with { Precision = Precision.Float32, Exact = true };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Batches_in_parts_come_to_the_same_in_less_memory()
    {
        Graph graph = Graph.Sequential("dropping", (1, 12, 12),
            [new Conv2d(8, 3), new ReLU(), new MaxPool2d(2), new Flatten(), new Dropout(0.3f), new Linear(20), new ReLU(),
            new Linear(TrainingData.Classes)]);
        Recipe whole = Recipe with { BatchSize = 96, Epochs = 2 }, parts = whole with { MicroBatchSize = 9 };
        DataSplits splits = TrainingData.Splits();
        using Trainer one = new(graph, splits, whole), other = new(graph, splits, parts);
        // Of so small a network a third is the threads' scratch space, whatever the batch.
        Assert.True(Trainer.Estimate(graph, splits, parts).ActivationBytes < Trainer.Estimate(graph, splits, whole).ActivationBytes * 0.6);
        Assert.All([(one, whole), (other, parts)],
            p => Assert.Equal(Trainer.Estimate(graph, splits, p.Item2).TotalBytes, p.Item1.EstimatedMemoryBytes));
        TrainingResult first = one.Fit(), second = other.Fit();
        Assert.Equal(first.Epochs[^1].TrainLoss, second.Epochs[^1].TrainLoss, 1e-4);
        foreach (string name in one.Classifier.Model.ParameterNames)
        {
            double error = Compare.RelativeL2(Read(other, name), Compare.Widen(Read(one, name)));
            Assert.True(error < 1e-4, $"{name}: {error:e1}");
        }
    }

    [Fact]
    public void The_mean_of_the_weights_is_what_is_validated_tested_and_kept()
    {
        DataSplits splits = TrainingData.Splits();
        Recipe averaged = Recipe with { AverageDecay = 0.9f, Epochs = 1, Schedule = new() };
        using Trainer trainer = RunFolder.Begin(_folder["mean"], TrainingData.Network, splits, averaged),
            plain = RunFolder.Begin(_folder["plain"], TrainingData.Network, splits, averaged with { AverageDecay = 0 });
        TrainingResult result = trainer.Fit(), other = plain.Fit();
        Assert.Equal(other.Epochs[0].TrainLoss, result.Epochs[0].TrainLoss);
        Assert.NotEqual(other.Epochs[0].ValidationLoss, result.Epochs[0].ValidationLoss);
        using Classifier kept = Classifier.Load(_folder["mean"], new() { Precision = Precision.Float32, Exact = true });
        Assert.Equal(result.Epochs[0].ValidationLoss!.Value, kept.Evaluate(splits.Validation).Loss, 1e-6);
        Assert.Equal(result.Test.Loss, kept.Evaluate(splits.Test).Loss, 1e-6);
        Assert.Equal(Trainer.Estimate(TrainingData.Network, splits, averaged).TotalBytes, trainer.EstimatedMemoryBytes);
    }

    [Theory]
    [InlineData("0.5 0.6 0.6 0.6", 2, 0, true)]
    [InlineData("0.5 0.6 0.6 0.61", 2, 0, false)]
    [InlineData("0.5 0.6 0.6 0.61", 2, 0.05, true)]
    [InlineData("0.5", 1, 0, false)]
    [InlineData("0.5 0.4", 1, 0, true)]
    [InlineData("", 1, 0, false)]
    public void An_early_stop_comes_where_patience_ends(string accuracies, int patience, double change, bool isDue)
    {
        EpochProgress[] epochs = [.. accuracies.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(a => double.Parse(a, System.Globalization.CultureInfo.InvariantCulture))
            .Select((a, i) => new EpochProgress(i + 1, 9, 0, 0, 1 - a, a, 0, 0, default, default, false))];
        Assert.Equal(isDue, new EarlyStopping(patience, WatchedMetric.Accuracy, change).IsDue(epochs));
        Assert.Equal(isDue, new EarlyStopping(patience, WatchedMetric.Loss, change).IsDue(epochs));
    }

    [Theory]
    [InlineData(0.5, 1.0, 0.6, 1.1, true, false)]
    [InlineData(0.6, 1.1, 0.5, 1.0, false, true)]
    [InlineData(0.5, 1.0, 0.5, 0.9, true, true)]
    [InlineData(0.5, 1.0, 0.6, 1.0, true, true)]
    [InlineData(0.5, 1.0, 0.5, 1.0, false, false)]
    public void The_epoch_that_is_kept_is_better_by_what_is_watched(double accuracy, double loss, double nextAccuracy, double nextLoss,
        bool byAccuracy, bool byLoss)
    {
        EpochProgress best = new(1, 9, 0, 0, loss, accuracy, 0, 0, default, default, true),
            next = best with { ValidationLoss = nextLoss, ValidationAccuracy = nextAccuracy };
        Assert.Equal((byAccuracy, byLoss), (next.IsBetterThan(best, WatchedMetric.Accuracy), next.IsBetterThan(best, WatchedMetric.Loss)));
        Assert.True(next.IsBetterThan(null, WatchedMetric.Loss));
    }

    [Fact]
    public void A_run_that_stops_to_improve_ends_early_and_says_so()
    {
        using Trainer trainer = RunFolder.Begin(_folder["run"], TrainingData.Network, TrainingData.Splits(),
            Recipe with { Epochs = 50, Optimizer = new Sgd { LearningRate = 1e-9f }, EarlyStopping = new(3) });
        TrainingResult result = trainer.Fit();
        Assert.Equal((TrainingEnd.EarlyStop, 4), (result.End, result.Epochs.Count));
        Assert.NotNull(result.Test);
        Assert.Equal("early-stop", (string?)MetricsLog.Read(_folder["run/metrics.jsonl"])[^1]["end"]);
    }

    [Fact]
    public void A_run_whose_time_is_over_is_tested_and_can_go_on()
    {
        DataSplits splits = TrainingData.Splits();
        using (Trainer whole = RunFolder.Begin(_folder["whole"], TrainingData.Network, splits, Recipe))
            Assert.Equal(TrainingEnd.Finished, whole.Fit().End);
        using (Trainer first = RunFolder.Begin(_folder["run"], TrainingData.Network, splits, Recipe))
        {
            TrainingResult result = first.Fit(null, TimeSpan.Zero);
            Assert.Equal((TrainingEnd.TimeLimit, 0), (result.End, result.Epochs.Count));
            Assert.NotNull(result.Test);
        }
        using (Trainer second = RunFolder.Open(_folder["run"]).Resume(splits))
        {
            Assert.Equal((0, 1), (second.ResumedFrom!.Epochs, second.ResumedFrom.Step));
            Assert.Equal(TrainingEnd.Finished, second.Fit().End);
        }
        Assert.Equal(RunSnapshot.Of(_folder["whole"]), RunSnapshot.Of(_folder["run"]));
    }

    [Fact]
    public void Other_weights_are_taken_where_they_fit_and_frozen_ones_stay()
    {
        DataSplits splits = TrainingData.Splits();
        using (Trainer source = RunFolder.Begin(_folder["source"], TrainingData.Network, splits, Recipe))
            source.Fit();
        Graph wider = Graph.Sequential("wider", (1, 12, 12),
            [new Conv2d(8, 3), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(20), new ReLU(), new Linear(30), new ReLU(),
            new Linear(TrainingData.Classes)]);
        Recipe tuned = Recipe with
        {
            Network = "wider",
            Epochs = 1,
            StartFrom = _folder["source"],
            LayerRates = LayerRates.Parse("conv1,fc1=0.1")
        };
        using Trainer trainer = RunFolder.Begin(_folder["tuned"], wider, splits, tuned);
        WeightTransfer transfer = trainer.Transfer!;
        Assert.Equal(["conv1.weight", "conv1.bias", "fc1.weight", "fc1.bias"], transfer.Taken);
        Assert.Equal(["fc2.weight: [5, 20] in the file, [30, 20] here", "fc2.bias: [5] in the file, [30] here", "fc3.weight: missing",
            "fc3.bias: missing"], transfer.Skipped);
        Assert.Empty(transfer.Unused);
        using Classifier kept = Classifier.Load(_folder["source"]);
        float[] conv = new float[72];
        kept.Model.ReadParameter("conv1.weight", conv);
        Assert.Equal(conv, Read(trainer, "conv1.weight"));
        float[] before = Read(trainer, "fc1.weight");
        trainer.Fit();
        Assert.Equal(conv, Read(trainer, "conv1.weight"));
        Assert.NotEqual(before, Read(trainer, "fc1.weight"));
        Assert.Equal(64, RunFolder.ReadRecipe(_folder["tuned"]).Recipe.StartDigest!.Length);
    }

    [Fact]
    public void Weights_that_fit_nowhere_are_refused()
    {
        DataSplits splits = TrainingData.Splits();
        using (Trainer source = RunFolder.Begin(_folder["source"], TrainingData.Network, splits, Recipe with { Epochs = 1 }))
            source.Fit();
        Graph other = Graph.Sequential("other", (1, 12, 12),
            [new Flatten(), new Linear(7), new ReLU(), new Linear(7), new ReLU(), new Linear(TrainingData.Classes)]);
        string message = Assert.Throws<RecipeException>(() =>
            new Trainer(other, splits, Recipe with { StartFrom = _folder["source"] })).Message;
        Assert.Equal(
            $"{_folder["source/model.safetensors"]} has no tensor that fits other: it has conv1.weight, conv1.bias, fc1.weight, " +
            $"fc1.bias, fc2.weight, fc2.bias, expected fc1.weight, fc1.bias, fc2.weight, fc2.bias, fc3.weight, fc3.bias. Use the weights " +
            $"of a network with layers " +
            "of the same names and sizes.", message);
        Assert.Contains("it does not exist", Assert.Throws<SafeTensorsException>(() =>
            new Trainer(other, splits, Recipe with { StartFrom = _folder["none"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Finding_a_learning_rate_leaves_no_trace()
    {
        DataSplits splits = TrainingData.Splits();
        Graph graph = Graph.Sequential("normalized", (1, 12, 12),
            [new Conv2d(8, 3), new BatchNorm2d(), new ReLU(), new MaxPool2d(2), new Flatten(), new Dropout(0.3f), new Linear(20),
            new ReLU(), new Linear(TrainingData.Classes)]);
        Recipe recipe = Recipe with { Optimizer = new Adam(), AverageDecay = 0.9f, MicroBatchSize = 10 };
        using (Trainer plain = RunFolder.Begin(_folder["plain"], graph, splits, recipe))
            plain.Fit();
        using (Trainer sought = RunFolder.Begin(_folder["sought"], graph, splits, recipe))
        {
            LearningRateCurve curve = sought.FindLearningRate(new() { From = 1e-5, To = 10, Steps = 60 });
            Assert.Equal(curve.Rates.Count, curve.Losses.Count);
            Assert.True(curve.Rates.Count > 20);
            Assert.Equal(1e-5, curve.Rates[0], 1e-12);
            Assert.InRange(curve.Steepest!.Value, 1e-5, 10);
            Assert.InRange(curve.Valley!.Value, 1e-5, 10);
            LearningRateTrial trial = sought.TryLearningRate(0.05, 30), wild = sought.TryLearningRate(1e9, 30);
            Assert.Equal((0.05, 30), (trial.Rate, trial.Steps));
            Assert.InRange(trial.Accuracy!.Value, 0.3, 1);
            Assert.True(trial.IsBetterThan(wild) && !wild.IsBetterThan(trial));
            Assert.Equal(trial, sought.TryLearningRate(0.05, 30));
            LearningRateTrial again = sought.TryLearningRate(0.05, 30, run: 1);
            Assert.NotEqual(trial.Loss, again.Loss);
            Assert.Equal(trial.Loss, again.Loss, 0.2); // in another order
            sought.Fit();
            Assert.Throws<InvalidOperationException>(() => sought.FindLearningRate());
            Assert.Throws<InvalidOperationException>(() => sought.TryLearningRate(0.05, 30));
        }
        Assert.Equal(RunSnapshot.Of(_folder["plain"]), RunSnapshot.Of(_folder["sought"]));
    }

    [Fact]
    public void A_rate_is_suggested_where_the_loss_falls_fastest_and_in_the_middle_of_the_way_down()
    {
        double[] rates = [.. Enumerable.Range(0, 9).Select(i => Math.Pow(10, i - 8))],
            losses = [2.3, 2.31, 2.3, 2.2, 1.9, 1.2, 1.1, 1.05, 9];
        LearningRateCurve curve = new(rates, losses, losses);
        Assert.Equal(1e-4, curve.Steepest!.Value, 1e-12);
        Assert.Equal(1e-3, curve.Valley!.Value, 1e-12); // from 1e-5, after a twentieth of the fall, to 1e-1
        LearningRateCurve rising = new(rates, [.. rates.Select((_, i) => (double)i)], [.. rates.Select((_, i) => (double)i)]);
        Assert.Equal((null, null), (rising.Steepest, rising.Valley));
        LearningRateCurve none = new([], [], []);
        Assert.Equal((null, null), (none.Steepest, none.Valley));
    }

    [Fact]
    public void The_smoothed_losses_lag_behind_in_neither_direction()
    {
        double[] rates = [.. Enumerable.Range(0, 60).Select(i => Math.Pow(10, i / 10.0 - 5))];
        // A fall in the middle, and an explosion at the end that must not be smeared over the lowest losses.
        double[] losses = [.. Enumerable.Range(0, 60).Select(i => i == 59 ? 1e6 : i > 56 ? 2.0 : 2.3 - 2 / (1 + Math.Exp(30 - i)))];
        LearningRateCurve curve = LearningRateCurve.Of(rates, losses);
        Assert.InRange(curve.Smoothed[30], 1.2, 1.4); // half way down at the middle
        Assert.InRange(curve.Bottom!.Value, 40, 52);
        Assert.Equal(curve.Rates[curve.Bottom.Value], curve.Suggested(ScheduleKind.OneCycle)!.Value, 1e-12);
        Assert.True(curve.Suggested(ScheduleKind.Constant) < curve.Suggested(ScheduleKind.OneCycle) / 2);
        Assert.Null(LearningRateCurve.Of([], []).Suggested(ScheduleKind.Constant));
    }

    [Fact]
    public void The_search_climbs_until_neighbors_are_worse_and_tries_nothing_twice()
    {
        // Best at 0.1, dead from 0.5 on.
        LearningRateTrial Attempt(double rate, int run) => rate > 0.5 ? new(rate, 7, double.NaN, null)
            : new(rate, 200, 1, 1 - Math.Abs(Math.Log10(rate / 0.1)) / 10);
        Assert.Equal([0.0076, 0.01, 0.03, 0.09, 0.27],
            LearningRateSearch.Run([0.0076, 0.01], Attempt, () => true, () => false).Select(t => t.Rate));
        Assert.Equal([3, 1, 0.33, 0.11, 0.037], LearningRateSearch.Run([3, 1], Attempt, () => true, () => false).Select(t => t.Rate));
        Assert.Equal(0.09, LearningRateSearch.Best(LearningRateSearch.Run([0.0076, 0.01], Attempt, () => true, () => false)).Rate);
        Assert.Equal([0.001, 0.1], LearningRateSearch.Run([0.001, 0.1], Attempt, () => false, () => false).Select(t => t.Rate));
        // Nothing is learned below 0.02: the loss alone says where to go.
        LearningRateTrial Slow(double rate, int run) => new(rate, 200, 2.3 - rate, rate < 0.02 ? 0.1 : 0.5);
        Assert.Equal([0.001, 0.002, 0.006, 0.018, 0.054],
            LearningRateSearch.Run([0.001, 0.002], Slow, () => true, () => false).Select(t => t.Rate).Take(5));
        Assert.False(new LearningRateTrial(0.1, 9, 1, 0.9).IsBetterThan(new(0.2, 9, 1, 0.898), margin: 0.003));
        Assert.True(new LearningRateTrial(0.1, 9, 1, null).IsBetterThan(new(0.2, 9, 1.1, null), margin: 0.003));
        Assert.Equal([0.1, 0.3, 0.033], LearningRateSearch.Run([0.1, 0.1], Attempt, () => true, () => false).Select(t => t.Rate));
    }

    [Fact]
    public void Close_rates_are_tried_again_and_their_means_decide()
    {
        double[][] accuracies = [[0.57, 0.58, 0.575], [0.58, 0.55, 0.565], [0.52]];
        double[] rates = [0.1, 0.3, 0.033];
        List<(double, int)> asked = [];
        LearningRateTrial Attempt(double rate, int run)
        {
            asked.Add((rate, run));
            int index = Array.IndexOf(rates, rate);
            return index < 0 ? new(rate, 200, 2.3, 0.1) : new(rate, 200, 1, accuracies[index][run]);
        }
        IReadOnlyList<LearningRateTrial> trials = LearningRateSearch.Run([0.1], Attempt, () => true, () => true);
        Assert.Equal([(0.1, 0), (0.3, 0), (0.9, 0), (0.3, 1), (0.1, 1), (0.3, 2), (0.1, 2)], asked);
        Assert.Equal([3, 3, 1], trials.Select(t => t.Runs));
        Assert.Equal(0.575, trials[0].Accuracy!.Value, 12);
        Assert.Equal(0.005, trials[0].Deviation, 12);
        Assert.Equal(0.565, trials[1].Accuracy!.Value, 12);
        Assert.Equal(0.015, trials[1].Deviation, 12);
        Assert.Equal(0.1, LearningRateSearch.Best(trials).Rate);
        // Of the difference of two means of three: the variances are .005 and .015 squared, .000125 in the mean.
        Assert.Equal(Math.Sqrt(2 * 0.000125 / 3), LearningRateSearch.Margin(trials), 12);
        Assert.Equal(0.1, LearningRateSearch.Chosen(trials, own: 0.1));
        Assert.Equal(0.1, LearningRateSearch.Chosen(trials, own: 0.3)); // .01 better, where .0091 may be luck
    }

    [Fact]
    public void A_rate_with_which_one_training_fails_fails()
    {
        LearningRateTrial mean = LearningRateTrial.Mean([new(0.1, 200, 1, 0.9), new(0.1, 17, double.NaN, null)]);
        Assert.True(double.IsNaN(mean.Loss));
        Assert.Null(mean.Accuracy);
        Assert.Equal(2, mean.Runs);
        Assert.False(mean.IsBetterThan(new(0.3, 200, 2.3, 0.1)));
    }

    [Theory]
    [InlineData(200, 0.1, 0.9, 0.3, 0.91, 0.3)]
    [InlineData(200, 0.1, 0.9, 0.3, 0.902, 0.1)] // luck
    [InlineData(20, 0.1, 0.11, 0.3, 0.2, 0.1)] // a slow machine: a handful of steps compare nothing
    [InlineData(20, 0.1, double.NaN, 0.3, 0.2, 0.3)] // but a rate that fails has failed
    public void The_recipes_rate_is_kept_unless_another_is_better_for_certain(int steps, double own, double ownAccuracy, double other,
        double otherAccuracy, double chosen) =>
        Assert.Equal(chosen, LearningRateSearch.Chosen([Trial(other, otherAccuracy, steps), Trial(own, ownAccuracy, steps)], own));

    private static LearningRateTrial Trial(double rate, double accuracy, int steps) =>
        double.IsNaN(accuracy) ? new(rate, 3, double.NaN, null) : new(rate, steps, 1, accuracy);

    [Fact]
    public void A_trial_is_an_epoch_or_what_fits_into_its_time()
    {
        TimeSpan minute = TimeSpan.FromMinutes(1);
        Assert.Equal(422, LearningRateTrial.StepsWithin(minute, TimeSpan.FromMilliseconds(1), 422));
        Assert.Equal(200, LearningRateTrial.StepsWithin(minute, TimeSpan.FromMilliseconds(1), 12));
        Assert.Equal(30, LearningRateTrial.StepsWithin(minute, TimeSpan.FromSeconds(2), 422));
        Assert.Equal(1, LearningRateTrial.StepsWithin(minute, TimeSpan.FromMinutes(5), 422));
    }

    [Fact]
    public void A_sweep_must_rise()
    {
        using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(), Recipe);
        Assert.Equal("The learning rate must rise from above 0, such as from 1e-6 to 10, got 1 to 0.1.",
            Assert.Throws<RecipeException>(() => trainer.FindLearningRate(new() { From = 1, To = 0.1 })).Message);
        Assert.Throws<RecipeException>(() => trainer.FindLearningRate(new() { Steps = 3 }));
    }

    [Fact]
    public void A_sound_network_learns_one_batch_by_heart_and_a_dead_one_does_not()
    {
        DataSplits splits = TrainingData.Splits();
        OverfitCheck good = OverfitCheck.Run(TrainingData.Network, splits, Recipe);
        Assert.True(good.IsLearned, $"{good}");
        Assert.Equal(16, good.Images);
        Assert.True(good.Steps < 500 && good.LastLoss < 0.05 && good.FirstLoss > 1);
        Graph dead = TrainingData.Network.WithInitialization("constant(0)");
        OverfitCheck bad = OverfitCheck.Run(dead, splits, Recipe, mostSteps: 100);
        Assert.False(bad.IsLearned);
        Assert.InRange(bad.AllSteps, 41, 100);
    }

    private static float[] Read(Trainer trainer, string name)
    {
        var model = trainer.Classifier.Model;
        float[] values = new float[model.Store.Plan.Slots[model.Store.Plan.IndexOf(name)].Spec.Count];
        model.ReadParameter(name, values);
        return values;
    }
}
