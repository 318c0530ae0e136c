namespace Convolve.Layers;

/// <summary>
/// Divides each value by a function of its neighbors in the other channels of the same pixel: x / (k + a * sum of their squares)^beta.
/// </summary>
/// <remarks>
/// Shapes: C x H x W, kept; channel c looks at channels c - floor(size / 2) to c + floor((size - 1) / 2).
/// Parameters: none.
/// Cost: no multiply-adds; memory-bound. The gradient of a ReLU or LeakyReLU before it is free.
/// Source: Krizhevsky et al. 2012, section 3.3, where a is alpha itself (size 5, alpha 1e-4, beta 0.75, k 2). As PyTorch's
/// LocalResponseNorm, where a is alpha / size, unless <see cref="DividesAlpha"/> is off.
/// </remarks>
public sealed record LocalResponseNorm : Layer
{
    /// <param name="size">Channels that are looked at, itself included.</param>
    /// <param name="alpha">The weight of their squares, at least 0; default 1e-4.</param>
    /// <param name="beta">The exponent, above 0; default 0.75, which is the fastest.</param>
    /// <param name="k">What is added to them, above 0; default 1.</param>
    /// <param name="divideAlpha">Whether alpha is divided by the size: PyTorch's way, the default; the paper of 2012 does not.</param>
    /// <exception cref="NetworkException">A number is out of range.</exception>
    public LocalResponseNorm(int size, float alpha = 1e-4f, float beta = 0.75f, float k = 1, bool divideAlpha = true)
    {
        (Size, Alpha, Beta, K, DividesAlpha) = (size, alpha, beta, k, divideAlpha);
        Require(size >= 1, "the size must be at least 1", "5 is usual: two channels on either side");
        Require(alpha is >= 0 and < float.PositiveInfinity, "alpha must be at least 0", "PyTorch's default is 1e-4");
        Require(beta is > 0 and < float.PositiveInfinity, "beta must be above 0", "PyTorch's default is 0.75");
        Require(k is > 0 and < float.PositiveInfinity, "k must be above 0, or a pixel of zeros would be divided by 0",
            "PyTorch's default is 1, the paper's 2");
    }

    /// <summary>Channels that are looked at, itself included.</summary>
    public int Size { get; }

    /// <summary>The weight of the sum of squares, at least 0.</summary>
    public float Alpha { get; }

    /// <summary>The exponent, above 0.</summary>
    public float Beta { get; }

    /// <summary>What is added to the weighted sum, above 0.</summary>
    public float K { get; }

    /// <summary>Whether alpha is divided by the size, as in PyTorch.</summary>
    public bool DividesAlpha { get; }

    /// <summary>What the sum of squares is multiplied by.</summary>
    public double Factor => DividesAlpha ? (double)Alpha / Size : Alpha;

    public override string Stem => "norm";

    public override Shape Infer(Shape input) => RequireImage(input);

    private protected override object[] Values => [Size, Alpha, Beta, K, DividesAlpha];
}
