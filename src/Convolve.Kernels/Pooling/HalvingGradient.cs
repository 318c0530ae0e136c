using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

using static Convolve.Kernels.Pooling.AnyPooling;

namespace Convolve.Kernels.Pooling;

/// <summary>The gradient of windows of 2x2 or 3x3, two rows and two columns apart: one square of 2x2 inputs after the other.</summary>
/// <remarks>
/// Loops: for each square of two rows of inputs. Gradients of outputs are {OH, OW, 16}, places of
/// maxima bytes of the same shape, results {height, width, 16}. The window on the left and the one above it stay in registers, the row
/// above in the first cache. Memory is the bound: a square of results is written for each gradient that is read.
/// </remarks>
internal static unsafe class HalvingGradient
{
    /// <summary>Two rows of inputs, the upper one the first of its windows.</summary>
    /// <param name="pool">The pooling.</param>
    /// <param name="plane">The plane.</param>
    /// <param name="row">The number of the upper row.</param>
    /// <param name="isStreamed">Whether the gradients are written past the caches.</param>
    public static void Rows<TPixel, TVector>(in BlockedPool pool, in GradientPlane plane, int row, bool isStreamed)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        if (pool.Left % 2 == 1)
            for (int y = row; y < row + 2; y++)
                BackwardRow<TPixel, TVector>(pool, plane, y, 0, 1);
        if (pool.KernelHeight == 3)
            Squares<TPixel, TVector, Kernel3>(pool, plane, row, isStreamed);
        else
            Squares<TPixel, TVector, Kernel2>(pool, plane, row, isStreamed);
        if ((pool.Width + pool.Left) % 2 == 1)
            for (int y = row; y < row + 2; y++)
                BackwardRow<TPixel, TVector>(pool, plane, y, pool.Width - 1, pool.Width);
    }

    // A square's upper left input is in up to four windows of 3x3: the square's own, and those on its left, above it, and both.
    // bounds: squares whose inputs are in the image; Find reads only windows that exist.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Squares<TPixel, TVector, TKernel>(in BlockedPool pool, in GradientPlane plane, int row, bool isStreamed)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector> where TKernel : struct, IKernel
    {
        int own = (row + pool.Top) / 2, first = (pool.Left + 1) / 2, end = (pool.Width + pool.Left) / 2, outWidth = pool.OutWidth;
        int endOwn = own < pool.OutHeight ? outWidth : 0, endAbove = TKernel.Side == 3 && own > 0 && own <= pool.OutHeight ? outWidth : 0;
        long ownRow = (long)own * outWidth, aboveRow = ownRow - outWidth;
        byte* upper = plane.Result + ((long)row * pool.Width + first * 2 - pool.Left) * TPixel.Bytes,
            lower = upper + (long)pool.Width * TPixel.Bytes;
        Find<TPixel, TVector>(plane, TKernel.Side == 3 && endOwn > 0 && first > 0, ownRow + first - 1, out TVector left,
            out TVector leftPlace);
        Find<TPixel, TVector>(plane, endAbove > 0 && first > 0, aboveRow + first - 1, out TVector corner, out TVector cornerPlace);
        for (int x = first; x < end; x++, upper += 2 * TPixel.Bytes, lower += 2 * TPixel.Bytes)
        {
            Find<TPixel, TVector>(plane, x < endOwn, ownRow + x, out TVector diff, out TVector place);
            TVector a = TVector.Zero, b = a, c = a, d = a;
            if (TKernel.Side == 3)
            {
                Find<TPixel, TVector>(plane, x < endAbove, aboveRow + x, out TVector above, out TVector abovePlace);
                a = AddWhere(a, cornerPlace, 8, corner);
                a = AddWhere(a, abovePlace, 6, above);
                a = AddWhere(a, leftPlace, 2, left);
                b = AddWhere(b, abovePlace, 7, above);
                c = AddWhere(c, leftPlace, 5, left);
                (left, leftPlace, corner, cornerPlace) = (diff, place, above, abovePlace);
            }
            a = AddWhere(a, place, 0, diff);
            b = AddWhere(b, place, 1, diff);
            c = AddWhere(c, place, TKernel.Side, diff);
            d = AddWhere(d, place, TKernel.Side + 1, diff);
            TPixel.StoreTwo(a, b, upper, isStreamed);
            TPixel.StoreTwo(c, d, lower, isStreamed);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Find<TPixel, TVector>(in GradientPlane plane, bool exists, long at, out TVector diff, out TVector place)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        (diff, place) = (TVector.Zero, TVector.CreateBits(BlockedPool.Nowhere));
        if (exists)
        {
            diff = TPixel.Load<TVector>(plane.Diff + at * TPixel.Bytes);
            place = TVector.LoadBytes(plane.Argmax + at * BlockedPool.Block);
        }
    }
}
