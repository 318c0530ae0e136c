using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Products;

//     for each run, for each k in it:  for each row r, vector v:  sums[r][v] += left[run + k * LeftStep + r * leftRow] * right[k][v]
//
// left   float32, one number for each row and k; right [k][vectors]; start and sums [row][vectors]
// Registers: the sums (up to 28 of 32, or 12 of 16), the vectors of right and a number of left. L1: the rows of left. L2: right.
// Bound: two multiply-adds a cycle, from 8 sums on.

/// <summary>
/// A tile of a matrix product whose sums stay in registers: up to 14 rows by one or two vectors of columns, or up to 6 by four.
/// Convolutions and fully connected layers, forward and backward, are made of it; what differs is where each number is.
/// </summary>
/// <remarks>All steps are in floats.</remarks>
internal unsafe struct ProductTile
{
    /// <summary>Row 0 of the operand whose numbers are broadcast.</summary>
    public float* Left;

    /// <summary>From one row to the next, where the code does not know it.</summary>
    public nint LeftRow;

    /// <summary>For each run, where it begins, relative to <see cref="Left"/>.</summary>
    public nint* Runs;

    public int RunCount;

    /// <summary>The numbers of k in a run.</summary>
    public int RunLength;

    /// <summary>From one k to the next, within a run.</summary>
    public nint LeftStep;

    /// <summary>The operand whose columns fill vectors; the next run follows the last.</summary>
    public float* Right;

    /// <summary>From one k to the next.</summary>
    public nint RightStep;

    /// <summary>From one vector to the next.</summary>
    public nint RightPair;

    /// <summary>What the sums begin with.</summary>
    public float* Start;

    /// <summary>From one row to the next: 0 where all begin alike.</summary>
    public nint StartStep;

    /// <summary>From one vector to the next.</summary>
    public nint StartPair;

    /// <summary>Receives the sums; may be <see cref="Start"/>.</summary>
    public float* Sums;

    /// <summary>From one row to the next.</summary>
    public nint SumsStep;

    /// <summary>From one vector to the next.</summary>
    public nint SumsPair;

    /// <summary>What negative sums are multiplied by: 1 without activation, 0 for ReLU.</summary>
    public float Slope;

    /// <summary>The most rows of a tile of this many vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MostRows<TVector>(int vectors = 2) where TVector : unmanaged, IFloats<TVector> =>
        TVector.Registers < 32 ? 6 : vectors > 2 ? 6 : 14;

    // bounds: the callers' operands have all rows, runs and vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TVector, TRows, TVectors, TLeftRow>(ProductTile* tile)
        where TVector : unmanaged, IFloats<TVector> where TRows : unmanaged where TVectors : unmanaged where TLeftRow : unmanaged
    {
        float* start = tile->Start;
        nint startStep = tile->StartStep, startPair = tile->StartPair;
        TVector a0 = TVector.Load(start), b0 = sizeof(TVectors) > 1 ? TVector.Load(start + startPair) : default;
        TVector a1 = sizeof(TRows) > 1 ? TVector.Load(start + 1 * startStep) : default;
        TVector b1 = sizeof(TRows) > 1 && sizeof(TVectors) > 1 ? TVector.Load(start + 1 * startStep + startPair)
            : default;
        TVector a2 = sizeof(TRows) > 2 ? TVector.Load(start + 2 * startStep) : default;
        TVector b2 = sizeof(TRows) > 2 && sizeof(TVectors) > 1 ? TVector.Load(start + 2 * startStep + startPair)
            : default;
        TVector a3 = sizeof(TRows) > 3 ? TVector.Load(start + 3 * startStep) : default;
        TVector b3 = sizeof(TRows) > 3 && sizeof(TVectors) > 1 ? TVector.Load(start + 3 * startStep + startPair)
            : default;
        TVector a4 = sizeof(TRows) > 4 ? TVector.Load(start + 4 * startStep) : default;
        TVector b4 = sizeof(TRows) > 4 && sizeof(TVectors) > 1 ? TVector.Load(start + 4 * startStep + startPair)
            : default;
        TVector a5 = sizeof(TRows) > 5 ? TVector.Load(start + 5 * startStep) : default;
        TVector b5 = sizeof(TRows) > 5 && sizeof(TVectors) > 1 ? TVector.Load(start + 5 * startStep + startPair)
            : default;
        TVector a6 = sizeof(TRows) > 6 ? TVector.Load(start + 6 * startStep) : default;
        TVector b6 = sizeof(TRows) > 6 && sizeof(TVectors) > 1 ? TVector.Load(start + 6 * startStep + startPair)
            : default;
        TVector a7 = sizeof(TRows) > 7 ? TVector.Load(start + 7 * startStep) : default;
        TVector b7 = sizeof(TRows) > 7 && sizeof(TVectors) > 1 ? TVector.Load(start + 7 * startStep + startPair)
            : default;
        TVector a8 = sizeof(TRows) > 8 ? TVector.Load(start + 8 * startStep)
            : IsFour<TRows, TVectors>(0) ? TVector.Load(start + 2 * startPair) : default;
        TVector b8 = sizeof(TRows) > 8 && sizeof(TVectors) > 1 ? TVector.Load(start + 8 * startStep + startPair)
            : IsFour<TRows, TVectors>(0) ? TVector.Load(start + 3 * startPair) : default;
        TVector a9 = sizeof(TRows) > 9 ? TVector.Load(start + 9 * startStep)
            : IsFour<TRows, TVectors>(1) ? TVector.Load(start + 1 * startStep + 2 * startPair) : default;
        TVector b9 = sizeof(TRows) > 9 && sizeof(TVectors) > 1 ? TVector.Load(start + 9 * startStep + startPair)
            : IsFour<TRows, TVectors>(1) ? TVector.Load(start + 1 * startStep + 3 * startPair) : default;
        TVector a10 = sizeof(TRows) > 10 ? TVector.Load(start + 10 * startStep)
            : IsFour<TRows, TVectors>(2) ? TVector.Load(start + 2 * startStep + 2 * startPair) : default;
        TVector b10 = sizeof(TRows) > 10 && sizeof(TVectors) > 1 ? TVector.Load(start + 10 * startStep + startPair)
            : IsFour<TRows, TVectors>(2) ? TVector.Load(start + 2 * startStep + 3 * startPair) : default;
        TVector a11 = sizeof(TRows) > 11 ? TVector.Load(start + 11 * startStep)
            : IsFour<TRows, TVectors>(3) ? TVector.Load(start + 3 * startStep + 2 * startPair) : default;
        TVector b11 = sizeof(TRows) > 11 && sizeof(TVectors) > 1 ? TVector.Load(start + 11 * startStep + startPair)
            : IsFour<TRows, TVectors>(3) ? TVector.Load(start + 3 * startStep + 3 * startPair) : default;
        TVector a12 = sizeof(TRows) > 12 ? TVector.Load(start + 12 * startStep)
            : IsFour<TRows, TVectors>(4) ? TVector.Load(start + 4 * startStep + 2 * startPair) : default;
        TVector b12 = sizeof(TRows) > 12 && sizeof(TVectors) > 1 ? TVector.Load(start + 12 * startStep + startPair)
            : IsFour<TRows, TVectors>(4) ? TVector.Load(start + 4 * startStep + 3 * startPair) : default;
        TVector a13 = sizeof(TRows) > 13 ? TVector.Load(start + 13 * startStep)
            : IsFour<TRows, TVectors>(5) ? TVector.Load(start + 5 * startStep + 2 * startPair) : default;
        TVector b13 = sizeof(TRows) > 13 && sizeof(TVectors) > 1 ? TVector.Load(start + 13 * startStep + startPair)
            : IsFour<TRows, TVectors>(5) ? TVector.Load(start + 5 * startStep + 3 * startPair) : default;
        float* right = tile->Right;
        nint leftStep = tile->LeftStep, rightStep = tile->RightStep, rightPair = tile->RightPair;
        nint leftRow = sizeof(TLeftRow) == ProductTiles.AnyStep ? tile->LeftRow : sizeof(TLeftRow);
        nint* run = tile->Runs;
        int length = tile->RunLength;
        for (nint* end = run + tile->RunCount; run != end; run++)
        {
            float* left = tile->Left + *run;
            for (int k = length; k > 0; k--, left += leftStep, right += rightStep)
            {
                TVector first = TVector.Load(right), second = sizeof(TVectors) > 1 ? TVector.Load(right + rightPair) : default, value;
                TVector third = sizeof(TVectors) > 2 ? TVector.Load(right + 2 * rightPair) : default;
                TVector fourth = sizeof(TVectors) > 2 ? TVector.Load(right + 3 * rightPair) : default;
                value = TVector.Create(*left);
                a0 = TVector.FusedMultiplyAdd(value, first, a0);
                if (sizeof(TVectors) > 1)
                    b0 = TVector.FusedMultiplyAdd(value, second, b0);
                if (sizeof(TVectors) > 2)
                {
                    a8 = TVector.FusedMultiplyAdd(value, third, a8);
                    b8 = TVector.FusedMultiplyAdd(value, fourth, b8);
                }
                if (sizeof(TRows) > 1)
                {
                    value = TVector.Create(left[1 * leftRow]);
                    a1 = TVector.FusedMultiplyAdd(value, first, a1);
                    if (sizeof(TVectors) > 1)
                        b1 = TVector.FusedMultiplyAdd(value, second, b1);
                    if (sizeof(TVectors) > 2)
                    {
                        a9 = TVector.FusedMultiplyAdd(value, third, a9);
                        b9 = TVector.FusedMultiplyAdd(value, fourth, b9);
                    }
                }
                if (sizeof(TRows) > 2)
                {
                    value = TVector.Create(left[2 * leftRow]);
                    a2 = TVector.FusedMultiplyAdd(value, first, a2);
                    if (sizeof(TVectors) > 1)
                        b2 = TVector.FusedMultiplyAdd(value, second, b2);
                    if (sizeof(TVectors) > 2)
                    {
                        a10 = TVector.FusedMultiplyAdd(value, third, a10);
                        b10 = TVector.FusedMultiplyAdd(value, fourth, b10);
                    }
                }
                if (sizeof(TRows) > 3)
                {
                    value = TVector.Create(left[3 * leftRow]);
                    a3 = TVector.FusedMultiplyAdd(value, first, a3);
                    if (sizeof(TVectors) > 1)
                        b3 = TVector.FusedMultiplyAdd(value, second, b3);
                    if (sizeof(TVectors) > 2)
                    {
                        a11 = TVector.FusedMultiplyAdd(value, third, a11);
                        b11 = TVector.FusedMultiplyAdd(value, fourth, b11);
                    }
                }
                if (sizeof(TRows) > 4)
                {
                    value = TVector.Create(left[4 * leftRow]);
                    a4 = TVector.FusedMultiplyAdd(value, first, a4);
                    if (sizeof(TVectors) > 1)
                        b4 = TVector.FusedMultiplyAdd(value, second, b4);
                    if (sizeof(TVectors) > 2)
                    {
                        a12 = TVector.FusedMultiplyAdd(value, third, a12);
                        b12 = TVector.FusedMultiplyAdd(value, fourth, b12);
                    }
                }
                if (sizeof(TRows) > 5)
                {
                    value = TVector.Create(left[5 * leftRow]);
                    a5 = TVector.FusedMultiplyAdd(value, first, a5);
                    if (sizeof(TVectors) > 1)
                        b5 = TVector.FusedMultiplyAdd(value, second, b5);
                    if (sizeof(TVectors) > 2)
                    {
                        a13 = TVector.FusedMultiplyAdd(value, third, a13);
                        b13 = TVector.FusedMultiplyAdd(value, fourth, b13);
                    }
                }
                if (sizeof(TRows) > 6)
                {
                    value = TVector.Create(left[6 * leftRow]);
                    a6 = TVector.FusedMultiplyAdd(value, first, a6);
                    if (sizeof(TVectors) > 1)
                        b6 = TVector.FusedMultiplyAdd(value, second, b6);
                }
                if (sizeof(TRows) > 7)
                {
                    value = TVector.Create(left[7 * leftRow]);
                    a7 = TVector.FusedMultiplyAdd(value, first, a7);
                    if (sizeof(TVectors) > 1)
                        b7 = TVector.FusedMultiplyAdd(value, second, b7);
                }
                if (sizeof(TRows) > 8)
                {
                    value = TVector.Create(left[8 * leftRow]);
                    a8 = TVector.FusedMultiplyAdd(value, first, a8);
                    if (sizeof(TVectors) > 1)
                        b8 = TVector.FusedMultiplyAdd(value, second, b8);
                }
                if (sizeof(TRows) > 9)
                {
                    value = TVector.Create(left[9 * leftRow]);
                    a9 = TVector.FusedMultiplyAdd(value, first, a9);
                    if (sizeof(TVectors) > 1)
                        b9 = TVector.FusedMultiplyAdd(value, second, b9);
                }
                if (sizeof(TRows) > 10)
                {
                    value = TVector.Create(left[10 * leftRow]);
                    a10 = TVector.FusedMultiplyAdd(value, first, a10);
                    if (sizeof(TVectors) > 1)
                        b10 = TVector.FusedMultiplyAdd(value, second, b10);
                }
                if (sizeof(TRows) > 11)
                {
                    value = TVector.Create(left[11 * leftRow]);
                    a11 = TVector.FusedMultiplyAdd(value, first, a11);
                    if (sizeof(TVectors) > 1)
                        b11 = TVector.FusedMultiplyAdd(value, second, b11);
                }
                if (sizeof(TRows) > 12)
                {
                    value = TVector.Create(left[12 * leftRow]);
                    a12 = TVector.FusedMultiplyAdd(value, first, a12);
                    if (sizeof(TVectors) > 1)
                        b12 = TVector.FusedMultiplyAdd(value, second, b12);
                }
                if (sizeof(TRows) > 13)
                {
                    value = TVector.Create(left[13 * leftRow]);
                    a13 = TVector.FusedMultiplyAdd(value, first, a13);
                    if (sizeof(TVectors) > 1)
                        b13 = TVector.FusedMultiplyAdd(value, second, b13);
                }
            }
        }

        float* sums = tile->Sums;
        nint sumsStep = tile->SumsStep;
        Store<TVector, TVectors>(tile, a0, b0, sums);
        if (sizeof(TVectors) > 2)
            Store<TVector, TVectors>(tile, a8, b8, sums + 2 * tile->SumsPair);
        if (sizeof(TRows) > 1)
        {
            Store<TVector, TVectors>(tile, a1, b1, sums + 1 * sumsStep);
            if (sizeof(TVectors) > 2)
                Store<TVector, TVectors>(tile, a9, b9, sums + 1 * sumsStep + 2 * tile->SumsPair);
        }
        if (sizeof(TRows) > 2)
        {
            Store<TVector, TVectors>(tile, a2, b2, sums + 2 * sumsStep);
            if (sizeof(TVectors) > 2)
                Store<TVector, TVectors>(tile, a10, b10, sums + 2 * sumsStep + 2 * tile->SumsPair);
        }
        if (sizeof(TRows) > 3)
        {
            Store<TVector, TVectors>(tile, a3, b3, sums + 3 * sumsStep);
            if (sizeof(TVectors) > 2)
                Store<TVector, TVectors>(tile, a11, b11, sums + 3 * sumsStep + 2 * tile->SumsPair);
        }
        if (sizeof(TRows) > 4)
        {
            Store<TVector, TVectors>(tile, a4, b4, sums + 4 * sumsStep);
            if (sizeof(TVectors) > 2)
                Store<TVector, TVectors>(tile, a12, b12, sums + 4 * sumsStep + 2 * tile->SumsPair);
        }
        if (sizeof(TRows) > 5)
        {
            Store<TVector, TVectors>(tile, a5, b5, sums + 5 * sumsStep);
            if (sizeof(TVectors) > 2)
                Store<TVector, TVectors>(tile, a13, b13, sums + 5 * sumsStep + 2 * tile->SumsPair);
        }
        if (sizeof(TRows) > 6)
            Store<TVector, TVectors>(tile, a6, b6, sums + 6 * sumsStep);
        if (sizeof(TRows) > 7)
            Store<TVector, TVectors>(tile, a7, b7, sums + 7 * sumsStep);
        if (sizeof(TRows) > 8)
            Store<TVector, TVectors>(tile, a8, b8, sums + 8 * sumsStep);
        if (sizeof(TRows) > 9)
            Store<TVector, TVectors>(tile, a9, b9, sums + 9 * sumsStep);
        if (sizeof(TRows) > 10)
            Store<TVector, TVectors>(tile, a10, b10, sums + 10 * sumsStep);
        if (sizeof(TRows) > 11)
            Store<TVector, TVectors>(tile, a11, b11, sums + 11 * sumsStep);
        if (sizeof(TRows) > 12)
            Store<TVector, TVectors>(tile, a12, b12, sums + 12 * sumsStep);
        if (sizeof(TRows) > 13)
            Store<TVector, TVectors>(tile, a13, b13, sums + 13 * sumsStep);
    }

    // Of four vectors the third and the fourth of each row are where two vectors have the rows from 8 on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsFour<TRows, TVectors>(int row) where TRows : unmanaged where TVectors : unmanaged =>
        sizeof(TVectors) > 2 && sizeof(TRows) > row;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVector, TVectors>(ProductTile* tile, TVector first, TVector second, float* to)
        where TVector : unmanaged, IFloats<TVector> where TVectors : unmanaged
    {
        if (tile->Slope == 0)
        {
            first = TVector.Max(TVector.Zero, first); // the second operand where one is NaN
            second = TVector.Max(TVector.Zero, second);
        }
        else if (tile->Slope != 1)
        {
            TVector slope = TVector.Create(tile->Slope);
            first = TVector.WhereGreater(first, TVector.Zero, first, first * slope);
            second = TVector.WhereGreater(second, TVector.Zero, second, second * slope);
        }
        first.Store(to);
        if (sizeof(TVectors) > 1)
            second.Store(to + tile->SumsPair);
    }
}
