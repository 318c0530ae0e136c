using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Evaluations;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Zoo.Experiments;

/// <summary>The results of the runs of an arm.</summary>
/// <param name="Arm">What was run.</param>
/// <param name="Runs">One for each seed, finished.</param>
/// <param name="TargetTrainAccuracy">A training accuracy to which the steps are counted; null for none.</param>
internal sealed record ArmResult(ExperimentArm Arm, IReadOnlyList<RunSummary> Runs, double? TargetTrainAccuracy = null)
{
    internal const string TestAccuracy = "test accuracy";
    private const double Mebi = 1048576;

    /// <summary>The figures that are compared, published ones beside measured ones.</summary>
    public IReadOnlyList<Figure> Figures => [.. Compared()];

    /// <summary>What the runs took: time, speed, memory.</summary>
    public IReadOnlyList<Figure> Costs => [.. Taken()];

    /// <summary>The share of the test images that were right, one for each seed.</summary>
    public IReadOnlyList<double> TestAccuracies => [.. Runs.Select(r => r.Test!.Accuracy)];

    /// <summary>As an object of result.json.</summary>
    public JsonObject ToJson() => new()
    {
        ["name"] = Arm.Name,
        ["network"] = Arm.Recipe.Network,
        ["dataset"] = Arm.Recipe.Dataset,
        ["test_accuracy"] = MeanInterval.Of(TestAccuracies).Mean,
        ["test_accuracy_half_interval"] = MeanInterval.Of(TestAccuracies).Half,
        ["figures"] = new JsonArray([.. Figures.Concat(Costs).Select(f => (JsonNode)new JsonObject
        {
            ["name"] = f.Name,
            ["published"] = f.Published,
            ["measured"] = f.Measured.Mean,
            ["half_interval"] = f.Measured.Half,
        })]),
        ["runs"] = new JsonArray([.. Runs.Select(r => (JsonNode)new JsonObject
        {
            ["folder"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(r.Folder)),
            ["seed"] = r.Recipe.Seed,
            ["epochs"] = r.Epochs.Count,
            ["best_epoch"] = r.BestEpoch,
            ["test_accuracy"] = r.Test!.Accuracy,
            ["test_loss"] = r.Test.Loss,
            ["test_images"] = r.Test.Images,
            ["train_accuracy"] = r.Best!.TrainAccuracy,
            ["train_loss"] = r.Best.TrainLoss,
            ["validation_accuracy"] = r.Best.ValidationAccuracy,
            ["seconds"] = r.Elapsed?.TotalSeconds,
            ["images_per_second"] = r.ImagesPerSecond,
        })]),
    };

    private IEnumerable<Figure> Compared()
    {
        Published published = Arm.Published ?? new();
        MeanInterval accuracy = MeanInterval.Of(TestAccuracies);
        yield return new(TestAccuracy, published.TestAccuracy, accuracy) { Range = Interval.Wilson(accuracy.Mean, Runs[0].Test!.Images) };
        yield return new("test loss", published.TestLoss, Of(r => r.Test!.Loss));
        if (Runs.All(r => r.Best!.ValidationAccuracy is not null))
            yield return new("validation accuracy", published.ValidationAccuracy, Of(r => r.Best!.ValidationAccuracy!.Value));
        yield return new("train accuracy", published.TrainAccuracy, Of(r => r.Best!.TrainAccuracy));
        yield return new("train loss", published.TrainLoss, Of(r => r.Best!.TrainLoss));
        if (TargetTrainAccuracy is not { } target)
            yield break;
        double?[] epochs = [.. Runs.Select(r => EpochsTo(target, r.Epochs))];
        if (epochs.All(e => e is not null))
            yield return new(TargetName(target), null, Of(r => EpochsTo(target, r.Epochs)!.Value * StepsPerEpoch(r)), "N0");
    }

    /// <summary>Such as "steps to 25 % training error".</summary>
    internal static string TargetName(double accuracy) =>
        string.Create(CultureInfo.InvariantCulture, $"steps to {100 * (1 - accuracy):0.#} % training error");

    /// <summary>
    /// Epochs until the training accuracy reaches a target; null if it never does. An epoch's accuracy is the mean over its steps, so it
    /// counts as that of its middle; between two middles it is interpolated.
    /// </summary>
    internal static double? EpochsTo(double accuracy, IReadOnlyList<EpochProgress> epochs)
    {
        for (int i = 0; i < epochs.Count; i++)
        {
            if (epochs[i].TrainAccuracy < accuracy)
                continue;
            double before = i == 0 ? 0 : epochs[i - 1].TrainAccuracy, share = (accuracy - before) / (epochs[i].TrainAccuracy - before);
            return i == 0 ? 0.5 * share : i - 0.5 + share;
        }
        return null;
    }

    // The images of an epoch are its rate times its time.
    internal static double StepsPerEpoch(RunSummary run) =>
        Math.Ceiling(run.Epochs[0].ImagesPerSecond * run.Epochs[0].Elapsed.TotalSeconds / run.Recipe.BatchSize - 1e-6);

    private IEnumerable<Figure> Taken()
    {
        yield return Mean("epochs", "0.#", r => r.Epochs.Count);
        yield return Mean("batch size", "0", r => r.Recipe.BatchSize);
        if (Runs.All(r => r.Elapsed is not null && r.ImagesPerSecond is not null))
        {
            yield return Mean("images/s", "N0", r => r.ImagesPerSecond!.Value, Arm.Published?.ImagesPerSecond);
            yield return Mean("minutes of a run", "F2", r => r.Elapsed!.Value.TotalMinutes, Arm.Published?.Minutes);
        }
        yield return Mean("waiting for data, %", "F1",
            r => 100 * r.Epochs.Sum(e => e.DataWait.TotalSeconds) / r.Epochs.Sum(e => e.Elapsed.TotalSeconds));
        if (Runs.All(r => r.EstimatedMemoryBytes is not null && r.MeasuredMemoryBytes is not null))
        {
            yield return Mean("memory planned, MiB", "N1", r => r.EstimatedMemoryBytes!.Value / Mebi);
            yield return Mean("memory measured, MiB", "N1", r => r.MeasuredMemoryBytes!.Value / Mebi);
        }

        Figure Mean(string name, string format, Func<RunSummary, double> figure, double? published = null) =>
            new(name, published, new(Runs.Average(figure), null), format);
    }

    private MeanInterval Of(Func<RunSummary, double> figure) => MeanInterval.Of([.. Runs.Select(figure)]);
}
