namespace Convolve.Kernels.Normalization;

/// <summary>A batch of images in blocks of 16 channels, [N][C/16][pixels][16], or of plain vectors, [N][C].</summary>
/// <param name="Batch">Images.</param>
/// <param name="Channels">Channels, or features of a vector.</param>
/// <param name="Pixels">Pixels of one channel; 1 for vectors.</param>
/// <param name="IsPlain">Whether these are plain vectors.</param>
internal readonly record struct BatchNormShape(int Batch, int Channels, int Pixels, bool IsPlain)
{
    public const int Width = 16;

    public int Blocks => (Channels + Width - 1) / Width;

    /// <summary>Channels rounded up to whole vectors.</summary>
    public int PaddedChannels => Blocks * Width;

    /// <summary>Values of one channel in a batch.</summary>
    public long Count => (long)Batch * Pixels;

    /// <summary>Where a block of an image begins, in vectors of 16, or in values where the vectors are plain.</summary>
    public nint At(int image, int block) => IsPlain ? (nint)image * Channels + block * Width
        : ((nint)image * Blocks + block) * Pixels * Width;

    /// <summary>The channels of a block that exist: fewer than 16 in a last block.</summary>
    public int WidthOf(int block) => Math.Min(Width, Channels - block * Width);

    /// <summary>
    /// Floats of the statistics that a forward pass leaves: mean, 1 / deviation, and the scale and shift that the two make with weight and
    /// bias.
    /// </summary>
    public int StatisticsFloats => 4 * PaddedChannels;

    /// <summary>Floats of one thread's partial sums.</summary>
    public int PartialFloats => 2 * PaddedChannels;
}
