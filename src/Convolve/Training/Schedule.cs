using System.Globalization;

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

    /// <summary>
    /// Up to the highest rate in the first 30 % and down to near 0, both along a cosine, as PyTorch's OneCycleLR (Smith 2018).
    /// </summary>
    OneCycle,

    /// <summary>
    /// Times <see cref="Schedule.Factor"/> at the end of each epoch of <see cref="Schedule.Milestones"/>, as PyTorch's MultiStepLR.
    /// </summary>
    MultiStep,

    /// <summary>Times <see cref="Schedule.Factor"/> every epoch, as PyTorch's ExponentialLR.</summary>
    Exponential,

    /// <summary>
    /// Times <see cref="Schedule.Factor"/> when validation stops improving, as PyTorch's ReduceLROnPlateau; see
    /// <see cref="PlateauState"/>.
    /// </summary>
    Plateau,
}

/// <summary>
/// The learning rate as a function of the step; it has no state. What depends on the run itself, the decays of a plateau, is in
/// <see cref="PlateauState"/>.
/// </summary>
public sealed record Schedule
{
    /// <summary>How the rate changes; constant by default.</summary>
    public ScheduleKind Kind { get; init; }

    /// <summary>
    /// Epochs of linear warm-up from 0, or with <see cref="Recipe.BaseBatchSize"/> from the rate of the small batch; may be a fraction.
    /// </summary>
    public double WarmUpEpochs { get; init; }

    /// <summary>For <see cref="ScheduleKind.Step"/>: epochs between decays.</summary>
    public int StepEpochs { get; init; } = 10;

    /// <summary>The factor of each decay; for <see cref="ScheduleKind.Exponential"/> in every epoch.</summary>
    public double Factor { get; init; } = 0.1;

    /// <summary>For <see cref="ScheduleKind.MultiStep"/>: the epochs after which the rate decays, in rising order.</summary>
    public IReadOnlyList<int> Milestones { get; init; } = [];

    /// <summary>For <see cref="ScheduleKind.Plateau"/>: epochs without improvement before a decay.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>For <see cref="ScheduleKind.Plateau"/>: the relative change that counts as improvement.</summary>
    public double Threshold { get; init; } = 1e-4;

    /// <summary>For <see cref="ScheduleKind.Plateau"/>: epochs to wait after a decay before counting again.</summary>
    public int Cooldown { get; init; }

    /// <summary>For <see cref="ScheduleKind.Plateau"/>: the lowest learning rate.</summary>
    public double MinimumRate { get; init; }

    /// <summary>For <see cref="ScheduleKind.Plateau"/>: the metric to watch.</summary>
    public WatchedMetric Metric { get; init; }

    /// <summary>The metric that a plateau schedule watches; null for other schedules.</summary>
    internal WatchedMetric? Watched => Kind == ScheduleKind.Plateau ? Metric : null;

    /// <summary>The factor of the highest learning rate at a step, in [0, 1]; without the decays of a plateau.</summary>
    /// <param name="step">Steps done so far in the whole run.</param>
    /// <param name="stepsPerEpoch">Steps of one epoch.</param>
    /// <param name="epochs">Epochs of the whole run.</param>
    public double At(long step, long stepsPerEpoch, int epochs) => At(step, stepsPerEpoch, epochs, warmUpFrom: 0);

    /// <inheritdoc cref="At(long, long, int)"/>
    /// <param name="step">Steps done so far in the whole run.</param>
    /// <param name="stepsPerEpoch">Steps of one epoch.</param>
    /// <param name="epochs">Epochs of the whole run.</param>
    /// <param name="warmUpFrom">The factor that a warm-up begins with, in [0, 1): that of the first step. From 0, the first step is one
    /// step above it.</param>
    internal double At(long step, long stepsPerEpoch, int epochs, double warmUpFrom)
    {
        double epoch = (double)step / stepsPerEpoch, total = (double)stepsPerEpoch * epochs;
        double done = step + (warmUpFrom > 0 ? 0 : 1);
        double warm = WarmUpEpochs > 0 ? warmUpFrom + (1 - warmUpFrom) * Math.Min(1, done / (WarmUpEpochs * stepsPerEpoch)) : 1;
        return warm * Kind switch
        {
            ScheduleKind.Step => Math.Pow(Factor, Math.Floor(epoch / StepEpochs)),
            ScheduleKind.MultiStep => Math.Pow(Factor, MilestonesUpTo(step / stepsPerEpoch)),
            ScheduleKind.Exponential => Math.Pow(Factor, step / stepsPerEpoch),
            ScheduleKind.Cosine => Fall(1, 0, step / total),
            ScheduleKind.OneCycle => OneCycle(step, total),
            _ => 1,
        };
    }

    /// <summary>
    /// A note if none of a run's learning rates comes near the requested one; null otherwise.
    /// </summary>
    /// <param name="stepsPerEpoch">Steps of one epoch.</param>
    /// <param name="epochs">Epochs of the whole run.</param>
    public string? NoteFor(long stepsPerEpoch, int epochs) => NoteFor(stepsPerEpoch, epochs, warmUpFrom: 0);

    /// <inheritdoc cref="NoteFor(long, int)"/>
    /// <param name="stepsPerEpoch">Steps of one epoch.</param>
    /// <param name="epochs">Epochs of the whole run.</param>
    /// <param name="warmUpFrom">The factor that a warm-up begins with.</param>
    internal string? NoteFor(long stepsPerEpoch, int epochs, double warmUpFrom)
    {
        const int Looks = 10_000;
        long steps = stepsPerEpoch * epochs;
        double highest = 0;
        for (long i = 0, looks = Math.Min(steps, Looks); i < looks; i++)
            highest = Math.Max(highest, At(looks == 1 ? steps - 1 : (long)((Int128)(steps - 1) * i / (looks - 1)), stepsPerEpoch, epochs,
                warmUpFrom));
        if (highest >= 0.5)
            return null;
        string run = string.Create(CultureInfo.InvariantCulture,
            $"{epochs} {(epochs == 1 ? "epoch" : "epochs")} of {stepsPerEpoch} {(stepsPerEpoch == 1 ? "step" : "steps")}");
        (string what, string fix) = WarmUpEpochs >= epochs
            ? (string.Create(CultureInfo.InvariantCulture, $"The warm-up takes {WarmUpEpochs} epochs, but the run has {epochs}"),
            "Use a shorter warm-up")
            : ($"The {KindWords} schedule is too long for {run}", "Use a constant schedule");
        return string.Create(CultureInfo.InvariantCulture,
            $"{what}: the learning rate never gets above {highest:G2} times its peak. {fix}, or train longer.");
    }

    private string KindWords => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName($"{Kind}");

    /// <inheritdoc/>
    public bool Equals(Schedule? other) => other is not null && Milestones.SequenceEqual(other.Milestones)
        && (Kind, WarmUpEpochs, StepEpochs, Factor, Patience, Threshold, Cooldown, MinimumRate, Metric)
            .Equals((other.Kind, other.WarmUpEpochs, other.StepEpochs, other.Factor, other.Patience, other.Threshold, other.Cooldown,
            other.MinimumRate, other.Metric));

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Kind, WarmUpEpochs, StepEpochs, Factor, Milestones.Count, Patience, Threshold, Metric);

    // A loop, because this is asked in every step: a lambda would be allocated.
    private int MilestonesUpTo(long epoch)
    {
        int count = 0;
        while (count < Milestones.Count && Milestones[count] <= epoch)
            count++;
        return count;
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
        Require(WarmUpEpochs is >= 0 and < double.PositiveInfinity, $"The warm-up must be at least 0 epochs, got {WarmUpEpochs}.");
        Require(StepEpochs >= 1, $"A step schedule must have at least 1 epoch between decays, got {StepEpochs}.");
        Require(Factor is > 0 and <= 1, $"The factor of each decay must be above 0 and at most 1, got {Factor}.");
        Require(Milestones.All(m => m >= 1) && Milestones.Zip(Milestones.Skip(1)).All(p => p.First < p.Second),
            $"The milestones must be epochs of at least 1 in rising order, got {string.Join(", ", Milestones)}.");
        Require(Kind != ScheduleKind.MultiStep || Milestones.Count > 0,
            $"A multi-step schedule needs milestones: the epochs after which the rate decays, such as 10, 15.");
        Require(Patience >= 0 && Cooldown >= 0,
            $"The patience and cooldown of a plateau schedule must be at least 0, got {Patience} and {Cooldown}.");
        Require(Threshold is >= 0 and < 1, $"The threshold of a plateau schedule must be at least 0 and below 1, got {Threshold}.");
        Require(MinimumRate is >= 0 and < double.PositiveInfinity, $"The lowest learning rate must be at least 0, got {MinimumRate}.");
    }

    private static void Require(bool holds, FormattableString message)
    {
        if (!holds)
            throw new RecipeException(message.ToString(CultureInfo.InvariantCulture));
    }
}
