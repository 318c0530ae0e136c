namespace Convolve.Data;

/// <summary>Labelled images of one size, kept in memory as bytes, one after the other.</summary>
/// <remarks>Cost: one byte per pixel and channel and one per label. Immutable; safe to read from several threads.</remarks>
public sealed class Dataset
{
    private readonly byte[] _pixels, _labels;
    private readonly int _imageLength;

    /// <summary>Joins pixels and labels into a data set. The arrays are kept, not copied: leave them alone afterwards.</summary>
    /// <param name="name">The set's name, for messages.</param>
    /// <param name="size">The size of every image.</param>
    /// <param name="pixels">All images, each as planes (channel, row, column).</param>
    /// <param name="labels">One class number per image, from 0.</param>
    /// <param name="classNames">The name of each class number: 1 to 256 different names.</param>
    /// <exception cref="DataException">The parts do not fit together, or a label has no class.</exception>
    public Dataset(string name, ImageSize size, byte[] pixels, byte[] labels, IReadOnlyList<string> classNames)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        if (!size.IsValid)
            throw new DataException($"{name}: images of {size} are not possible. Channels, height and width must be at least 1.");
        if (labels.Length == 0)
            throw new DataException($"{name}: there are no images. A data set needs at least one.");
        if (pixels.LongLength != (long)labels.Length * size.Length)
        {
            throw new DataException(
                $"{name}: {pixels.Length} pixel bytes do not fit {labels.Length} labels: images of {size} need " +
                $"{(long)labels.Length * size.Length} bytes. Check that images and labels belong together.");
        }

        (Name, Size, _pixels, _labels, _imageLength) = (name, size, pixels, labels, size.Length);
        ClassNames = Data.ClassNames.Validated(name, classNames);
        int bad = labels.AsSpan().IndexOfAnyInRange((byte)Math.Min(classNames.Count, 255), (byte)255);
        if (bad >= 0 && labels[bad] >= classNames.Count)
        {
            throw new DataException(
                $"{name}: label {labels[bad]} of image {bad} is outside 0 to {classNames.Count - 1}, the numbers of its " +
                $"{classNames.Count} classes. Check the label file, or name more classes.");
        }
    }

    /// <summary>The set's name.</summary>
    public string Name { get; }

    /// <summary>The size of every image.</summary>
    public ImageSize Size { get; }

    /// <summary>The number of images.</summary>
    public int Count => _labels.Length;

    /// <summary>The name of each class number.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The label of every image.</summary>
    public ReadOnlySpan<byte> Labels => _labels;

    /// <summary>The class number of an image.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such image.</exception>
    public int LabelOf(int i) => _labels[i];

    /// <summary>An image's bytes: <see cref="ImageSize.Length"/> values in planes (channel, row, column).</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such image.</exception>
    public ReadOnlySpan<byte> PixelsOf(int i)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)i, (uint)_labels.Length, nameof(i));
        return _pixels.AsSpan(i * _imageLength, _imageLength);
    }

    /// <summary>Name, count, size, classes, as in <c>mnist: 60000 images of 1x28x28 in 10 classes</c>.</summary>
    public override string ToString() => $"{Name}: {Count} images of {Size} in {ClassNames.Count} classes";
}
