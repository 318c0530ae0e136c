namespace Convolve.Testing;

/// <summary>How far one tensor is from another; sums in float64.</summary>
public static class Compare
{
    /// <summary>
    /// |actual - expected| / |expected| in the Euclidean norm; the plain norm of the difference where nothing is expected but zeros.
    /// </summary>
    public static double RelativeL2(ReadOnlySpan<double> actual, ReadOnlySpan<double> expected)
    {
        RequireEqualLengths(actual, expected);
        double difference = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            norm += expected[i] * expected[i];
        }
        return Math.Sqrt(norm > 0 ? difference / norm : difference);
    }

    public static double RelativeL2(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected) => RelativeL2(Widen(actual), expected);

    /// <summary>The cosine of the angle between the two; 1 where both are zero, 0 where one is.</summary>
    public static double Cosine(ReadOnlySpan<double> actual, ReadOnlySpan<double> expected)
    {
        RequireEqualLengths(actual, expected);
        double dot = 0, left = 0, right = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            dot += actual[i] * expected[i];
            left += actual[i] * actual[i];
            right += expected[i] * expected[i];
        }
        if (left == 0 || right == 0)
            return left == right ? 1 : 0;
        return dot / Math.Sqrt(left * right);
    }

    public static double Cosine(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected) => Cosine(Widen(actual), expected);

    /// <summary>The largest absolute difference; NaN where there is one.</summary>
    public static double MaxAbsolute(ReadOnlySpan<double> actual, ReadOnlySpan<double> expected)
    {
        RequireEqualLengths(actual, expected);
        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
            largest = Math.Max(largest, Math.Abs(actual[i] - expected[i])); // Math.Max passes NaN on
        return largest;
    }

    public static double MaxAbsolute(ReadOnlySpan<float> actual, ReadOnlySpan<double> expected) => MaxAbsolute(Widen(actual), expected);

    /// <summary>The same numbers in float64.</summary>
    public static double[] Widen(ReadOnlySpan<float> values)
    {
        double[] wide = new double[values.Length];
        for (int i = 0; i < wide.Length; i++)
            wide[i] = values[i];
        return wide;
    }

    private static void RequireEqualLengths(ReadOnlySpan<double> actual, ReadOnlySpan<double> expected) =>
        ArgumentOutOfRangeException.ThrowIfNotEqual(actual.Length, expected.Length);
}
