namespace Convolve.Layers;

/// <summary>
/// Divides each value by a function of its neighbors in the other channels of the same pixel: x / (k + a * sum of their squares)^beta.
/// </summary>
/// <remarks>
/// Shapes: C x H x W, kept; channel c looks at channels c - floor(size / 2) to c + floor((size - 1) / 2), as far as they are in its group.
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
    /// <param name="groups">Parts of the channels, each normalized by itself; default 1.</param>
    /// <exception cref="NetworkException">A number is out of range.</exception>
    public LocalResponseNorm(int size, float alpha = 1e-4f, float beta = 0.75f, float k = 1, bool divideAlpha = true, int groups = 1)
    {
        (Size, Alpha, Beta, K, DividesAlpha, Groups) = (size, alpha, beta, k, divideAlpha, groups);
        Require(size >= 1, "the size must be at least 1", "5 is usual: two channels on either side");
        Require(alpha is >= 0 and < float.PositiveInfinity, "alpha must be at least 0", "PyTorch's default is 1e-4");
        Require(beta is > 0 and < float.PositiveInfinity, "beta must be above 0", "PyTorch's default is 0.75");
        Require(k is > 0 and < float.PositiveInfinity, "k must be above 0, or a pixel of zeros would be divided by 0",
            "PyTorch's default is 1, the paper's 2");
        Require(groups >= 1, "the groups must be at least 1", "1 is usual: all channels together");
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

    /// <summary>Parts of the channels, each normalized by itself, as on the two GPUs of a divided network; 1 by default.</summary>
    public int Groups { get; }

    /// <summary>What the sum of squares is multiplied by.</summary>
    public double Factor => DividesAlpha ? (double)Alpha / Size : Alpha;

    public override string Stem => "norm";

    public override Shape Infer(Shape input) => RequireImage(input).Channels % Groups == 0 ? input
        : throw Wrong($"groups {Groups} must divide the {input.Channels} channels", "Change one of the two");

    /// <summary>The same normalization in another number of groups.</summary>
    internal LocalResponseNorm WithGroups(int groups) => new(Size, Alpha, Beta, K, DividesAlpha, groups);

    private protected override object[] Values => [Size, Alpha, Beta, K, DividesAlpha, Groups];
}
