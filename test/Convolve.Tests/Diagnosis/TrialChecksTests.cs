using Convolve.Data;
using Convolve.Diagnosis;
using Convolve.Tests.Training;
using Convolve.Training;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Diagnosis;

/// <summary>What the doctor concludes from trials.</summary>
public sealed class TrialChecksTests
{
    private static readonly TrialFigures Learned = new()
    {
        Steps = 200,
        BatchSize = 32,
        Entropy = 2.3,
        FirstLoss = 2.5,
        LastLoss = 0.6,
        LastAccuracy = 0.8,
        Fit = Split(0.82, 0.5),
        Held = Split(0.8, 0.6),
        Gradients = [new("conv1.weight", 0.1, 0.01, 0.02), new("fc1.weight", 0.1, 0.01, 0.02)],
        Layers = [new("relu1", 0, 0, 0)],
        FirstLogits = 1,
    };

    private static readonly TrialFigures Failed = Learned with
    {
        LastLoss = 2.3,
        LastAccuracy = 0.1,
        Fit = Split(0.1, 2.3),
        Held = Split(0.1, 2.3),
    };

    private static readonly DataFigures Data = new([.. "abcdefghij".Select(c => $"{c}")], [.. Enumerable.Repeat(100, 10)],
        [.. Enumerable.Repeat(10, 10)], new(70, 60, 20, 0, 255, 256, 0, 500),
        new(70, 60, 20, 0, 255, 256, 0, 500), 0, 1, 0.9, 0.1, 1000);

    private static readonly Recipe Recipe = TrainingData.Recipe;

    [Fact]
    public void The_change_that_makes_a_network_learn_is_the_cause()
    {
        Finding finding = TrialChecks.Explanation(Failed, longer: null,
            [new(Of(Fault.WeightDecayTooHigh), Failed), new(Of(Fault.RateTooHigh), Learned)])!;
        Assert.Equal(Fault.RateTooHigh, finding.Fault);
        Assert.Contains("accuracy 0.100 after 200 steps, accuracy 0.800 after 200 steps with the change", finding.Evidence,
            StringComparison.Ordinal);
        Assert.Null(TrialChecks.Explanation(Failed, longer: null, [new(Of(Fault.RateTooHigh), Failed)]));
    }

    [Fact]
    public void An_unusual_setting_goes_before_a_rate_that_helps_as_much() => Assert.Equal(Fault.WeightScale,
        TrialChecks.Explanation(Failed with { FirstLogits = 40 }, null,
            [new(Of(Fault.WeightScale), Learned), new(Of(Fault.RateTooHigh) with { IsUnusual = false }, Learned)])?.Fault);

    [Fact]
    public void A_change_that_does_not_go_with_what_was_measured_is_not_believed()
    {
        // The steps are long: a higher rate isn't it.
        Assert.Null(TrialChecks.Explanation(Failed, null, [new(Of(Fault.RateTooLow), Learned)]));
        TrialFigures slow = Failed with { Gradients = [new("conv1.weight", 0.1, 0.01, 1e-6)] };
        Assert.Equal(Fault.RateTooLow, TrialChecks.Explanation(slow, null, [new(Of(Fault.RateTooLow), Learned)])?.Fault);
        TrialFigures vanishing = Failed with { Gradients = [new("conv1.weight", 0.1, 1e-9, 1e-6), new("fc1.weight", 0.1, 1e-2, 1e-6)] };
        Assert.Null(TrialChecks.Explanation(Failed, null, [new(Of(Fault.VanishingGradient), Learned)]));
        Assert.Equal(Fault.VanishingGradient, TrialChecks.Explanation(vanishing, null,
            [new(Of(Fault.RateTooLow), Learned), new(Of(Fault.VanishingGradient), Learned)])?.Fault);
    }

    [Fact]
    public void A_network_that_learns_has_a_cause_only_where_a_change_is_much_better()
    {
        TrialFigures fair = Learned with { Fit = Split(0.6, 1.2), Held = Split(0.6, 1.2) }, poor = Learned with { Held = Split(0.3, 2) };
        Assert.Null(TrialChecks.Explanation(fair, null, [new(Of(Fault.AugmentationTooStrong), Learned)]));
        Assert.Equal(Fault.AugmentationTooStrong,
            TrialChecks.Explanation(poor, null, [new(Of(Fault.AugmentationTooStrong), Learned)])?.Fault);
        Assert.Null(TrialChecks.Explanation(poor, null, [new(Of(Fault.RateTooHigh) with { IsUnusual = false }, Learned)]));
    }

    [Fact]
    public void A_slow_start_is_compared_by_what_it_comes_to()
    {
        TrialFigures longer = Learned with { Steps = 800, Held = Split(0.6, 1.2) };
        Assert.Equal(Fault.WeightScale, TrialChecks.Explanation(Failed, Failed, [new(Of(Fault.WeightScale), Learned)])?.Fault);
        Assert.Null(TrialChecks.Explanation(Failed, longer, [new(Of(Fault.WeightScale), Learned)]));
    }

    [Fact]
    public void A_rate_far_from_usual_explains_errors_that_a_lower_one_does_not_make()
    {
        TrialFigures right = Learned with { Held = Split(0.98, 0.1) }, wrong = Learned with { Held = Split(0.9, 0.4) };
        Assert.Equal(Fault.RateTooHigh, TrialChecks.Explanation(wrong, null, [new(Of(Fault.RateTooHigh), right)])?.Fault);
        Assert.Null(TrialChecks.Explanation(wrong, null, [new(Of(Fault.DropoutTooHigh), right)]));
        Assert.Null(TrialChecks.Explanation(Learned with { Held = Split(0.95, 0.2) }, null, [new(Of(Fault.RateTooHigh), right)]));
    }

    [Fact]
    public void A_rate_far_from_usual_explains_what_diverges_only_with_it()
    {
        TrialFigures diverged = Failed with { DivergedAt = 20, Fit = null, Held = null };
        Assert.Equal(Fault.RateTooHigh, TrialChecks.Explanation(diverged, null, [new(Of(Fault.RateTooHigh), Failed)])?.Fault);
        Assert.Null(TrialChecks.Explanation(diverged, null, [new(Of(Fault.RateTooHigh), diverged)]));
        Assert.Null(TrialChecks.Explanation(diverged, null, [new(Of(Fault.RateTooHigh) with { IsUnusual = false }, Failed)]));
    }

    [Fact]
    public void Huge_first_logits_are_named_even_where_a_network_recovers()
    {
        TrialFigures huge = Learned with { FirstLogits = 400, FirstLoss = 500 }, large = Failed with { FirstLogits = 40, FirstLoss = 50 };
        Assert.Equal(Fault.ExplodingActivations, TrialChecks.ExplodingActivations(huge)?.Fault);
        Assert.Equal(Fault.ExplodingActivations, TrialChecks.ExplodingActivations(large)?.Fault);
        Assert.Equal(Fault.ExplodingActivations, TrialChecks.HugeFirstLogits(huge with { Steps = 20 })?.Fault);
        Assert.Null(TrialChecks.ExplodingActivations(Learned with { FirstLogits = 40, FirstLoss = 50 }));
        Assert.Null(TrialChecks.HugeFirstLogits(large));
        Assert.Null(TrialChecks.ExplodingActivations(huge with { FirstLoss = 2.6 })); // running averages that haven't followed yet
    }

    [Fact]
    public void Labels_are_shuffled_where_neither_neighbors_nor_training_tell_them()
    {
        DataFigures chance = Data with { NeighborAgreement = 0.11 };
        Assert.Equal(Fault.ShuffledLabels, TrialChecks.ShuffledLabels(Failed, chance)?.Fault);
        Assert.Null(TrialChecks.ShuffledLabels(Failed, Data));
        Assert.Null(TrialChecks.ShuffledLabels(Learned, chance));
        // Where nearly all pictures are of one class, most neighbors agree whatever their labels are.
        Assert.Null(TrialChecks.ShuffledLabels(Failed, chance with { NeighborAgreement = 0.95, NeighborChance = 0.95 }));
    }

    [Fact]
    public void Labels_are_wrong_where_sure_predictions_are_wrong_as_often_as_others()
    {
        SplitFigures noisy = Split(0.6, 1.4) with { SurestTenth = 0.72, NextFifth = 0.7 };
        Finding finding = TrialChecks.WrongLabels(noisy, Data with { NeighborAgreement = 0.5 })!;
        Assert.Equal((Fault.WrongLabels, "about 30 % of the labels seem to be wrong"), (finding.Fault, finding.Cause));
        Assert.Null(TrialChecks.WrongLabels(noisy, Data)); // neighbors agree too often for that
        Assert.Null(TrialChecks.WrongLabels(noisy with { NextFifth = 0.5 }, Data with { NeighborAgreement = 0.5 })); // a hard set
    }

    [Fact]
    public void A_trial_measures_layers_gradients_and_both_kinds_of_pictures()
    {
        Trial trial = new(TrainingData.Splits(train: 600, validation: 0.25), seed: 1);
        TrialFigures figures = trial.Run(TrainingData.Network, Recipe, 60, TimeSpan.FromMinutes(1), null, CancellationToken.None);
        Assert.Equal((60, 16, 150), (figures.Steps, figures.BatchSize, figures.Held?.Count));
        Assert.True(figures.Learns);
        Assert.InRange(figures.Held!.Skill, 0.5, 1);
        Assert.Equal(["relu1", "relu2"], figures.Layers.Select(l => l.Layer));
        Assert.Equal(["conv1.weight", "fc1.weight", "fc2.weight"], figures.Gradients.Select(g => g.Parameter));
        Assert.All(figures.Gradients, g => Assert.InRange(g.Update, 1e-5, 1));
        TrialFigures steep = trial.Run(TrainingData.Network, Recipe with { Optimizer = new Sgd { LearningRate = 1e30f } }, 60,
            TimeSpan.FromMinutes(1), null, CancellationToken.None);
        Assert.InRange(steep.DivergedAt ?? 0, 1, 5);
    }

    [Fact]
    public void A_whole_examination_names_a_rate_that_is_too_high()
    {
        DataSplits data = TrainingData.Splits(train: 600);
        DoctorResult sound = new Doctor(data, TimeSpan.FromMinutes(1), null, CancellationToken.None).Examine(TrainingData.Network,
            Recipe with { Epochs = 10 });
        Assert.Empty(sound.Findings);
        DoctorResult steep = new Doctor(data, TimeSpan.FromMinutes(1), null, CancellationToken.None).Examine(TrainingData.Network,
            Recipe with { Epochs = 10, Optimizer = new Sgd { LearningRate = 100 } });
        Assert.Equal(Fault.RateTooHigh, steep.Findings[0].Fault);
    }

    private static Variant Of(Fault fault) => new(fault, TrainingData.Network, Recipe, "a setting", "--option", IsUnusual: true);

    private static SplitFigures Split(double accuracy, double loss) => new(1000, loss, accuracy, 0.1, 0.2, "a", 0.99, 0.95);
}
