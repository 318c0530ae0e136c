using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Kernels.Pooling;

/// <summary>
/// bfloat16 windows of 2x2 or 3x3, two columns apart, within the image: two windows in a vector, as integers in the order of the numbers.
/// </summary>
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Row<TKernel>(short* source, int width, short* target, byte* places, int count, bool isRectified, bool isStreamed)
        where TKernel : struct, IKernel
    {
        Vector512<short> largest = Vector512.Create(short.MinValue);
        for (int x = 0; x < count; x += 2)
        {
            if (x + 1 == count)
                x--; // the last pair overlaps the one before
            short* from = source + 2 * x * Block;
            Vector512<short> best = Three<TKernel>(from, 0, out Vector512<short> place);
            Take<TKernel>(from + width * Block, TKernel.Side, ref best, ref place);
            if (TKernel.Side == 3)
                Take<TKernel>(from + 2 * width * Block, 2 * TKernel.Side, ref best, ref place);
            largest = Vector512.Max(largest, best);
            Write(ToBits(best), target + x * Block, isStreamed);
            if (places != null)
            {
                if (isRectified)
                    place = Vector512.ConditionalSelect(Vector512.GreaterThan(best, ToOrder(Vector512<short>.Zero)), place,
                        Vector512.Create((short)BlockedPool.Nowhere));
                Bytes(place).Store(places + x * Block);
            }
        }
        return Vector512.LessThanOrEqualAll(largest, Vector512.Create(Infinity));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TKernel>(short* source, int first, ref Vector512<short> best, ref Vector512<short> place)
        where TKernel : struct, IKernel
    {
        Sse.Prefetch0((byte*)source + Ahead);
        Sse.Prefetch0((byte*)source + Ahead + 64);
        Vector512<short> next = Three<TKernel>(source, first, out Vector512<short> at);
        place = Vector512.ConditionalSelect(Vector512.GreaterThan(next, best), at, place);
        best = Vector512.Max(next, best);
    }

    /// <summary>The largest of two or three neighbours for two windows, and which place it has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Three<TKernel>(short* source, int first, out Vector512<short> place) where TKernel : struct, IKernel
    {
        Vector512<short> left = Vector512.Load(source), right = Vector512.Load(source + 2 * Block);
        Vector512<short> leftOrder = ToOrder(left), rightOrder = ToOrder(right);
        Vector512<short> best = Lowers(leftOrder, rightOrder), next = Uppers(leftOrder, rightOrder);
        place = Vector512.ConditionalSelect(Vector512.GreaterThan(next, best), Vector512.Create((short)(first + 1)),
            Vector512.Create((short)first));
        best = Vector512.Max(next, best);
        if (TKernel.Side == 2)
            return best;
        next = ToOrder(right.WithUpper(Vector256.Load(source + 4 * Block)));
        place = Vector512.ConditionalSelect(Vector512.GreaterThan(next, best), Vector512.Create((short)(first + 2)), place);
        return Vector512.Max(next, best);
    }

    // In each, what comes second is for registers that are put together of halves: the same, slowly.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Lowers(Vector512<short> left, Vector512<short> right) => Avx512F.IsSupported
        ? Avx512F.Shuffle4x128(left.AsInt32(), right.AsInt32(), 0x44).AsInt16() : Vector512.Create(left.GetLower(), right.GetLower());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Uppers(Vector512<short> left, Vector512<short> right) => Avx512F.IsSupported
        ? Avx512F.Shuffle4x128(left.AsInt32(), right.AsInt32(), 0xEE).AsInt16() : Vector512.Create(left.GetUpper(), right.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Bytes(Vector512<short> places) => Avx512BW.IsSupported
        ? Avx512BW.ConvertToVector256Byte(places) : Vector256.Narrow(places.GetLower().AsUInt16(), places.GetUpper().AsUInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Vector512<short> pair, short* to, bool isStreamed)
    {
        if (!isStreamed)
        {
            pair.Store(to);
            return;
        }
        pair.GetLower().StoreAlignedNonTemporal(to);
        pair.GetUpper().StoreAlignedNonTemporal(to + Block);
    }

    // The order, from the least integer on: -inf, the numbers, both zeros as one, inf at 0x7F00, and beyond it the NaNs of either sign.
    private const short Infinity = 0x7F00, Rotation = 0x80;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> ToOrder(Vector512<short> bits) => TurnNegative(bits) - Vector512.Create(Rotation);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> ToBits(Vector512<short> order) => TurnNegative(order + Vector512.Create(Rotation));

    /// <summary>From sign and magnitude to two's complement, or back; a magnitude of 0 has one form there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> TurnNegative(Vector512<short> value) =>
        Vector512.Abs(value) ^ (value & Vector512.Create(short.MinValue));
}
