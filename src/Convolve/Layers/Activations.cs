namespace Convolve.Layers;

/// <summary>A function of each element alone.</summary>
public abstract record Activation : Layer
{
    /// <summary>
    /// Whether it never decreases: then its output determines its derivative, and the largest of some outputs is that of the largest input.
    /// </summary>
    public virtual bool NeverFalls => true;

    public sealed override Shape Infer(Shape input) => input;
}

/// <summary>max(0, x).</summary>
/// <remarks>
/// Shapes: any, kept.
/// Parameters: none.
/// Cost: no multiply-adds; free where it is fused into the layer before it.
/// Source: Nair and Hinton 2010; Krizhevsky et al. 2012, section 3.1. The gradient at 0 is 0, as in PyTorch.
/// </remarks>
public sealed record ReLU : Activation
{
    public override string Stem => "relu";
}

/// <summary>x where x is positive, slope times x elsewhere.</summary>
/// <remarks>
/// Shapes: any, kept.
/// Parameters: none.
/// Cost: no multiply-adds; free where it is fused into the layer before it.
/// Source: Maas et al. 2013. As PyTorch's LeakyReLU (default 0.01; Keras's default is 0.3).
/// </remarks>
public sealed record LeakyReLU : Activation
{
    /// <param name="slope">The factor of negative values, above 0 and at most 1; default 0.01.</param>
    /// <exception cref="NetworkException">The slope is out of range.</exception>
    public LeakyReLU(float slope = 0.01f)
    {
        Slope = slope;
        Require(slope is > 0 and <= 1, "the slope must be above 0 and at most 1", "Use ReLU() for slope 0");
    }

    /// <summary>The factor of negative values, in (0, 1].</summary>
    public float Slope { get; }

    public override string Stem => "relu";

    private protected override object[] Values => [Slope];
}

/// <summary>The hyperbolic tangent.</summary>
/// <remarks>
/// Shapes: any, kept.
/// Parameters: none.
/// Cost: no multiply-adds; an exponential per element.
/// Source: LeCun et al. 1998 (there scaled: 1.7159 tanh(2x/3)). As PyTorch's Tanh.
/// </remarks>
public sealed record Tanh : Activation
{
    public override string Stem => "tanh";
}

/// <summary>1 / (1 + exp(-x)).</summary>
/// <remarks>
/// Shapes: any, kept.
/// Parameters: none.
/// Cost: no multiply-adds; an exponential per element.
/// Source: Rumelhart et al. 1986. As PyTorch's Sigmoid.
/// </remarks>
public sealed record Sigmoid : Activation
{
    public override string Stem => "sigmoid";
}

/// <summary>x times the probability that a standard normal variable is below x: x / 2 * (1 + erf(x / sqrt 2)).</summary>
/// <remarks>
/// Shapes: any, kept.
/// Parameters: none.
/// Cost: no multiply-adds; an exponential per element. Training keeps its input; evaluation computes it inside the layer before it.
/// Source: Hendrycks and Gimpel 2016. As PyTorch's GELU.
/// </remarks>
public sealed record GELU : Activation
{
    /// <param name="approximate">"none", the default, or "tanh" for x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).</param>
    /// <exception cref="NetworkException">It is neither.</exception>
    public GELU(string approximate = "none")
    {
        Approximate = approximate;
        Require(approximate is "none" or "tanh", "the approximation is unknown", "Use \"none\" or \"tanh\"");
    }

    /// <summary>"none" or "tanh".</summary>
    public string Approximate { get; }

    public override bool NeverFalls => false;

    public override string Stem => "gelu";

    private protected override object[] Values => [Approximate];
}

/// <summary>x / (1 + exp(-x)), also called Swish.</summary>
/// <remarks>
/// Shapes: any, kept.
/// Parameters: none.
/// Cost: no multiply-adds; an exponential per element. Training keeps its input; evaluation computes it inside the layer before it.
/// Source: Hendrycks and Gimpel 2016; Ramachandran, Zoph and Le 2017. As PyTorch's SiLU.
/// </remarks>
public sealed record SiLU : Activation
{
    public override bool NeverFalls => false;

    public override string Stem => "silu";
}
