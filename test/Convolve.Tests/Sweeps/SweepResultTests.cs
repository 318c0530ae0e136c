using Convolve.Data;
using Convolve.Runs;
using Convolve.Sweeps;
using Convolve.Tests.Formats;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.Sweeps;

/// <summary>What is read from the folder of a sweep.</summary>
public sealed class SweepResultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SweepSettings Settings { get; } = new()
    {
        Command = "convolve sweep net --epochs 1,2,3",
        Date = "2026-11-30 12:00",
        Common = ["net"],
        Axes = ["epochs", "note"],
        Values = [["1", "a, b"], ["2", "c"], ["3", "d"]],
        Seeds = 2,
        FirstSeed = 5,
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ArmsThatAreMissingHaveEmptyCellsAndTheBestIsWhole()
    {
        Settings.Write(_folder["."]);
        Train(0, 5, 1);
        Train(0, 6, 1);
        Train(1, 5, 2); // its other seed is missing
        SweepResult result = SweepResult.Read(_folder["."]);
        Assert.Equal([2, 1, 0], result.Rows.Select(row => row.Finished));
        Assert.Equal("epochs 1, note a, b", result.Best!.Arm.Name);
        int images = TrainingData.Splits().Train.Count;
        Assert.Equal(images, result.SameImages);
        double[] accuracies = [.. result.Rows[0].Runs.Select(run => run.Epochs[0].ValidationAccuracy!.Value)];
        Assert.Equal(accuracies.Average(), result.Rows[0].AfterImages(images)!.Value.Mean, 1e-12);
        Assert.NotNull(result.Rows[0].AfterImages(images)!.Value.Half);
        Assert.Null(result.Rows[1].BestAccuracy!.Value.Half);
        Assert.Null(result.Rows[2].BestAccuracy);
        string[] lines = result.ToCsv().Split("\r\n");
        Assert.StartsWith("epochs,note,seeds,epochs,images_per_second,images_per_second_half_interval,", lines[0],
            StringComparison.Ordinal);
        Assert.StartsWith("1,\"a, b\",2,1,", lines[1], StringComparison.Ordinal);
        Assert.Equal($"3,d,0,0{new string(',', 16)}", lines[3]);
        Assert.All(lines[..4], line => Assert.Equal(lines[0].Count(c => c == ','),
            line.Replace("a, b", "", StringComparison.Ordinal).Count(c => c == ',')));
        result.Write();
        Assert.StartsWith("<svg", File.ReadAllText(_folder[SweepResult.ChartFileName]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"command":"c","date":"d","common":[],"axes":["a"],"values":[["1","2"]],"seeds":1}""")]
    [InlineData("""{"command":"c","date":"d","common":[],"axes":["a"],"values":[["1"]],"seeds":0}""")]
    [InlineData("""{"command":null,"date":"d","common":[],"axes":["a"],"values":[["1"]],"seeds":1}""")]
    [InlineData("""{"command":"c","date":"d","common":[],"axes":["a"],"values":[],"seeds":1}""")]
    public void DamagedSettingsAreRefused(string text)
    {
        File.WriteAllText(_folder[SweepSettings.FileName], text);
        Assert.Contains("is not a sweep's folder: can't read ",
            Assert.Throws<RecipeException>(() => SweepSettings.Read(_folder["."])).Message, StringComparison.Ordinal);
    }

    private void Train(int arm, ulong seed, int epochs)
    {
        Recipe recipe = TrainingData.Recipe with { Epochs = epochs, Seed = seed };
        DataSplits data = TrainingData.Splits();
        using Trainer trainer = RunFolder.BeginOrResume(_folder[Settings.Arms[arm].FolderOf(seed)], TrainingData.Network, data, recipe);
        trainer.Fit();
    }
}
