using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>Windows of any size and stride, at any place: what lies at the borders, and rows with a NaN.</summary>
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ForwardRow<TPixel>(in BlockedPool pool, byte* plane, byte* target, byte* places, int row, int first, int end,
        bool isRectified) where TPixel : struct, IPixel
    {
        int top = row * pool.StrideHeight - pool.Top, firstRow = Math.Max(0, -top), endRow = Math.Min(pool.KernelHeight, pool.Height - top);
        for (int x = first; x < end; x++)
        {
            int left = x * pool.StrideWidth - pool.Left, firstColumn = Math.Max(0, -left),
                endColumn = Math.Min(pool.KernelWidth, pool.Width - left);
            Vector512<float> best = Vector512.Create(float.NegativeInfinity);
            Vector512<int> place = Vector512.Create(firstRow * pool.KernelWidth + firstColumn);
            for (int i = firstRow; i < endRow; i++)
            {
                byte* from = plane + ((long)(top + i) * pool.Width + left) * TPixel.Bytes;
                for (int j = firstColumn; j < endColumn; j++)
                {
                    Vector512<float> next = TPixel.Load(from + j * TPixel.Bytes);
                    Vector512<float> wins = Vector512.GreaterThan(next, best) | ~Vector512.Equals(next, next);
                    best = Vector512.ConditionalSelect(wins, next, best);
                    place = Vector512.ConditionalSelect(wins.AsInt32(), Vector512.Create(i * pool.KernelWidth + j), place);
                }
            }
            TPixel.Store(best, target + x * TPixel.Bytes);
            if (places == null)
                continue;
            if (isRectified)
                place = Vector512.ConditionalSelect(Vector512.GreaterThan(best, Vector512<float>.Zero).AsInt32(), place,
                    Vector512.Create(BlockedPool.Nowhere));
            Bytes(place).Store(places + x * BlockedPool.Block);
        }
    }

    /// <summary>Some gradients of a row of inputs.</summary>
    /// <param name="pool">The pooling.</param>
    /// <param name="plane">The plane.</param>
    /// <param name="row">The number of the row.</param>
    /// <param name="first">The first input.</param>
    /// <param name="end">The one behind the last.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void BackwardRow<TPixel>(in BlockedPool pool, in GradientPlane plane, int row, int first, int end)
        where TPixel : struct, IPixel
    {
        // The windows that a place lies in.
        int y = row + pool.Top, firstRow = FirstWindow(y, pool.KernelHeight, pool.StrideHeight),
            endRow = Math.Min(pool.OutHeight, y / pool.StrideHeight + 1);
        int outWidth = pool.OutWidth, kernel = pool.KernelWidth, stride = pool.StrideWidth, strideHeight = pool.StrideHeight;
        for (int column = first; column < end; column++)
        {
            int x = column + pool.Left, firstColumn = FirstWindow(x, kernel, stride), endColumn = Math.Min(outWidth, x / stride + 1);
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = firstRow; i < endRow; i++)
            {
                long window = (long)i * outWidth + firstColumn;
                byte* diff = plane.Diff + window * TPixel.Bytes, place = plane.Argmax + window * BlockedPool.Block;
                int here = (y - i * strideHeight) * kernel + x - firstColumn * stride;
                for (int j = firstColumn; j < endColumn; j++, diff += TPixel.Bytes, place += BlockedPool.Block, here -= stride)
                    sum = AddWhere(sum, Places(place), here, TPixel.Load(diff));
            }
            TPixel.Store(sum, plane.Result + ((long)row * pool.Width + column) * TPixel.Bytes);
        }
    }

    /// <summary>The places that 16 outputs came from.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Places(byte* places)
    {
        Vector128<byte> bytes = Vector128.Load(places);
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector512Int32(bytes);
        (Vector128<ushort> lower, Vector128<ushort> upper) = Vector128.Widen(bytes);
        (Vector128<uint> first, Vector128<uint> second) = Vector128.Widen(lower);
        (Vector128<uint> third, Vector128<uint> fourth) = Vector128.Widen(upper);
        return Vector512.Create(Vector256.Create(first, second), Vector256.Create(third, fourth)).AsInt32();
    }

    /// <summary>Places as they are kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Bytes(Vector512<int> places)
    {
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector128Byte(places);
        Vector256<ushort> words = Vector256.Narrow(places.GetLower().AsUInt32(), places.GetUpper().AsUInt32());
        return Vector128.Narrow(words.GetLower(), words.GetUpper());
    }

    /// <summary>The sum with a window's gradient in those channels that have their maximum here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> AddWhere(Vector512<float> sum, Vector512<int> place, int here, Vector512<float> diff) =>
        Vector512.ConditionalSelect(Vector512.Equals(place, Vector512.Create(here)).AsSingle(), sum + diff, sum);

    private static int FirstWindow(int at, int kernel, int stride) => at < kernel ? 0 : (at - kernel) / stride + 1;
}
