using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Products;

/// <summary>
/// A matrix cut for tiles: pieces of neighboring rows or columns, of nearly equal size, in which the other axis is outside.
/// </summary>
/// <param name="Length">Of the axis that is cut.</param>
/// <param name="Pieces">How many.</param>
internal readonly record struct Panels(int Length, int Pieces)
{
    /// <summary>The fewest pieces of at most this size.</summary>
    public static Panels Of(int length, int most) => new(length, (length + most - 1) / most);

    public int First(int piece) => ProductTiles.Cut(Length, Pieces, piece);

    public int Count(int piece) => First(piece + 1) - First(piece);

    /// <summary>A piece of columns, [row][column of the piece].</summary>
    public unsafe void PackColumns<TVector>(Numbers from, int piece, int rows, float* to) where TVector : unmanaged, IFloats<TVector>
    {
        int first = First(piece), count = Count(piece);
        for (int row = 0; row < rows; row++, to += count)
            from.Read<TVector>(row, first, count, to);
    }
}
