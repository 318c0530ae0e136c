using System.Runtime.CompilerServices;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>Float32 windows of 2x2 or 3x3, two columns apart, within the image.</summary>
/// <remarks>
/// Loops: for each window of a row, for each of its places, written out. source is {rows, width, 16},
/// target a row of {count, 16} and places one of bytes. The best value, its place and what may be a NaN stay in registers. Memory is the
/// bound.
/// </remarks>
internal static unsafe class HalvingSingle
{
    private const int Block = BlockedPool.Block, Ahead = 16 << 10;

    /// <summary>A row of windows; false where there is a NaN, or perhaps an infinity, and nothing written holds.</summary>
    /// <param name="source">The first pixel of the first window.</param>
    /// <param name="width">Pixels of a row of the image.</param>
    /// <param name="target">The outputs.</param>
    /// <param name="places">The places of the maxima, or null.</param>
    /// <param name="count">How many windows.</param>
    /// <param name="isRectified">Whether outputs that are not above 0 have no place.</param>
    /// <param name="isStreamed">Whether outputs are written past the caches.</param>
    // bounds: windows are within the image, and count of them in the row; prefetching may reach beyond.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Row<TKernel, TVector>(float* source, int width, float* target, byte* places, int count, bool isRectified,
        bool isStreamed) where TKernel : struct, IKernel where TVector : unmanaged, IFloats<TVector>
    {
        TVector suspects = TVector.Zero;
        for (float* end = target + count * Block; target != end; target += Block, source += 2 * Block)
        {
            TVector best = Three<TKernel, TVector>(source, 0, ref suspects, out TVector place);
            Take<TKernel, TVector>(source + width * Block, TKernel.Side, ref best, ref place, ref suspects);
            if (TKernel.Side == 3)
                Take<TKernel, TVector>(source + 2 * width * Block, 2 * TKernel.Side, ref best, ref place, ref suspects);
            if (isStreamed)
                best.StoreNonTemporal(target);
            else
                best.Store(target);
            if (places != null)
            {
                if (isRectified)
                    place = TVector.WhereGreater(best, TVector.Zero, place, TVector.CreateBits(BlockedPool.Nowhere));
                place.StoreBytes(places);
                places += Block;
            }
        }
        return !float.IsNaN(TVector.Sum(suspects));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TKernel, TVector>(float* source, int first, ref TVector best, ref TVector place, ref TVector suspects)
        where TKernel : struct, IKernel where TVector : unmanaged, IFloats<TVector>
    {
        Fetch(source);
        TVector next = Three<TKernel, TVector>(source, first, ref suspects, out TVector at);
        place = TVector.WhereGreater(next, best, at, place);
        best = TVector.WhereGreater(next, best, next, best);
    }

    /// <summary>The largest of two or three neighbors, and which place it has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Three<TKernel, TVector>(float* source, int first, ref TVector suspects, out TVector place)
        where TKernel : struct, IKernel where TVector : unmanaged, IFloats<TVector>
    {
        TVector best = TVector.Load(source), next = TVector.Load(source + Block);
        // Anything times 0 is 0 but for NaN and infinity.
        suspects = TVector.FusedMultiplyAdd(best, TVector.Zero, suspects);
        suspects = TVector.FusedMultiplyAdd(next, TVector.Zero, suspects);
        place = TVector.WhereGreater(next, best, TVector.CreateBits(first + 1), TVector.CreateBits(first));
        best = TVector.WhereGreater(next, best, next, best);
        if (TKernel.Side == 2)
            return best;
        next = TVector.Load(source + 2 * Block);
        suspects = TVector.FusedMultiplyAdd(next, TVector.Zero, suspects);
        place = TVector.WhereGreater(next, best, TVector.CreateBits(first + 2), place);
        return TVector.WhereGreater(next, best, next, best);
    }

    // Two pixels of a row that no row before has touched.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(float* source)
    {
        Caches.Prefetch((byte*)source + Ahead);
        Caches.Prefetch((byte*)source + Ahead + 64);
    }
}
