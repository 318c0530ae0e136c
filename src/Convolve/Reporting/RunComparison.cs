using System.Text.Json.Nodes;
using Convolve.Drawing.Charts;
using Convolve.Evaluations;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Reporting;

/// <summary>Runs side by side: what they differ in, their curves, and whether one is better than the first.</summary>
internal sealed class RunComparison
{
    // What says when a run was and not what it was.
    private static readonly string[] Incidental = ["started", "resumed", "memory_bytes", RunFolder.CommandKey];

    /// <param name="runs">At least two; the others are compared with the first.</param>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public RunComparison(IReadOnlyList<EvaluatedRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.Count < 2)
            throw new ArgumentException($"Expected at least 2 runs to compare, got {runs.Count}.", nameof(runs));
        string[] folders = [.. runs.Select(run => Path.TrimEndingDirectorySeparator(run.Summary.Folder))],
            names = [.. folders.Select(folder => Path.GetFileName(Path.GetFullPath(folder)))];
        bool isClear = names.Distinct(StringComparer.Ordinal).Count() == runs.Count;
        Runs = [.. runs.Select((run, i) => Compare(isClear ? names[i] : folders[i], run, i == 0 ? null : runs[0]))];
        Differences = [.. Recipes([.. runs.Select(run => run.Summary)]),
            .. Environments([.. runs.Select(run => Environment(run.Summary))])];
    }

    /// <summary>The runs, the first one first.</summary>
    public IReadOnlyList<ComparedRun> Runs { get; }

    /// <summary>What differs of recipes, networks and environments: a value for each run; null where it has none.</summary>
    public IReadOnlyList<(string Name, IReadOnlyList<string?> Values)> Differences { get; }

    /// <summary>Whether all runs are of the same data set.</summary>
    public bool IsOneDataset => Runs.Select(run => run.Run.Summary.Recipe.Dataset).Distinct(StringComparer.Ordinal).Count() == 1;

    /// <summary>Accuracy by epoch, one curve for each run: of the validation split where all runs have one, else in training.</summary>
    public Chart AccuracyByEpoch => Curves("Accuracy by epoch", new("epoch") { IsWhole = true }, new($"{Of} accuracy"),
        epoch => IsValidated ? epoch.ValidationAccuracy : epoch.TrainAccuracy, false);

    /// <summary>Loss by epoch, one curve for each run: of the validation split where all runs have one, else in training.</summary>
    public Chart LossByEpoch => Curves("Loss by epoch", new("epoch") { IsWhole = true }, new($"{Of} loss", "nats"),
        epoch => IsValidated ? epoch.ValidationLoss : epoch.TrainLoss, false);

    /// <summary>The same accuracy by the time of the training.</summary>
    public Chart AccuracyByTime => Curves("Accuracy by time", new("training time", TimeUnit) { Min = 0 }, new($"{Of} accuracy"),
        epoch => IsValidated ? epoch.ValidationAccuracy : epoch.TrainAccuracy, true);

    private bool IsValidated => Runs.All(run => run.Run.Summary.Epochs.All(epoch => epoch.ValidationAccuracy is not null));

    private string Of => IsValidated ? "validation" : "training";

    private bool IsLong => Runs.Max(run => run.TrainingTime) > TimeSpan.FromMinutes(10);

    private string TimeUnit => IsLong ? "min" : "s";

    private static ComparedRun Compare(string name, EvaluatedRun run, EvaluatedRun? first)
    {
        if (first is null)
            return new(name, run, null, null);
        string? obstacle = (first, run) switch
        {
            _ when first.Summary.Recipe.Dataset != run.Summary.Recipe.Dataset => "a different data set",
            ({ Predictions: null }, _) => "the first run has no predictions",
            (_, { Predictions: null }) => "it has no predictions",
            _ when first.Split!.Name != run.Split!.Name => $"the {run.Split.Name} split, but the {first.Split.Name} split for the first " +
                $"run",
            _ when !PairedTest.IsPossible(first.Predictions!, run.Predictions!) => "different pictures or classes",
            _ => null,
        };
        return new(name, run, obstacle is null ? new(first.Predictions!, run.Predictions!) : null, obstacle);
    }

    private Chart Curves(string title, Axis x, Axis y, Func<EpochProgress, double?> value, bool isByTime) =>
        new(title, x, y, [.. Runs.Select(run =>
    {
        double time = 0;
        return Series.Line(run.Name, run.Run.Summary.Epochs.Select(epoch =>
        {
            time += IsLong ? epoch.Elapsed.TotalMinutes : epoch.Elapsed.TotalSeconds;
            return (isByTime ? time : epoch.Epoch, value(epoch) ?? double.NaN);
        }).ToList());
    })]);

    // What a run does not differ in from the first is as in the first.
    private static IEnumerable<(string, IReadOnlyList<string?>)> Recipes(RunSummary[] runs)
    {
        IReadOnlyList<RecipeDifference>[] all =
            [.. runs.Select(run => RecipeDifference.Between((runs[0].Recipe, runs[0].Graph), (run.Recipe, run.Graph)))];
        foreach (var difference in all.SelectMany(d => d).DistinctBy(d => d.Name))
            yield return (difference.Name,
                [.. all.Select(own => own.FirstOrDefault(d => d.Name == difference.Name)?.After ?? difference.Before)]);
    }

    private static IEnumerable<(string, IReadOnlyList<string?>)> Environments(Dictionary<string, string>[] runs)
    {
        foreach (string key in runs.SelectMany(run => run.Keys).Distinct(StringComparer.Ordinal))
        {
            string?[] values = [.. runs.Select(run => run.GetValueOrDefault(key))];
            if (values.Distinct(StringComparer.Ordinal).Count() > 1)
                yield return (key, values);
        }
    }

    private static Dictionary<string, string> Environment(RunSummary run)
    {
        JsonObject environment = run.Environment.DeepClone().AsObject();
        foreach (string key in Incidental)
            environment.Remove(key);
        return new(RecipeSection.Flat(environment, "environment").Select(pair => KeyValuePair.Create(pair.Key, pair.Value)));
    }
}

/// <summary>A run compared with others.</summary>
/// <param name="Name">Of its folder.</param>
/// <param name="Run">What is known of it.</param>
/// <param name="Test">Its answers against the first run's to the same pictures; null for the first, and where <paramref name="Obstacle"/>
/// says why.</param>
/// <param name="Obstacle">Why its answers cannot be compared, such as "a different data set"; null where they can.</param>
internal sealed record ComparedRun(string Name, EvaluatedRun Run, PairedTest? Test, string? Obstacle)
{
    private const double Significance = 0.05;

    /// <summary>The accuracy that is compared, with the images it is of; null where the run has none.</summary>
    public (double Accuracy, Interval Interval, int Images)? Accuracy => Run.Predictions is { } predictions
        ? (predictions.Accuracy, predictions.AccuracyInterval, predictions.Count)
        : Run.Summary.Test is { } test ? (test.Accuracy, test.AccuracyInterval, test.Images) : null;

    /// <summary>The split that it is of: validation for runs that are not finished; a dash where the run has no accuracy.</summary>
    public string SplitName => Run.Split?.Name ?? (Run.Summary.Test is null ? "-" : "test");

    /// <summary>The loss that belongs to it.</summary>
    public double? Loss => Run.Predictions?.Loss ?? Run.Summary.Test?.Loss;

    /// <summary>The time of its training, without evaluation.</summary>
    public TimeSpan TrainingTime => TimeSpan.FromSeconds(Run.Summary.Epochs.Sum(epoch => epoch.Elapsed.TotalSeconds));

    /// <summary>What the test says: "better", "worse", "no clear difference", or why there is none; empty for the first run.</summary>
    public string Verdict => Test is null ? Obstacle ?? "" : Test.PValue >= Significance ? "no clear difference" : Test.Difference > 0
        ? "better" : "worse";
}
