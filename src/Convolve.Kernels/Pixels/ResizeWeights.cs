namespace Convolve.Kernels.Pixels;

/// <summary>
/// For each place along a resized axis: the first source place that counts, and the integer weights of it and the following ones.
/// </summary>
/// <remarks>
/// Source: Pillow's Resample.c (precompute_coeffs, normalize_coeffs_8bpc): a triangle over the source, as wide as the larger of the two
/// pixels, in double precision, then in integers of <see cref="Bits"/> bits; to the bit.
/// </remarks>
internal sealed class ResizeWeights
{
    /// <summary>The fraction bits of a weight: 2^Bits is one.</summary>
    public const int Bits = 32 - 8 - 2;

    private int _source, _target;
    private int[] _first = [], _weights = [];
    private double[] _row = [];

    /// <summary>Weights of each place; behind the last that counts they are 0, and the place is still within the source.</summary>
    public int Taps { get; private set; }

    /// <summary>The first source place of each.</summary>
    public ReadOnlySpan<int> First => _first.AsSpan(0, _target);

    /// <summary><see cref="Taps"/> weights for each place, one place after another.</summary>
    public ReadOnlySpan<int> Values => _weights.AsSpan(0, _target * Taps);

    /// <summary>Computes the weights for two sizes, unless it holds them already.</summary>
    public void Set(int source, int target)
    {
        if ((source, target) == (_source, _target))
            return;
        double scale = (double)source / target, filter = Math.Max(scale, 1), inverse = 1 / filter;
        int taps = 1;
        for (int i = 0; i < target; i++)
            taps = Math.Max(taps, Span(i).Count);
        if (_first.Length < target)
            _first = new int[target];
        if (_weights.Length < checked(target * taps))
            _weights = new int[target * taps];
        if (_row.Length < taps)
            _row = new double[taps];
        (_source, _target, Taps) = (source, target, taps);
        for (int i = 0; i < target; i++)
        {
            var (center, first, count) = Span(i);
            double sum = 0;
            Span<double> row = _row.AsSpan(0, count);
            for (int k = 0; k < count; k++)
            {
                row[k] = Math.Max(1 - Math.Abs((k + first - center + 0.5) * inverse), 0);
                sum += row[k];
            }

            // Where a row of all taps would run out of the source, it starts earlier, with weights of 0.
            int start = Math.Min(first, source - taps);
            Span<int> weights = _weights.AsSpan(i * taps, taps);
            weights.Clear();
            _first[i] = start;
            for (int k = 0; k < count; k++)
                weights[k + first - start] = (int)(0.5 + row[k] / sum * (1 << Bits));
        }

        (double Center, int First, int Count) Span(int i)
        {
            double center = (i + 0.5) * scale;
            int first = Math.Max((int)(center - filter + 0.5), 0);
            return (center, first, Math.Min((int)(center + filter + 0.5), source) - first);
        }
    }
}
