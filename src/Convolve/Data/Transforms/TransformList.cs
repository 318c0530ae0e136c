using System.Collections;
using System.Runtime.CompilerServices;

namespace Convolve.Data.Transforms;

/// <summary>
/// What is done to every training image, in order; and, derived from the same list, what is done to every other one, so that the two cannot
/// disagree. Two lists are equal when their transforms are.
/// </summary>
/// <example><code>
/// TransformList transforms = [new RandomCrop(32) { Padding = 4 }, new HorizontalFlip()];
/// TransformList same = TransformList.Parse("random-crop:32:padding=4,horizontal-flip");
/// </code></example>
[CollectionBuilder(typeof(TransformList), nameof(Create))]
public sealed class TransformList : IReadOnlyList<Transform>, IEquatable<TransformList>
{
    private readonly Transform[] _transforms;

    private TransformList(Transform[] transforms)
    {
        _transforms = transforms;
        for (int i = 1; i < transforms.Length; i++)
            if (transforms[i - 1].MixesBatch && !transforms[i].MixesBatch)
                throw new DatasetException(
                    $"{transforms[i - 1]} mixes finished images, but {transforms[i]} comes after it. Put {transforms[i - 1].Name} last.");
        if (transforms.Where(t => t.MixesBatch).GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DatasetException($"{twice.Key} is given twice. Give it once.");
    }

    /// <summary>No transforms.</summary>
    public static TransformList Empty { get; } = new([]);

    /// <summary>How each kind of transform is typed: <c>NAME:VALUE[:KEY=VALUE]</c>.</summary>
    public static IReadOnlyList<string> Syntax => TransformText.Syntax;

    /// <summary>How many.</summary>
    public int Count => _transforms.Length;

    /// <summary>Whether any depends on chance.</summary>
    public bool IsRandom => _transforms.Any(t => t.IsRandom);

    /// <summary>The transform of a place, from 0.</summary>
    public Transform this[int index] => _transforms[index];

    /// <summary>A list of transforms.</summary>
    /// <exception cref="DatasetException">They cannot follow each other.</exception>
    public static TransformList Create(ReadOnlySpan<Transform> transforms) => new(transforms.ToArray());

    /// <summary>Parses transforms, separated by commas: <c>random-crop:32:padding=4,horizontal-flip</c>.</summary>
    /// <exception cref="DatasetException">One is unknown or has a value that is not possible; the message says what was
    /// expected.</exception>
    public static TransformList Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Trim().Length == 0 ? Empty : new([.. text.Split(',').Select(TransformText.Read)]);
    }

    /// <summary>The size of what comes out.</summary>
    /// <param name="image">The size that comes in.</param>
    /// <exception cref="DatasetException">A transform can't handle its input; the message says which, what was expected and how to fix
    /// it.</exception>
    public ImageSize Infer(ImageSize image) => _transforms.Aggregate(image, (size, transform) => transform.Infer(size));

    /// <summary>These transforms, ending in the network's input, once they are known to fit the images.</summary>
    /// <remarks>
    /// Transforms that leave the size alone are followed by a resize to the network's input: the float one of <c>ImagePipeline</c>
    /// where all images have one size, and a <see cref="Resize"/> put at the end of this list where they have many.
    /// Transforms that change the size must end at the network's.
    /// </remarks>
    /// <param name="split">The images.</param>
    /// <param name="target">The network's input.</param>
    /// <exception cref="DatasetException">A transform does not fit an image, or what comes out does not fit the network.</exception>
    public TransformList For(Split split, ImageSize target)
    {
        Dataset data = split.Dataset;
        TransformList list = data.Size is not null || _transforms.Any(t => t.Frame is not null || t is Resize) ? this
            : new([.. _transforms.Where(t => !t.MixesBatch), new Resize(FrameSize.Of(target)), .. _transforms.Where(t => t.MixesBatch)]);
        HashSet<ImageSize> seen = [];
        foreach (int i in split.Indices)
        {
            ImageSize image = data.SizeOf(i);
            if (!seen.Add(image))
                continue;
            ImageSize end = list.Infer(image);
            if (FrameSize.Of(end) != FrameSize.Of(target) && (data.Size is null || end != image))
            {
                throw new DatasetException(
                    $"{this} make{(Count == 1 ? "s" : "")} images of {end} from {image}, but the network takes {target}. End with " +
                    $"resize:{FrameSize.Of(target).Exact}, or choose the size of the last crop or resize accordingly.");
            }
        }

        return list;
    }

    /// <summary>What is done to images that are not trained on: each transform's counterpart, nothing random.</summary>
    /// <param name="size">The size of every training image; null where they vary. Images of another size are brought to it first.</param>
    public TransformList Evaluation(ImageSize? size)
    {
        List<Transform> steps = size is { } one ? [new Resize(FrameSize.Of(one))] : [];
        foreach (Transform transform in _transforms)
        {
            steps.AddRange(transform.Evaluation(size));
            size = size is { } known ? transform.Infer(known) : transform.Frame?.With(3);
        }
        return new([.. steps]);
    }

    /// <summary>These transforms with what they compute from the training images: <see cref="Lighting"/>'s colors.</summary>
    /// <exception cref="DatasetException">The images aren't color images.</exception>
    public TransformList Fit(Split train) => !_transforms.Any(t => t is Lighting { Components: null }) ? this
        : new([.. _transforms.Select(t => t is Lighting { Components: null } l ? l with { Components = ColorComponents.Of(train) } : t)]);

    /// <summary>These transforms with what others of the same kind have computed from the training images, where these have not.</summary>
    public TransformList FittedAs(TransformList others) => others.Count != Count ? this
        : new([.. _transforms.Zip(others._transforms, (mine, other) => mine is Lighting { Components: null } light
        && other is Lighting fitted ? light with { Components = fitted.Components } : mine)]);

    /// <inheritdoc/>
    public IEnumerator<Transform> GetEnumerator() => _transforms.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(TransformList? other) => other is not null && _transforms.AsSpan().SequenceEqual(other._transforms);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TransformList);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new();
        foreach (Transform transform in _transforms)
            hash.Add(transform);
        return hash.ToHashCode();
    }

    /// <summary>The transforms as <see cref="Parse"/> reads them, separated by commas.</summary>
    public override string ToString() => string.Join(',', _transforms.Select(t => t.ToString()));
}
