namespace Convolve.Layers;

/// <summary>Takes the mean of parts of the image, as many as the output is to have pixels.</summary>
/// <remarks>
/// Shapes: C x H x W to C x output height x output width; row i is the mean of rows floor(i H / H') to ceil((i + 1) H / H') - 1, columns
/// likewise.
/// Parameters: none.
/// Cost: no multiply-adds; memory-bound, and not in the plan where the image has that size already.
/// Source: He et al. 2014 (spatial pyramid pooling). As PyTorch's AdaptiveAvgPool2d: parts overlap where the sizes do not divide, and an
/// image that is smaller than the output is repeated.
/// </remarks>
public sealed record AdaptiveAvgPool2d : Layer
{
    /// <param name="output">Height and width of the output, whatever the input's are.</param>
    /// <exception cref="NetworkException">A size is below 1.</exception>
    public AdaptiveAvgPool2d(Size2 output)
    {
        Output = output;
        Require(output.AtLeast(1), "the output must be at least 1 pixel high and wide", "1 is the mean of the whole image");
    }

    /// <summary>Height and width of the output, whatever the input's are.</summary>
    public Size2 Output { get; }

    public override string Stem => "pool";

    public override Shape Infer(Shape input) => new(RequireImage(input).Channels, Output.Height, Output.Width);

    private protected override object[] Values => [Output];
}

/// <summary>
/// The mean of each channel over the whole image, as a vector: what a network may end in, with no or one Linear behind it.
/// </summary>
/// <remarks>
/// Shapes: C x H x W, of any size, to a vector of C features.
/// Parameters: none.
/// Cost: no multiply-adds; memory-bound.
/// Source: Lin, Chen and Yan 2014 (network in network, section 3.2). As PyTorch's AdaptiveAvgPool2d(1) with Flatten, and Keras's
/// GlobalAveragePooling2D.
/// </remarks>
public sealed record GlobalAvgPool : Layer
{
    public override string Stem => "pool";

    public override Shape Infer(Shape input) => Shape.Vector(RequireImage(input).Channels);
}
