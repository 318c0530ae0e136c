namespace Convolve.Kernels.Pooling;

/// <summary>
/// A max pooling over images in blocks of 16 channels, [N][C/16][H][W][16]; every window overlaps its image, and has at most 255 places.
/// </summary>
/// <param name="Planes">Images times blocks of channels.</param>
/// <param name="Height">Rows of a plane.</param>
/// <param name="Width">Columns of a plane.</param>
/// <param name="KernelHeight">Rows of a window.</param>
/// <param name="KernelWidth">Columns of a window.</param>
/// <param name="StrideHeight">Rows from one window to the next.</param>
/// <param name="StrideWidth">Columns from one window to the next.</param>
/// <param name="Top">Rows of padding above, fewer than the window has.</param>
/// <param name="Left">Columns of padding on the left, fewer than the window has.</param>
/// <param name="OutHeight">Rows of windows.</param>
/// <param name="OutWidth">Columns of windows.</param>
internal readonly record struct BlockedPool(int Planes, int Height, int Width, int KernelHeight, int KernelWidth, int StrideHeight,
    int StrideWidth,
    int Top, int Left, int OutHeight, int OutWidth)
{
    /// <summary>Channels of a plane.</summary>
    public const int Block = 16;

    /// <summary>The place of an output whose gradient goes nowhere.</summary>
    internal const int Nowhere = 255;

    /// <summary>The memory for the places of the maxima: a byte for every output.</summary>
    public long ArgmaxBytes => (long)Planes * OutHeight * OutWidth * Block;

    /// <summary>
    /// Whether windows are 3x3 or 2x2, two rows and two columns apart. The kernels are made for these; with others the library is up to
    /// twice as fast.
    /// </summary>
    public bool IsHalving => (StrideHeight, StrideWidth) == (2, 2) && (KernelHeight, KernelWidth) is (2, 2) or (3, 3);
}
