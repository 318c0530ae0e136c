using System.Diagnostics.Metrics;

namespace Convolve.Training;

/// <summary>
/// What trainings in this process report to listeners of <see cref="System.Diagnostics.Metrics"/>, such as dotnet-counters or
/// OpenTelemetry, by the meter "Convolve": convolve.training.images (count), convolve.training.loss (mean over the images of the last
/// step), convolve.training.step.duration (s, data included).
/// </summary>
/// <remarks>Costs nothing if nobody listens.</remarks>
internal static class TrainingMeter
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Convolve";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Images = Meter.CreateCounter<long>("convolve.training.images", "{image}", "Images trained on.");
    private static readonly Gauge<double> Loss =
        Meter.CreateGauge<double>("convolve.training.loss", null, "Mean loss over the images of the last step.");
    private static readonly Histogram<double> StepDuration = Meter.CreateHistogram<double>("convolve.training.step.duration", "s",
        "Time of a step, data included.");

    internal static void Step(int images, double loss, TimeSpan duration)
    {
        Images.Add(images);
        Loss.Record(loss);
        StepDuration.Record(duration.TotalSeconds);
    }
}
