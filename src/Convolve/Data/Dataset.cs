using Convolve.Kernels.Pixels;

namespace Convolve.Data;

/// <summary>Labeled images: bytes in planes (channel, row, column), of one size or of many, kept in memory or read on demand.</summary>
/// <remarks>Immutable; every member may be called from several threads at once, <see cref="Read"/> too.</remarks>
public abstract class Dataset
{
    private readonly int[] _labels;

    /// <summary>The common part of every data set. Images have the same order as their labels.</summary>
    /// <param name="name">The set's name, for messages.</param>
    /// <param name="channels">Channels of every image: 1 for gray, 3 for red, green, blue.</param>
    /// <param name="size">The size of every image; null where they vary.</param>
    /// <param name="labels">One class number per image, from 0. Kept, not copied: don't change it afterwards.</param>
    /// <param name="classNames">The name of each class number: 1 to 65,536 different names.</param>
    /// <exception cref="DatasetException">There are no images, a label has no class, or names are blank or duplicate.</exception>
    protected Dataset(string name, int channels, ImageSize? size, int[] labels, IReadOnlyList<string> classNames)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        if (channels < 1)
            throw new DatasetException($"{name}: images of {channels} channels are invalid. Use at least 1.");
        if (size is { } one && (!one.IsValid || one.Channels != channels))
            throw new DatasetException($"{name}: images of {one} are invalid. Channels, height and width must be at least 1.");
        if (labels.Length == 0)
            throw new DatasetException($"{name}: there are no images. A data set needs at least one.");
        (Name, Channels, Size, _labels) = (name, channels, size, labels);
        ClassNames = Data.ClassNames.Validated(name, classNames);
        int bad = labels.AsSpan().IndexOfAnyExceptInRange(0, ClassNames.Count - 1);
        if (bad >= 0)
        {
            throw new DatasetException(
                $"{name}: label {labels[bad]} of image {bad} is outside 0 to {ClassNames.Count - 1}, the numbers of its " +
                $"{ClassNames.Count} classes. Check the label file, or name more classes.");
        }
    }

    /// <summary>The set's name.</summary>
    public string Name { get; }

    /// <summary>Channels of every image.</summary>
    public int Channels { get; }

    /// <summary>The size of every image; null if they vary, see <see cref="SizeOf"/>.</summary>
    public ImageSize? Size { get; }

    /// <summary>The number of images.</summary>
    public int Count => _labels.Length;

    /// <summary>The name of each class number.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The label of every image.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>The class number of an image.</summary>
    /// <exception cref="IndexOutOfRangeException">The index is out of range.</exception>
    public int LabelOf(int i) => _labels[i];

    /// <summary>Distinguishes an image's bytes from others; 0 in data sets whose files are known.</summary>
    internal virtual UInt128 DigestOf(int i) => 0;

    /// <summary>The size of an image, known without reading it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is out of range.</exception>
    public abstract ImageSize SizeOf(int i);

    /// <summary>An image's bytes: <see cref="ImageSize.Length"/> values of <see cref="SizeOf"/> in planes (channel, row, column).</summary>
    /// <param name="i">Which image.</param>
    /// <param name="buffer">
    /// Room for at least the image; where the set must fetch or decode it, the result is the buffer's beginning. A data set that keeps its
    /// images in memory returns those bytes instead, and doesn't use the buffer.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The index is out of range.</exception>
    /// <exception cref="ArgumentException">The buffer is too small.</exception>
    /// <exception cref="DatasetException">The image cannot be read, or is not what it was when the set was made.</exception>
    public abstract ReadOnlySpan<byte> Read(int i, Span<byte> buffer);

    /// <summary>The file of an image; null if the data set isn't made of files.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is out of range.</exception>
    public virtual string? FileOf(int i) => null;

    /// <summary>The bytes that <see cref="Read"/>'s buffer must have for an image: 0 if the data set keeps it in memory.</summary>
    public virtual int BufferLengthOf(int i) => SizeOf(i).Length;

    /// <summary>Where decoded images may be kept; null if they are at hand as they are, or mustn't be kept.</summary>
    internal virtual PictureCaching? Caching => null;

    /// <summary>Per channel, where the set knows them without reading the image; else empty.</summary>
    internal virtual ReadOnlySpan<PixelMoments> MomentsOf(int i) => default;

    /// <summary>An image's bytes, in a new array if the data set doesn't keep them; see <see cref="Read"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is out of range.</exception>
    /// <exception cref="DatasetException">The image cannot be read.</exception>
    public ReadOnlySpan<byte> PixelsOf(int i) => Read(i, new byte[BufferLengthOf(i)]);

    /// <summary>Name, count, size, classes, as in <c>mnist: 60000 images of 1x28x28 in 10 classes</c>.</summary>
    public override string ToString() => $"{Name}: {Count} images of {SizeText} in {ClassNames.Count} classes";

    /// <summary>The size of every image in words, as in <c>3x32x32</c> or <c>many sizes</c>.</summary>
    public string SizeText => Size?.ToString() ?? "many sizes";
}
