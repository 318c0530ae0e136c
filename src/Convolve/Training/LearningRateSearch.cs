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

    // The accuracy of a short training is luck by a point or two, so the best rates are tried again with the pictures in other orders.
    private const double Close = 0.02;
    private const int MostFinalists = 3, MostRuns = 3;

    // In fewer steps, accuracy is little more than chance.
    private const int TellingSteps = 100;

    private const double LeastMargin = 0.003;

    /// <summary>
    /// Tries the given rates and then neighbors of the best one, until those are worse, or eight trials are done; then the best three twice
    /// more, if they are close.
    /// </summary>
    /// <param name="rates">To begin with, at least one, above 0.</param>
    /// <param name="attempt">A short training with a rate, the first, second or third (from 0) with it.</param>
    /// <param name="mayGoOn">Asked before each trial after the given rates.</param>
    /// <param name="mayRepeat">Asked before each round of repeated trials.</param>
    /// <returns>A mean for each rate, in the order in which they were tried first.</returns>
    public static IReadOnlyList<LearningRateTrial> Run(IEnumerable<double> rates, Func<double, int, LearningRateTrial> attempt,
        Func<bool> mayGoOn, Func<bool> mayRepeat)
    {
        List<LearningRateTrial> trials = [.. rates.Distinct().Select(rate => attempt(rate, 0))];
        while (NeighborsOf(Best(trials), trials).Select(Rounded).FirstOrDefault(rate => trials.All(t => IsFar(t.Rate, rate))) is var next
            and > 0 && trials.Count < MostTrials && mayGoOn())
            trials.Add(attempt(next, 0));
        List<LearningRateTrial>[] finalists = [.. Finalists(trials).Select(trial => new List<LearningRateTrial> { trial })];
        for (int run = 1; run < MostRuns && finalists.Length > 1 && mayRepeat(); run++)
            foreach (List<LearningRateTrial> finalist in finalists)
                finalist.Add(attempt(finalist[0].Rate, run));
        return [.. trials.Select(trial => LearningRateTrial.Mean(finalists.FirstOrDefault(runs => runs[0] == trial) ?? [trial]))];
    }

    private static IEnumerable<LearningRateTrial> Finalists(IReadOnlyList<LearningRateTrial> trials) =>
        AreTelling(trials) && Best(trials).Accuracy is { } best
            ? trials.Where(t => t.Accuracy >= best - Close).OrderByDescending(t => t.Accuracy).Take(MostFinalists) : [];

    // Where all of them died, they were too fast.
    private static double[] NeighborsOf(LearningRateTrial best, IReadOnlyList<LearningRateTrial> trials) =>
        double.IsNaN(best.Loss) ? [trials.Min(t => t.Rate) / Stride] : [best.Rate * Stride, best.Rate / Stride];

    /// <summary>The best of some trials, of those that were repeated if there are such, the first of equal ones.</summary>
    public static LearningRateTrial Best(IReadOnlyList<LearningRateTrial> trials) =>
        trials.Where(t => t.Runs == trials.Max(other => other.Runs)).Aggregate((best, other) => other.IsBetterThan(best) ? other : best);

    /// <summary>
    /// What a rate's accuracy must have more than the recipe's to be more than luck: .003, and the standard error of the difference where
    /// trials were repeated.
    /// </summary>
    public static double Margin(IReadOnlyList<LearningRateTrial> trials)
    {
        LearningRateTrial[] repeated = [.. trials.Where(t => t.Runs > 1)];
        return repeated.Length == 0 ? LeastMargin
            : Math.Max(LeastMargin, Math.Sqrt(2 * repeated.Average(t => t.Deviation * t.Deviation) / repeated[0].Runs));
    }

    /// <summary>Whether the trials were long enough to compare their accuracy.</summary>
    public static bool AreTelling(IReadOnlyList<LearningRateTrial> trials) => trials.Max(t => t.Steps) >= TellingSteps;

    /// <summary>The recipe's own rate, unless it fails, or another is better by more than luck.</summary>
    /// <param name="trials">One of them with the recipe's rate.</param>
    /// <param name="own">The recipe's rate.</param>
    public static double Chosen(IReadOnlyList<LearningRateTrial> trials, double own)
    {
        LearningRateTrial best = Best(trials), mine = trials.First(t => t.Rate == own);
        return best.IsBetterThan(mine, Margin(trials)) && (AreTelling(trials) || double.IsNaN(mine.Loss)) ? best.Rate : own;
    }

    /// <summary>A rate to two digits: more would be pretense.</summary>
    public static double Rounded(double rate)
    {
        double unit = Math.Pow(10, Math.Floor(Math.Log10(rate)) - 1);
        return (double)((decimal)Math.Round(rate / unit) * (decimal)unit);
    }

    private static bool IsFar(double a, double b) => Math.Max(a, b) / Math.Min(a, b) > Near;
}
