using System.Text.Json.Nodes;
using Convolve.Drawing.Charts;
using Convolve.Evaluations;
using Convolve.Reporting;
using Convolve.Runs;
using Convolve.Tests.Training;
using Convolve.Training;

namespace Convolve.Tests.Reporting;

/// <summary>What the charts of a run show.</summary>
public class RunChartsTests
{
    [Fact]
    public void The_curves_have_the_learning_rate_at_the_right_and_what_happened()
    {
        RunSummary run = Run(20) with
        {
            End = TrainingEnd.EarlyStop,
            Environment =
            JsonNode.Parse(
            """{"resumed":[{"epochs":0,"step":3,"steps_per_epoch":8},""" +
            """{"epochs":7,"step":2,"steps_per_epoch":8},{"epochs":9}]}""")!.AsObject(),
        };
        Chart chart = RunCharts.Loss(run);
        Assert.Equal(("epoch", "mean loss (nats)", "learning rate"), (chart.X.Title, chart.Y.Title, chart.Right!.Title));
        Assert.Equal([new(18, "best: 18"), new(1, "resumed"), new(7.25, "resumed"), new(9, "resumed"), new(20, "early stop: 20 of 30")],
            chart.Events);
        Series rate = Assert.Single(chart.Series, s => s.IsOnRight);
        Assert.Equal(Enumerable.Range(1, 20).Select(e => (e, 0.1 / e)), rate.Points.Select(p => ((int)p.X, p.Y)));
        // Raw and smoothed, of both splits.
        Series[] raw = [.. chart.Series.Where(s => s.Style == SeriesStyle.Line)],
            smoothed = [.. chart.Series.Where(s => s.Style == SeriesStyle.Trend)];
        Assert.Equal(["training", "validation"], raw.Select(s => s.Name));
        Assert.Equal(Enumerable.Range(1, 20).Select(e => 2.0 / e), raw[0].Points.Select(p => p.Y));
        Assert.Equal(Enumerable.Range(1, 20).Select(e => 2.5 / e + e % 2 * 0.1), raw[1].Points.Select(p => p.Y));
        Assert.InRange(Roughness(smoothed[1]), 0, 0.5 * Roughness(raw[1]));
    }

    [Theory]
    [InlineData(null, "so far: 5 of 30")]
    [InlineData(TrainingEnd.TimeLimit, "time limit: 5 of 30")]
    public void Where_a_run_is_or_why_it_ended_stands_at_its_last_epoch(TrainingEnd? end, string words)
    {
        Chart chart = RunCharts.Accuracy(Run(5) with { End = end });
        Assert.Equal(new ChartEvent(5, words), chart.Events[^1]);
        Assert.DoesNotContain(chart.Series, s => s.Style == SeriesStyle.Trend); // few epochs are not smoothed
    }

    // The reader sees bars and what is missing to the confidence: no mark stands at a height that is no accuracy, or at an accuracy where
    // it means a confidence.
    [Fact]
    public void The_reliability_chart_shows_the_gap_between_accuracy_and_confidence()
    {
        Calibration calibration =
            new(new Predictions(["a", "b"], [.. Enumerable.Range(0, 10).Select(i => new SampleId(i))], [0, 0, 0, 0, 0, 0, 1, 1, 1, 1],
            // .9 sure of the first class, and right in six of ten
            [.. Enumerable.Range(0, 10).SelectMany(_ => new[] { MathF.Log(9), 0 })]));
        Chart chart = RunCharts.Reliability(calibration);
        Assert.DoesNotContain(chart.Series, s => s.Style == SeriesStyle.Points);
        Series gap = Assert.Single(chart.Series, s => s.Name == "gap to the mean confidence");
        ChartPoint point = Assert.Single(gap.Points, p => p.Low != p.Y);
        Assert.Equal((0.6, 0.9), (point.Y, Math.Round(point.Low!.Value, 4)));
    }

    [Fact]
    public void The_time_is_divided_into_computing_and_waiting()
    {
        Chart chart = RunCharts.Time(Run(2));
        Assert.Equal([(1.0, 7.6), (2, 7.6)], chart.Series[0].Points.Select(p => (p.X, p.Y)));
        Assert.Equal([(8.0, 7.6), (8, 7.6)], chart.Series[1].Points.Select(p => (p.Y, p.Low!.Value)));
        Assert.Equal("100 images/s; waiting for data takes 5.0 % of the time", chart.Note);
    }

    // Losses 2, 1, 2/3 ... with a jump in every second validation loss; an epoch has 8 s, of which 0.4 wait.
    private static RunSummary Run(int epochs) => new("run", TrainingData.Recipe with { Epochs = 30 }, TrainingData.Network,
        [.. Enumerable.Range(1, epochs)
        .Select(e => new EpochProgress(e, 30, 2.0 / e, 1 - 1.0 / e, 2.5 / e + e % 2 * 0.1, 1 - 1.1 / (e + 1), 0.1 / e, 100,
        TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(0.4), e == epochs - 2))],
        null, Math.Max(epochs - 2, 1));

    // How much the last ten values, where the curve itself is flat, go up and down.
    private static double Roughness(Series series) =>
        series.Points.Skip(9).Zip(series.Points.Skip(10)).Sum(p => Math.Abs(p.Second.Y - p.First.Y));
}
