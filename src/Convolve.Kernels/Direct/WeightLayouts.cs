using Convolve.Kernels.Layouts;

namespace Convolve.Kernels.Direct;

/// <summary>How weights are laid out for own kernels: always in float32, the master weights themselves.</summary>
internal static class WeightLayouts
{
    private const int Block = ConvolutionShape.Block;

    /// <summary>
    /// Of a convolution: [O/16][I/16][H][W][16 i][16 o] for images in blocks, [O/16][I][H][W][16 o] for plain ones, with the groups
    /// outermost; plain where blocks would hold several groups.
    /// </summary>
    public static Layout Of(in ConvolutionShape shape, ReadOnlySpan<long> sizes, bool isPlanar)
    {
        if (!shape.HasWholeBlocks)
            return Layout.Plain(ElementType.Float32, sizes);
        return sizes.Length == 5
            ? Layout.Dense(ElementType.Float32, sizes, [0, 1, 2, 3, 4], isPlanar ? [new(1, Block)] : [new(2, Block), new(1, Block)])
            : Layout.Dense(ElementType.Float32, sizes, [0, 1, 2, 3], isPlanar ? [new(0, Block)] : [new(1, Block), new(0, Block)]);
    }

    /// <summary>Of a fully connected layer, [O/16][I][16 o].</summary>
    public static Layout OfProduct(ReadOnlySpan<long> sizes) => Layout.Dense(ElementType.Float32, sizes, [0, 1], [new(0, Block)]);
}
