namespace Convolve.Layers;

/// <summary>exp(x) divided by the sum of the exponentials of all features: probabilities that add up to 1.</summary>
/// <remarks>
/// Shapes: a vector of n features, kept.
/// Parameters: none.
/// Cost: no multiply-adds; an exponential per element. As the last layer it is not in the plan of training at all.
/// Source: Bridle 1990. As PyTorch's Softmax(dim=1), but for what it does as the last layer: the loss is that of the logits, which are its
/// input, and so it is never applied twice, as it would be before PyTorch's CrossEntropyLoss. Evaluation gives the probabilities, and
/// beside them the logits.
/// </remarks>
public sealed record Softmax : Layer
{
    public override string Stem => "softmax";

    public override Shape Infer(Shape input) => input.IsVector
        ? input
        : throw Wrong($"it takes a vector, but its input is an image of {input}", "Put a Flatten() or GlobalAvgPool() before it");
}
