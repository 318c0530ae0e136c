namespace Convolve.Data;

/// <summary>For each place along a resized axis: the two source places it lies between, and how far it is towards the second.</summary>
internal sealed class ResizeAxis
{
    public int[] First { get; }
    public int[] Second { get; }
    public float[] Fraction { get; }

    public ResizeAxis(int source, int target)
    {
        (First, Second, Fraction) = (new int[target], new int[target], new float[target]);
        for (int i = 0; i < target; i++)
        {
            // The place (i + 1/2) source / target - 1/2 as a fraction of integers: exact, where floats stray by 2e-6 at 224.
            long numerator = Math.Max((2L * i + 1) * source - target, 0), denominator = 2L * target;
            First[i] = (int)Math.Min(numerator / denominator, source - 1);
            Second[i] = Math.Min(First[i] + 1, source - 1);
            Fraction[i] = (float)((double)(numerator % denominator) / denominator);
        }
    }
}
