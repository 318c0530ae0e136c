namespace Convolve.Layers;

/// <summary>Reads an image as a vector: channel by channel, row by row.</summary>
/// <remarks>
/// Shapes: C x H x W to a vector of C x H x W features.
/// Parameters: none.
/// Cost: no multiply-adds; no copy where the layout allows a view.
/// Source: as PyTorch's Flatten (channels first; Keras flattens channels last, so its weights come in another order).
/// </remarks>
public sealed record Flatten : Layer
{
    public override string Stem => "flatten";

    public override Shape Infer(Shape input)
    {
        Require(input.Elements <= int.MaxValue, $"an image of {input} has too many elements for one vector", "Pool it first");
        return Shape.Vector((int)input.Elements);
    }
}
