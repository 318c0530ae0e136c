using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Normalization;

/// <summary>
/// Response normalization across the channels of images in blocks of 16, [N][C/16][pixels][16]: x / (k + factor * sum of squares)^beta.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Channels">Channels that exist; those that fill up the last block are 0.</param>
/// <param name="Pixels">Pixels of one channel.</param>
/// <param name="Before">Neighbors with a smaller number that count.</param>
/// <param name="After">Neighbors with a larger number that count.</param>
/// <param name="Factor">Of the sum of squares.</param>
/// <param name="Beta">The exponent.</param>
/// <param name="K">What is added.</param>
internal readonly record struct ResponseNormShape(int Batch, int Channels, int Pixels, int Before, int After, float Factor, float Beta,
    float K)
{
    // A tile's values before, within and after should stay in the first cache.
    private const int TileFloats = 2048;

    public int Blocks => (Channels + Pixel.Channels - 1) / Pixel.Channels;

    /// <summary>Pixels that are worked on together.</summary>
    public int TilePixels => Math.Clamp(TileFloats / (Blocks * Pixel.Channels), 1, Pixels);

    public int TilesPerImage => (Pixels + TilePixels - 1) / TilePixels;

    public int Tiles => Batch * TilesPerImage;

    /// <summary>Zeros on either side of a pixel's channels in scratch space, where its windows stick out.</summary>
    public int Margin => (Math.Max(Before, After) + Pixel.Channels - 1) / Pixel.Channels * Pixel.Channels;

    /// <summary>Floats of one pixel in scratch space.</summary>
    public int Row => Margin + Blocks * Pixel.Channels + Margin;

    /// <summary>Floats of one thread's scratch space; the gradient needs three tiles, the forward pass one.</summary>
    public int ScratchFloats(bool isBack) => TilePixels * Row * (isBack ? 3 : 1);
}
