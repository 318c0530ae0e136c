using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Drawing.Charts;
using Convolve.Evaluations;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Reporting;

/// <summary>The charts of one run: its curves with the learning rate and what happened, where its time went, and its calibration.</summary>
internal static class RunCharts
{
    private const int FewEpochs = 12, TrainingColor = 0, ValidationColor = 1, RateColor = 5;
    private static readonly Axis Epoch = new("epoch") { IsWhole = true };

    /// <summary>Training and validation loss by epoch, as measured, and where there are many epochs, a smoothed line over them.</summary>
    public static Chart Loss(RunSummary run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Curves(run, "Loss", new("mean loss", "nats"), epoch => epoch.TrainLoss, epoch => epoch.ValidationLoss);
    }

    /// <summary>
    /// Training and validation accuracy by epoch, as measured, and where there are many epochs, a smoothed line over them.
    /// </summary>
    public static Chart Accuracy(RunSummary run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Curves(run, "Accuracy", new("accuracy"), epoch => epoch.TrainAccuracy, epoch => epoch.ValidationAccuracy);
    }

    /// <summary>The time of each epoch's training, divided into computing and waiting for data.</summary>
    public static Chart Time(RunSummary run)
    {
        ArgumentNullException.ThrowIfNull(run);
        double all = run.Epochs.Sum(e => e.Elapsed.TotalSeconds), waiting = run.Epochs.Sum(e => e.DataWait.TotalSeconds);
        double images = run.Epochs.Sum(e => e.Elapsed.TotalSeconds * e.ImagesPerSecond);
        string note = all > 0 ? string.Create(CultureInfo.InvariantCulture,
            $"{images / all:N0} images/s; waiting for data takes {100 * waiting / all:F1} % of the time") : "";
        return new("Where the training time goes", Epoch, new("time", "s") { Min = 0 },
        [
            new Series("computing", [.. run.Epochs.Select(e => new ChartPoint(e.Epoch, (e.Elapsed - e.DataWait).TotalSeconds))]) { Style =
            SeriesStyle.Bars, Color = TrainingColor },
            new Series("waiting for data",
            [.. run.Epochs.Select(e => new ChartPoint(e.Epoch, e.Elapsed.TotalSeconds, (e.Elapsed - e.DataWait).TotalSeconds))])
            {
                Style = SeriesStyle.Bars,
                Color = ValidationColor,
            },
        ])
        { Note = note };
    }

    /// <summary>
    /// Accuracy by confidence, and how far the mean confidence is above or below it: none where a network is as often right as it is sure.
    /// </summary>
    public static Chart Reliability(Calibration calibration)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        double width = 1.0 / calibration.Bins.Count;
        return new("Accuracy by confidence", new("confidence") { Min = 0, Max = 1 }, new("accuracy") { Min = 0, Max = 1 },
        [
            // Empty bins have no height: all are there, so that the bars are as wide as the bins.
            new Series("accuracy", [.. calibration.Bins.Select(bin => new ChartPoint(bin.Low + width / 2, bin.Accuracy, 0))]) { Style =
            SeriesStyle.Bars, Color = TrainingColor },
            // From the confidence to the accuracy: a mark alone would be read as an accuracy.
            new Series("gap to the mean confidence",
            [.. calibration.Bins.Select(bin =>
            new ChartPoint(bin.Low + width / 2, bin.Accuracy, bin.Count > 0 ? bin.Confidence : bin.Accuracy))])
            {
                Style = SeriesStyle.Bars,
                Color = ValidationColor,
            },
            Series.Line("perfect calibration", [(0, 0), (1, 1)]) with { Style = SeriesStyle.Dashed, Color = RateColor },
        ])
        {
            Note = string.Create(CultureInfo.InvariantCulture,
                $"expected calibration error {calibration.ExpectedError:F4} over {calibration.Bins.Count} bins, the largest " +
                $"{calibration.LargestError:F4}"),
        };
    }

    /// <summary>How many pictures there are by confidence.</summary>
    public static Chart Confidences(Calibration calibration)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        double width = 1.0 / calibration.Bins.Count, all = Math.Max(1, calibration.Bins.Sum(bin => bin.Count));
        return new("How confident the network is", new("confidence") { Min = 0, Max = 1 }, new("pictures", "%") { Min = 0 },
            [new Series("", [.. calibration.Bins.Select(bin => new ChartPoint(bin.Low + width / 2, 100 * bin.Count / all))]) { Style =
            SeriesStyle.Bars, Color = TrainingColor }])
        {
            Note = "share of the pictures in each bin of confidence",
        };
    }

    /// <summary>What happened: the best epoch, resumptions, an early end.</summary>
    public static IReadOnlyList<ChartEvent> Events(RunSummary run)
    {
        ArgumentNullException.ThrowIfNull(run);
        List<ChartEvent> events = [];
        if (run.BestEpoch > 0)
            events.Add(new(run.BestEpoch, $"best: {run.BestEpoch}"));
        foreach (JsonNode? resumption in run.Environment["resumed"] as JsonArray ?? [])
            if (Number(resumption, "epochs") is { } epochs)
                events.Add(new(Math.Max(1, epochs + (Number(resumption, "step") / Number(resumption, "steps_per_epoch") ?? 0)), "resumed"));
        if (run.Epochs.Count > 0 && run.Epochs.Count < run.Recipe.Epochs)
        {
            string end = run.End switch { TrainingEnd.EarlyStop => "early stop", TrainingEnd.TimeLimit => "time limit", _ => "so far" };
            events.Add(new(run.Epochs.Count, $"{end}: {run.Epochs.Count} of {run.Recipe.Epochs}"));
        }
        return events;
    }

    private static double? Number(JsonNode? node, string name) => node?[name] is JsonValue value && value.TryGetValue(out double number)
        ? number : null;

    private static Chart Curves(RunSummary run, string title, Axis axis, Func<EpochProgress, double> training, Func<EpochProgress,
        double?> validation)
    {
        List<Series> series = [];
        Add("training", TrainingColor, epoch => training(epoch));
        if (run.Epochs.Any(epoch => validation(epoch) is not null))
            Add("validation", ValidationColor, validation);
        series.Add(Series.Line("learning rate", run.Epochs.Select(epoch => ((double)epoch.Epoch, epoch.LearningRate))) with
        {
            Style =
            SeriesStyle.Dashed,
            Color = RateColor,
            IsOnRight = true
        });
        bool isSmoothed = run.Epochs.Count > FewEpochs;
        return new(title, Epoch, axis, series)
        {
            Right = new("learning rate") { Min = 0 },
            Events = Events(run),
            Note = isSmoothed ? "means over the epoch's images; wide pale lines are smoothed" : "means over the epoch's images",
        };

        void Add(string name, int color, Func<EpochProgress, double?> value)
        {
            Series raw = Series.Line(name, run.Epochs.Select(epoch => ((double)epoch.Epoch, value(epoch) ?? double.NaN))) with
            {
                Color =
                color
            };
            series.AddRange(run.Epochs.Count > FewEpochs
                ? [raw, raw.Smoothed(Math.Max(2, run.Epochs.Count / 10)) with { Name = "", Style = SeriesStyle.Trend }] : [raw]);
        }
    }
}
