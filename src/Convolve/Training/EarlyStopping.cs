namespace Convolve.Training;

/// <summary>The metric that a plateau schedule or early stopping watches.</summary>
public enum WatchedMetric
{
    /// <summary>The validation accuracy, the higher the better; without a validation split the training accuracy.</summary>
    Accuracy,

    /// <summary>The validation loss, the lower the better; without a validation split the training loss.</summary>
    Loss,
}

/// <summary>
/// Stops a run before its last epoch when its metric stops improving. The weights of the best epoch by the same metric are kept.
/// </summary>
/// <param name="Patience">Epochs without improvement after which it stops, at least 1.</param>
/// <param name="Metric">The metric.</param>
/// <param name="LeastChange">The smallest change that counts as improvement, in units of the metric; at least 0.</param>
public sealed record EarlyStopping(int Patience, WatchedMetric Metric = WatchedMetric.Accuracy, double LeastChange = 0)
{
    /// <summary>Whether a run ends after these epochs.</summary>
    internal bool IsDue(IReadOnlyList<EpochProgress> epochs)
    {
        double best = double.NegativeInfinity;
        int without = 0;
        foreach (EpochProgress epoch in epochs)
        {
            double figure = Metric == WatchedMetric.Accuracy ? epoch.ChosenAccuracy : -epoch.ChosenLoss;
            bool isBetter = figure > best + (double.IsInfinity(best) ? 0 : LeastChange);
            (best, without) = isBetter ? (figure, 0) : (best, without + 1);
        }
        return without >= Patience;
    }

    internal void Validate()
    {
        if (Patience < 1)
            throw new RecipeException($"The patience of early stopping must be at least 1 epoch, got {Patience}.");
        if (LeastChange is not (>= 0 and < double.PositiveInfinity))
            throw new RecipeException(FormattableString.Invariant(
                $"The smallest change that early stopping counts as improvement must be at least 0, got {LeastChange}."));
    }
}
