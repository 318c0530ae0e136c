namespace Convolve.Training;

/// <summary>Climbs from rates that were suggested to one whose neighbors are worse, by short trainings.</summary>
/// <remarks>
/// A sweep of some hundred steps begins with a network that has learned nothing, and can stop short of the rates that are best for a run by
/// a factor of ten: so it only says where to start.
/// </remarks>
internal static class LearningRateSearch
{
    // Neighbors are a factor of three apart, and nothing is tried that is nearly another.
    private const double Stride = 3, Near = 1.6;
    private const int MostTrials = 8;

    /// <summary>Tries the given rates and then neighbors of the best one, until those are worse, or eight trials are done.</summary>
    /// <param name="rates">To begin with, at least one, above 0.</param>
    /// <param name="attempt">A short training with a rate.</param>
    /// <param name="mayGoOn">Asked before each trial after the given rates.</param>
    /// <returns>All trials, in their order.</returns>
    public static IReadOnlyList<LearningRateTrial> Run(IEnumerable<double> rates, Func<double, LearningRateTrial> attempt,
        Func<bool> mayGoOn)
    {
        List<LearningRateTrial> trials = [.. rates.Distinct().Select(attempt)];
        while (NeighborsOf(Best(trials), trials).Select(Rounded).FirstOrDefault(rate => trials.All(t => IsFar(t.Rate, rate))) is var next
            and > 0 && trials.Count < MostTrials && mayGoOn())
            trials.Add(attempt(next));
        return trials;
    }

    // Where all of them died, they were too fast.
    private static double[] NeighborsOf(LearningRateTrial best, IReadOnlyList<LearningRateTrial> trials) =>
        double.IsNaN(best.Loss) ? [trials.Min(t => t.Rate) / Stride] : [best.Rate * Stride, best.Rate / Stride];

    /// <summary>The best of some trials, the first of equal ones.</summary>
    public static LearningRateTrial Best(IReadOnlyList<LearningRateTrial> trials) =>
        trials.Aggregate((best, other) => other.IsBetterThan(best) ? other : best);

    /// <summary>A rate to two digits: more would be pretense.</summary>
    public static double Rounded(double rate)
    {
        double unit = Math.Pow(10, Math.Floor(Math.Log10(rate)) - 1);
        return (double)((decimal)Math.Round(rate / unit) * (decimal)unit);
    }

    private static bool IsFar(double a, double b) => Math.Max(a, b) / Math.Min(a, b) > Near;
}
