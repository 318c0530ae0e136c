using System.Buffers;
using Convolve.Imaging;

namespace Convolve.Data;

/// <summary>Pictures in files, decoded on demand; their bytes are kept, packed, where the set is small.</summary>
/// <remarks>Cost: some 250 bytes per picture, and its file where it is kept. After a thread's first call, reading a kept one allocates nothing,
/// and any other its file handle.</remarks>
internal sealed class FolderDataset : Dataset
{
    private readonly string[] _paths;
    private readonly ImageSize[] _sizes;
    private readonly byte[][]? _contents;
    private readonly long _maxPixels;

    public FolderDataset(string name, int channels, ImageSize? size, string[] paths, ImageSize[] sizes, int[] labels, IReadOnlyList<string> classNames,
        byte[][]? contents, long maxPixels)
        : base(name, channels, size, labels, classNames) =>
        (_paths, _sizes, _contents, _maxPixels) = (paths, sizes, contents, maxPixels);

    /// <inheritdoc/>
    public override ImageSize SizeOf(int i)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)i, (uint)Count, nameof(i));
        return _sizes[i];
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Read(int i, Span<byte> buffer)
    {
        ImageSize size = SizeOf(i);
        if (buffer.Length < size.Length)
            throw new ArgumentException($"There is room for {buffer.Length} bytes; an image of {size} has {size.Length}.", nameof(buffer));
        Span<byte> pixels = buffer[..size.Length];
        if (_contents is not null)
        {
            Decode(_contents[i], _paths[i], size, pixels);
            return pixels;
        }
        int length = FolderScan.Read(_paths[i], out byte[] rented);
        try
        {
            Decode(rented.AsSpan(0, length), _paths[i], size, pixels);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
        return pixels;
    }

    private void Decode(ReadOnlySpan<byte> data, string path, ImageSize size, Span<byte> pixels)
    {
        try
        {
            ImageInfo info = ImageDecoder.ReadInfo(data, path, _maxPixels);
            if ((info.Height, info.Width) != (size.Height, size.Width))
                throw new DataException($"{path} has {info.Width} x {info.Height} pixels, and had {size.Width} x {size.Height} when the set was loaded. Leave the files alone meanwhile.");
            ImageDecoder.Decode(data, path, Channels, pixels, _maxPixels);
        }
        catch (ImageException e)
        {
            throw new DataException($"{e.Message} It was good when the set was loaded: leave the files alone meanwhile.", e);
        }
    }
}
