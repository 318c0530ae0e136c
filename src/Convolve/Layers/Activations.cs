namespace Convolve.Layers;

/// <summary>A function of each element alone.</summary>
public abstract record Activation : Layer
{
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

    public override string ToString() => Print([]);
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

    public float Slope { get; }

    public override string Stem => "relu";

    public override string ToString() => Print([], ("slope", Slope, 0.01f));
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

    public override string ToString() => Print([]);
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

    public override string ToString() => Print([]);
}
