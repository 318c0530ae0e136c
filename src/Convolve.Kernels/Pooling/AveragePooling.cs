using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

//     for each plane, each pixel of a row of results:  the sum over its window, or over the windows that it is in
//
// planes  [H][W][16] and [OH][OW][16], float32 or bfloat16
// Registers: a sum. L1: the rows of a window. Bound: loads, one a place of a window.

/// <summary>Average pooling of blocks of 16 channels by any window, and its gradient.</summary>
internal static unsafe class AveragePooling
{
    /// <summary>A thread's share of the rows of results.</summary>
    public static void Run<TPixel, TVector>(in BlockedPool pool, bool countsPadding, bool isBack, byte* from, byte* to, int thread,
        int threads) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int inRows = isBack ? pool.OutHeight : pool.Height, outRows = isBack ? pool.Height : pool.OutHeight;
        long inPlane = (long)inRows * (isBack ? pool.OutWidth : pool.Width) * TPixel.Bytes;
        long outRow = (long)(isBack ? pool.Width : pool.OutWidth) * TPixel.Bytes, rows = (long)pool.Planes * outRows;
        for (long row = rows * thread / threads; row < rows * (thread + 1) / threads; row++)
        {
            byte* plane = from + row / outRows * inPlane, result = to + row * outRow;
            if (isBack)
                BackwardRow<TPixel, TVector>(pool, countsPadding, plane, result, (int)(row % outRows));
            else
                ForwardRow<TPixel, TVector>(pool, countsPadding, plane, result, (int)(row % outRows));
        }
    }

    // bounds: places of a window that are in the image.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardRow<TPixel, TVector>(in BlockedPool pool, bool countsPadding, byte* plane, byte* target, int row)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int top = row * pool.StrideHeight - pool.Top, firstRow = Math.Max(0, top), endRow = Math.Min(pool.Height, top + pool.KernelHeight);
        for (int x = 0; x < pool.OutWidth; x++)
        {
            int left = x * pool.StrideWidth - pool.Left, first = Math.Max(0, left), end = Math.Min(pool.Width, left + pool.KernelWidth);
            TVector sum = TVector.Zero;
            for (int y = firstRow; y < endRow; y++)
                for (int i = first; i < end; i++)
                    sum += TPixel.Load<TVector>(plane + ((long)y * pool.Width + i) * TPixel.Bytes);
            TPixel.Store(sum / TVector.Create(Divisor(pool, countsPadding, endRow - firstRow, end - first)), target + x * TPixel.Bytes);
        }
    }

    // bounds: windows of the output that an input is in.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardRow<TPixel, TVector>(in BlockedPool pool, bool countsPadding, byte* plane, byte* target, int row)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int y = row + pool.Top, firstRow = FirstWindow(y, pool.KernelHeight, pool.StrideHeight),
            endRow = Math.Min(pool.OutHeight, y / pool.StrideHeight + 1);
        for (int column = 0; column < pool.Width; column++)
        {
            int x = column + pool.Left, firstColumn = FirstWindow(x, pool.KernelWidth, pool.StrideWidth),
                endColumn = Math.Min(pool.OutWidth, x / pool.StrideWidth + 1);
            TVector sum = TVector.Zero;
            for (int i = firstRow; i < endRow; i++)
            {
                int top = i * pool.StrideHeight - pool.Top, rows = Math.Min(pool.Height, top + pool.KernelHeight) - Math.Max(0, top);
                for (int j = firstColumn; j < endColumn; j++)
                {
                    int left = j * pool.StrideWidth - pool.Left;
                    int columns = Math.Min(pool.Width, left + pool.KernelWidth) - Math.Max(0, left);
                    sum += TPixel.Load<TVector>(plane + ((long)i * pool.OutWidth + j) * TPixel.Bytes)
                        / TVector.Create(Divisor(pool, countsPadding, rows, columns));
                }
            }
            TPixel.Store(sum, target + column * TPixel.Bytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Divisor(in BlockedPool pool, bool countsPadding, int rows, int columns) =>
        countsPadding ? pool.KernelHeight * pool.KernelWidth : rows * columns;

    private static int FirstWindow(int at, int kernel, int stride) => at < kernel ? 0 : (at - kernel) / stride + 1;
}
