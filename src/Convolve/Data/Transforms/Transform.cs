
namespace Convolve.Data.Transforms;

/// <summary>
/// A step between the bytes of an image and the network: a change of geometry that training and evaluation share, or a random change that
/// makes training images differ from epoch to epoch.
/// </summary>
/// <remarks>
/// A value: it says what is done, not how. Random ones draw from a stream named by seed, epoch and sample, so neither the order of the
/// images nor the number of threads matters. Wrong by itself, a transform throws in its constructor; wrong for an image, in
/// <see cref="Infer"/>. It prints as it is typed: <c>random-crop:32:padding=4</c>.
/// </remarks>
public abstract record Transform
{
    /// <summary>The kind, such as <c>random-crop</c>.</summary>
    public string Name => TransformText.NameOf(GetType());

    /// <summary>Whether what it does depends on chance; such a one has no part in evaluation.</summary>
    public virtual bool IsRandom => true;

    /// <summary>Whether it mixes the images of a batch, after all else.</summary>
    public virtual bool MixesBatch => false;

    /// <summary>The size of what it makes of an image; the same as the image's by default.</summary>
    /// <param name="image">The size that comes in.</param>
    /// <exception cref="DatasetException">Such an image cannot be transformed; the message says what was expected, what came instead and
    /// how to fix it.</exception>
    public virtual ImageSize Infer(ImageSize image) => image;

    /// <summary>What replaces it in evaluation: nothing by default.</summary>
    /// <param name="image">The size that comes in where all images have one, or else null.</param>
    public virtual IReadOnlyList<Transform> Evaluation(ImageSize? image) => [];

    /// <summary>The size it makes of every image, where that does not depend on the image.</summary>
    internal virtual FrameSize? Frame => null;

    /// <summary>The transform as <see cref="TransformList.Parse"/> reads it.</summary>
    public sealed override string ToString() => TransformText.Write(this);

    private protected void RequireColors(ImageSize image, string remedy)
    {
        if (image.Channels != 3)
            throw new DatasetException($"{this}: expected a color image, got {image}. {remedy}");
    }

    private protected static float Within(string owner, string what, float value, float least, float most) => value >= least
        && value <= most ? value
        : throw new DatasetException(FormattableString.Invariant($"{owner}: {what} must be from {least:R} to {most:R}, got {value:R}."));

    private protected static NumberRange Within(string owner, string what, NumberRange value, float least, float most) =>
        value.From >= least && value.To <= most && value.From <= value.To ? value
        : throw new DatasetException(FormattableString.Invariant(
            $"{owner}: {what} is {value}, and must go from a smaller to a larger number, both from {least:R} to {most:R}."));
}
