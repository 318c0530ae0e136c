namespace Convolve.Training;

/// <summary>
/// What a plateau schedule has seen so far: a value that each epoch's figure makes the next one of, as PyTorch's ReduceLROnPlateau.
/// </summary>
/// <param name="Scale">What the cuts so far multiply the learning rate by.</param>
/// <param name="Best">The best figure so far; null before the first.</param>
/// <param name="BadEpochs">Epochs without improvement since the last good one or the last cut.</param>
/// <param name="CooldownLeft">Epochs that are not counted yet.</param>
internal sealed record PlateauState(double Scale = 1, double? Best = null, int BadEpochs = 0, int CooldownLeft = 0)
{
    // PyTorch's eps: a smaller cut is not made.
    private const double LeastCut = 1e-8;

    /// <summary>The state after an epoch.</summary>
    /// <param name="schedule">A <see cref="ScheduleKind.Plateau"/>.</param>
    /// <param name="highestRate">The learning rate before all cuts.</param>
    /// <param name="figure">The epoch's value of <see cref="Schedule.Metric"/>.</param>
    public PlateauState After(Schedule schedule, double highestRate, double figure)
    {
        bool isBetter = Best is not { } best
            || (schedule.Metric == WatchedMetric.Accuracy ? figure > best * (1 + schedule.Threshold)
            : figure < best * (1 - schedule.Threshold));
        PlateauState next = isBetter ? this with { Best = figure, BadEpochs = 0 } : this with { BadEpochs = BadEpochs + 1 };
        if (CooldownLeft > 0)
            next = next with { CooldownLeft = CooldownLeft - 1, BadEpochs = 0 };
        if (next.BadEpochs <= schedule.Patience)
            return next;
        double rate = highestRate * Scale, cut = Math.Max(rate * schedule.Factor, schedule.MinimumRate);
        return next with { Scale = rate - cut > LeastCut ? cut / highestRate : Scale, CooldownLeft = schedule.Cooldown, BadEpochs = 0 };
    }
}
