using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Training;
using Convolve.Training.Checks;
using Convolve.Training.Optimizers;

namespace Convolve.Tests.Training;

/// <summary>The check of one batch: what is sound passes whatever its recipe's rate, what is broken does not.</summary>
public sealed class OverfitTests
{
    private static readonly Recipe Recipe = TrainingData.Recipe;

    [Theory]
    [InlineData(0.05f, 1)]
    [InlineData(50f, 2)] // too fast for the rule as it is
    public void A_rate_that_a_schedule_is_at_for_some_steps_only_does_not_fail_a_sound_network(float rate, int leastAttempts)
    {
        OverfitCheck check = OverfitCheck.Run(TrainingData.Network, TrainingData.Splits(),
            Recipe with { Optimizer = new Sgd { LearningRate = rate, Momentum = 0.9f } });
        Assert.True(check.IsLearned, $"{check}");
        Assert.InRange(check.Attempts.Count, leastAttempts, 3);
        Assert.Equal(rate, check.Attempts[0].Optimizer.LearningRate);
        Assert.Equal(check.Steps, check.Attempts[^1].Steps);
        Assert.InRange(check.AllSteps, check.Steps, 500);
    }

    [Fact]
    public void Weights_that_are_all_zero_do_not_learn() =>
        NotLearned(TrainingData.Network.WithInitialization("constant(0)"), TrainingData.Splits(), Recipe);

    [Fact]
    public void A_ReLU_that_is_never_above_zero_cuts_the_gradient_off() => NotLearned(
        Graph.Sequential("cut", (1, TrainingData.Side, TrainingData.Side),
            [new Conv2d(8, 3) { Initialization = new(new Constant(-1), new Constant(-1)) }, new ReLU(), new Flatten(),
            new Linear(TrainingData.Classes)]),
        TrainingData.Splits(), Recipe with { Normalization = Normalization.None });

    [Fact]
    public void What_the_recipe_freezes_stays_frozen()
    {
        // Dead weights that may not move, and a last layer that can only learn how frequent each class is.
        OverfitCheck check = NotLearned(TrainingData.Network.WithInitialization("constant(0)"), TrainingData.Splits(),
            Recipe with { LayerRates = LayerRates.Parse("conv*,fc1=0.5") });
        Assert.Equal(["conv1"], check.Frozen);
        Assert.Throws<RecipeException>(() => OverfitCheck.Run(TrainingData.Network, TrainingData.Splits(),
            Recipe with { LayerRates = LayerRates.Parse("*") }));
    }

    [Fact]
    public void A_layer_that_is_learned_above_frozen_ones_is_checked_with_them()
    {
        OverfitCheck check = OverfitCheck.Run(TrainingData.Network, TrainingData.Splits(),
            Recipe with { LayerRates = LayerRates.Parse("conv1") });
        Assert.Equal((true, "conv1"), (check.IsLearned, string.Join(",", check.Frozen)));
    }

    [Fact]
    public void Labels_that_change_from_step_to_step_cannot_be_learned()
    {
        RestlessLabels restless = new(TrainingData.Patterns(150, 1));
        NotLearned(TrainingData.Network, DataSplits.Create(restless, restless, 0.2, seed: 3), Recipe);
    }

    [Fact]
    public void Dropout_that_lets_nothing_through_is_a_fault_though_the_check_does_without_it()
    {
        Graph closed = Graph.Sequential("closed", (1, TrainingData.Side, TrainingData.Side),
            [new Flatten(), new Linear(20), new ReLU(), new Dropout(0.99f), new Linear(TrainingData.Classes)]);
        OverfitCheck check = OverfitCheck.Run(closed, TrainingData.Splits(), Recipe);
        Assert.False(check.IsLearned);
        Assert.Contains("keeps 0.2 of its 20 values", check.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_of_one_class_show_nothing()
    {
        Dataset all = TrainingData.Patterns(150, 1);
        int[] one = [.. Enumerable.Range(0, all.Count).Where(i => all.LabelOf(i) == 2)];
        OverfitCheck check = OverfitCheck.Run(TrainingData.Network, TrainingData.Splits() with { Train = new("train", all, one) }, Recipe);
        Assert.False(check.IsLearned);
        Assert.Contains("are of the class class 2, which proves nothing", check.Fault, StringComparison.Ordinal);
    }

    private static OverfitCheck NotLearned(Graph graph, DataSplits data, Recipe recipe)
    {
        OverfitCheck check = OverfitCheck.Run(graph, data, recipe, mostSteps: 120);
        Assert.False(check.IsLearned, $"{check}");
        Assert.Equal((null, 3), (check.Fault, check.Attempts.Count));
        return check;
    }

    // Every reading of an image moves all labels on.
    private sealed class RestlessLabels : Dataset
    {
        private readonly Dataset _images;
        private readonly int[] _labels;

        public RestlessLabels(Dataset images) : this(images, images.Labels.ToArray()) { }

        private RestlessLabels(Dataset images, int[] labels) : base(images.Name, images.Channels, images.Size, labels, images.ClassNames) =>
            (_images, _labels) = (images, labels);

        public override ImageSize SizeOf(int i) => _images.SizeOf(i);

        public override int BufferLengthOf(int i) => _images.BufferLengthOf(i);

        public override ReadOnlySpan<byte> Read(int i, Span<byte> buffer)
        {
            _labels[i] = (_labels[i] + 1) % ClassNames.Count;
            return _images.Read(i, buffer);
        }
    }
}
