namespace Convolve.Data.Transforms;

/// <summary>Random bytes.</summary>
internal static class PixelNoise
{
    // The normal distribution's quantiles at (i + 1/2) / 65536: the largest is 4.2 deviations out.
    private static readonly float[] Quantiles = [.. Enumerable.Range(0, 65536).Select(i => (float)Quantile((i + 0.5) / 65536))];

    /// <summary>Adds normal noise of a deviation in units of bytes, rounded.</summary>
    public static void Add(Span<byte> bytes, float deviation, ref CounterRandom random)
    {
        float[] quantiles = Quantiles;
        for (int i = 0; i < bytes.Length; i += 2)
        {
            uint bits = random.NextUInt32();
            bytes[i] = Sum(bytes[i], deviation * quantiles[bits & 0xFFFF]);
            if (i + 1 < bytes.Length)
                bytes[i + 1] = Sum(bytes[i + 1], deviation * quantiles[bits >> 16]);
        }
    }

    /// <summary>Fills a rectangle of every plane with random bytes, or each plane with one of <paramref name="fill"/>.</summary>
    public static void Fill(Span<byte> bytes, ImageSize size, (int Top, int Left, int Height, int Width) part, ReadOnlySpan<byte> fill, ref CounterRandom random)
    {
        for (int c = 0; c < size.Channels; c++)
        {
            for (int y = part.Top; y < part.Top + part.Height; y++)
            {
                Span<byte> row = bytes.Slice(c * size.PixelCount + y * size.Width + part.Left, part.Width);
                if (!fill.IsEmpty)
                {
                    row.Fill(fill[c]);
                    continue;
                }

                foreach (ref byte value in row)
                    value = (byte)random.NextUInt32();
            }
        }
    }

    private static byte Sum(byte value, float noise) => (byte)Math.Clamp((int)(value + noise + 0.5f), 0, 255);

    // Acklam's rational approximation (2003), relative error below 1.2e-9.
    private static double Quantile(double p)
    {
        if (p > 0.5)
            return -Quantile(1 - p);
        if (p < 0.02425)
        {
            double t = Math.Sqrt(-2 * Math.Log(p));
            return (((((-7.784894002430293e-3 * t - 3.223964580411365e-1) * t - 2.400758277161838) * t - 2.549732539343734) * t + 4.374664141464968) * t
                + 2.938163982698783) / ((((7.784695709041462e-3 * t + 3.224671290700398e-1) * t + 2.445134137142996) * t + 3.754408661907416) * t + 1);
        }

        double q = p - 0.5, r = q * q;
        return (((((-3.969683028665376e1 * r + 2.209460984245205e2) * r - 2.759285104469687e2) * r + 1.383577518672690e2) * r - 3.066479806614716e1) * r
            + 2.506628277459239) * q / (((((-5.447609879822406e1 * r + 1.615858368580409e2) * r - 1.556989798598866e2) * r + 6.680131188771972e1) * r
            - 1.328068155288572e1) * r + 1);
    }
}
