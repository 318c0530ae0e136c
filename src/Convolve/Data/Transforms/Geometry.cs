
namespace Convolve.Data.Transforms;

/// <summary>Brings an image to another size, between its pixels in straight lines.</summary>
/// <remarks>
/// Source: with <see cref="Antialias"/> to the bit what Pillow's resize with BILINEAR does (and torchvision on PIL images): a triangle
/// as wide as the pixels of the smaller image, in 22-bit integers, rows first. Without, PyTorch's interpolate (bilinear,
/// align_corners=False), rounded to bytes.
/// </remarks>
internal sealed record Resize : Transform
{
    /// <param name="size">The new size.</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public Resize(FrameSize size) => Size = size.Checked("resize");

    /// <summary>The new size; with <see cref="KeepsAspect"/> the smallest that is filled.</summary>
    public FrameSize Size { get; }

    /// <summary>
    /// Whether the image keeps its proportions, and is just large enough for <see cref="Size"/>; default false: exactly that size.
    /// </summary>
    public bool KeepsAspect { get; init; }

    /// <summary>Whether shrinking averages over all pixels, and not only the nearest; default true.</summary>
    public bool Antialias { get; init; } = true;

    public override bool IsRandom => false;

    /// <summary>
    /// The size at which the shorter side has this many pixels, keeping the proportions; torchvision's Resize of one number.
    /// </summary>
    public static Resize ShorterSide(int pixels) => new(pixels) { KeepsAspect = true };

    public override ImageSize Infer(ImageSize image)
    {
        if (!KeepsAspect)
            return Size.With(image.Channels);
        // The side that needs the larger factor is met exactly; the other one's pixels are cut, as torchvision cuts them.
        bool byHeight = (long)Size.Height * image.Width >= (long)Size.Width * image.Height;
        ImageSize result = byHeight
            ? new(image.Channels, Size.Height, Scaled(image.Width, Size.Height, image.Height))
            : new(image.Channels, Scaled(image.Height, Size.Width, image.Width), Size.Width);
        return result.IsValid ? result
            : throw new DatasetException(
            $"{this}: an image of {image} would become {result}, which is too large. Crop it first, or leave it out.");
    }

    public override IReadOnlyList<Transform> Evaluation(ImageSize? image) => [this];

    internal override FrameSize? Frame => KeepsAspect ? null : Size;

    private static int Scaled(int side, int target, int source) => (int)Math.Min((long)target * side / source, int.MaxValue);
}

/// <summary>Cuts out the middle.</summary>
/// <remarks>Source: torchvision's CenterCrop, whose halves are rounded to even; it never pads.</remarks>
internal sealed record CenterCrop : Transform
{
    /// <param name="size">What is kept.</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public CenterCrop(FrameSize size) => Size = size.Checked("center-crop");

    /// <summary>What is kept.</summary>
    public FrameSize Size { get; }

    public override bool IsRandom => false;

    public override ImageSize Infer(ImageSize image) => Cropping.Infer(this, Size, image);

    public override IReadOnlyList<Transform> Evaluation(ImageSize? image) => [this];

    internal override FrameSize? Frame => Size;
}

/// <summary>What is beyond the border of an image.</summary>
internal enum PaddingMode
{
    /// <summary>Black.</summary>
    Zero,

    /// <summary>The image, mirrored at its outermost pixels, which are not repeated.</summary>
    Reflect,
}

/// <summary>Cuts out a part at a random place, in evaluation the middle; of padded images of its own size, it moves them about.</summary>
/// <remarks>
/// Source: torchvision's RandomCrop, which takes crops larger than the image as well, where padding makes room for them. Padding 4 with
/// crops of 32 is the augmentation of CIFAR in He et al., 2015, section 4.2.
/// </remarks>
internal sealed record RandomCrop : Transform
{
    /// <param name="size">What is kept.</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public RandomCrop(FrameSize size) => Size = size.Checked("random-crop");

    /// <summary>What is kept.</summary>
    public FrameSize Size { get; }

    /// <summary>Pixels set on at each border before the cut, 0 to 1000; default 0.</summary>
    public int Padding
    {
        get;
        init => field = (int)Within("random-crop", "padding", value, 0, 1000);
    }

    /// <summary>What they are; default black.</summary>
    public PaddingMode PaddingMode { get; init; }

    public override ImageSize Infer(ImageSize image)
    {
        if (PaddingMode == PaddingMode.Reflect && Padding >= Math.Min(image.Height, image.Width))
        {
            throw new DatasetException(
                $"{this}: an image of {image} has too few pixels to be mirrored {Padding} deep. Use a padding of at most " +
                $"{Math.Min(image.Height, image.Width) - 1}, or padding-mode=zero.");
        }
        return Cropping.Infer(this, Size, image);
    }

    public override IReadOnlyList<Transform> Evaluation(ImageSize? image) =>
        image is { } size && FrameSize.Of(size) == Size ? [] : [new CenterCrop(Size)];

    internal override FrameSize? Frame => Size;
}

/// <summary>
/// Cuts out a random part of random size and shape and brings it to one size; in evaluation, the middle of the image, whose shorter side is
/// brought to 8/7 of the crop's first. Images that have the crop's size already are evaluated as they are.
/// </summary>
/// <remarks>Source: Szegedy et al., 2014, section 6; torchvision's RandomResizedCrop, with <see cref="Resize"/>'s rounding.</remarks>
internal sealed record RandomResizedCrop : Transform
{
    private const string Kind = "random-resized-crop";

    /// <param name="size">The size of what comes out.</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public RandomResizedCrop(FrameSize size)
    {
        Size = size.Checked(Kind);
        _ = EvaluationSize.Checked(Kind);
    }

    /// <summary>The size of what comes out.</summary>
    public FrameSize Size { get; }

    /// <summary>The share of the image's area that is cut out, in (0, 1]; default 0.08 to 1.</summary>
    public NumberRange Scale
    {
        get;
        init => field = Within(Kind, "scale", value, 1e-4f, 1);
    } = new(0.08f, 1);

    /// <summary>Width by height of what is cut out; default 3/4 to 4/3.</summary>
    public NumberRange Ratio
    {
        get;
        init => field = Within(Kind, "ratio", value, 0.01f, 100);
    } = new(0.75f, 4 / 3f);

    /// <summary>As <see cref="Resize.Antialias"/>; default true.</summary>
    public bool Antialias { get; init; } = true;

    public override ImageSize Infer(ImageSize image) => Size.With(image.Channels);

    public override IReadOnlyList<Transform> Evaluation(ImageSize? image) => image is { } size && FrameSize.Of(size) == Size ? []
        : [new Resize(EvaluationSize) { KeepsAspect = true, Antialias = Antialias }, new CenterCrop(Size)];

    internal override FrameSize? Frame => Size;

    private FrameSize EvaluationSize => new((int)Math.Round(Size.Height * 8L / 7.0), (int)Math.Round(Size.Width * 8L / 7.0));
}

/// <summary>Swaps left and right by chance.</summary>
/// <remarks>Source: torchvision's RandomHorizontalFlip.</remarks>
internal sealed record HorizontalFlip : Transform
{
    /// <summary>How often, in [0, 1]; default 0.5.</summary>
    public float Probability
    {
        get;
        init => field = Within("horizontal-flip", "the probability", value, 0, 1);
    } = 0.5f;
}

/// <summary>Turns the image about its middle by a random angle; what comes from outside is black.</summary>
/// <remarks>Source: torchvision's RandomRotation; to the bit what Pillow's rotate with BILINEAR does.</remarks>
internal sealed record Rotation : Transform
{
    /// <param name="degrees">The largest angle to either side, 0 to 180.</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public Rotation(float degrees) => Degrees = Within("rotation", "the angle", degrees, 0, 180);

    /// <summary>The largest angle to either side.</summary>
    public float Degrees { get; }
}

/// <summary>Moves the image by random whole pixels; what comes from outside is black.</summary>
/// <remarks>Source: torchvision's RandomAffine with translate alone.</remarks>
internal sealed record Translation : Transform
{
    /// <param name="fraction">The farthest way, as a share of height and of width, 0 to 1.</param>
    /// <exception cref="DatasetException">It is not possible.</exception>
    public Translation(float fraction) => Fraction = Within("translation", "the share", fraction, 0, 1);

    /// <summary>The farthest way, as a share of height and of width.</summary>
    public float Fraction { get; }
}

internal static class Cropping
{
    public static ImageSize Infer(Transform crop, FrameSize size, ImageSize image) =>
        image.Height >= size.Height && image.Width >= size.Width ? size.With(image.Channels)
        : throw new DatasetException(
            $"{crop}: expected an image of at least {size.Exact} pixels, got {image}. Put resize:{Math.Max(size.Height, size.Width)} " +
            $"before it, or crop at most {image.Height}x{image.Width}.");
}
