using System.Runtime.CompilerServices;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>
/// bfloat16 windows of 2x2 or 3x3, two columns apart, within the image: two windows in a register of AVX-512, one in one of AVX2, as
/// integers in the order of the numbers.
/// </summary>
/// <remarks>
/// Loops: for each one or two windows of a row, for each place, written out. source is {rows, width, 16}, target a row of {count, 16} and
/// places one of bytes. The best value, its place and the largest of all stay in registers. Memory is the bound.
/// </remarks>
internal static unsafe class HalvingBFloat16
{
    private const int Block = BlockedPool.Block, Ahead = 16 << 10;

    /// <summary>A row of windows, at least two; false where there is a NaN, and nothing written holds.</summary>
    /// <param name="source">The first pixel of the first window.</param>
    /// <param name="width">Pixels of a row of the image.</param>
    /// <param name="target">The outputs.</param>
    /// <param name="places">The places of the maxima, or null.</param>
    /// <param name="count">How many windows.</param>
    /// <param name="isRectified">Whether outputs that are not above 0 have no place.</param>
    /// <param name="isStreamed">Whether outputs are written past the caches.</param>
    // bounds: windows are within the image, and count of them in the row; prefetching may reach beyond.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Row<TKernel, TShorts>(short* source, int width, short* target, byte* places, int count, bool isRectified,
        bool isStreamed) where TKernel : struct, IKernel where TShorts : unmanaged, IShorts<TShorts>
    {
        TShorts largest = TShorts.Create(short.MinValue);
        for (int x = 0; x < count; x += TShorts.Count / Block)
        {
            if (TShorts.Count > Block && x + 1 == count)
                x--; // the last pair overlaps the one before
            short* from = source + 2 * x * Block;
            TShorts best = Three<TKernel, TShorts>(from, 0, out TShorts place);
            Take<TKernel, TShorts>(from + width * Block, TKernel.Side, ref best, ref place);
            if (TKernel.Side == 3)
                Take<TKernel, TShorts>(from + 2 * width * Block, 2 * TKernel.Side, ref best, ref place);
            largest = TShorts.Max(largest, best);
            if (isStreamed)
                ToBits(best).StoreNonTemporal(target + x * Block);
            else
                ToBits(best).Store(target + x * Block);
            if (places != null)
            {
                if (isRectified)
                    place = TShorts.WhereGreater(best, ToOrder(TShorts.Create(0)), place, TShorts.Create(BlockedPool.Nowhere));
                place.StoreBytes(places + x * Block);
            }
        }
        return !TShorts.IsAnyGreater(largest, TShorts.Create(Infinity));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TKernel, TShorts>(short* source, int first, ref TShorts best, ref TShorts place)
        where TKernel : struct, IKernel where TShorts : unmanaged, IShorts<TShorts>
    {
        Caches.Prefetch((byte*)source + Ahead);
        Caches.Prefetch((byte*)source + Ahead + 64);
        TShorts next = Three<TKernel, TShorts>(source, first, out TShorts at);
        place = TShorts.WhereGreater(next, best, at, place);
        best = TShorts.Max(next, best);
    }

    /// <summary>The largest of two or three neighbors for each window, and which place it has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TShorts Three<TKernel, TShorts>(short* source, int first, out TShorts place)
        where TKernel : struct, IKernel where TShorts : unmanaged, IShorts<TShorts>
    {
        TShorts best = ToOrder(TShorts.LoadFirst(source)), next = ToOrder(TShorts.LoadSecond(source));
        place = TShorts.WhereGreater(next, best, TShorts.Create((short)(first + 1)), TShorts.Create((short)first));
        best = TShorts.Max(next, best);
        if (TKernel.Side == 2)
            return best;
        next = ToOrder(TShorts.LoadThird(source));
        place = TShorts.WhereGreater(next, best, TShorts.Create((short)(first + 2)), place);
        return TShorts.Max(next, best);
    }

    // The order, from the least integer on: -inf, the numbers, both zeros as one, inf at 0x7F00, and beyond it the NaNs of either sign.
    private const short Infinity = 0x7F00, Rotation = 0x80;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TShorts ToOrder<TShorts>(TShorts bits) where TShorts : unmanaged, IShorts<TShorts> =>
        TShorts.TurnNegative(bits) - TShorts.Create(Rotation);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TShorts ToBits<TShorts>(TShorts order) where TShorts : unmanaged, IShorts<TShorts> =>
        TShorts.TurnNegative(order + TShorts.Create(Rotation));
}
