namespace Convolve.Layers;

/// <summary>
/// In training, zeroes each element with a probability and scales the others by 1 / (1 - p); elsewhere passes its input on.
/// </summary>
/// <remarks>
/// Shapes: any, kept.
/// Parameters: none; the mask is a function of seed, step, layer and element, so it needs no state.
/// Cost: no multiply-adds; in evaluation it is not in the plan at all.
/// Source: Hinton et al. 2012; Krizhevsky et al. 2012, section 4.2 (there the scaling is at test time). As PyTorch's Dropout.
/// </remarks>
public sealed record Dropout : Layer
{
    /// <param name="probability">The share of elements that are zeroed, at least 0 and below 1; default 0.5.</param>
    /// <exception cref="NetworkException">The probability is out of range.</exception>
    public Dropout(float probability = 0.5f)
    {
        Probability = probability;
        Require(probability is >= 0 and < 1, "the probability must be at least 0 and below 1",
            "0.5 is usual before wide fully connected layers");
    }

    /// <summary>The share of elements that training zeroes, in [0, 1).</summary>
    public float Probability { get; }

    /// <summary>What keys the mask; null for the place in the graph. Of a part of a network: the place in the whole.</summary>
    internal int? Number { get; init; }

    public override string Stem => "dropout";

    public override Shape Infer(Shape input) => input;

    private protected override object[] Values => [Probability];

    // The probability is what everybody asks for.
    private protected override bool IsPositional(LayerArgument argument) => true;
}
