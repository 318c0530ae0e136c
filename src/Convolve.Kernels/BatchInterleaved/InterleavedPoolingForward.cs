using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;
using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each channel, column:  y = function(max of x over the window), position = where;  or  y = mean of function(x)
//
// x         [channel][row][column][16]  float32, y as well, at the pooled size
// positions [channel][row][column][16]  bytes: the number of the maximum within its window, row by row
// Registers: the best so far and its position, or the sum. Bound: the read of x, once; 2 x 2 windows reach it.

/// <summary>A row of pooled values.</summary>
internal static unsafe class InterleavedPoolingForward
{
    // bounds: a window is read only where it overlaps the input; y and positions have a place for each output.
    public static void Row<TFunction>(
        in InterleavedPool pool, float slope, InterleavedView input, InterleavedView output, byte* positions, int row)
        where TFunction : struct, IInterleavedFunction
    {
        if (IsWide)
            Row<Floats16, TFunction>(pool, slope, input, output, positions, row);
        else
            Row<Floats8, TFunction>(pool, slope, input, output, positions, row);
    }

    private static void Row<TVector, TFunction>(
        in InterleavedPool pool, float slope, InterleavedView input, InterleavedView output, byte* positions, int row)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        int outWidth = pool.OutWidth, outRow = outWidth * Width, outPlane = pool.OutHeight * outRow;
        bool two = pool.IsTwoByTwo, max = pool.Kind == InterleavedPoolKind.Max;
        for (int c = 0; c < pool.Channels; c++)
            for (int lane = 0; lane < Width; lane += TVector.Count)
            {
                float* y = (float*)(output.Origin + c * output.Plane + row * output.Row) + lane;
                byte* x = input.Origin + c * input.Plane + lane * sizeof(float);
                byte* p = positions == null ? null : positions + c * outPlane + row * outRow + lane;
                float* upper = (float*)(x + 2 * row * input.Row), lower = (float*)(x + (2 * row + 1) * input.Row);
                if (!two)
                    AnyRow<TVector, TFunction>(pool, slope, x, input.Row, y, p, row);
                else if (max)
                    MaxRow<TVector, TFunction>(upper, lower, y, p, outWidth, slope);
                else
                    AverageRow<TVector, TFunction>(upper, lower, y, outWidth, slope);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MaxRow<TVector, TFunction>(float* upper, float* lower, float* y, byte* positions, int columns, float slope)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        TVector slopes = TVector.Create(slope), nan = TVector.Create(float.NaN);
        for (float* end = y + columns * Width; y != end; y += Width, upper += 2 * Width, lower += 2 * Width)
        {
            TVector a = TVector.Load(upper), b = TVector.Load(upper + Width);
            TVector c = TVector.Load(lower), d = TVector.Load(lower + Width);
            TVector best = TVector.Max(TVector.Max(a, b), TVector.Max(c, d));
            best = TVector.WhereUnordered(a, b, nan, TVector.WhereUnordered(c, d, nan, best));
            TFunction.Apply(best, slopes).Store(y);
            if (positions != null)
            {
                // The first that equals the maximum; a NaN equals nothing, and its gradient goes to the last.
                TVector position = TVector.WhereEqual(c, best, TVector.CreateBits(2), TVector.CreateBits(3));
                position = TVector.WhereEqual(b, best, TVector.CreateBits(1), position);
                position = TVector.WhereEqual(a, best, TVector.CreateBits(0), position);
                position.StoreBytes(positions);
                positions += Width;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AverageRow<TVector, TFunction>(float* upper, float* lower, float* y, int columns, float slope)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        TVector slopes = TVector.Create(slope), quarter = TVector.Create(0.25f);
        for (float* end = y + columns * Width; y != end; y += Width, upper += 2 * Width, lower += 2 * Width)
        {
            TVector top = TFunction.Apply(TVector.Load(upper), slopes) + TFunction.Apply(TVector.Load(upper + Width), slopes);
            TVector low = TFunction.Apply(TVector.Load(lower), slopes) + TFunction.Apply(TVector.Load(lower + Width), slopes);
            ((top + low) * quarter).Store(y);
        }
    }

    /// <summary>Any window; the part of it inside the input is found for every position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AnyRow<TVector, TFunction>(in InterleavedPool pool, float slope, byte* x, nint inRow, float* y, byte* positions,
        int row)
        where TVector : unmanaged, IFloats<TVector> where TFunction : struct, IInterleavedFunction
    {
        TVector slopes = TVector.Create(slope);
        int top = row * pool.StrideH - pool.PadTop, firstRow = Math.Max(0, -top), endRow = Math.Min(pool.KernelHeight, pool.Height - top);
        for (int column = 0, outWidth = pool.OutWidth; column < outWidth; column++, y += Width)
        {
            int left = column * pool.StrideW - pool.PadLeft;
            int firstColumn = Math.Max(0, -left), endColumn = Math.Min(pool.KernelWidth, pool.Width - left);
            if (pool.Kind == InterleavedPoolKind.Max)
            {
                TVector best = TVector.Create(float.NegativeInfinity);
                TVector position = TVector.CreateBits(firstRow * pool.KernelWidth + firstColumn);
                for (int i = firstRow; i < endRow; i++)
                    for (int j = firstColumn; j < endColumn; j++)
                    {
                        TVector next = TVector.Load(x + (top + i) * inRow + (left + j) * VectorBytes);
                        TVector wins = Wins(next, best);
                        best = TVector.Select(wins, next, best);
                        position = TVector.Select(wins, TVector.CreateBits(i * pool.KernelWidth + j), position);
                    }
                TFunction.Apply(best, slopes).Store(y);
                if (positions != null)
                {
                    position.StoreBytes(positions);
                    positions += Width;
                }
            }
            else
            {
                TVector sum = TVector.Zero;
                for (int i = firstRow; i < endRow; i++)
                    for (int j = firstColumn; j < endColumn; j++)
                        sum += TFunction.Apply(TVector.Load(x + (top + i) * inRow + (left + j) * VectorBytes), slopes);
                (sum * TVector.Create(InterleavedPooling.Share(pool, endRow - firstRow, endColumn - firstColumn))).Store(y);
            }
        }
    }

    /// <summary>Where a later value replaces the best so far: where it is larger, and where it is NaN, as PyTorch has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Wins<TVector>(TVector next, TVector best) where TVector : unmanaged, IFloats<TVector> =>
        TVector.GreaterThan(next, best) | TVector.Unordered(next, next);
}
