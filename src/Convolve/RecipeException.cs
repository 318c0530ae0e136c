namespace Convolve;

/// <summary>A recipe that cannot be followed: a value out of range, or values that contradict each other.</summary>
public sealed class RecipeException(string message) : ConvolveException(message)
{
    /// <summary>The setting that fixes it.</summary>
    internal Remedy Remedy { get; init; }
}
