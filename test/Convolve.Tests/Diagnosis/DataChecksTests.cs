using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Diagnosis;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.Diagnosis;

/// <summary>What the doctor sees in data alone.</summary>
public sealed class DataChecksTests
{
    private static readonly PixelFigures Pixels = new(70, 60, 20, 0, 255, 256, 0, 500);
    private static readonly DataFigures Sound = new(["a", "b", "c"], [100, 120, 80], [10, 10, 10], Pixels, Pixels, 0, 1, 0.8, 0.34, 300);

    private static readonly Recipe Recipe = new() { Network = "n", Dataset = "d" };

    [Fact]
    public void Sound_data_has_no_findings() => Assert.Empty(DataChecks.All(Sound, Recipe));

    [Fact]
    public void Each_fault_of_data_is_named()
    {
        Is(Fault.ConstantImages, Sound with { Train = Pixels with { Constant = 0.3 } });
        Is(Fault.MissingClass, Sound with { TrainCounts = [100, 0, 80] });
        Is(Fault.PixelRange, Sound with { Train = Pixels with { Most = 2, Levels = 3 } });
        Is(Fault.TestDiffers, Sound with { Test = Pixels with { Mean = 180 } });
        Is(Fault.TestDiffers, Sound with { Test = Pixels with { Deviation = 20 } });
        Is(Fault.Imbalance, Sound with { TrainCounts = [1000, 10, 10] });
        Is(Fault.Imbalance, Sound with { TrainCounts = [1000, 1000, 15] }); // a third of the classes is rare
        Is(Fault.InputScale, Sound with { InputMean = 0.4, InputDeviation = 0.01 }, Recipe with { Normalization = Normalization.None });
    }

    [Fact]
    public void What_was_declared_or_cannot_be_told_is_none()
    {
        Assert.Empty(DataChecks.All(Sound with { TrainCounts = [1000, 10, 10] },
            Recipe with { ClassWeights = ClassWeights.Balanced }));
        Assert.Empty(DataChecks.All(Sound with { Test = Pixels with { Mean = 180, Count = 5 } }, Recipe));
        Assert.Empty(DataChecks.All(Sound with { InputMean = 0.13, InputDeviation = 0.31 },
            Recipe with { Normalization = Normalization.None }));
    }

    [Fact]
    public void Figures_are_those_of_the_pictures()
    {
        DataSplits splits = TrainingData.Splits();
        Preprocessing preprocessing = Preprocessing.Fit(splits.Train, TrainingData.Size, Normalization.TrainingSplit);
        DataFigures figures = DataFigures.Of(splits, preprocessing, seed: 0, CancellationToken.None);
        Assert.Equal(splits.Train.Count, figures.Images);
        Assert.Equal((0, true), (figures.Train.Least, figures.Train.Most > 150));
        Assert.Equal(0, figures.InputMean, 0.05);
        Assert.Equal(1, figures.InputDeviation, 0.05);
        Assert.InRange(figures.NeighborScore, 5, 100); // the spot tells the class
        Assert.InRange(figures.Entropy, 1.5, Math.Log(5));

        Dataset noise = TrainingData.Noise(400, 7, TrainingData.Size, 5);
        DataSplits none = DataSplits.Create(noise, noise, 0.2);
        Assert.InRange(DataFigures.Of(none, preprocessing, seed: 0, CancellationToken.None).NeighborScore, -DataChecks.AtChance,
            DataChecks.AtChance);
    }

    private static void Is(Fault fault, DataFigures figures, Recipe? recipe = null) =>
        Assert.Equal([fault], DataChecks.All(figures, recipe ?? Recipe).Select(f => f.Fault));
}
