using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Direct;

/// <summary>The sizes of a convolution.</summary>
/// <param name="Batch">Images.</param>
/// <param name="Groups">1 where every filter sees every channel.</param>
/// <param name="Channels">Of a group.</param>
/// <param name="Filters">Of a group.</param>
/// <param name="Height">Rows of an input image.</param>
/// <param name="Width">Columns of an input image.</param>
/// <param name="KernelHeight">Rows of the kernel.</param>
/// <param name="KernelWidth">Columns of the kernel.</param>
/// <param name="OutHeight">Rows of an output image.</param>
/// <param name="OutWidth">Columns of an output image.</param>
/// <param name="Walk">How the kernel walks; its paddings after the image follow from the sizes.</param>
internal readonly record struct ConvolutionShape(int Batch, int Groups, int Channels, int Filters, int Height, int Width, int KernelHeight,
    int KernelWidth, int OutHeight, int OutWidth, Walk Walk)
{
    /// <summary>Channels that are stored together in images and weights.</summary>
    public const int Block = Pixel.Channels;

    public static ConvolutionShape Of(Layout source, Layout weights, Layout target, Walk walk)
    {
        int Size(Layout layout, int axis) => (int)layout.Sizes[axis];
        int first = weights.Sizes.Count - 4;
        return new(Size(source, 0), first == 0 ? 1 : Size(weights, 0), Size(weights, first + 1), Size(weights, first), Size(source, 2),
            Size(source, 3), Size(weights, first + 2), Size(weights, first + 3), Size(target, 2), Size(target, 3), walk);
    }

    public int Taps => KernelHeight * KernelWidth;

    public int AllChannels => Groups * Channels;

    public int AllFilters => Groups * Filters;

    public int ChannelBlocks => Pixel.Blocks(AllChannels);

    public int FilterBlocks => Pixel.Blocks(AllFilters);

    /// <summary>Whether each output is the products of the pixel at its place: images may be read as one long row.</summary>
    public bool IsPointwise => Taps == 1 && Walk.Stride == (1, 1) && IsUnpadded;

    /// <summary>Whether no tap meets padding.</summary>
    public bool IsUnpadded => Walk.Before == (0, 0) && (OutHeight - 1) * Walk.Stride.Height + (KernelHeight - 1) * Walk.Dilation.Height
        < Height && (OutWidth - 1) * Walk.Stride.Width + (KernelWidth - 1) * Walk.Dilation.Width < Width;

    /// <summary>Whether blocks of channels and filters hold those of one group alone, so that weights may be in blocks.</summary>
    public bool HasWholeBlocks => Groups == 1 || (Channels % Block == 0 && Filters % Block == 0);

    /// <summary>
    /// The same sizes with several rows of an image as one where <see cref="IsPointwise"/>, as long as their pixels take no more than
    /// <paramref name="bytes"/>.
    /// </summary>
    public ConvolutionShape Flat(long bytes)
    {
        if (!IsPointwise)
            return this;
        int merged = 1;
        for (int rows = 2; rows <= Height; rows++)
            if (Height % rows == 0 && (long)rows * Width * ChannelBlocks * Block * sizeof(float) <= bytes)
                merged = rows;
        return this with { Height = Height / merged, OutHeight = Height / merged, Width = Width * merged, OutWidth = Width * merged };
    }

    /// <summary>The blocks of channels that a block of filters sees.</summary>
    public (int First, int End) ChannelsOf(int filterBlock) => Seen(filterBlock, AllFilters, Filters, Channels);

    /// <summary>The blocks of filters that see a block of channels.</summary>
    public (int First, int End) FiltersOf(int channelBlock) => Seen(channelBlock, AllChannels, Channels, Filters);

    private static (int First, int End) Seen(int block, int all, int each, int others)
    {
        int firstGroup = block * Block / each, lastGroup = (Math.Min((block + 1) * Block, all) - 1) / each;
        return (firstGroup * others / Block, Pixel.Blocks((lastGroup + 1) * others));
    }
}
