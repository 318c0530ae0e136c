using System.Globalization;
using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Graphs;
using Convolve.Training;
using Convolve.Zoo.Experiments;

namespace Convolve.Zoo.Tests;

/// <summary>The experiments as data: each can be run, and those of one switch differ in one thing.</summary>
public class ExperimentTests
{
    private static readonly string[] Named =
    [
        "fashion-alexnet", "fashion-batch-size", "fashion-simplified", "fashion-native", "fashion-lenet-dropout", "fashion-rooflines",
        "cifar-alexnet-crop",
        "cifar-cnn-bn", "cifar-alexnet-bn", "mnist-lenet5", "mnist-lenet5-lecture", "relu-vs-tanh", "lrn-vs-none", "overlapping-pooling",
        "dropout", "augmentation",
        "min-vs-max-pooling", "valid-vs-same", "filters",
    ];

    public static TheoryData<string> Training => [.. ExperimentCatalog.All.OfType<TrainingExperiment>().Select(e => e.Name)];

    [Fact]
    public void Every_experiment_of_the_material_is_there() =>
        Assert.Equal(Named.Order(), ExperimentCatalog.All.Select(e => e.Name).Order());

    [Theory, MemberData(nameof(Training))]
    public void Its_recipes_fit_its_networks_and_its_data(string name)
    {
        var experiment = (TrainingExperiment)ExperimentCatalog.Find(name);
        Assert.Equal(experiment.Arms.Count, experiment.Arms.Select(a => ExperimentSettings.FolderOf(a, 0)).Distinct().Count());
        foreach (ExperimentArm arm in experiment.Arms)
        {
            DatasetInfo info = Datasets.Find(arm.Recipe.Dataset);
            Graph graph = NetworkCatalog.Create(arm.Recipe.Network, info.ClassNames.Count, arm.NetworkOptions);
            arm.Recipe.Validate();
            byte[] labels = [.. Enumerable.Range(0, 20).Select(i => (byte)(i % info.ClassNames.Count))];
            MemoryDataset images = new(info.Name, info.Size!.Value, new byte[labels.Length * info.Size.Value.Length], labels,
                info.ClassNames);
            DataSplits splits = DataSplits.Create(images, images, arm.Recipe.ValidationFraction);
            Assert.Equal(splits.Train.Count, (int)Math.Round(20 * (1 - arm.Recipe.ValidationFraction)));
            Recipe small = arm.Recipe with { BatchSize = 2, Precision = Planning.Precision.Float32 };
            Assert.True(Trainer.Estimate(graph, splits, small).TotalBytes > graph.ParameterCount * 8);
            // The transforms give what the network takes.
            _ = arm.Recipe.Transforms.For(splits.Train, new(graph.Input.Channels, graph.Input.Height, graph.Input.Width));
        }
    }

    [Theory]
    [InlineData("dropout"), InlineData("min-vs-max-pooling"), InlineData("valid-vs-same"), InlineData("lrn-vs-none"),
        InlineData("overlapping-pooling"), InlineData("augmentation")]
    public void The_arms_of_an_ablation_differ_in_one_thing(string name)
    {
        var experiment = (TrainingExperiment)ExperimentCatalog.Find(name);
        Assert.True(experiment.Seeds > 1);
        ExperimentArm[] arms = [.. experiment.Arms];
        Assert.Equal(2, arms.Length);
        int options = arms[0].NetworkOptions.Keys.Union(arms[1].NetworkOptions.Keys)
            .Count(key => arms[0].NetworkOptions.GetValueOrDefault(key) != arms[1].NetworkOptions.GetValueOrDefault(key));
        bool sameTransforms = arms[0].Recipe.Transforms.Equals(arms[1].Recipe.Transforms);
        Assert.Equal(arms[0].Recipe, arms[1].Recipe with { Transforms = arms[0].Recipe.Transforms });
        Assert.Equal(1, options + (sameTransforms ? 0 : 1));
    }

    [Fact]
    public void Cuts_make_a_recipe_shorter_and_nothing_else()
    {
        ExperimentArm arm = ((TrainingExperiment)ExperimentCatalog.Find("cifar-cnn-bn")).Arms[0];
        ExperimentSettings settings = new() { Experiment = "cifar-cnn-bn", Command = "", Date = "2026-01-01", Seeds = 1 };
        Assert.Equal(arm.Recipe with { Seed = 3 }, settings.For(arm, 3));
        Assert.Equal(arm.Recipe with { Epochs = 7 }, (settings with { Epochs = 7 }).For(arm, 0));
        Assert.Equal(arm.Recipe, (settings with { Epochs = 7000 }).For(arm, 0));
        Assert.Equal(arm.Recipe with { Epochs = 2, Limit = 10_000 }, (settings with { Quick = true }).For(arm, 0));
    }

    [Theory]
    [InlineData("0.5, 0.7, 0.8", 0.75, 2.0)] // half way between the middles of the second and the third epoch
    [InlineData("0.5, 0.75", 0.75, 1.5)]
    [InlineData("0.8", 0.4, 0.25)]
    [InlineData("0.5, 0.7", 0.75, null)]
    public void Steps_to_a_target_are_interpolated(string accuracies, double target, double? epochs) =>
        Assert.Equal(epochs,
            ArmResult.EpochsTo(target, [.. accuracies.Split(',').Select(a => Epoch(double.Parse(a, CultureInfo.InvariantCulture)))])
            is { } found ? Math.Round(found, 9) : null);

    [Fact]
    public void Means_have_students_interval()
    {
        MeanInterval interval = MeanInterval.Of([1, 2, 3]);
        Assert.Equal((2, 4.303 / Math.Sqrt(3)), (interval.Mean, interval.Half!.Value));
        Assert.Equal(new MeanInterval(5, null), MeanInterval.Of([5]));
    }

    [Fact]
    public void The_figures_of_alexnet_are_those_that_were_published()
    {
        var experiment = (CostExperiment)ExperimentCatalog.Find("fashion-rooflines");
        IReadOnlyList<Figure> figures = CostFigures.Of(NetworkCatalog.Create(experiment.Network), experiment.Published);
        Figure[] published = [.. figures.Where(f => f.Published is not null)];
        Assert.Equal(experiment.Published.Count, published.Length);
        Assert.All(published.Where(f => f.Name != "multiply-adds per image"),
            f => Assert.Equal(f.PublishedText, f.Measured.Mean.ToString(f.Format, CultureInfo.InvariantCulture)));
        Assert.Equal(938_146_176, figures.Single(f => f.Name == "multiply-adds per image").Measured.Mean);
        Figure[] shares = [.. figures.Where(f => f.Name.StartsWith("share of time", StringComparison.Ordinal))];
        Assert.Equal(4, shares.Length);
        Assert.All(shares, f => Assert.InRange(f.Measured.Mean, 0.01, 0.99));
    }

    private static EpochProgress Epoch(double accuracy) => new(1, 1, 0, accuracy, null, null, 0, 0, default, default, false);
}
