using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>Windows of any size and stride, at any place: what is at the borders, and rows with a NaN.</summary>
/// <remarks>
/// Loops: for each pixel of a row of results, for each place of its window, or for each window that it
/// is in. plane is {height, width, 16}, target a row of {width, 16} and places one of bytes. The best value and its place, or a sum, stay
/// in registers; windows overlap and come from the first cache. Instructions are the bound: five for each place of a window.
/// </remarks>
internal static unsafe class AnyPooling
{
    /// <summary>Some outputs of a row.</summary>
    /// <param name="pool">The pooling.</param>
    /// <param name="plane">The plane.</param>
    /// <param name="target">The row of outputs.</param>
    /// <param name="places">Its places of the maxima, or null.</param>
    /// <param name="row">The number of the row.</param>
    /// <param name="first">The first output.</param>
    /// <param name="end">The one behind the last.</param>
    /// <param name="isRectified">Whether outputs that are not above 0 have no place.</param>
    // bounds: places of a window that are in the image; outputs, and places of maxima, from first to end.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ForwardRow<TPixel, TVector>(in BlockedPool pool, byte* plane, byte* target, byte* places, int row, int first,
        int end, bool isRectified) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int top = row * pool.StrideHeight - pool.Top, firstRow = Math.Max(0, -top), endRow = Math.Min(pool.KernelHeight, pool.Height - top);
        for (int x = first; x < end; x++)
        {
            int left = x * pool.StrideWidth - pool.Left, firstColumn = Math.Max(0, -left),
                endColumn = Math.Min(pool.KernelWidth, pool.Width - left);
            TVector best = TVector.Create(float.NegativeInfinity);
            TVector place = TVector.CreateBits(firstRow * pool.KernelWidth + firstColumn);
            for (int i = firstRow; i < endRow; i++)
            {
                byte* from = plane + ((long)(top + i) * pool.Width + left) * TPixel.Bytes;
                for (int j = firstColumn; j < endColumn; j++)
                {
                    TVector next = TPixel.Load<TVector>(from + j * TPixel.Bytes);
                    TVector wins = TVector.GreaterOrNaN(next, best);
                    best = TVector.Select(wins, next, best);
                    place = TVector.Select(wins, TVector.CreateBits(i * pool.KernelWidth + j), place);
                }
            }
            TPixel.Store(best, target + x * TPixel.Bytes);
            if (places == null)
                continue;
            if (isRectified)
                place = TVector.WhereGreater(best, TVector.Zero, place, TVector.CreateBits(BlockedPool.Nowhere));
            place.StoreBytes(places + x * BlockedPool.Block);
        }
    }

    /// <summary>Some gradients of a row of inputs.</summary>
    /// <param name="pool">The pooling.</param>
    /// <param name="plane">The plane.</param>
    /// <param name="row">The number of the row.</param>
    /// <param name="first">The first input.</param>
    /// <param name="end">The one behind the last.</param>
    // bounds: windows of the output that an input is in; inputs from first to end.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void BackwardRow<TPixel, TVector>(in BlockedPool pool, in GradientPlane plane, int row, int first, int end)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        // The windows that a place is in.
        int y = row + pool.Top, firstRow = FirstWindow(y, pool.KernelHeight, pool.StrideHeight),
            endRow = Math.Min(pool.OutHeight, y / pool.StrideHeight + 1);
        int outWidth = pool.OutWidth, kernel = pool.KernelWidth, stride = pool.StrideWidth, strideHeight = pool.StrideHeight;
        for (int column = first; column < end; column++)
        {
            int x = column + pool.Left, firstColumn = FirstWindow(x, kernel, stride), endColumn = Math.Min(outWidth, x / stride + 1);
            TVector sum = TVector.Zero;
            for (int i = firstRow; i < endRow; i++)
            {
                long window = (long)i * outWidth + firstColumn;
                byte* diff = plane.Diff + window * TPixel.Bytes, place = plane.Argmax + window * BlockedPool.Block;
                int here = (y - i * strideHeight) * kernel + x - firstColumn * stride;
                for (int j = firstColumn; j < endColumn; j++, diff += TPixel.Bytes, place += BlockedPool.Block, here -= stride)
                    sum = AddWhere(sum, TVector.LoadBytes(place), here, TPixel.Load<TVector>(diff));
            }
            TPixel.Store(sum, plane.Result + ((long)row * pool.Width + column) * TPixel.Bytes);
        }
    }

    /// <summary>The sum with a window's gradient in those channels that have their maximum here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector AddWhere<TVector>(TVector sum, TVector place, int here, TVector diff)
        where TVector : unmanaged, IFloats<TVector> =>
        TVector.AddWhereSameBits(place, TVector.CreateBits(here), sum, diff);

    private static int FirstWindow(int at, int kernel, int stride) => at < kernel ? 0 : (at - kernel) / stride + 1;
}
