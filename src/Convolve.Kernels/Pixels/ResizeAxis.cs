namespace Convolve.Kernels.Pixels;

/// <summary>For each place along a resized axis: the two source places it is between, and how far it is towards the second.</summary>
internal sealed class ResizeAxis
{
    private int _source, _target;

    public int[] First { get; private set; } = [];
    public int[] Second { get; private set; } = [];
    public float[] Fraction { get; private set; } = [];

    /// <summary>
    /// Computes the places for two sizes, unless it holds them already; allocates only where the target is larger than any before.
    /// </summary>
    public void Set(int source, int target)
    {
        if ((source, target) == (_source, _target))
            return;
        if (First.Length < target)
            (First, Second, Fraction) = (new int[target], new int[target], new float[target]);
        (_source, _target) = (source, target);
        for (int i = 0; i < target; i++)
        {
            // The place (i + 1/2) source / target - 1/2 as a fraction of integers: exact, where floats stray by 2e-6 at 224.
            long numerator = Math.Max((2L * i + 1) * source - target, 0), denominator = 2L * target;
            First[i] = (int)Math.Min(numerator / denominator, source - 1);
            Second[i] = Math.Min(First[i] + 1, source - 1);
            Fraction[i] = (float)((double)(numerator % denominator) / denominator);
        }
    }

    /// <summary>The same for a source of which only some places are kept, in order; all that are looked at are among them.</summary>
    public void SetKept(int source, int target, ReadOnlySpan<int> kept)
    {
        Set(source, target);
        _source = 0; // the next call computes them again
        for (int i = 0; i < target; i++)
            (First[i], Second[i]) = (kept.BinarySearch(First[i]), kept.BinarySearch(Second[i]));
    }
}
