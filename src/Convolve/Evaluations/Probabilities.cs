namespace Convolve.Evaluations;

/// <summary>The softmax of logits, in float64.</summary>
internal static class Probabilities
{
    /// <summary>The probability of each class; their sum is 1.</summary>
    public static double[] Of(ReadOnlySpan<float> logits)
    {
        float largest = float.NegativeInfinity;
        foreach (float logit in logits)
            largest = Math.Max(largest, logit);
        double[] probabilities = new double[logits.Length];
        double sum = 0;
        for (int k = 0; k < logits.Length; k++)
            sum += probabilities[k] = Math.Exp((double)logits[k] - largest);
        for (int k = 0; k < logits.Length; k++)
            probabilities[k] /= sum;
        return probabilities;
    }

    /// <summary>The same, rounded to float32.</summary>
    public static float[] SinglesOf(ReadOnlySpan<float> logits) => Array.ConvertAll(Of(logits), p => (float)p);
}
