namespace Convolve.Training;

/// <summary>What a short training with a learning rate came to, by the validation split; the test split has no part in it.</summary>
/// <param name="Rate">The highest learning rate of the trial.</param>
/// <param name="Steps">Steps that were done.</param>
/// <param name="Loss">Mean over the validation split, or, where there is none, over the last tenth of the steps; no number where the loss
/// became none.</param>
/// <param name="Accuracy">Share of the validation split that was right, in [0, 1]; null where there is none, or the loss became no
/// number.</param>
internal sealed record LearningRateTrial(double Rate, int Steps, double Loss, double? Accuracy)
{
    /// <summary>How many trainings these are the means of.</summary>
    public int Runs { get; init; } = 1;

    /// <summary>The sample standard deviation of the accuracy between them; 0 for one.</summary>
    public double Deviation { get; init; }

    // One epoch of a small set is too short to tell rates apart.
    private const int FewestSteps = 200;

    /// <summary>Steps of a trial: an epoch, at least 200 steps, as far as they fit into the time.</summary>
    /// <param name="time">What each trial may take, without its validation.</param>
    /// <param name="stepTime">What a step takes (<see cref="LearningRateCurve.StepTime"/>).</param>
    /// <param name="stepsPerEpoch">Of the run.</param>
    public static int StepsWithin(TimeSpan time, TimeSpan stepTime, int stepsPerEpoch)
    {
        int most = Math.Max(stepsPerEpoch, FewestSteps);
        return stepTime > TimeSpan.Zero ? (int)Math.Clamp(time / stepTime, 1, most) : most;
    }

    /// <summary>The means of trainings with one rate; as soon as one of them fails, the rate fails.</summary>
    public static LearningRateTrial Mean(IReadOnlyList<LearningRateTrial> runs)
    {
        double loss = runs.Average(run => run.Loss);
        LearningRateTrial first = runs[0] with { Runs = runs.Count, Steps = runs.Max(run => run.Steps), Loss = loss };
        if (double.IsNaN(loss) || runs.Any(run => run.Accuracy is null))
            return first with { Accuracy = null, Deviation = 0 };
        double accuracy = runs.Average(run => run.Accuracy!.Value);
        double squares = runs.Sum(run => Math.Pow(run.Accuracy!.Value - accuracy, 2));
        return first with { Accuracy = accuracy, Deviation = runs.Count > 1 ? Math.Sqrt(squares / (runs.Count - 1)) : 0 };
    }

    /// <summary>Whether it came to more than another: more right, or where that is the same or not known, less loss.</summary>
    /// <param name="other">A trial on the same data.</param>
    /// <param name="margin">By so much of the accuracy it must be better.</param>
    public bool IsBetterThan(LearningRateTrial other, double margin = 0)
    {
        if (double.IsNaN(Loss) || double.IsNaN(other.Loss))
            return !double.IsNaN(Loss);
        // A network that hasn't started to learn is right only by chance, and its loss says which rate goes the right way.
        return Accuracy is { } mine && other.Accuracy is { } its && (mine != its || margin > 0) ? mine > its + margin : Loss < other.Loss;
    }
}
