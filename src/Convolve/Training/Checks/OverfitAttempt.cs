using Convolve.Training.Optimizers;

namespace Convolve.Training.Checks;

/// <summary>One way in which a batch was to be learned by heart.</summary>
/// <param name="Optimizer">The rule, with the rate that its warm-up ends at.</param>
/// <param name="Steps">That were done.</param>
/// <param name="LastLoss">Mean loss at the last one; it may be NaN.</param>
internal sealed record OverfitAttempt(OptimizerSettings Optimizer, int Steps, double LastLoss)
{
    /// <summary>Such as "SGD at 0.1".</summary>
    public override string ToString() => FormattableString.Invariant($"{NameOf(Optimizer)} at {Optimizer.LearningRate}");

    private static string NameOf(OptimizerSettings rule) =>
        rule switch { Sgd => "SGD", Lars => "LARS", RmsProp => "RMSprop", _ => rule.GetType().Name };
}
