namespace Convolve.Training;

/// <summary>The shape of the learning rate over a run.</summary>
public enum ScheduleKind
{
    /// <summary>Always the highest rate.</summary>
    Constant,

    /// <summary>Times <see cref="Schedule.Factor"/> every <see cref="Schedule.StepEpochs"/> epochs.</summary>
    Step,

    /// <summary>Half a cosine from the highest rate to 0 (Loshchilov and Hutter 2017, without restarts).</summary>
    Cosine,

    /// <summary>Up to the highest rate in the first 30 % and down to near 0, both along a cosine, as PyTorch's OneCycleLR (Smith 2018).</summary>
    OneCycle,
}

/// <summary>The learning rate as a function of the step; it holds no state.</summary>
public sealed record Schedule
{
    public ScheduleKind Kind { get; init; }

    /// <summary>Epochs of a linear rise from 0 at the start; may be a fraction.</summary>
    public double WarmUpEpochs { get; init; }

    /// <summary>For <see cref="ScheduleKind.Step"/>: epochs between two cuts.</summary>
    public int StepEpochs { get; init; } = 10;

    /// <summary>For <see cref="ScheduleKind.Step"/>: what the rate is multiplied by at each cut.</summary>
    public double Factor { get; init; } = 0.1;

    /// <summary>The factor of the highest learning rate at a step, in [0, 1].</summary>
    /// <param name="step">Steps done so far in the whole run.</param>
    /// <param name="stepsPerEpoch">Steps of one epoch.</param>
    /// <param name="epochs">Epochs of the whole run.</param>
    public double At(long step, long stepsPerEpoch, int epochs)
    {
        double epoch = (double)step / stepsPerEpoch, total = (double)stepsPerEpoch * epochs;
        double warm = WarmUpEpochs > 0 ? Math.Min(1, (step + 1) / (WarmUpEpochs * stepsPerEpoch)) : 1;
        return warm * Kind switch
        {
            ScheduleKind.Step => Math.Pow(Factor, Math.Floor(epoch / StepEpochs)),
            ScheduleKind.Cosine => Fall(1, 0, step / total),
            ScheduleKind.OneCycle => OneCycle(step, total),
            _ => 1,
        };
    }

    // PyTorch's OneCycleLR with pct_start .3, div_factor 25, final_div_factor 1e4.
    private static double OneCycle(long step, double total)
    {
        double peak = 0.3 * total - 1, last = total - 1;
        return step <= peak ? Fall(1 / 25.0, 1, step / peak) : Fall(1, 1 / 25.0 / 1e4, last > peak ? (step - peak) / (last - peak) : 1);
    }

    private static double Fall(double from, double to, double share) => to + (from - to) * (1 + Math.Cos(Math.PI * Math.Min(1, share))) / 2;

    internal void Validate()
    {
        if (WarmUpEpochs is not (>= 0 and < double.PositiveInfinity))
            throw new RecipeException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The warm-up is {WarmUpEpochs} epochs, and must be at least 0."));
        if (StepEpochs < 1)
            throw new RecipeException($"The learning rate would be cut every {StepEpochs} epochs, and that must be at least 1.");
        if (Factor is not (> 0 and <= 1))
            throw new RecipeException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The factor of each cut is {Factor}, and must be above 0 and at most 1."));
    }
}
