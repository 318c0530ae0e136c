using Convolve.Kernels.Vectors;
using static Convolve.Kernels.Vectors.Number;

namespace Convolve.Kernels.BatchInterleaved;

/// <summary>A kernel for tiles of sums of any size.</summary>
internal unsafe interface ITileKernel<TTile> where TTile : unmanaged
{
    /// <summary>
    /// A tile of <typeparamref name="TRows"/> rows: each the vectors of a filter, or of a column where there are more columns than filters.
    /// </summary>
    static abstract void Run<T, TRow, TRows>(TTile* tile, bool rowsAreColumns)
        where T : unmanaged, IFloats<T> where TRow : unmanaged, IRow<TRow, T> where TRows : unmanaged;
}

/// <summary>
/// The code for each size of tile. A row holds the shorter side: its vectors are kept while those of the longer side pass.
/// </summary>
internal static unsafe class TileShapes<TKernel, TTile, T>
    where TKernel : struct, ITileKernel<TTile> where TTile : unmanaged where T : unmanaged, IFloats<T>
{
    public static void Run(TTile* tile, int filters, int columns)
    {
        bool rowsAreColumns = columns > filters;
        int rows = Math.Max(filters, columns);
        switch (Math.Min(filters, columns))
        {
            case 1: Run<Row<T>>(tile, rows, rowsAreColumns); break;
            case 2: Run<Row<T, Row<T>>>(tile, rows, rowsAreColumns); break;
            case 3: Run<Row<T, Row<T, Row<T>>>>(tile, rows, rowsAreColumns); break;
            case 4: Run<Row<T, Row<T, Row<T, Row<T>>>>>(tile, rows, rowsAreColumns); break;
            default: Run<Row<T, Row<T, Row<T, Row<T, Row<T>>>>>>(tile, rows, rowsAreColumns); break;
        }
    }

    private static void Run<TRow>(TTile* tile, int rows, bool rowsAreColumns) where TRow : unmanaged, IRow<TRow, T>
    {
        switch (rows)
        {
            case 1: TKernel.Run<T, TRow, N1>(tile, rowsAreColumns); break;
            case 2: TKernel.Run<T, TRow, N2>(tile, rowsAreColumns); break;
            case 3: TKernel.Run<T, TRow, N3>(tile, rowsAreColumns); break;
            case 4: TKernel.Run<T, TRow, N4>(tile, rowsAreColumns); break;
            case 5: TKernel.Run<T, TRow, N5>(tile, rowsAreColumns); break;
            case 6: TKernel.Run<T, TRow, N6>(tile, rowsAreColumns); break;
            case 7: TKernel.Run<T, TRow, N7>(tile, rowsAreColumns); break;
            default: TKernel.Run<T, TRow, N8>(tile, rowsAreColumns); break;
        }
    }
}
