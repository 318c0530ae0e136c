using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Sweeps;

/// <summary>How accurate a run was after how much work, by the accuracy that chooses weights: never the test split's.</summary>
/// <param name="Points">The end of each epoch: images and seconds of training so far, without validation, and the accuracy.</param>
internal sealed record RunCurve(IReadOnlyList<(double Images, double Seconds, double Accuracy)> Points)
{
    private const double Slack = 1e-9;

    /// <summary>Images of training each second, with loading.</summary>
    public double ImagesPerSecond => Images / Seconds;

    /// <summary>Images of training, each as often as it was seen.</summary>
    public double Images => Points[^1].Images;

    /// <summary>Of training.</summary>
    public double Seconds => Points[^1].Seconds;

    /// <summary>The highest.</summary>
    public double Best => Points.Max(point => point.Accuracy);

    /// <summary>Of a run of at least one epoch.</summary>
    public static RunCurve Of(RunSummary run)
    {
        List<(double, double, double)> points = [];
        (double images, double seconds) = (0, 0);
        foreach (EpochProgress epoch in run.Epochs)
        {
            images += Math.Round(epoch.ImagesPerSecond * epoch.Elapsed.TotalSeconds);
            seconds += epoch.Elapsed.TotalSeconds;
            points.Add((images, seconds, epoch.ChosenAccuracy));
        }
        return new(points);
    }

    /// <summary>
    /// After as many images, between two epochs in proportion; null before the end of the first and after that of the last.
    /// </summary>
    public double? AfterImages(double images) => After(images, point => point.Images);

    /// <summary>After as many seconds of training.</summary>
    /// <inheritdoc cref="AfterImages"/>
    public double? AfterSeconds(double seconds) => After(seconds, point => point.Seconds);

    private double? After(double amount, Func<(double Images, double Seconds, double Accuracy), double> of)
    {
        for (int i = 0; i < Points.Count; i++)
        {
            double here = of(Points[i]);
            if (Math.Abs(here - amount) <= Slack * here)
                return Points[i].Accuracy;
            if (here < amount)
                continue;
            if (i == 0)
                return null;
            double before = of(Points[i - 1]), share = (amount - before) / (here - before);
            return Points[i - 1].Accuracy + share * (Points[i].Accuracy - Points[i - 1].Accuracy);
        }
        return null;
    }
}
