namespace Convolve.Layers;

/// <summary>
/// Brings images to another size by bilinear interpolation: as a network's first layer, it takes small images and shows large ones to the
/// others.
/// </summary>
/// <remarks>
/// Shapes: C x H x W to C x height x width.
/// Parameters: none.
/// Cost: no multiply-adds; memory-bound. 28 to 224 pixels takes a 200th of AlexNet's step, and spares the data the 64-fold size.
/// Source: as PyTorch's interpolate(mode="bilinear", align_corners=False, antialias=False): between the centers of the pixels, the edges
/// repeated. To shrink pictures well, let the preprocessing do it, which smooths them.
/// </remarks>
public sealed record Resize : Layer
{
    /// <param name="size">Height and width of the output, whatever the input's are.</param>
    /// <exception cref="NetworkException">A size is below 1.</exception>
    public Resize(Size2 size)
    {
        Size = size;
        Require(size.AtLeast(1), "the size must be at least 1 pixel high and wide", "224 is usual for networks made for ImageNet");
    }

    /// <summary>Height and width of the output.</summary>
    public Size2 Size { get; }

    public override string Stem => "resize";

    public override Shape Infer(Shape input) => new(RequireImage(input).Channels, Size.Height, Size.Width);

    private protected override object[] Values => [Size];
}
