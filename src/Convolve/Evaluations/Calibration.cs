namespace Convolve.Evaluations;

/// <summary>Whether a network is right as often as it is sure: predictions in bins of equal width by their confidence.</summary>
/// <remarks>
/// Source: Guo, Pleiss, Sun and Weinberger 2017, section 2, with their 15 bins: bin m holds confidences in ((m - 1) / 15, m / 15].
/// </remarks>
internal sealed class Calibration
{
    /// <summary>The bins that are usual.</summary>
    public const int UsualBins = 15;

    /// <summary>Counts predictions. A picture without one (a logit is NaN) is in no bin.</summary>
    /// <param name="predictions">All of a split.</param>
    /// <param name="bins">How many, at least 1.</param>
    public Calibration(Predictions predictions, int bins = UsualBins)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        int[] counts = new int[bins], correct = new int[bins];
        double[] confidences = new double[bins];
        foreach (SamplePrediction prediction in predictions.All.Where(p => double.IsFinite(p.Confidence)))
        {
            int bin = Math.Clamp((int)Math.Ceiling(prediction.Confidence * bins) - 1, 0, bins - 1);
            counts[bin]++;
            confidences[bin] += prediction.Confidence;
            correct[bin] += prediction.IsCorrect ? 1 : 0;
        }
        Bins = [.. counts.Select((count, m) => new CalibrationBin((double)m / bins, (m + 1.0) / bins, count,
            count == 0 ? 0 : confidences[m] / count, count == 0 ? 0 : (double)correct[m] / count))];
        int all = counts.Sum();
        ExpectedError = Bins.Where(b => b.Count > 0).Sum(b => (double)b.Count / all * Math.Abs(b.Accuracy - b.Confidence));
        LargestError = Bins.Where(b => b.Count > 0).Select(b => Math.Abs(b.Accuracy - b.Confidence)).DefaultIfEmpty().Max();
    }

    /// <summary>From the least confident to the most confident.</summary>
    public IReadOnlyList<CalibrationBin> Bins { get; }

    /// <summary>Expected calibration error (ECE): the mean distance of accuracy and confidence, bins weighted by their pictures.</summary>
    public double ExpectedError { get; }

    /// <summary>Maximum calibration error (MCE): the largest of these distances.</summary>
    public double LargestError { get; }
}

/// <summary>Predictions of about the same confidence.</summary>
/// <param name="Low">Confidences are above it.</param>
/// <param name="High">And at most this.</param>
/// <param name="Count">How many.</param>
/// <param name="Confidence">Their mean confidence; 0 where there is none.</param>
/// <param name="Accuracy">Their share of right ones; 0 where there is none.</param>
internal readonly record struct CalibrationBin(double Low, double High, int Count, double Confidence, double Accuracy);
