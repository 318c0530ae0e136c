namespace Convolve.Evaluations;

/// <summary>Whether two networks differ, by their answers to the same pictures.</summary>
/// <remarks>
/// McNemar's test in its exact form: of the pictures of which one network is right and the other wrong, each would have half if they were
/// equally good. It sees differences that the intervals of the two accuracies hide, since the pictures are the same. Source: McNemar 1947.
/// </remarks>
internal sealed class PairedTest
{
    /// <summary>Compares two networks.</summary>
    /// <param name="first">What the one said.</param>
    /// <param name="second">What the other said of the same pictures, in any order.</param>
    /// <exception cref="ArgumentException">They are not of the same pictures with the same labels; see
    /// <see cref="IsPossible"/>.</exception>
    public PairedTest(Predictions first, Predictions second)
    {
        if (!IsPossible(first, second))
            throw new ArgumentException("The predictions aren't for the same pictures with the same labels.", nameof(second));
        Count = first.Count;
        Dictionary<SampleId, bool> others = second.All.ToDictionary(p => p.Sample, p => p.IsCorrect);
        foreach (SamplePrediction one in first.All)
        {
            bool isOther = others[one.Sample];
            OnlyFirst += one.IsCorrect && !isOther ? 1 : 0;
            OnlySecond += !one.IsCorrect && isOther ? 1 : 0;
        }
        PValue = ExactPValue(OnlyFirst, OnlySecond);
        double difference = OnlySecond - OnlyFirst,
            half = Interval.Z * Math.Sqrt(Math.Max(0, OnlyFirst + OnlySecond - difference * difference / Count)) / Count;
        Difference = difference / Count;
        DifferenceInterval = new(Math.Max(-1, Difference - half), Math.Min(1, Difference + half));
    }

    /// <summary>Pictures.</summary>
    public int Count { get; }

    /// <summary>Pictures of which only the first network is right.</summary>
    public int OnlyFirst { get; }

    /// <summary>Pictures of which only the second network is right.</summary>
    public int OnlySecond { get; }

    /// <summary>The second accuracy less the first.</summary>
    public double Difference { get; }

    /// <summary>The 95 % confidence interval of that difference (normal approximation for paired shares).</summary>
    public Interval DifferenceInterval { get; }

    /// <summary>How likely so large a difference would be between equally good networks: two-sided, exact.</summary>
    public double PValue { get; }

    /// <summary>Whether two sets of predictions are of the same pictures with the same labels and classes.</summary>
    public static bool IsPossible(Predictions first, Predictions second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        HashSet<(SampleId, int)> keys = [.. first.All.Select(p => (p.Sample, p.Label))];
        HashSet<SampleId> samples = [.. second.All.Select(p => p.Sample)];
        return first.Count == second.Count && samples.Count == second.Count && first.ClassNames.SequenceEqual(second.ClassNames)
            && second.All.All(p => keys.Contains((p.Sample, p.Label)));
    }

    // Twice the binomial tail of the smaller count, at one half.
    private static double ExactPValue(int one, int other)
    {
        int all = one + other;
        double logarithm = -all * Math.Log(2), sum = 0;
        for (int k = 0; k <= Math.Min(one, other); k++)
        {
            sum += Math.Exp(logarithm);
            logarithm += Math.Log((double)(all - k) / (k + 1));
        }
        return Math.Min(1, 2 * sum);
    }
}
