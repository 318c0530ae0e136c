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
        float scale = (float)source / target;
        for (int i = 0; i < target; i++)
        {
            // In float, as PyTorch does: the places must be the same to the last bit, or a whole number may round down.
            float place = Math.Max(scale * (i + .5f) - .5f, 0);
            First[i] = Math.Min((int)place, source - 1);
            Second[i] = Math.Min(First[i] + 1, source - 1);
            Fraction[i] = Math.Clamp(place - First[i], 0f, 1f);
        }
    }
}
