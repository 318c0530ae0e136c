namespace Convolve.Evaluations;

/// <summary>What the logits of one picture come to.</summary>
/// <param name="Predicted">The largest one, the first of equal ones; -1 where one is NaN.</param>
/// <param name="Confidence">The probability of that one.</param>
/// <param name="Loss">Softmax cross-entropy with the label.</param>
/// <param name="Rank">How many come before the label's; more than there are where one is NaN.</param>
internal readonly record struct LogitScore(int Predicted, double Confidence, double Loss, int Rank)
{
    public static LogitScore Of(ReadOnlySpan<float> logits, int label)
    {
        float own = logits[label], largest = float.NegativeInfinity;
        int rank = 0, predicted = 0;
        for (int k = 0; k < logits.Length; k++)
        {
            predicted = logits[k] > logits[predicted] ? k : predicted;
            largest = Math.Max(largest, logits[k]);
            if (logits[k] > own || (logits[k] == own && k < label))
                rank++;
        }
        double sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp((double)logit - largest); // a difference of floats is not exact
        double loss = Math.Log(sum) + largest - own;
        return float.IsNaN(largest) ? new(-1, double.NaN, loss, int.MaxValue) : new(predicted, 1 / sum, loss, rank);
    }
}
