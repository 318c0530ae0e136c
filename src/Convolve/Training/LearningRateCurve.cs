namespace Convolve.Training;

/// <summary>From where to where a learning rate rises, and in how many steps.</summary>
public sealed record LearningRateSweep
{
    /// <summary>The first rate, above 0.</summary>
    public double From { get; init; } = 1e-6;

    /// <summary>The last rate, above the first.</summary>
    public double To { get; init; } = 10;

    /// <summary>Steps, each with the same ratio to the one before; at least 10.</summary>
    public int Steps { get; init; } = 120;

    internal void Validate()
    {
        if (!(From > 0) || !(To > From) || !double.IsFinite(To))
            throw new RecipeException(FormattableString.Invariant(
                $"The learning rate must rise from above 0, such as from 1e-6 to 10, got {From} to {To}."));
        if (Steps < 10)
            throw new RecipeException($"The learning-rate sweep must have at least 10 steps, got {Steps}.");
    }
}

/// <summary>How the training loss took a rising learning rate, and what that suggests.</summary>
/// <param name="Rates">Of each step; the sweep ends early where the loss has left its lowest value far behind.</param>
/// <param name="Losses">Of each batch, the mean over its images.</param>
/// <param name="Smoothed">The losses as a running mean in both directions: it lags behind in neither, and takes none for more than twice
/// the first ones.</param>
public sealed record LearningRateCurve(IReadOnlyList<double> Rates, IReadOnlyList<double> Losses, IReadOnlyList<double> Smoothed)
{
    // What of the fall is still taken for the flat part before it.
    private const double FlatShare = 0.05;

    // Of what a running mean has, the share that stays at each step.
    private const double Kept = 0.75;

    private const int FirstLosses = 5;
    private const double FarAbove = 2;

    // How far a rate that a run begins with, or holds, is below the one with the lowest loss; the peak of a one-cycle may be at it.
    private const double HeldDivisor = 4;

    /// <summary>
    /// Whether the loss was left far behind, or became NaN: only then the rates reached to where it is too fast.
    /// </summary>
    public bool Diverged { get; init; }

    /// <summary>The mean time of a step; zero where it was not measured.</summary>
    public TimeSpan StepTime { get; init; }

    /// <summary>A curve of losses that are not smoothed yet.</summary>
    public static LearningRateCurve Of(IReadOnlyList<double> rates, IReadOnlyList<double> losses)
    {
        // What is far above the first losses would be smeared over the lowest ones.
        double most = FarAbove * losses.Take(FirstLosses).DefaultIfEmpty(0).Average();
        // Backwards over what came of forwards: the lags of the two cancel out.
        double[] smoothed = [.. RunningMean([.. losses.Select(loss => Math.Min(loss, most))])];
        Array.Reverse(smoothed);
        smoothed = [.. RunningMean(smoothed)];
        Array.Reverse(smoothed);
        return new(rates, losses, smoothed);
    }

    /// <summary>
    /// The rate to try first: for the peak of a one-cycle, which is led up to and left again, the rate with the lowest loss; a quarter of
    /// it for a rate that a run begins with, or holds. A run may bear more than the sweep did (<see cref="LearningRateSearch"/>). Null
    /// where the loss never fell.
    /// </summary>
    /// <param name="kind">The schedule that the rate is the highest of.</param>
    public double? Suggested(ScheduleKind kind) => Bottom is { } bottom ? Rates[bottom] / (kind == ScheduleKind.OneCycle ? 1 : HeldDivisor)
        : null;

    /// <summary>
    /// The rate at which the loss fell fastest against the rate's logarithm; null where it never fell. The first tenth does not count: its
    /// mean is of a few batches.
    /// </summary>
    /// <remarks>Source: Smith 2017, "Cyclical learning rates for training neural networks", section 3.3.</remarks>
    public double? Steepest
    {
        get
        {
            int best = -1;
            double fall = 0;
            for (int i = Math.Max(1, Smoothed.Count / 10); i + 1 < Smoothed.Count; i++)
                if (Smoothed[i + 1] - Smoothed[i - 1] < fall)
                    (best, fall) = (i, Smoothed[i + 1] - Smoothed[i - 1]);
            return best < 0 ? null : Rates[best];
        }
    }

    /// <summary>
    /// The rate in the middle of the way down, on a logarithmic scale: between where a twentieth of the fall is done and the lowest loss.
    /// The one to try first; null where the loss never fell.
    /// </summary>
    /// <remarks>
    /// After fastai's "valley" rule; but the flat start does not count, so that it does not matter where the sweep begins.
    /// </remarks>
    public double? Valley
    {
        get
        {
            if (Bottom is not { } bottom)
                return null;
            double first = Smoothed.Take(bottom).Max(), begun = first - FlatShare * (first - Smoothed[bottom]);
            int start = bottom;
            while (start > 0 && Smoothed[start - 1] < begun)
                start--;
            return Math.Sqrt(Rates[start] * Rates[bottom]);
        }
    }

    /// <summary>The step with the lowest smoothed loss; null where it never fell.</summary>
    public int? Bottom
    {
        get
        {
            int bottom = 0;
            for (int i = 1; i < Smoothed.Count; i++)
                if (Smoothed[i] < Smoothed[bottom])
                    bottom = i;
            return bottom > 0 ? bottom : null;
        }
    }

    private static IEnumerable<double> RunningMean(IReadOnlyList<double> values)
    {
        double sum = 0, weight = 0;
        foreach (double value in values)
        {
            (sum, weight) = (Kept * sum + value, Kept * weight + 1);
            yield return sum / weight;
        }
    }
}
