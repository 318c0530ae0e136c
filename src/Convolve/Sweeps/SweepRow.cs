using Convolve.Evaluations;
using Convolve.Runs;

namespace Convolve.Sweeps;

/// <summary>What the runs of an arm came to: each figure is the mean over the seeds, with its 95 % interval.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Runs">Those that have an epoch, finished or not.</param>
internal sealed record SweepRow(SweepArm Arm, IReadOnlyList<RunSummary> Runs)
{
    private readonly IReadOnlyList<RunCurve> _curves = [.. Runs.Select(RunCurve.Of)];

    /// <summary>Of each run.</summary>
    public IReadOnlyList<RunCurve> Curves => _curves;

    /// <summary>Runs that came to their end: they tested their best weights.</summary>
    public int Finished => Runs.Count(run => run.Test is not null);

    /// <summary>Finished epochs of the run that has the fewest; 0 without runs.</summary>
    public int Epochs => Runs.Count == 0 ? 0 : Runs.Min(run => run.Epochs.Count);

    /// <summary>Images of training each second, with loading; null without runs.</summary>
    public MeanInterval? ImagesPerSecond => Mean(_curves, curve => curve.ImagesPerSecond);

    /// <summary>Of training, without validation; null without runs.</summary>
    public MeanInterval? Seconds => Mean(_curves, curve => curve.Seconds);

    /// <summary>By the plans; null where no run is finished.</summary>
    public MeanInterval? EstimatedMemoryBytes => Mean(Runs, run => run.EstimatedMemoryBytes);

    /// <summary>The growth of the process; null where no run is finished.</summary>
    public MeanInterval? MeasuredMemoryBytes => Mean(Runs, run => run.MeasuredMemoryBytes);

    /// <summary>
    /// The accuracy that chooses: the highest of the epochs, on the validation split, or in training where there is none.
    /// </summary>
    public MeanInterval? BestAccuracy => Mean(_curves, curve => curve.Best);

    /// <summary>On the test split, with the weights of the best epoch; null where no run is finished. It chooses nothing.</summary>
    public MeanInterval? TestAccuracy => Mean(Runs, run => run.Test?.Accuracy);

    /// <summary>The accuracy that chooses, after as many images; null where a run has fewer, or had not finished an epoch.</summary>
    public MeanInterval? AfterImages(double images) => OfAll(curve => curve.AfterImages(images));

    /// <summary>The accuracy that chooses, after as many seconds of training.</summary>
    /// <inheritdoc cref="AfterImages"/>
    public MeanInterval? AfterSeconds(double seconds) => OfAll(curve => curve.AfterSeconds(seconds));

    /// <summary>The mean over the seeds of the best accuracy of the first epochs.</summary>
    /// <param name="epochs">At least 1.</param>
    public double BestWithin(int epochs) => _curves.Average(curve => curve.Points.Take(epochs).Max(point => point.Accuracy));

    // The mean of those that are early enough would be that of the better ones.
    private MeanInterval? OfAll(Func<RunCurve, double?> figure) =>
        _curves.All(curve => figure(curve) is not null) ? Mean(_curves, figure) : null;

    private static MeanInterval? Mean<T>(IEnumerable<T> runs, Func<T, double?> figure)
    {
        double[] values = [.. runs.Select(figure).OfType<double>()];
        return values.Length == 0 ? null : MeanInterval.Of(values);
    }
}
