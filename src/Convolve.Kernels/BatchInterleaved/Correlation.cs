using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each block of filters, each run of tiles in a row, whose taps are the same:  CorrelationTile
//
// input    [channel][row][column][16]  float32, with room for the columns beyond the edges
// weights  [block of filters][tap][filter]  float32, packed once
// L1: the weights of a block. What is held in registers, and the bound, are CorrelationTile's.

/// <summary>
/// Sums of taps over a plane, row by row: what a forward convolution is, and what each phase of a backward one is.
/// </summary>
/// <remarks>Rows of the kernel that are in the padding are left out, as are columns that do so for a whole tile.</remarks>
internal unsafe struct Correlation
{
    private const int MaxFilterBlock = 8;

    /// <summary>What it costs to begin and end a tile, in steps of its inner loop.</summary>
    private const int StepsLostByTile = 4;

    /// <summary>Neighboring tiles of one width that meet the same columns of the kernel.</summary>
    private struct TileRun
    {
        public int Column, Width, Tiles, FirstTap, EndTap;
    }

    private struct TileChoice
    {
        public long Cost;
        public int Width;
    }

    private int _channels, _filters, _height, _tapRows, _tapColumns, _strideH, _strideW, _padTop, _padLeft;
    private int _filterBlocks, _tileRuns;
    private nint _inRow, _outColumn;
    private nint* _offsets;
    private float* _weights, _bias;
    private TileRun* _runs;

    /// <summary>The taps of one filter and one channel, their padding, and where their weights are.</summary>
    public struct Taps
    {
        public int Rows, Columns, StrideH, StrideW, PadTop, PadLeft;
        public float* Weights;
        public nint FilterStep, ChannelStep, RowStep, ColumnStep;
    }

    public static long ScratchBytes(int channels, int filters, int taps, int outWidth) =>
        InterleavedArena.Bytes<nint>((long)channels * taps) + InterleavedArena.Bytes<float>((long)channels * taps * filters)
        + InterleavedArena.Bytes<TileRun>(outWidth) + InterleavedArena.Bytes<TileChoice>(outWidth + 1);

    /// <param name="bias">One value a filter.</param>
    /// <param name="input">The pitches of the planes to read; they have room for the columns beyond the edges.</param>
    /// <param name="outColumn">The bytes from one column of output to the next.</param>
    public Correlation(
        ref InterleavedArena arena, int channels, int filters, int height, int width, int outWidth, in Taps taps, float* bias,
        InterleavedView input, nint outColumn)
    {
        (_channels, _filters, _height, _inRow, _outColumn) = (channels, filters, height, input.Row, outColumn);
        _bias = bias;
        (_tapRows, _tapColumns, _strideH, _strideW) = (taps.Rows, taps.Columns, taps.StrideH, taps.StrideW);
        (_padTop, _padLeft) = (taps.PadTop, taps.PadLeft);
        long count = (long)channels * taps.Rows * taps.Columns;
        _offsets = arena.Take<nint>(count);
        _weights = arena.Take<float>(count * filters);
        _runs = arena.Take<TileRun>(outWidth);

        ChooseTiles(outWidth, width, arena.Take<TileChoice>(outWidth + 1));
        nint* offset = _offsets;
        for (int row = 0; row < _tapRows; row++)
            for (int column = 0; column < _tapColumns; column++)
                for (int c = 0; c < channels; c++)
                    *offset++ = row * input.Row + column * VectorBytes + c * input.Plane;
        PackWeights(taps);
    }

    /// <summary>The rows of input, from the first on, that <paramref name="row"/> of the output needs.</summary>
    public readonly int RowsNeeded(int row) => Math.Min(_height, row * _strideH - _padTop + _tapRows);

    /// <summary>Computes one row of the output in all filters.</summary>
    /// <param name="rectify">Whether to apply ReLU to the sums.</param>
    public readonly void Row(int row, InterleavedView input, byte* output, nint outPlane, bool rectify)
    {
        int top = row * _strideH - _padTop;
        int firstRow = Math.Max(0, -top), rows = Math.Max(0, Math.Min(_tapRows, _height - top) - firstRow);
        int rowTaps = _tapColumns * _channels, taps = rowTaps * _tapRows;
        CorrelationTile tile;
        tile.InColumnStep = (nint)_strideW * VectorBytes;
        tile.OutColumnStep = _outColumn;
        tile.OutPlane = outPlane;
        for (int block = 0, filter = 0; block < _filterBlocks; block++)
        {
            int filters = Part(_filters, _filterBlocks, block);
            tile.Bias = _bias + filter;
            for (TileRun* run = _runs, end = _runs + _tileRuns; run < end; run++)
            {
                int tapColumns = Math.Max(0, run->EndTap - run->FirstTap), skipped = (firstRow * _tapColumns + run->FirstTap) * _channels;
                bool whole = tapColumns == _tapColumns;
                tile.Runs = tapColumns == 0 || rows == 0 ? 0 : whole ? 1 : rows;
                tile.RunTaps = whole ? rows * rowTaps : tapColumns * _channels;
                tile.SkippedTaps = whole ? 0 : rowTaps - tile.RunTaps;
                tile.Offsets = _offsets + skipped;
                tile.Weights = _weights + (long)filter * taps + (long)skipped * filters;
                tile.Input = input.Origin + top * _inRow + ((nint)run->Column * _strideW - _padLeft) * VectorBytes;
                tile.Output = output + filter * outPlane + run->Column * _outColumn;
                tile.Tiles = run->Tiles;
                if (rectify)
                    CorrelationTile.Run<Rectify>(&tile, filters, run->Width);
                else
                    CorrelationTile.Run<Identity>(&tile, filters, run->Width);
            }
            filter += filters;
        }
    }

    /// <summary>The size of one of several nearly equal parts.</summary>
    internal static int Part(int whole, int parts, int index) => whole / parts + (index < whole % parts ? 1 : 0);

    /// <summary>
    /// About the cycles for a step of a tile: two multiply-adds or two loads each cycle, and no less than the latency of a multiply-add.
    /// </summary>
    internal static int HalfCycles(int filters, int columns) => Math.Max(8, Math.Max(filters * columns, filters + columns)) + 1;

    /// <summary>Splits the filters into blocks and the columns into tiles at the least estimated cost.</summary>
    private void ChooseTiles(int outWidth, int width, TileChoice* choices)
    {
        long best = long.MaxValue;
        int least = CeilingDivide(_filters, MaxFilterBlock), bestBlocks = least;
        for (int blocks = least; blocks <= Math.Min(_filters, least + 2); blocks++)
        {
            long cost = ChooseColumns(blocks, outWidth, width, choices);
            if (cost < best)
                (best, bestBlocks) = (cost, blocks);
        }
        _filterBlocks = bestBlocks;
        ChooseColumns(bestBlocks, outWidth, width, choices);
        PlaceTiles(outWidth, width, choices);
    }

    /// <summary>From the last column to the first, the best width of a tile that starts there (dynamic programming).</summary>
    private readonly long ChooseColumns(int blocks, int outWidth, int width, TileChoice* choices)
    {
        int larger = CeilingDivide(_filters, blocks), smaller = _filters / blocks, largerBlocks = _filters % blocks;
        choices[outWidth] = default;
        for (int column = outWidth - 1; column >= 0; column--)
        {
            TileChoice choice = new() { Cost = long.MaxValue };
            for (int part = 1; part <= outWidth - column && CorrelationTile.Exists(larger, part); part++)
            {
                (int first, int end) = ColumnTaps(column, part, width);
                long steps = (long)Math.Max(0, end - first) * _tapRows * _channels + StepsLostByTile;
                long cost = choices[column + part].Cost
                    + steps * (largerBlocks * HalfCycles(larger, part) + (blocks - largerBlocks) * HalfCycles(smaller, part));
                if (cost < choice.Cost)
                    choice = new() { Cost = cost, Width = part };
            }
            choices[column] = choice;
        }
        return choices[0].Cost;
    }

    private readonly (int First, int End) ColumnTaps(int column, int count, int width)
    {
        int first = column * _strideW - _padLeft, last = first + (count - 1) * _strideW;
        return (Math.Max(0, -last), Math.Min(_tapColumns, width - first));
    }

    private void PlaceTiles(int outWidth, int width, TileChoice* choices)
    {
        TileRun* run = _runs - 1;
        for (int column = 0; column < outWidth; column += choices[column].Width)
        {
            int part = choices[column].Width;
            (int first, int end) = ColumnTaps(column, part, width);
            if (column > 0 && run->Width == part && run->FirstTap == first && run->EndTap == end)
                run->Tiles++;
            else
                *++run = new TileRun { Column = column, Width = part, Tiles = 1, FirstTap = first, EndTap = end };
        }
        _tileRuns = (int)(run - _runs) + 1;
    }

    private readonly void PackWeights(in Taps taps)
    {
        float* packed = _weights;
        for (int block = 0, filter = 0; block < _filterBlocks; block++)
        {
            int filters = Part(_filters, _filterBlocks, block);
            for (int row = 0; row < _tapRows; row++)
                for (int column = 0; column < _tapColumns; column++)
                    for (int c = 0; c < _channels; c++)
                    {
                        float* weight = taps.Weights + row * taps.RowStep + column * taps.ColumnStep + c * taps.ChannelStep
                            + filter * taps.FilterStep;
                        for (int f = 0; f < filters; f++)
                            *packed++ = weight[f * taps.FilterStep];
                    }
            filter += filters;
        }
    }
}
