namespace Convolve.Training.Batches;

/// <summary>What a step of training came to.</summary>
/// <param name="LossSum">The batch's mean loss, times its images.</param>
/// <param name="Correct">Images that were classified right.</param>
/// <param name="DataWait">The time that its data took.</param>
internal readonly record struct StepResult(double LossSum, int Correct, TimeSpan DataWait)
{
    /// <summary>Whether the weights were updated, and all are finite.</summary>
    public bool LeftFiniteWeights { get; init; }

    /// <summary>The sum of the losses; NaN where the weights aren't finite any more.</summary>
    public double LossSumOrNaN => LeftFiniteWeights ? LossSum : double.NaN;
}
