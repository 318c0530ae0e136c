using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Layouts;

//     for each column, each 8 rows: a vector;  or  for each 4 rows, each 4 columns: a square turned around
//
// source, target  element (r, c) at rows[r] + columns[c]  float32; a target also bfloat16
// buffer          [column][64 rows]  float32
// Registers: four rows of four. L1: the buffer of 16 KiB. Bound: memory; single elements where neither order is known.

/// <summary>How one side of a copy between layouts is written or read fastest.</summary>
internal enum TileOrder
{
    /// <summary>Element by element.</summary>
    Any,

    /// <summary>Eight rows of a column are contiguous, as in "ABcd16b16a".</summary>
    Rows,

    /// <summary>Four columns of a row are contiguous, as in row-major order.</summary>
    Columns,

    /// <summary>Pairs of columns, eight rows of them contiguous, as in "ABcd8b16a2b" of bfloat16.</summary>
    ColumnPairs,

    /// <summary>Pairs of rows, four columns of them contiguous, as in "ABcd8a16b2a" of bfloat16.</summary>
    RowPairs,
}

/// <summary>
/// Up to 64x64 weights from one layout to another, through a buffer of 16 KiB in L1 in which the rows of a column are contiguous: each
/// side is then read or written in its own order, by vectors. Element (r, c) of a side is at rows[r] + columns[c].
/// </summary>
internal static unsafe class LayoutTile
{
    public const int Size = 64;

    private const int RowGroup = 8, ColumnGroup = 4;

    /// <summary>The order of a side, by the offsets of all its rows and columns.</summary>
    public static TileOrder OrderOf(ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, bool isBFloat16)
    {
        if (IsRun(rows, RowGroup, 1))
            return TileOrder.Rows;
        if (!isBFloat16)
            return IsRun(columns, ColumnGroup, 1) ? TileOrder.Columns : TileOrder.Any;
        if (IsRun(rows, RowGroup, 2) && IsRun(columns, 2, 1))
            return TileOrder.ColumnPairs;
        return IsRun(rows, 2, 1) && IsRun(columns, ColumnGroup, 2) ? TileOrder.RowPairs : TileOrder.Any;
    }

    /// <summary>Reads a tile into the buffer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(TileOrder order, float* source, int* rows, int* columns, int rowCount, int columnCount, float* buffer)
    {
        int wholeRows = order == TileOrder.Rows ? rowCount / RowGroup * RowGroup : order == TileOrder.Columns ? rowCount / 4 * 4 : 0;
        int wholeColumns = order == TileOrder.Columns ? columnCount / ColumnGroup * ColumnGroup : order == TileOrder.Rows ? columnCount : 0;
        if (order == TileOrder.Rows)
            for (int c = 0; c < wholeColumns; c++)
                for (int r = 0; r < wholeRows; r += RowGroup)
                    Vector256.Load(source + rows[r] + columns[c]).Store(buffer + c * Size + r);
        else
            for (int r = 0; r < wholeRows; r += 4)
                for (int c = 0; c < wholeColumns; c += ColumnGroup)
                {
                    float* from = source + columns[c], to = buffer + c * Size + r;
                    Vector128<float> x0 = Vector128.Load(from + rows[r]), x1 = Vector128.Load(from + rows[r + 1]),
                        x2 = Vector128.Load(from + rows[r + 2]), x3 = Vector128.Load(from + rows[r + 3]);
                    (x0, x1, x2, x3) = Halves.Transpose(x0, x1, x2, x3);
                    x0.Store(to);
                    x1.Store(to + Size);
                    x2.Store(to + 2 * Size);
                    x3.Store(to + 3 * Size);
                }
        for (int r = 0; r < rowCount; r++)
            for (int c = r < wholeRows ? wholeColumns : 0; c < columnCount; c++)
                buffer[c * Size + r] = source[rows[r] + columns[c]];
    }

    /// <summary>Writes a tile from the buffer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(TileOrder order, float* buffer, float* target, int* rows, int* columns, int rowCount, int columnCount)
    {
        int wholeRows = order == TileOrder.Rows ? rowCount / RowGroup * RowGroup : order == TileOrder.Columns ? rowCount / 4 * 4 : 0;
        int wholeColumns = order == TileOrder.Columns ? columnCount / ColumnGroup * ColumnGroup : order == TileOrder.Rows ? columnCount : 0;
        if (order == TileOrder.Rows)
            for (int c = 0; c < wholeColumns; c++)
                for (int r = 0; r < wholeRows; r += RowGroup)
                    Vector256.Load(buffer + c * Size + r).Store(target + rows[r] + columns[c]);
        else
            for (int r = 0; r < wholeRows; r += 4)
                for (int c = 0; c < wholeColumns; c += ColumnGroup)
                {
                    float* from = buffer + c * Size + r, to = target + columns[c];
                    Vector128<float> x0 = Vector128.Load(from), x1 = Vector128.Load(from + Size), x2 = Vector128.Load(from + 2 * Size),
                        x3 = Vector128.Load(from + 3 * Size);
                    (x0, x1, x2, x3) = Halves.Transpose(x0, x1, x2, x3);
                    x0.Store(to + rows[r]);
                    x1.Store(to + rows[r + 1]);
                    x2.Store(to + rows[r + 2]);
                    x3.Store(to + rows[r + 3]);
                }
        for (int r = 0; r < rowCount; r++)
            for (int c = r < wholeRows ? wholeColumns : 0; c < columnCount; c++)
                target[rows[r] + columns[c]] = buffer[c * Size + r];
    }

    /// <summary>Writes a tile from the buffer, rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(TileOrder order, float* buffer, ushort* target, int* rows, int* columns, int rowCount, int columnCount)
    {
        int wholeRows = order == TileOrder.Any ? 0 : rowCount / RowGroup * RowGroup;
        int wholeColumns = order switch
        {
            TileOrder.Rows => columnCount,
            TileOrder.ColumnPairs => columnCount & ~1,
            TileOrder.RowPairs => columnCount / ColumnGroup * ColumnGroup,
            _ => 0
        };
        if (order == TileOrder.Rows)
        {
            for (int c = 0; c < wholeColumns; c++)
                for (int r = 0; r < wholeRows; r += RowGroup)
                    Narrow(buffer + c * Size + r).Store(target + rows[r] + columns[c]);
        }
        else if (order == TileOrder.ColumnPairs)
        {
            for (int c = 0; c < wholeColumns; c += 2)
                for (int r = 0; r < wholeRows; r += RowGroup)
                {
                    float* from = buffer + c * Size + r;
                    ((Round(from) >>> 16) | (Round(from + Size) & Vector256.Create(0xFFFF0000u)))
                        .Store((uint*)(target + rows[r] + columns[c]));
                }
        }
        else
        {
            for (int r = 0; r < wholeRows; r += RowGroup)
                for (int c = 0; c < wholeColumns; c += ColumnGroup)
                {
                    float* from = buffer + c * Size + r;
                    ushort* to = target + columns[c];
                    Vector128<float> x0 = Narrow(from).AsSingle(), x1 = Narrow(from + Size).AsSingle(),
                        x2 = Narrow(from + 2 * Size).AsSingle(), x3 = Narrow(from + 3 * Size).AsSingle();
                    (x0, x1, x2, x3) = Halves.Transpose(x0, x1, x2, x3);
                    x0.AsUInt16().Store(to + rows[r]);
                    x1.AsUInt16().Store(to + rows[r + 2]);
                    x2.AsUInt16().Store(to + rows[r + 4]);
                    x3.AsUInt16().Store(to + rows[r + 6]);
                }
        }
        for (int r = 0; r < rowCount; r++)
            for (int c = r < wholeRows ? wholeColumns : 0; c < columnCount; c++)
                target[rows[r] + columns[c]] = BFloat16.FromSingle(buffer[c * Size + r]);
    }

    // Whether the offsets go up by a step within every whole group.
    private static bool IsRun(ReadOnlySpan<int> offsets, int group, int step)
    {
        for (int i = 0; i < offsets.Length / group * group; i++)
            if (offsets[i] - offsets[i / group * group] != i % group * step)
                return false;
        return offsets.Length >= group;
    }

    // To nearest, ties to even, in the upper halves; NaN stays NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Round(float* values)
    {
        Vector256<float> value = Vector256.Load(values);
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), BFloat16.Round(value),
            value.AsUInt32() | Vector256.Create(0x400000u));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Narrow(float* values)
    {
        Vector256<uint> upper = Round(values) >>> 16;
        return Vector128.Narrow(upper.GetLower(), upper.GetUpper());
    }
}
