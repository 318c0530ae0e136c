namespace Convolve.Formats.TensorBoard;

/// <summary>How values are spread, over buckets that grow by a tenth away from zero, as TensorFlow's histograms do.</summary>
internal static class ValueHistogram
{
    private const double Smallest = 1e-12, Largest = 1e20, Growth = 1.1;
    private static readonly double[] Limits = MakeLimits();

    /// <summary>The histogram of some values; NaNs are left out.</summary>
    /// <param name="values">The values.</param>
    /// <param name="padding">Zeros among them that aren't values, but padding.</param>
    public static HistogramMessage Of(ReadOnlySpan<float> values, long padding = 0)
    {
        long zeros = -padding;
        double[] buckets = new double[Limits.Length];
        HistogramMessage message = new() { Min = double.MaxValue, Max = double.MinValue };
        foreach (float value in values)
        {
            if (float.IsNaN(value))
                continue;
            if (value == 0)
            {
                zeros++;
                continue;
            }
            buckets[BucketOf(value)]++;
            message.Num++;
            message.Sum += value;
            message.SumSquares += (double)value * value;
            message.Min = Math.Min(message.Min, value);
            message.Max = Math.Max(message.Max, value);
        }
        if (zeros > 0)
        {
            buckets[BucketOf(0)] += zeros;
            message.Num += zeros;
            (message.Min, message.Max) = (Math.Min(message.Min, 0), Math.Max(message.Max, 0));
        }
        if (message.Num == 0)
            (message.Min, message.Max) = (0, 0);
        AddBuckets(message, buckets);
        return message;
    }

    // That of the first limit above the value.
    private static int BucketOf(float value)
    {
        int index = Array.BinarySearch(Limits, value);
        return Math.Min(index < 0 ? ~index : index + 1, Limits.Length - 1);
    }

    // A run of empty buckets is one.
    private static void AddBuckets(HistogramMessage message, double[] buckets)
    {
        for (int i = 0; i < buckets.Length; i++)
        {
            while (i + 1 < buckets.Length && buckets[i] == 0 && buckets[i + 1] == 0)
                i++;
            message.BucketLimit.Add(Limits[i]);
            message.Bucket.Add(buckets[i]);
        }
    }

    private static double[] MakeLimits()
    {
        List<double> positive = [];
        for (double limit = Smallest; limit < Largest; limit *= Growth)
            positive.Add(limit);
        positive.Add(double.MaxValue);
        return [.. positive.AsEnumerable().Reverse().Select(l => -l), 0, .. positive];
    }
}
