using System.Globalization;

namespace Convolve.Layers;

/// <summary>
/// The shape of one sample: an image of channels x height x width, or a vector of features. The batch is never part of it.
/// </summary>
public readonly record struct Shape
{
    /// <summary>An image.</summary>
    /// <exception cref="NetworkException">A size is below 1.</exception>
    public Shape(int channels, int height, int width)
    {
        if (channels < 1 || height < 1 || width < 1)
            throw new NetworkException($"A shape of {channels}x{height}x{width} has no elements. Every size must be at least 1.");
        (Channels, Height, Width, IsVector) = (channels, height, width, false);
    }

    private Shape(int features)
    {
        if (features < 1)
            throw new NetworkException($"A vector of {features} features has no elements. It must have at least 1.");
        (Channels, Height, Width, IsVector) = (features, 1, 1, true);
    }

    /// <summary>Channels of an image, features of a vector.</summary>
    public int Channels { get; }

    /// <summary>Rows; 1 for a vector.</summary>
    public int Height { get; }

    /// <summary>Columns; 1 for a vector.</summary>
    public int Width { get; }

    /// <summary>Whether this is a vector of features and not an image.</summary>
    public bool IsVector { get; }

    /// <summary>The number of elements of one sample.</summary>
    public long Elements => checked((long)Channels * Height * Width);

    /// <summary>The sizes: {C, H, W} or {features}.</summary>
    public int[] ToArray() => IsVector ? [Channels] : [Channels, Height, Width];

    /// <summary>A vector of features.</summary>
    public static Shape Vector(int features) => new(features);

    /// <summary>An image of channels, height and width.</summary>
    public static implicit operator Shape((int Channels, int Height, int Width) size) => new(size.Channels, size.Height, size.Width);

    /// <summary>"96x54x54", or "4096" for a vector.</summary>
    public override string ToString() =>
        IsVector ? Channels.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{Channels}x{Height}x{Width}");
}
