using System.Globalization;
using Convolve.Drawing.Charts;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Zoo.Experiments;

/// <summary>
/// The curves of an experiment: accuracies by epoch, or, where steps to a target are counted, the training error by step with the target.
/// </summary>
internal static class ExperimentChart
{
    /// <summary>Of the first seed of each arm.</summary>
    public static Chart Of(ExperimentResult result) => result.Experiment.TargetTrainAccuracy is { } target ? ToTarget(result, target)
        : Accuracies(result);

    private static Chart Accuracies(ExperimentResult result)
    {
        List<Series> series = [];
        bool isAlone = result.Arms.Count == 1;
        foreach (ArmResult arm in result.Arms)
        {
            IReadOnlyList<EpochProgress> epochs = arm.Runs[0].Epochs;
            string prefix = isAlone ? "" : $"{arm.Arm.Name}, ";
            bool isValidated = epochs.All(e => e.ValidationAccuracy is not null);
            if (isAlone || !isValidated)
                series.Add(Series.Line($"{prefix}training", [.. epochs.Select(e => ((double)e.Epoch, e.TrainAccuracy))]));
            if (isValidated)
                series.Add(Series.Line($"{prefix}validation", [.. epochs.Select(e => ((double)e.Epoch, e.ValidationAccuracy!.Value))]));
            if (arm.Arm.Published is { } published)
                series.AddRange(Dashed($"{prefix}training, published", published.TrainByEpoch)
                    .Concat(Dashed($"{prefix}validation, published", published.ValidationByEpoch)));
        }
        return new(result.Experiment.Name, new("epoch") { IsWhole = true }, new("accuracy"), series) { Note = Note(result) };
    }

    private static IEnumerable<Series> Dashed(string name, IReadOnlyList<double> values) =>
        values.Count == 0 ? [] : [Series.Line(name, values.Select((value, i) => (i + 1.0, value))) with { Style = SeriesStyle.Dashed }];

    private static Chart ToTarget(ExperimentResult result, double target)
    {
        List<Series> series = [];
        List<ChartEvent> events = [];
        double last = 0;
        foreach (ArmResult arm in result.Arms)
        {
            RunSummary run = arm.Runs[0];
            double steps = ArmResult.StepsPerEpoch(run);
            // An epoch's figure is the mean over its steps.
            series.Add(Series.Line(arm.Arm.Name, [.. run.Epochs.Select(e => ((e.Epoch - 0.5) * steps, 1 - e.TrainAccuracy))]));
            last = Math.Max(last, run.Epochs.Count * steps);
            if (ArmResult.EpochsTo(target, run.Epochs) is { } reached)
                events.Add(new(reached * steps, string.Create(CultureInfo.InvariantCulture, $"{arm.Arm.Name} {reached * steps:N0}")));
        }
        string name = string.Create(CultureInfo.InvariantCulture, $"{100 * (1 - target):0.#} % error");
        series.Add(Series.Line(name, [(0, 1 - target), (last, 1 - target)]) with { Style = SeriesStyle.Dashed });
        return new(result.Experiment.Name, new("steps"), new("training error") { Min = 0 }, series)
        {
            Events = events,
            Note = Note(result)
        };
    }

    private static string Note(ExperimentResult result) => string.Join(", ", new[]
    {
        result.Arms[0].Arm.Recipe.Dataset,
        result.Settings.Seeds > 1 ? "seed 0" : "",
        result.Settings.Quick ? "quick: few images and epochs" : "",
    }.Where(part => part.Length > 0));
}
