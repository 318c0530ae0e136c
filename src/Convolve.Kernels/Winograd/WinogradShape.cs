namespace Convolve.Kernels.Winograd;

/// <summary>
/// A convolution with stride 1 and a kernel of 3x3 or 5x5, cut into tiles of 8x8 input pixels that give 6x6 or 4x4 outputs each.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Channels">Input channels, a multiple of the block.</param>
/// <param name="Filters">Output channels, a multiple of the block.</param>
/// <param name="Height">Rows of an input image.</param>
/// <param name="Width">Columns of an input image.</param>
/// <param name="Kernel">3 or 5.</param>
/// <param name="Top">Rows of padding above, below the kernel's size.</param>
/// <param name="Left">Columns of padding on the left, below the kernel's size.</param>
/// <param name="OutHeight">Rows of an output image.</param>
/// <param name="OutWidth">Columns of an output image.</param>
/// <param name="Block">Channels that are stored together: 16 or 8.</param>
internal readonly record struct WinogradShape(
    int Batch, int Channels, int Filters, int Height, int Width, int Kernel, int Top, int Left, int OutHeight, int OutWidth, int Block)
{
    /// <summary>The side of a tile in the input, and of its transform.</summary>
    public const int Side = 8;

    /// <summary>The products of one tile.</summary>
    public const int Points = Side * Side;

    /// <summary>The side of a tile in the output.</summary>
    public int OutSide => Side + 1 - Kernel;

    public int TileRows => (OutHeight + OutSide - 1) / OutSide;

    public int TileColumns => (OutWidth + OutSide - 1) / OutSide;

    public int TilesPerImage => TileRows * TileColumns;

    /// <summary>The tiles of the whole batch.</summary>
    public int Tiles => Batch * TilesPerImage;

    /// <summary>Channels of a vector, as many as a block or half of them.</summary>
    public int Lanes { get; init; } = Block;

    /// <summary>Vectors of channels.</summary>
    public int ChannelBlocks => Channels / Lanes;

    /// <summary>Vectors of filters.</summary>
    public int FilterBlocks => Filters / Lanes;

    /// <summary>Where a vector of channels of an image begins, in numbers.</summary>
    /// <param name="vector">Its number.</param>
    /// <param name="area">Pixels of the image.</param>
    public nint At(int vector, nint area) => vector * Lanes / Block * area * Block + vector * Lanes % Block;

    /// <summary>Where the weights of a vector of filters and one of channels begin, in [O/b][I/b][K][K][b i][b o].</summary>
    public nint WeightsAt(int filterVector, int channelVector, int channels) =>
        ((nint)(filterVector * Lanes / Block) * (channels / Block) + channelVector * Lanes / Block) * Kernel * Kernel * Block * Block
        + channelVector * Lanes % Block * Block + filterVector * Lanes % Block;

    /// <summary>Pairs of vectors of filters, the last one perhaps half empty: the products are made for both at once.</summary>
    public int FilterPairs => (FilterBlocks + 1) / 2;

    /// <summary>
    /// The convolution that takes the gradient of the output to the gradient of the input: the kernel turned around, channels and filters
    /// swapped.
    /// </summary>
    public WinogradShape Transposed =>
        new(Batch, Filters, Channels, OutHeight, OutWidth, Kernel, Kernel - 1 - Top, Kernel - 1 - Left, Height, Width, Block)
        { Lanes = Lanes };

    /// <summary>
    /// Whether this way beats the library's direct kernels, by a count of vector instructions with what was measured around them.
    /// </summary>
    /// <remarks>
    /// A direct kernel does one vector of multiplications in an instruction, two in bfloat16; here each tile pays for its transforms, and
    /// the weights for theirs, whose points are written to memory and read again: with one image that is most of the time.
    /// </remarks>
    public bool IsFasterThanDirect(bool isBFloat16)
    {
        double pairs = (double)Channels * Filters;
        double direct = (double)Batch * OutHeight * OutWidth * Kernel * Kernel * pairs / (isBFloat16 ? 32 : 16);
        double tiles = (Tiles + 11) / 12 * 12, winograd = 1.4 * (tiles * (Points * pairs / 16 + 50.0 * (Channels + Filters)) + 100 * pairs);
        return winograd < direct;
    }
}
