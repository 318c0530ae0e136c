using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>
/// Min pooling of images in blocks of 16 channels, in float32 or bfloat16: the first of equals wins, and NaN where there is one. Its
/// gradient is max pooling's.
/// </summary>
/// <remarks>Loops: for each row of outputs of each plane; what it is bound by is <see cref="AnyPooling"/>'s.</remarks>
internal static unsafe class BlockedMinPooling
{
    /// <summary>A thread's share of the outputs.</summary>
    /// <param name="pool">The pooling.</param>
    /// <param name="source">Planes [H][W][16].</param>
    /// <param name="target">Planes of outputs.</param>
    /// <param name="argmin">Receives which place of its window, counted row by row, each minimum has; may be null.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">How many share the work.</param>
    public static void Forward<TPixel>(in BlockedPool pool, byte* source, byte* target, byte* argmin, int thread, int threads)
        where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            Forward<TPixel, Floats8x2>(pool, source, target, argmin, thread, threads);
        else
            Forward<TPixel, Floats16>(pool, source, target, argmin, thread, threads);
    }

    // bounds: rows of outputs of the pool's planes.
    public static void Forward<TPixel, TVector>(in BlockedPool pool, byte* source, byte* target, byte* argmin, int thread, int threads)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        long rows = (long)pool.Planes * pool.OutHeight;
        for (long row = rows * thread / threads; row < rows * (thread + 1) / threads; row++)
        {
            byte* plane = source + row / pool.OutHeight * pool.Height * pool.Width * TPixel.Bytes;
            long at = row * pool.OutWidth;
            AnyPooling.ForwardRow<NegatedPixel<TPixel>, TVector>(pool, plane, target + at * TPixel.Bytes,
                argmin == null ? null : argmin + at * BlockedPool.Block,
                (int)(row % pool.OutHeight), 0, pool.OutWidth, isRectified: false);
        }
    }
}
