namespace Convolve.Data;

/// <summary>Labeled images of one size, kept in memory as bytes, one after the other.</summary>
/// <remarks>Cost: one byte per pixel and channel and four per label. <see cref="Read"/> copies nothing.</remarks>
public sealed class MemoryDataset : Dataset
{
    private readonly byte[] _pixels;
    private readonly ImageSize _size;
    private readonly int _imageLength;

    /// <summary>Joins pixels and labels into a data set. The pixels are kept, not copied: don't change them afterwards.</summary>
    /// <param name="name">The set's name, for messages.</param>
    /// <param name="size">The size of every image.</param>
    /// <param name="pixels">All images, each as planes (channel, row, column).</param>
    /// <param name="labels">One class number per image, from 0.</param>
    /// <param name="classNames">The name of each class number: different names.</param>
    /// <exception cref="DatasetException">The parts do not fit together, or a label has no class.</exception>
    public MemoryDataset(string name, ImageSize size, byte[] pixels, byte[] labels, IReadOnlyList<string> classNames)
        : base(name, Math.Max(size.Channels, 1), size, Array.ConvertAll(labels, label => (int)label), classNames)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.LongLength != (long)labels.Length * size.Length)
        {
            throw new DatasetException(
                $"{name}: {pixels.Length} pixel bytes do not fit {labels.Length} labels: images of {size} need " +
                $"{(long)labels.Length * size.Length} bytes. Check that images and labels belong together.");
        }

        (_pixels, _size, _imageLength) = (pixels, size, size.Length);
    }

    /// <inheritdoc/>
    public override ImageSize SizeOf(int i)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)i, (uint)Count, nameof(i));
        return _size;
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Read(int i, Span<byte> buffer)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)i, (uint)Count, nameof(i));
        return _pixels.AsSpan(i * _imageLength, _imageLength);
    }

    /// <inheritdoc/>
    public override int BufferLengthOf(int i) => 0;
}
