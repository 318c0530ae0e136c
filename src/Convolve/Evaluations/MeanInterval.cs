namespace Convolve.Evaluations;

/// <summary>The mean of a few measurements, and half of its 95 % interval by Student's t; null for a single one.</summary>
internal readonly record struct MeanInterval(double Mean, double? Half)
{
    // Student's t at 97.5 %.
    private static readonly double[] Quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179,
        2.160, 2.145, 2.131];

    /// <param name="values">One for each seed, at least one.</param>
    public static MeanInterval Of(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        if (values.Count < 2)
            return new(mean, null);
        double deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
        return new(mean, Quantile(values.Count - 1) * deviation / Math.Sqrt(values.Count));
    }

    private static double Quantile(int freedom) => freedom <= Quantiles.Length ? Quantiles[freedom - 1] : 1.96 + 2.4 / freedom;
}
