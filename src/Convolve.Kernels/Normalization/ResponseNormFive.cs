using System.Runtime.CompilerServices;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Normalization;

/// <summary>
/// The usual case, windows of five channels on AVX-512: neighbors come from the blocks before and behind by shifts in registers, and
/// nothing is stored in between.
/// </summary>
/// <remarks>
/// Loops: for each pixel of a tile, for each block of its channels. source, diff and target are {C/16, pixels, 16}, the tile's pixels of
/// one image. Three vectors of squares and three of products stay in registers, a tile in the first cache. Memory is the bound. Measured at
/// 128x96x55x55 in bfloat16, forward and backward: 5 and 10 ms; 10 and 22 by the kernels for any window. The 16 registers of AVX2 are too
/// few: there, the gradient took 1.2 to 1.4 times as long as by those.
/// </remarks>
internal static unsafe class ResponseNormFive
{
    // The blocks of an image are streams too far apart for the hardware to follow: without asking ahead, both passes take twice the time.
    private const int Ahead = 1024;

    public static bool Takes(in ResponseNormShape shape) => Floats16.IsSupported && shape is { Before: 2, After: 2 };

    // bounds: source, diff and target hold a pixel's blocks stride bytes apart, and pixels pixels of each.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<TPixel, TPower, TVector>(in ResponseNormShape shape, byte* source, byte* target, int pixels)
        where TPixel : struct, IPixel where TPower : struct, IPower where TVector : unmanaged, IFloats<TVector>
    {
        TVector factor = TVector.Create(shape.Factor), beta = TVector.Create(shape.Beta), k = TVector.Create(shape.K);
        nint stride = (nint)shape.Pixels * TPixel.Bytes;
        int blocks = shape.Blocks;
        for (int p = 0; p < pixels; p++, source += TPixel.Bytes, target += TPixel.Bytes)
        {
            TVector x = TPixel.Load<TVector>(source), before = TVector.Zero, squares = x * x;
            byte* from = source, to = target;
            for (int b = 1; b <= blocks; b++, to += stride)
            {
                from += stride;
                Caches.Prefetch(from + Ahead);
                Caches.Prefetch(to + Ahead);
                TVector next = b < blocks ? TPixel.Load<TVector>(from) : TVector.Zero, nextSquares = next * next;
                TVector s = TVector.FusedMultiplyAdd(Sum(before, squares, nextSquares), factor, k);
                TPixel.Store(x * TPower.Inverse(s, TPower.Root(s), beta), to);
                (before, squares, x) = (squares, nextSquares, next);
            }
        }
    }

    // bounds: source, diff and target hold a pixel's blocks stride bytes apart, and pixels pixels of each.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<TPixel, TPower, TVector>(in ResponseNormShape shape, byte* source, byte* diff, float slope, byte* target,
        int pixels)
        where TPixel : struct, IPixel where TPower : struct, IPower where TVector : unmanaged, IFloats<TVector>
    {
        TVector factor = TVector.Create(shape.Factor), beta = TVector.Create(shape.Beta), k = TVector.Create(shape.K);
        TVector share = TVector.Create(-2 * shape.Factor * shape.Beta), slopes = TVector.Create(slope);
        nint stride = (nint)shape.Pixels * TPixel.Bytes;
        int blocks = shape.Blocks;
        for (int p = 0; p < pixels; p++, source += TPixel.Bytes, diff += TPixel.Bytes, target += TPixel.Bytes)
        {
            // A step behind the sums of squares, since a window of the products reaches into the next block.
            TVector zero = TVector.Zero, x = TPixel.Load<TVector>(source), before = zero, squares = x * x;
            TVector lastX = zero, lastDirect = zero, product = zero, productBefore = zero;
            byte* from = source, gradient = diff, to = target - stride;
            for (int b = 0; b <= blocks; b++, to += stride, gradient += stride)
            {
                from += stride;
                Caches.Prefetch(from + Ahead);
                Caches.Prefetch(gradient + Ahead);
                TVector direct = zero, nextProduct = zero, next = zero, nextSquares = zero;
                if (b < blocks)
                {
                    if (b + 1 < blocks)
                        next = TPixel.Load<TVector>(from);
                    nextSquares = next * next;
                    TVector s = TVector.FusedMultiplyAdd(Sum(before, squares, nextSquares), factor, k), root = TPower.Root(s);
                    direct = TPixel.Load<TVector>(gradient) * TPower.Inverse(s, root, beta);
                    nextProduct = direct * x * TPower.Reciprocal(s, root);
                }
                if (b > 0)
                {
                    TVector result = TVector.FusedMultiplyAdd(Sum(productBefore, product, nextProduct) * lastX, share,
                        lastDirect);
                    TPixel.Store(TVector.WhereGreater(lastX, zero, result, result * slopes), to);
                }
                (before, squares, lastX, x) = (squares, nextSquares, x, next);
                (productBefore, product, lastDirect) = (product, nextProduct, direct);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Sum<TVector>(TVector before, TVector own, TVector next) where TVector : unmanaged, IFloats<TVector>
    {
        TVector left = TVector.Align(before, own, TVector.Count - 2) + TVector.Align(before, own, TVector.Count - 1);
        TVector right = TVector.Align(own, next, 1) + TVector.Align(own, next, 2);
        return left + right + own;
    }
}
