namespace Convolve.Evaluations;

/// <summary>A 95 % confidence interval.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
internal readonly record struct Interval(double Low, double High)
{
    /// <summary>The standard normal distribution's 97.5 % point.</summary>
    internal const double Z = 1.959963984540054;

    /// <summary>
    /// Wilson's score interval of a share: it never leaves [0, 1], and holds for shares near 0 and 1, and for few samples.
    /// </summary>
    /// <remarks>Source: Wilson 1927.</remarks>
    /// <param name="share">What was counted, as a share in [0, 1].</param>
    /// <param name="count">Of how many; of none, the interval is all of [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is outside [0, 1], or the count below 0.</exception>
    public static Interval Wilson(double share, int count)
    {
        if (share is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "A share is in [0, 1].");
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count == 0)
            return new(0, 1);
        double scale = 1 + Z * Z / count, middle = (share + Z * Z / (2 * count)) / scale;
        double half = Z / scale * Math.Sqrt(share * (1 - share) / count + Z * Z / (4.0 * count * count));
        return new(Math.Max(0, middle - half), Math.Min(1, middle + half));
    }

    /// <summary>Such as "0.8959 to 0.9076".</summary>
    public override string ToString() => $"{Format.Fraction(Low)} to {Format.Fraction(High)}";

    /// <summary>Of a difference, such as "-0.0012 to +0.0043".</summary>
    public string ToSignedString() => $"{Format.Signed(Low)} to {Format.Signed(High)}";
}
