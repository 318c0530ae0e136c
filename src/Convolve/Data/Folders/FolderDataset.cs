using System.Buffers;
using Convolve.Imaging;
using Convolve.Kernels.Pixels;

namespace Convolve.Data.Folders;

/// <summary>A picture of a folder.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Size">Its size when decoded.</param>
/// <param name="Moments">Of each channel.</param>
/// <param name="Pixels">Its planes; null where they are read from the file.</param>
/// <param name="Digest">Of the file's bytes.</param>
internal readonly record struct FolderImage(string Path, ImageSize Size, PixelMoments[] Moments, byte[]? Pixels, UInt128 Digest);

/// <summary>Pictures in files, decoded on demand, or once where the set is small.</summary>
/// <remarks>Cost: some 250 bytes per picture, and its pixels where they are kept. <see cref="Read"/> copies nothing of a kept picture; of
/// any other it reads and decodes the file, which allocates no more than the file's handle once a thread is warm.</remarks>
internal sealed class FolderDataset : Dataset
{
    private readonly FolderImage[] _images;
    private readonly DatasetOptions _options;

    public FolderDataset(string name, int channels, ImageSize? size, FolderImage[] images, int[] labels, IReadOnlyList<string> classNames,
        DatasetOptions options)
        : base(name, channels, size, labels, classNames) =>
        (_images, _options) = (images, options);

    /// <inheritdoc/>
    public override ImageSize SizeOf(int i)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)i, (uint)Count, nameof(i));
        return _images[i].Size;
    }

    /// <inheritdoc/>
    public override string? FileOf(int i)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)i, (uint)Count, nameof(i));
        return _images[i].Path;
    }

    /// <inheritdoc/>
    public override int BufferLengthOf(int i) => _images[i].Pixels is null ? SizeOf(i).Length : 0;

    internal override PictureCaching? Caching => _images[0].Pixels is null ? _options.Caching : null;

    internal override UInt128 DigestOf(int i) => _images[i].Digest;

    internal override ReadOnlySpan<PixelMoments> MomentsOf(int i) => _images[i].Moments;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Read(int i, Span<byte> buffer)
    {
        ImageSize size = SizeOf(i);
        if (_images[i].Pixels is { } kept)
            return kept;
        if (buffer.Length < size.Length)
            throw new ArgumentException($"Expected room for the {size.Length} bytes of an image of {size}, got " +
                $"{buffer.Length}.", nameof(buffer));
        Span<byte> pixels = buffer[..size.Length];
        string path = _images[i].Path;
        int length = FolderScan.Read(path, out byte[] rented);
        try
        {
            Decode(rented.AsSpan(0, length), path, size, pixels);
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
            ImageInfo info = ImageDecoder.ReadInfo(data, path, _options.MaxPixels);
            if ((info.Height, info.Width) != (size.Height, size.Width))
                throw new DatasetException(
                    $"{path} has {info.Width} x {info.Height} pixels, but had {size.Width} x {size.Height} when the data set was loaded. " +
                    $"Don't change the files while they are in use.");
            ImageDecoder.Decode(data, path, Channels, pixels, _options.MaxPixels);
        }
        catch (ImageException e)
        {
            throw new DatasetException($"{e.Message} It was good when the data set was loaded: don't change the files while they are in " +
                $"use.", e);
        }
    }
}
