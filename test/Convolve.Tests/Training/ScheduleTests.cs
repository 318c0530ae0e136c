using Convolve.Tests.Training.Optimizers;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

public class ScheduleTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, ScheduleGolden.Cases.Length)];

    [Theory, MemberData(nameof(Cases))]
    public void Rates_are_PyTorchs(int number)
    {
        (string kind, double warmUp, int stepEpochs, double factor, int stepsPerEpoch, int epochs, double[] rates) =
            ScheduleGolden.Cases[number];
        Schedule schedule = new()
        {
            Kind = Enum.Parse<ScheduleKind>(kind),
            WarmUpEpochs = warmUp,
            StepEpochs = stepEpochs,
            Factor = factor,
            Milestones = [2, 3, 6]
        };
        for (int step = 0; step < rates.Length; step++)
            Assert.Equal(rates[step], schedule.At(step, stepsPerEpoch, epochs), 1e-12);
    }

    public static TheoryData<int> PlateauCases => [.. Enumerable.Range(0, OptimizerGolden.Plateaus.Length)];

    [Theory, MemberData(nameof(PlateauCases))]
    public void A_plateau_cuts_where_PyTorchs_does(int number)
    {
        (WatchedMetric metric, double factor, int patience, double threshold, int cooldown, double lowest, double[] figures,
            double[] rates) = OptimizerGolden.Plateaus[number];
        Schedule schedule = new()
        {
            Kind = ScheduleKind.Plateau,
            Metric = metric,
            Factor = factor,
            Patience = patience,
            Threshold = threshold,
            Cooldown = cooldown,
            MinimumRate = lowest,
        };
        PlateauState state = new();
        for (int epoch = 0; epoch < figures.Length; epoch++)
        {
            state = state.After(schedule, 0.1, figures[epoch]);
            Assert.Equal(rates[epoch], 0.1 * state.Scale, 1e-12);
        }
    }

    // Goyal et al. 2017, section 2.2: batches of 256 k at rate k eta, from eta on by a constant amount in each step of 5 epochs.
    [Fact]
    public void A_large_batch_warms_up_from_the_rate_of_the_small_one()
    {
        const int Steps = 157, WarmUp = 5 * Steps;
        Recipe recipe = new()
        {
            Network = "resnet50",
            Dataset = "imagenet",
            Epochs = 90,
            BatchSize = 8192,
            BaseBatchSize = 256,
            Optimizer = new Sgd { LearningRate = 0.125f },
            Schedule = new() { Kind = ScheduleKind.MultiStep, Milestones = [30, 60, 80], WarmUpEpochs = 5 },
        };
        Assert.Equal(4, recipe.PeakLearningRate);
        Assert.Equal(0.125, recipe.LearningRateAt(0, Steps), 1e-15);
        for (int step = 0; step < WarmUp; step++)
            Assert.Equal(0.125 * (1 + 31.0 * step / WarmUp), recipe.LearningRateAt(step, Steps), 1e-14);
        Assert.Equal(4, recipe.LearningRateAt(WarmUp, Steps));
        Assert.Equal(4, recipe.LearningRateAt(30 * Steps - 1, Steps));
        Assert.Equal(0.4, recipe.LearningRateAt(30 * Steps, Steps), 1e-15);
    }

    [Fact]
    public void A_smaller_batch_has_a_lower_rate_and_warms_up_from_0()
    {
        Recipe recipe = new()
        {
            Network = "a",
            Dataset = "b",
            BatchSize = 32,
            BaseBatchSize = 128,
            Optimizer = new Sgd { LearningRate = 0.5f },
            Schedule = new() { WarmUpEpochs = 2 },
        };
        Assert.Equal([0.0125, 0.125, 0.125], new long[] { 0, 9, 99 }.Select(step => recipe.LearningRateAt(step, stepsPerEpoch: 5)));
    }

    [Fact]
    public void A_run_trains_with_the_scaled_rate()
    {
        Recipe recipe = TrainingData.Recipe with
        {
            Epochs = 4,
            BatchSize = 40,
            BaseBatchSize = 10,
            Optimizer = new Sgd { LearningRate = 0.0078125f },
            Schedule = new() { WarmUpEpochs = 2 },
        };
        using Trainer trainer = new(TrainingData.Network, TrainingData.Splits(), recipe);
        Assert.Equal(3, trainer.StepsPerEpoch);
        Assert.Equal([0.0078125 * (1 + 3 * 2 / 6.0), 0.0078125 * (1 + 3 * 5 / 6.0), 0.03125, 0.03125],
            trainer.Fit().Epochs.Select(epoch => epoch.LearningRate));
    }

    [Fact]
    public void A_rate_allocates_nothing()
    {
        foreach (ScheduleKind kind in Enum.GetValues<ScheduleKind>())
        {
            Schedule schedule = new() { Kind = kind, Milestones = [2, 5] };
            schedule.At(1, 10, 8);
            long before = GC.GetAllocatedBytesForCurrentThread();
            double sum = 0;
            for (int step = 0; step < 80; step++)
                sum += schedule.At(step, 10, 8);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.True(sum > 0);
        }
    }

    [Fact]
    public void Rates_stay_between_0_and_1()
    {
        foreach (ScheduleKind kind in Enum.GetValues<ScheduleKind>())
            foreach (double warmUp in new[] { 0, 0.3, 1, 7 })
                foreach ((int steps, int epochs) in new[] { (1, 1), (1, 2), (3, 1), (7, 5), (469, 10) })
                {
                    Schedule schedule = new() { Kind = kind, WarmUpEpochs = warmUp, StepEpochs = 2 };
                    Assert.All(Enumerable.Range(0, steps * epochs), step => Assert.InRange(schedule.At(step, steps, epochs), 0, 1));
                }
    }

    [Theory]
    [InlineData(ScheduleKind.OneCycle, 0, 1, 1,
        "The one-cycle schedule is too long for 1 epoch of 1 step: the learning rate never gets above 4E-06 times its peak. " +
        "Use a constant schedule, or train longer.")]
    [InlineData(ScheduleKind.OneCycle, 0, 2, 1, null)]
    [InlineData(ScheduleKind.OneCycle, 0, 1, 3, null)]
    [InlineData(ScheduleKind.Cosine, 0, 1, 1, null)]
    [InlineData(ScheduleKind.Constant, 20, 100, 5,
        "The warm-up takes 20 epochs, but the run has 5: the learning rate never gets above 0.25 times its peak. Use a shorter " +
        "warm-up, or train longer.")]
    [InlineData(ScheduleKind.Constant, 5, 1_000_000, 5, null)]
    [InlineData(ScheduleKind.Constant, 5, 1_000_000, 1,
        "The warm-up takes 5 epochs, but the run has 1: the learning rate never gets above 0.2 times its peak. Use a shorter " +
        "warm-up, or train longer.")]
    public void A_schedule_that_the_run_is_too_short_for_is_noted(ScheduleKind kind, double warmUp, int steps, int epochs, string? note) =>
        Assert.Equal(note, new Schedule { Kind = kind, WarmUpEpochs = warmUp }.NoteFor(steps, epochs));

    [Fact]
    public void Wrong_values_are_refused()
    {
        (Schedule Schedule, string Text)[] wrong =
        [
            (new() { WarmUpEpochs = -1 }, "The warm-up must be at least 0 epochs, got -1."),
            (new() { WarmUpEpochs = double.NaN }, "The warm-up must be at least 0 epochs, got NaN."),
            (new() { WarmUpEpochs = double.PositiveInfinity }, "The warm-up must be at least 0 epochs, got Infinity."),
            (new() { StepEpochs = 0 }, "A step schedule must have at least 1 epoch between decays, got 0."),
            (new() { Factor = 0 }, "The factor of each decay must be above 0 and at most 1, got 0."),
            (new() { Factor = 1.5 }, "The factor of each decay must be above 0 and at most 1, got 1.5."),
            (new() { Factor = double.NaN }, "The factor of each decay must be above 0 and at most 1, got NaN."),
        ];
        Recipe recipe = new() { Network = "a", Dataset = "b" };
        foreach ((Schedule schedule, string text) in wrong)
            Assert.Equal(text, Assert.Throws<RecipeException>(() => (recipe with { Schedule = schedule }).Validate()).Message);
    }
}
