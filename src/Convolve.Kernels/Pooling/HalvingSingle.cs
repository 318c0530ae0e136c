using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Pooling;

/// <summary>Float32 windows of 2x2 or 3x3, two columns apart, within the image.</summary>
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Row<TKernel>(float* source, int width, float* target, byte* places, int count, bool isRectified, bool isStreamed)
        where TKernel : struct, IKernel
    {
        Vector512<float> suspects = Vector512<float>.Zero;
        for (float* end = target + count * Block; target != end; target += Block, source += 2 * Block)
        {
            Vector512<float> best = Three<TKernel>(source, 0, ref suspects, out Vector512<int> place);
            Take<TKernel>(source + width * Block, TKernel.Side, ref best, ref place, ref suspects);
            if (TKernel.Side == 3)
                Take<TKernel>(source + 2 * width * Block, 2 * TKernel.Side, ref best, ref place, ref suspects);
            if (isStreamed)
                best.StoreAlignedNonTemporal(target);
            else
                best.Store(target);
            if (places != null)
            {
                if (isRectified)
                    place = Vector512.ConditionalSelect(Vector512.GreaterThan(best, Vector512<float>.Zero).AsInt32(), place,
                        Vector512.Create(BlockedPool.Nowhere));
                AnyPooling.Bytes(place).Store(places);
                places += Block;
            }
        }
        return Vector512.EqualsAll(suspects, suspects);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TKernel>(float* source, int first, ref Vector512<float> best, ref Vector512<int> place,
        ref Vector512<float> suspects)
        where TKernel : struct, IKernel
    {
        Fetch(source);
        Vector512<float> next = Three<TKernel>(source, first, ref suspects, out Vector512<int> at);
        Vector512<float> wins = Vector512.GreaterThan(next, best);
        place = Vector512.ConditionalSelect(wins.AsInt32(), at, place);
        best = Vector512.ConditionalSelect(wins, next, best);
    }

    /// <summary>The largest of two or three neighbours, and which place it has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Three<TKernel>(float* source, int first, ref Vector512<float> suspects, out Vector512<int> place)
        where TKernel : struct, IKernel
    {
        Vector512<float> best = Vector512.Load(source), next = Vector512.Load(source + Block);
        // Anything times 0 is 0 but for NaN and infinity.
        suspects = Vector512.FusedMultiplyAdd(best, Vector512<float>.Zero, suspects);
        suspects = Vector512.FusedMultiplyAdd(next, Vector512<float>.Zero, suspects);
        Vector512<float> wins = Vector512.GreaterThan(next, best);
        place = Vector512.ConditionalSelect(wins.AsInt32(), Vector512.Create(first + 1), Vector512.Create(first));
        best = Vector512.ConditionalSelect(wins, next, best);
        if (TKernel.Side == 2)
            return best;
        next = Vector512.Load(source + 2 * Block);
        suspects = Vector512.FusedMultiplyAdd(next, Vector512<float>.Zero, suspects);
        wins = Vector512.GreaterThan(next, best);
        place = Vector512.ConditionalSelect(wins.AsInt32(), Vector512.Create(first + 2), place);
        return Vector512.ConditionalSelect(wins, next, best);
    }

    // Two pixels of a row that no row before has touched.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(float* source)
    {
        Sse.Prefetch0((byte*)source + Ahead);
        Sse.Prefetch0((byte*)source + Ahead + 64);
    }
}
