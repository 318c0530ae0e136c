using System.Globalization;

namespace Convolve.Training.Optimizers;

/// <summary>What keeps single steps from being too long; as PyTorch's clip_grad_norm_ and clip_grad_value_, before weight decay.</summary>
/// <param name="Norm">The longest that all gradients together may be, as one vector; longer ones are shortened to it. Null for no
/// limit.</param>
/// <param name="Value">The largest that the size of each gradient may be, after that; null for no limit.</param>
public sealed record GradientClipping(float? Norm = null, float? Value = null)
{
    // PyTorch's: a norm of 0 must not be divided by.
    private const double Eps = 1e-6;

    internal void Validate()
    {
        Require(Norm, "norm");
        Require(Value, "value");
    }

    /// <summary>What gradients of a norm are multiplied by.</summary>
    internal float ScaleOf(double norm) => Norm is { } longest ? (float)Math.Min(1, longest / (norm + Eps)) : 1;

    private static void Require(float? limit, string name)
    {
        if (limit is not (null or (> 0 and < float.PositiveInfinity)))
            throw new RecipeException(string.Create(CultureInfo.InvariantCulture,
                $"The {name} that gradients are clipped to must be above 0, such as 1, got {limit}."));
    }
}
