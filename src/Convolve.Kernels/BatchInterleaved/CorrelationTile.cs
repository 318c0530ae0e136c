using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each tile:
//         sums[f][x] = bias[f];  for each tap:  sums[f][x] += weights[tap][f] * input[offset[tap] + x]
//         output[f][x] = function(sums[f][x])
//
// input    [channel][row][column][16]  float32, padded; offsets say where each tap of it is
// weights  [tap][filter]               float32, packed for this block of filters
// output   [filter][row][column][16]   float32
// Registers: the sums (up to 24 of 32, or 12 of 16), the shorter side's operands and one of the longer side. L1: a block's weights and
// the input rows that its taps reach. Bound: two multiply-adds a cycle, from 8 sums on.

/// <summary>A row of equal tiles, each a few filters by a few columns of output, and the taps that are summed into them.</summary>
/// <remarks>Steps and offsets are in bytes.</remarks>
internal unsafe struct CorrelationTile
{
    /// <summary>Where the first column of the first tile meets the tap of offset 0.</summary>
    public byte* Input;

    /// <summary>Where each tap is, relative to <see cref="Input"/>.</summary>
    public nint* Offsets;

    /// <summary>For each tap, the weights of the tile's filters.</summary>
    public float* Weights;

    public float* Bias;
    public byte* Output;
    public int Tiles;

    /// <summary>The taps come in runs, one for a kernel row, with taps between that meet nothing but padding.</summary>
    public int Runs;

    public int RunTaps;
    public int SkippedTaps;
    public nint InColumnStep;
    public nint OutColumnStep;
    public nint OutPlane;

    /// <summary>Whether there is a kernel for a tile of this size.</summary>
    public static bool Exists(int filters, int columns) =>
        (filters <= 8 && columns <= 4 || filters <= 4 && columns <= 8)
        && (IsWide ? filters * columns <= 24 : (filters + 1) * columns < Floats8.Registers);

    public static void Run<TFunction>(CorrelationTile* tile, int filters, int columns) where TFunction : struct, IInterleavedFunction
    {
        if (IsWide)
            Run<Floats16, TFunction>(tile, filters, columns);
        else
            Run<Floats8, TFunction>(tile, filters, columns);
    }

    // Where a register is half as wide as a group of images, one half of the group after the other.
    private static void Run<T, TFunction>(CorrelationTile* tile, int filters, int columns)
        where T : unmanaged, IFloats<T> where TFunction : struct, IInterleavedFunction
    {
        CorrelationTile part = *tile;
        for (int lane = 0; lane < Width; lane += T.Count)
        {
            TileShapes<Kernel<TFunction>, CorrelationTile, T>.Run(&part, filters, columns);
            part.Input += sizeof(T);
            part.Output += sizeof(T);
        }
    }

    private readonly struct Kernel<TFunction> : ITileKernel<CorrelationTile> where TFunction : struct, IInterleavedFunction
    {
        public static void Run<T, TRow, TRows>(CorrelationTile* tile, bool rowsAreColumns)
            where T : unmanaged, IFloats<T> where TRow : unmanaged, IRow<TRow, T> where TRows : unmanaged
        {
            if (rowsAreColumns)
                Sum<T, TRow, TRows, FilterSide<T>, ColumnSide<T>, TFunction>(tile);
            else
                Sum<T, TRow, TRows, ColumnSide<T>, FilterSide<T>, TFunction>(tile);
        }
    }

    /// <summary>One side of the tile.</summary>
    private interface ISide<TSelf, T> : IVectors<TSelf, T> where TSelf : struct, ISide<TSelf, T> where T : unmanaged, IFloats<T>
    {
        static abstract TSelf At(float* weights, byte* input, nint step);

        /// <summary>The argument for this side.</summary>
        static abstract nint Choose(nint filters, nint columns);
    }

    private readonly struct FilterSide<T>(float* first) : ISide<FilterSide<T>, T> where T : unmanaged, IFloats<T>
    {
        private readonly float* _first = first;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static FilterSide<T> At(float* weights, byte* input, nint step) => new(weights);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static nint Choose(nint filters, nint columns) => filters;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Load(FilterSide<T> weights, int index) => T.Create(weights._first[index]);
    }

    private readonly struct ColumnSide<T>(byte* first, nint step) : ISide<ColumnSide<T>, T> where T : unmanaged, IFloats<T>
    {
        private readonly byte* _first = first;
        private readonly nint _step = step;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static ColumnSide<T> At(float* weights, byte* input, nint step) => new(input, step);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static nint Choose(nint filters, nint columns) => columns;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Load(ColumnSide<T> inputs, int index) => T.Load(inputs._first + index * inputs._step);
    }

    // bounds: Correlation's offsets stay within the padded planes for all columns of the tiles; the output has those columns and filters.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum<T, TRow, TRows, TKept, TPassing, TFunction>(CorrelationTile* tile)
        where T : unmanaged, IFloats<T> where TRow : unmanaged, IRow<TRow, T> where TRows : unmanaged
        where TKept : struct, ISide<TKept, T> where TPassing : struct, ISide<TPassing, T> where TFunction : struct, IInterleavedFunction
    {
        int keptCount = sizeof(TRow) / sizeof(T);
        nint filters = TPassing.Choose(sizeof(TRows), keptCount), columns = sizeof(TRows) * keptCount / filters;
        nint inStep = tile->InColumnStep, step = TKept.Choose(tile->OutPlane, tile->OutColumnStep);
        nint nextRow = TPassing.Choose(tile->OutPlane, tile->OutColumnStep);
        byte* input = tile->Input, output = tile->Output;
        nint runTaps = tile->RunTaps, skip = tile->SkippedTaps;
        for (int tiles = tile->Tiles; tiles > 0; tiles--)
        {
            nint* offset = tile->Offsets;
            float* weight = tile->Weights, bias = tile->Bias;
            nint biasStep = TKept.Choose(1, 0), nextBias = TPassing.Choose(1, 0);
            TRow s0 = TRow.Load(new Broadcasts<T>(bias, biasStep), 0);
            TRow s1 = sizeof(TRows) > 1 ? TRow.Load(new Broadcasts<T>(bias + nextBias, biasStep), 0) : default;
            TRow s2 = sizeof(TRows) > 2 ? TRow.Load(new Broadcasts<T>(bias + 2 * nextBias, biasStep), 0) : default;
            TRow s3 = sizeof(TRows) > 3 ? TRow.Load(new Broadcasts<T>(bias + 3 * nextBias, biasStep), 0) : default;
            TRow s4 = sizeof(TRows) > 4 ? TRow.Load(new Broadcasts<T>(bias + 4 * nextBias, biasStep), 0) : default;
            TRow s5 = sizeof(TRows) > 5 ? TRow.Load(new Broadcasts<T>(bias + 5 * nextBias, biasStep), 0) : default;
            TRow s6 = sizeof(TRows) > 6 ? TRow.Load(new Broadcasts<T>(bias + 6 * nextBias, biasStep), 0) : default;
            TRow s7 = sizeof(TRows) > 7 ? TRow.Load(new Broadcasts<T>(bias + 7 * nextBias, biasStep), 0) : default;
            for (int run = tile->Runs; run > 0; run--)
            {
                for (nint* end = offset + runTaps; offset != end; offset++)
                {
                    TPassing passing = TPassing.At(weight, input + *offset, inStep);
                    TRow kept = TRow.Load(TKept.At(weight, input + *offset, inStep), 0);
                    s0 = TRow.AddProducts(s0, kept, TPassing.Load(passing, 0));
                    if (sizeof(TRows) > 1) s1 = TRow.AddProducts(s1, kept, TPassing.Load(passing, 1));
                    if (sizeof(TRows) > 2) s2 = TRow.AddProducts(s2, kept, TPassing.Load(passing, 2));
                    if (sizeof(TRows) > 3) s3 = TRow.AddProducts(s3, kept, TPassing.Load(passing, 3));
                    if (sizeof(TRows) > 4) s4 = TRow.AddProducts(s4, kept, TPassing.Load(passing, 4));
                    if (sizeof(TRows) > 5) s5 = TRow.AddProducts(s5, kept, TPassing.Load(passing, 5));
                    if (sizeof(TRows) > 6) s6 = TRow.AddProducts(s6, kept, TPassing.Load(passing, 6));
                    if (sizeof(TRows) > 7) s7 = TRow.AddProducts(s7, kept, TPassing.Load(passing, 7));
                    weight += filters;
                }
                offset += skip;
                weight += skip * filters;
            }
            TRow.Store<TFunction>(s0, output, step);
            if (sizeof(TRows) > 1) TRow.Store<TFunction>(s1, output + nextRow, step);
            if (sizeof(TRows) > 2) TRow.Store<TFunction>(s2, output + 2 * nextRow, step);
            if (sizeof(TRows) > 3) TRow.Store<TFunction>(s3, output + 3 * nextRow, step);
            if (sizeof(TRows) > 4) TRow.Store<TFunction>(s4, output + 4 * nextRow, step);
            if (sizeof(TRows) > 5) TRow.Store<TFunction>(s5, output + 5 * nextRow, step);
            if (sizeof(TRows) > 6) TRow.Store<TFunction>(s6, output + 6 * nextRow, step);
            if (sizeof(TRows) > 7) TRow.Store<TFunction>(s7, output + 7 * nextRow, step);
            input += columns * inStep;
            output += columns * tile->OutColumnStep;
        }
    }
}
