using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Vectors;

using static Convolve.Kernels.Pooling.AnyPooling;

namespace Convolve.Kernels.Pooling;

/// <summary>The gradient of windows of 2x2 or 3x3, two rows and two columns apart: one square of 2x2 inputs after the other.</summary>
internal static unsafe class HalvingGradient
{
    /// <summary>Two rows of inputs, the upper one the first of its windows.</summary>
    /// <param name="pool">The pooling.</param>
    /// <param name="plane">The plane.</param>
    /// <param name="row">The number of the upper row.</param>
    /// <param name="isStreamed">Whether the gradients are written past the caches.</param>
    public static void Rows<TPixel>(in BlockedPool pool, in GradientPlane plane, int row, bool isStreamed) where TPixel : struct, IPixel
    {
        if (pool.Left % 2 == 1)
            for (int y = row; y < row + 2; y++)
                BackwardRow<TPixel>(pool, plane, y, 0, 1);
        if (pool.KernelHeight == 3)
            Squares<TPixel, Kernel3>(pool, plane, row, isStreamed);
        else
            Squares<TPixel, Kernel2>(pool, plane, row, isStreamed);
        if ((pool.Width + pool.Left) % 2 == 1)
            for (int y = row; y < row + 2; y++)
                BackwardRow<TPixel>(pool, plane, y, pool.Width - 1, pool.Width);
    }

    // A square's upper left input lies in up to four windows of 3x3: the square's own, and those on its left, above it, and both.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Squares<TPixel, TKernel>(in BlockedPool pool, in GradientPlane plane, int row, bool isStreamed)
        where TPixel : struct, IPixel where TKernel : struct, IKernel
    {
        int own = (row + pool.Top) / 2, first = (pool.Left + 1) / 2, end = (pool.Width + pool.Left) / 2, outWidth = pool.OutWidth;
        int endOwn = own < pool.OutHeight ? outWidth : 0, endAbove = TKernel.Side == 3 && own > 0 && own <= pool.OutHeight ? outWidth : 0;
        long ownRow = (long)own * outWidth, aboveRow = ownRow - outWidth;
        byte* upper = plane.Result + ((long)row * pool.Width + first * 2 - pool.Left) * TPixel.Bytes,
            lower = upper + (long)pool.Width * TPixel.Bytes;
        Find<TPixel>(plane, TKernel.Side == 3 && endOwn > 0 && first > 0, ownRow + first - 1, out Vector512<float> left,
            out Vector512<int> leftPlace);
        Find<TPixel>(plane, endAbove > 0 && first > 0, aboveRow + first - 1, out Vector512<float> corner, out Vector512<int> cornerPlace);
        for (int x = first; x < end; x++, upper += 2 * TPixel.Bytes, lower += 2 * TPixel.Bytes)
        {
            Find<TPixel>(plane, x < endOwn, ownRow + x, out Vector512<float> diff, out Vector512<int> place);
            Vector512<float> a = Vector512<float>.Zero, b = a, c = a, d = a;
            if (TKernel.Side == 3)
            {
                Find<TPixel>(plane, x < endAbove, aboveRow + x, out Vector512<float> above, out Vector512<int> abovePlace);
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
            Write<TPixel>(a, b, upper, isStreamed);
            Write<TPixel>(c, d, lower, isStreamed);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Find<TPixel>(in GradientPlane plane, bool exists, long at, out Vector512<float> diff, out Vector512<int> place)
        where TPixel : struct, IPixel
    {
        (diff, place) = (Vector512<float>.Zero, Vector512.Create(BlockedPool.Nowhere));
        if (exists)
            (diff, place) = (TPixel.Load(plane.Diff + at * TPixel.Bytes), Places(plane.Argmax + at * BlockedPool.Block));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<TPixel>(Vector512<float> left, Vector512<float> right, byte* to, bool isStreamed)
        where TPixel : struct, IPixel
    {
        if (TPixel.Bytes == SinglePixel.Bytes)
        {
            if (isStreamed)
            {
                left.StoreAlignedNonTemporal((float*)to);
                right.StoreAlignedNonTemporal((float*)(to + TPixel.Bytes));
                return;
            }
            left.Store((float*)to);
            right.Store((float*)(to + TPixel.Bytes));
            return;
        }
        Vector512<ushort> pair = BFloat16.Narrow(left, right);
        if (!isStreamed)
        {
            pair.Store((ushort*)to);
        }
        else if (((nint)to & 63) == 0)
        {
            pair.StoreAlignedNonTemporal((ushort*)to);
        }
        else
        {
            pair.GetLower().StoreAlignedNonTemporal((ushort*)to);
            pair.GetUpper().StoreAlignedNonTemporal((ushort*)(to + TPixel.Bytes));
        }
    }
}
