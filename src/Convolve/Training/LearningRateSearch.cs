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

    // In fewer steps, accuracy is little more than chance.
    private const int TellingSteps = 100;

    /// <summary>What a rate's accuracy must have more than the recipe's to be more than luck.</summary>
    public const double Margin = 0.003;

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

    /// <summary>Whether the trials were long enough to compare their accuracy.</summary>
    public static bool AreTelling(IReadOnlyList<LearningRateTrial> trials) => trials.Max(t => t.Steps) >= TellingSteps;

    /// <summary>The recipe's own rate, unless it fails, or another is better by more than luck.</summary>
    /// <param name="trials">One of them with the recipe's rate.</param>
    /// <param name="own">The recipe's rate.</param>
    public static double Chosen(IReadOnlyList<LearningRateTrial> trials, double own)
    {
        LearningRateTrial best = Best(trials), mine = trials.First(t => t.Rate == own);
        return best.IsBetterThan(mine, Margin) && (AreTelling(trials) || double.IsNaN(mine.Loss)) ? best.Rate : own;
    }

    /// <summary>A rate to two digits: more would be pretense.</summary>
    public static double Rounded(double rate)
    {
        double unit = Math.Pow(10, Math.Floor(Math.Log10(rate)) - 1);
        return (double)((decimal)Math.Round(rate / unit) * (decimal)unit);
    }

    private static bool IsFar(double a, double b) => Math.Max(a, b) / Math.Min(a, b) > Near;
}
