using Convolve.Kernels.Vectors;
using static Convolve.Kernels.Vectors.Number;

namespace Convolve.Kernels.Products;

/// <summary>The code for each size of <see cref="ProductTile"/>, compiled at its first use.</summary>
internal static unsafe class ProductTiles
{
    /// <summary>The code for a tile.</summary>
    /// <param name="rows">From 1 to <see cref="ProductTile.MostRows{TVector}"/>.</param>
    /// <param name="vectors">1 or 2.</param>
    /// <param name="isBlocked">Whether the rows of the left operand are 16 floats apart; else they are neighbors.</param>
    public static delegate*<ProductTile*, void> For<TVector>(int rows, int vectors, bool isBlocked) where TVector : unmanaged, IFloats<TVector>
    {
        if (isBlocked)
            return vectors == 2 ? Of<TVector, N2, N16>(rows) : Of<TVector, N1, N16>(rows);
        return vectors == 2 ? Of<TVector, N2, N1>(rows) : Of<TVector, N1, N1>(rows);
    }

    /// <summary>Cuts a length into pieces that differ by one at most, none above the most rows of a tile.</summary>
    /// <returns>Where piece <paramref name="piece"/> begins.</returns>
    public static int Cut(int length, int pieces, int piece) => (int)((long)length * piece / pieces);

    private static delegate*<ProductTile*, void> Of<TVector, TVectors, TLeftStep>(int rows)
        where TVector : unmanaged, IFloats<TVector> where TVectors : unmanaged where TLeftStep : unmanaged => rows switch
    {
        1 => &ProductTile.Run<TVector, N1, TVectors, TLeftStep>,
        2 => &ProductTile.Run<TVector, N2, TVectors, TLeftStep>,
        3 => &ProductTile.Run<TVector, N3, TVectors, TLeftStep>,
        4 => &ProductTile.Run<TVector, N4, TVectors, TLeftStep>,
        5 => &ProductTile.Run<TVector, N5, TVectors, TLeftStep>,
        6 => &ProductTile.Run<TVector, N6, TVectors, TLeftStep>,
        7 => &ProductTile.Run<TVector, N7, TVectors, TLeftStep>,
        8 => &ProductTile.Run<TVector, N8, TVectors, TLeftStep>,
        9 => &ProductTile.Run<TVector, N9, TVectors, TLeftStep>,
        10 => &ProductTile.Run<TVector, N10, TVectors, TLeftStep>,
        11 => &ProductTile.Run<TVector, N11, TVectors, TLeftStep>,
        12 => &ProductTile.Run<TVector, N12, TVectors, TLeftStep>,
        13 => &ProductTile.Run<TVector, N13, TVectors, TLeftStep>,
        _ => &ProductTile.Run<TVector, N14, TVectors, TLeftStep>,
    };
}
