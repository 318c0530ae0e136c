using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each row of the band, each column x:  sums[f][tap] += diff[f][x] * input[offset[tap] + x]
//
// diff   [filter][row][column][16]   float32, the gradient of the output
// input  [channel][row][column][16]  float32, padded; offsets say where each tap of it is
// sums   [filter][tap][16]           float32, a partial sum for each of 16 images
// Registers: the sums (up to 25 of 32, or 12 of 16), the shorter side's operands and one of the longer side. L1: the band of the
// gradient, while all blocks of taps pass over it. Bound: two multiply-adds a cycle, from 8 sums on.

/// <summary>The weight gradients of a few filters by a few taps, summed over a band of rows.</summary>
/// <remarks>Steps and offsets are in bytes.</remarks>
internal unsafe struct GradientTile
{
    /// <summary>The gradient of the output: the first filter of the tile, the first row of the band.</summary>
    public byte* Diff;

    public nint DiffPlane;
    public nint DiffRow;

    /// <summary>The padded input under the first row of the band, and where each tap is relative to it.</summary>
    public byte* Input;

    public nint* Offsets;
    public nint InRow;
    public nint InColumnStep;
    public int Rows;
    public int Columns;

    /// <summary>The sums, a vector for each tap, <see cref="SumPitch"/> from filter to filter.</summary>
    public byte* Sums;

    public nint SumPitch;

    public static bool Exists(int filters, int taps) =>
        (filters <= 8 && taps <= 5 || filters <= 4 && taps <= 8)
        && (IsWide ? filters * taps <= 25 : (filters + 1) * taps < Floats8.Registers);

    public static void Run(GradientTile* tile, int filters, int taps)
    {
        if (IsWide)
            Run<Floats16>(tile, filters, taps);
        else
            Run<Floats8>(tile, filters, taps);
    }

    // Where a register is half as wide as a group of images, one half of the group after the other.
    private static void Run<T>(GradientTile* tile, int filters, int taps) where T : unmanaged, IFloats<T>
    {
        GradientTile part = *tile;
        for (int lane = 0; lane < Width; lane += T.Count)
        {
            TileShapes<Kernel, GradientTile, T>.Run(&part, filters, taps);
            part.Diff += sizeof(T);
            part.Input += sizeof(T);
            part.Sums += sizeof(T);
        }
    }

    private readonly struct Kernel : ITileKernel<GradientTile>
    {
        public static void Run<T, TRow, TRows>(GradientTile* tile, bool rowsAreColumns)
            where T : unmanaged, IFloats<T> where TRow : unmanaged, IRow<TRow, T> where TRows : unmanaged
        {
            if (rowsAreColumns)
                Sum<T, TRow, TRows, FilterSide<T>, TapSide<T>>(tile);
            else
                Sum<T, TRow, TRows, TapSide<T>, FilterSide<T>>(tile);
        }
    }

    // bounds: the band's rows and columns are the gradient's; InterleavedBackwardWeights pads the input to what the taps reach from them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum<T, TRow, TRows, TKept, TPassing>(GradientTile* tile)
        where T : unmanaged, IFloats<T> where TRow : unmanaged, IRow<TRow, T> where TRows : unmanaged
        where TKept : struct, ISide<TKept, T> where TPassing : struct, ISide<TPassing, T>
    {
        nint inStep = tile->InColumnStep, step = TKept.Choose(tile->SumPitch, VectorBytes);
        nint nextRow = TPassing.Choose(tile->SumPitch, VectorBytes);
        byte* diff = tile->Diff, input = tile->Input + tile->Offsets[0], sum = tile->Sums;
        TKept keeping = TKept.Create(tile, sizeof(TRow) / sizeof(T));
        TPassing passing = TPassing.Create(tile, sizeof(TRows));
        TRow s0 = TRow.Load(new Strided<T>(sum, step), 0);
        TRow s1 = sizeof(TRows) > 1 ? TRow.Load(new Strided<T>(sum + nextRow, step), 0) : default;
        TRow s2 = sizeof(TRows) > 2 ? TRow.Load(new Strided<T>(sum + 2 * nextRow, step), 0) : default;
        TRow s3 = sizeof(TRows) > 3 ? TRow.Load(new Strided<T>(sum + 3 * nextRow, step), 0) : default;
        TRow s4 = sizeof(TRows) > 4 ? TRow.Load(new Strided<T>(sum + 4 * nextRow, step), 0) : default;
        TRow s5 = sizeof(TRows) > 5 ? TRow.Load(new Strided<T>(sum + 5 * nextRow, step), 0) : default;
        TRow s6 = sizeof(TRows) > 6 ? TRow.Load(new Strided<T>(sum + 6 * nextRow, step), 0) : default;
        TRow s7 = sizeof(TRows) > 7 ? TRow.Load(new Strided<T>(sum + 7 * nextRow, step), 0) : default;
        for (int rows = tile->Rows; rows > 0; rows--)
        {
            byte* x = input, d = diff, end = diff + tile->Columns * VectorBytes;
            do
            {
                keeping = TKept.At(keeping, d, x);
                passing = TPassing.At(passing, d, x);
                TRow kept = TRow.Load(keeping, 0);
                s0 = TRow.AddProducts(s0, kept, TPassing.Load(passing, 0));
                if (sizeof(TRows) > 1) s1 = TRow.AddProducts(s1, kept, TPassing.Load(passing, 1));
                if (sizeof(TRows) > 2) s2 = TRow.AddProducts(s2, kept, TPassing.Load(passing, 2));
                if (sizeof(TRows) > 3) s3 = TRow.AddProducts(s3, kept, TPassing.Load(passing, 3));
                if (sizeof(TRows) > 4) s4 = TRow.AddProducts(s4, kept, TPassing.Load(passing, 4));
                if (sizeof(TRows) > 5) s5 = TRow.AddProducts(s5, kept, TPassing.Load(passing, 5));
                if (sizeof(TRows) > 6) s6 = TRow.AddProducts(s6, kept, TPassing.Load(passing, 6));
                if (sizeof(TRows) > 7) s7 = TRow.AddProducts(s7, kept, TPassing.Load(passing, 7));
                x += inStep;
                d += VectorBytes;
            }
            while (d != end);
            diff += tile->DiffRow;
            input += tile->InRow;
        }
        TRow.Store<Identity>(s0, sum, step);
        if (sizeof(TRows) > 1) TRow.Store<Identity>(s1, sum + nextRow, step);
        if (sizeof(TRows) > 2) TRow.Store<Identity>(s2, sum + 2 * nextRow, step);
        if (sizeof(TRows) > 3) TRow.Store<Identity>(s3, sum + 3 * nextRow, step);
        if (sizeof(TRows) > 4) TRow.Store<Identity>(s4, sum + 4 * nextRow, step);
        if (sizeof(TRows) > 5) TRow.Store<Identity>(s5, sum + 5 * nextRow, step);
        if (sizeof(TRows) > 6) TRow.Store<Identity>(s6, sum + 6 * nextRow, step);
        if (sizeof(TRows) > 7) TRow.Store<Identity>(s7, sum + 7 * nextRow, step);
    }

    /// <summary>One side of the tile.</summary>
    private interface ISide<TSelf, T> : IVectors<TSelf, T> where TSelf : struct, ISide<TSelf, T> where T : unmanaged, IFloats<T>
    {
        static abstract TSelf Create(GradientTile* tile, int count);

        static abstract TSelf At(TSelf side, byte* diff, byte* input);

        /// <summary>The argument for this side.</summary>
        static abstract nint Choose(nint filters, nint taps);
    }

    private struct FilterSide<T> : ISide<FilterSide<T>, T> where T : unmanaged, IFloats<T>
    {
        private byte* _first;
        private nint _plane;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static FilterSide<T> Create(GradientTile* tile, int count)
        {
            FilterSide<T> side = default;
            side._plane = tile->DiffPlane;
            return side;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static FilterSide<T> At(FilterSide<T> side, byte* diff, byte* input)
        {
            side._first = diff;
            return side;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static nint Choose(nint filters, nint taps) => filters;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Load(FilterSide<T> side, int index) => T.Load(side._first + index * side._plane);
    }

    private struct TapSide<T> : ISide<TapSide<T>, T> where T : unmanaged, IFloats<T>
    {
        private byte* _first;
        private nint _1, _2, _3, _4, _5, _6, _7;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TapSide<T> Create(GradientTile* tile, int count)
        {
            TapSide<T> side = default;
            nint* offsets = tile->Offsets;
            if (count > 1) side._1 = offsets[1] - offsets[0];
            if (count > 2) side._2 = offsets[2] - offsets[0];
            if (count > 3) side._3 = offsets[3] - offsets[0];
            if (count > 4) side._4 = offsets[4] - offsets[0];
            if (count > 5) side._5 = offsets[5] - offsets[0];
            if (count > 6) side._6 = offsets[6] - offsets[0];
            if (count > 7) side._7 = offsets[7] - offsets[0];
            return side;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TapSide<T> At(TapSide<T> side, byte* diff, byte* input)
        {
            side._first = input;
            return side;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static nint Choose(nint filters, nint taps) => taps;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Load(TapSide<T> side, int index) => index switch
        {
            0 => T.Load(side._first),
            1 => T.Load(side._first + side._1),
            2 => T.Load(side._first + side._2),
            3 => T.Load(side._first + side._3),
            4 => T.Load(side._first + side._4),
            5 => T.Load(side._first + side._5),
            6 => T.Load(side._first + side._6),
            _ => T.Load(side._first + side._7),
        };
    }
}
