using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Normalization;

/// <summary>
/// The usual case, windows of five channels on AVX-512: neighbours come from the blocks before and behind by shifts in registers, pixel by
/// pixel, and nothing is laid aside. Measured at 128x96x55x55 in bfloat16, forward and backward: 5 and 10 ms; 10 and 22 by the way for any
/// window.
/// </summary>
internal static unsafe class ResponseNormFive
{
    // The blocks of an image are streams too far apart for the hardware to follow: without asking ahead, both passes take twice the time.
    private const int Ahead = 1024;

    public static bool Takes(in ResponseNormShape shape) => Avx512F.IsSupported && shape is { Before: 2, After: 2 };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<TPixel, TPower>(in ResponseNormShape shape, byte* source, byte* target, int pixels)
        where TPixel : struct, IPixel where TPower : struct, IPower
    {
        Vector512<float> factor = Vector512.Create(shape.Factor), beta = Vector512.Create(shape.Beta), k = Vector512.Create(shape.K);
        nint stride = (nint)shape.Pixels * TPixel.Bytes;
        int blocks = shape.Blocks;
        for (int p = 0; p < pixels; p++, source += TPixel.Bytes, target += TPixel.Bytes)
        {
            Vector512<float> x = TPixel.Load(source), before = Vector512<float>.Zero, squares = x * x;
            byte* from = source, to = target;
            for (int b = 1; b <= blocks; b++, to += stride)
            {
                from += stride;
                Sse.Prefetch0(from + Ahead);
                Sse.Prefetch0(to + Ahead);
                Vector512<float> next = b < blocks ? TPixel.Load(from) : Vector512<float>.Zero, nextSquares = next * next;
                Vector512<float> s = Vector512.FusedMultiplyAdd(Sum(before, squares, nextSquares), factor, k);
                TPixel.Store(x * TPower.Inverse(s, TPower.Root(s), beta), to);
                (before, squares, x) = (squares, nextSquares, next);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward<TPixel, TPower>(in ResponseNormShape shape, byte* source, byte* diff, float slope, byte* target, int pixels)
        where TPixel : struct, IPixel where TPower : struct, IPower
    {
        Vector512<float> factor = Vector512.Create(shape.Factor), beta = Vector512.Create(shape.Beta), k = Vector512.Create(shape.K);
        Vector512<float> share = Vector512.Create(-2 * shape.Factor * shape.Beta), slopes = Vector512.Create(slope);
        nint stride = (nint)shape.Pixels * TPixel.Bytes;
        int blocks = shape.Blocks;
        for (int p = 0; p < pixels; p++, source += TPixel.Bytes, diff += TPixel.Bytes, target += TPixel.Bytes)
        {
            // A step behind the sums of squares, since a window of the products reaches into the next block.
            Vector512<float> zero = Vector512<float>.Zero, x = TPixel.Load(source), before = zero, squares = x * x;
            Vector512<float> lastX = zero, lastDirect = zero, product = zero, productBefore = zero;
            byte* from = source, gradient = diff, to = target - stride;
            for (int b = 0; b <= blocks; b++, to += stride, gradient += stride)
            {
                from += stride;
                Sse.Prefetch0(from + Ahead);
                Sse.Prefetch0(gradient + Ahead);
                Vector512<float> direct = zero, nextProduct = zero, next = zero, nextSquares = zero;
                if (b < blocks)
                {
                    if (b + 1 < blocks)
                        next = TPixel.Load(from);
                    nextSquares = next * next;
                    Vector512<float> s = Vector512.FusedMultiplyAdd(Sum(before, squares, nextSquares), factor, k), root = TPower.Root(s);
                    direct = TPixel.Load(gradient) * TPower.Inverse(s, root, beta);
                    nextProduct = direct * x * TPower.Reciprocal(s, root);
                }
                if (b > 0)
                {
                    Vector512<float> result = Vector512.FusedMultiplyAdd(Sum(productBefore, product, nextProduct) * lastX, share,
                        lastDirect);
                    TPixel.Store(Vector512.ConditionalSelect(Vector512.GreaterThan(lastX, zero), result, result * slopes), to);
                }
                (before, squares, lastX, x) = (squares, nextSquares, x, next);
                (productBefore, product, lastDirect) = (product, nextProduct, direct);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Sum(Vector512<float> before, Vector512<float> own, Vector512<float> next)
    {
        Vector512<int> b = before.AsInt32(), o = own.AsInt32(), n = next.AsInt32();
        Vector512<float> left = Avx512F.AlignRight32(o, b, 14).AsSingle() + Avx512F.AlignRight32(o, b, 15).AsSingle();
        Vector512<float> right = Avx512F.AlignRight32(n, o, 1).AsSingle() + Avx512F.AlignRight32(n, o, 2).AsSingle();
        return left + right + own;
    }
}
