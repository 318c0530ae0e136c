using System.Buffers;

namespace Convolve.Evaluations;

/// <summary>The softmax of logits, in float64.</summary>
internal static class Probabilities
{
    /// <summary>The probability of each class; their sum is 1.</summary>
    public static double[] Of(ReadOnlySpan<float> logits)
    {
        double[] probabilities = new double[logits.Length];
        Write(logits, probabilities);
        return probabilities;
    }

    /// <summary>The same, rounded to float32.</summary>
    public static float[] SinglesOf(ReadOnlySpan<float> logits)
    {
        float[] singles = new float[logits.Length];
        double[] probabilities = ArrayPool<double>.Shared.Rent(logits.Length);
        Write(logits, probabilities);
        for (int k = 0; k < singles.Length; k++)
            singles[k] = (float)probabilities[k];
        ArrayPool<double>.Shared.Return(probabilities);
        return singles;
    }

    private static void Write(ReadOnlySpan<float> logits, Span<double> probabilities)
    {
        float largest = float.NegativeInfinity;
        foreach (float logit in logits)
            largest = Math.Max(largest, logit);
        double sum = 0;
        for (int k = 0; k < logits.Length; k++)
            sum += probabilities[k] = Math.Exp((double)logits[k] - largest);
        for (int k = 0; k < logits.Length; k++)
            probabilities[k] /= sum;
    }
}
