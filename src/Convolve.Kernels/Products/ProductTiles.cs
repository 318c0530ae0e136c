using Convolve.Kernels.Vectors;
using static Convolve.Kernels.Vectors.Number;

namespace Convolve.Kernels.Products;

/// <summary>How far the rows of a tile's left operand are apart.</summary>
internal enum LeftRows
{
    /// <summary>They are neighbors.</summary>
    Neighbors,

    /// <summary>16 floats, as pixels of blocked images.</summary>
    Blocked,

    /// <summary>As <see cref="ProductTile.LeftRow"/> says.</summary>
    Any,
}

/// <summary>The code for each size of <see cref="ProductTile"/>, compiled at its first use.</summary>
internal static unsafe class ProductTiles
{
    /// <summary>The size that stands for a step that the code does not know.</summary>
    public const int AnyStep = 2;

    /// <summary>The code for a tile.</summary>
    /// <param name="rows">From 1 to <see cref="ProductTile.MostRows{TVector}"/>.</param>
    /// <param name="vectors">1, 2 or 4.</param>
    /// <param name="left">How far the rows are apart.</param>
    public static delegate*<ProductTile*, void> For<TVector>(int rows, int vectors, LeftRows left)
        where TVector : unmanaged, IFloats<TVector> => left switch
        {
            LeftRows.Neighbors => Of<TVector, N1>(rows, vectors),
            LeftRows.Blocked => Of<TVector, N16>(rows, vectors),
            _ => Of<TVector, N2>(rows, vectors),
        };

    /// <summary>Runs a tile, in two where that many rows of four vectors are too many for the registers.</summary>
    public static void Run<TVector>(ProductTile* tile, int rows, int vectors, LeftRows left) where TVector : unmanaged, IFloats<TVector>
    {
        if (vectors < 4 || rows <= ProductTile.MostRows<TVector>(vectors))
        {
            For<TVector>(rows, vectors, left)(tile);
            return;
        }
        delegate*<ProductTile*, void> half = For<TVector>(rows, 2, left);
        ProductTile rest = *tile;
        half(tile);
        rest.Right += 2 * rest.RightPair;
        rest.Start += 2 * rest.StartPair;
        rest.Sums += 2 * rest.SumsPair;
        half(&rest);
    }

    /// <summary>Cuts a length into pieces that differ by one at most, none above the most rows of a tile.</summary>
    /// <returns>Where piece <paramref name="piece"/> begins.</returns>
    public static int Cut(int length, int pieces, int piece) => (int)((long)length * piece / pieces);

    private static delegate*<ProductTile*, void> Of<TVector, TLeftRow>(int rows, int vectors)
        where TVector : unmanaged, IFloats<TVector> where TLeftRow : unmanaged => vectors switch
        {
            1 => Of<TVector, N1, TLeftRow>(rows),
            2 => Of<TVector, N2, TLeftRow>(rows),
            _ => OfFour<TVector, TLeftRow>(rows),
        };

    private static delegate*<ProductTile*, void> Of<TVector, TVectors, TLeftRow>(int rows)
        where TVector : unmanaged, IFloats<TVector> where TVectors : unmanaged where TLeftRow : unmanaged => rows switch
        {
            1 => &ProductTile.Run<TVector, N1, TVectors, TLeftRow>,
            2 => &ProductTile.Run<TVector, N2, TVectors, TLeftRow>,
            3 => &ProductTile.Run<TVector, N3, TVectors, TLeftRow>,
            4 => &ProductTile.Run<TVector, N4, TVectors, TLeftRow>,
            5 => &ProductTile.Run<TVector, N5, TVectors, TLeftRow>,
            6 => &ProductTile.Run<TVector, N6, TVectors, TLeftRow>,
            7 => &ProductTile.Run<TVector, N7, TVectors, TLeftRow>,
            8 => &ProductTile.Run<TVector, N8, TVectors, TLeftRow>,
            9 => &ProductTile.Run<TVector, N9, TVectors, TLeftRow>,
            10 => &ProductTile.Run<TVector, N10, TVectors, TLeftRow>,
            11 => &ProductTile.Run<TVector, N11, TVectors, TLeftRow>,
            12 => &ProductTile.Run<TVector, N12, TVectors, TLeftRow>,
            13 => &ProductTile.Run<TVector, N13, TVectors, TLeftRow>,
            _ => &ProductTile.Run<TVector, N14, TVectors, TLeftRow>,
        };

    private static delegate*<ProductTile*, void> OfFour<TVector, TLeftRow>(int rows)
        where TVector : unmanaged, IFloats<TVector> where TLeftRow : unmanaged => rows switch
        {
            1 => &ProductTile.Run<TVector, N1, N4, TLeftRow>,
            2 => &ProductTile.Run<TVector, N2, N4, TLeftRow>,
            3 => &ProductTile.Run<TVector, N3, N4, TLeftRow>,
            4 => &ProductTile.Run<TVector, N4, N4, TLeftRow>,
            5 => &ProductTile.Run<TVector, N5, N4, TLeftRow>,
            _ => &ProductTile.Run<TVector, N6, N4, TLeftRow>,
        };
}
