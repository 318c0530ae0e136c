namespace Convolve.Evaluations;

/// <summary>The mean loss and the accuracies over one split.</summary>
/// <param name="Images">How many were counted.</param>
/// <param name="Loss">Mean softmax cross-entropy.</param>
/// <param name="Accuracy">Share whose largest logit is the label's, in [0, 1].</param>
/// <param name="Top5Accuracy">Share whose label is among the five largest logits, in [0, 1]; null with five classes or fewer, where it
/// would be 1 whatever is predicted.</param>
/// <param name="ImagesPerSecond">Throughput of the evaluation, data included.</param>
public sealed record Evaluation(int Images, double Loss, double Accuracy, double? Top5Accuracy, double ImagesPerSecond)
{
    /// <inheritdoc cref="Predictions.AccuracyInterval"/>
    internal Interval AccuracyInterval => Interval.Wilson(Accuracy, Images);
}
