using Convolve.Sweeps;

namespace Convolve.Tests.Sweeps;

/// <summary>Which arms a sweep has, and which of them go on.</summary>
public class SweepTests
{
    [Fact]
    public void AGridHasEveryCombinationAndTheLastSettingChangesFastest()
    {
        IReadOnlyList<SweepArm> arms = SweepArm.Grid([SweepAxis.Of("batch-size", ["16", "32"]), SweepAxis.Of("lr", ["0.1", "0.2", "0.3"])]);
        Assert.Equal(["batch-size 16, lr 0.1", "batch-size 16, lr 0.2", "batch-size 16, lr 0.3", "batch-size 32, lr 0.1",
            "batch-size 32, lr 0.2", "batch-size 32, lr 0.3"], arms.Select(arm => arm.Name));
        Assert.Equal([1, 2, 3, 4, 5, 6], arms.Select(arm => arm.Number));
        Assert.Equal("004-batch-size-32-lr-0.1-seed7", arms[3].FolderOf(7));
        Assert.Equal("the recipe", Assert.Single(SweepArm.Grid([])).Name);
    }

    [Fact]
    public void DrawnArmsDifferAndTheSameSeedDrawsTheSame()
    {
        SweepAxis[] axes = [SweepAxis.Of("batch-size", ["16", "32", "64"]), SweepAxis.Of("lr", ["0.001..0.1"])];
        string[] drawn = [.. SweepArm.Drawn(axes, 40, 3).Select(arm => arm.Name)];
        Assert.Equal(40, drawn.Distinct().Count());
        Assert.Equal(drawn, SweepArm.Drawn(axes, 40, 3).Select(arm => arm.Name));
        Assert.NotEqual(drawn, SweepArm.Drawn(axes, 40, 4).Select(arm => arm.Name));
        double[] rates = [.. SweepArm.Drawn(axes, 40, 3).Select(arm => SweepAxis.Number(arm.Values[1])!.Value)];
        Assert.All(rates, rate => Assert.InRange(rate, 0.001, 0.1));
        // As many below the middle of the ratios, 0.01, as above it: within four standard deviations of 20.
        Assert.InRange(rates.Count(rate => rate < 0.01), 7, 33);
    }

    [Fact]
    public void NoMoreArmsAreDrawnThanThereAre() =>
        Assert.Equal(3, SweepArm.Drawn([SweepAxis.Of("batch-size", ["16", "32", "64"])], 10, 0).Count);

    [Theory]
    [InlineData("16..64", 0, "16")]
    [InlineData("16..64", 0.5, "32")]
    [InlineData("0..1.0", 0.25, "0.25")]
    [InlineData("1e-4..1e-2", 0.5, "0.001")]
    public void ValuesOfARangeAreBetweenItsEnds(string range, double share, string value) =>
        Assert.Equal(value, SweepAxis.Of("x", [range]).At(share));

    [Theory]
    [InlineData("0.1..0.01")]
    [InlineData("1..1")]
    public void ARangeRises(string range) =>
        Assert.Equal($"lr: expected a range that rises, such as 0.001..0.1, got {range}.",
            Assert.Throws<RecipeException>(() => SweepAxis.Of("lr", [range])).Message);

    [Fact]
    public void AValueIsListedOnce() => Assert.Equal("lr has the value 0.1 twice. List each value once.",
        Assert.Throws<RecipeException>(() => SweepAxis.Of("lr", ["0.1", "0.2", "0.1"])).Message);

    [Fact]
    public void ARangeHasNoGrid() => Assert.StartsWith("lr is a range.",
        Assert.Throws<RecipeException>(() => SweepArm.Grid([SweepAxis.Of("lr", ["0.1..0.2"])])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(8, 10, "8x2 4x3 2x5 1x10")]
    [InlineData(3, 4, "3x1 2x2 1x4")]
    [InlineData(16, 4, "16x1 8x2 4x4")] // four epochs can be halved twice
    [InlineData(5, 1, "5x1")]
    [InlineData(1, 10, "1x10")]
    public void HalvingDoublesTheEpochsOfHalfTheArms(int arms, int epochs, string rounds) =>
        Assert.Equal(rounds, string.Join(' ', Halving.Rounds(arms, epochs).Select(round => $"{round.Arms}x{round.Epochs}")));

    [Fact]
    public void BetweenTwoEpochsACurveIsInterpolated()
    {
        RunCurve curve = new([(1000, 2, 0.5), (2000, 4, 0.7), (3000, 8, 0.6)]);
        Assert.Null(curve.AfterImages(999));
        Assert.Equal(0.5, curve.AfterImages(1000));
        Assert.Equal(0.6, curve.AfterImages(1500)!.Value, 1e-12);
        Assert.Equal(0.65, curve.AfterSeconds(6)!.Value, 1e-12);
        Assert.Equal(0.6, curve.AfterSeconds(8));
        Assert.Null(curve.AfterSeconds(8.1));
        Assert.Equal((375, 0.7), (curve.ImagesPerSecond, curve.Best));
    }
}
