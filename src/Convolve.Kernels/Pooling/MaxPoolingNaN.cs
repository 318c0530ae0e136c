namespace Convolve.Kernels.Pooling;

/// <summary>Max pooling's NaNs: an output is NaN where its window has one, as in PyTorch. The library's kernels drop them.</summary>
/// <remarks>
/// source [planes][H][W][block] is read once, at the speed of memory; target [planes][OH][OW][block] is written only in planes that have a
/// NaN. Both hold float32 or bfloat16.
/// </remarks>
internal static unsafe class MaxPoolingNaN
{
    // What is looked through at a time: a second look finds it in the cache.
    private const int ChunkBytes = 1 << 16;

    /// <summary>A thread's share of the planes.</summary>
    /// <param name="pool">The pooling; its planes are those of <paramref name="block"/> channels.</param>
    /// <param name="block">Channels that are side by side: 1 in plain images.</param>
    /// <param name="isBFloat16">Whether numbers are bfloat16.</param>
    /// <param name="source">What was pooled.</param>
    /// <param name="target">The result.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">How many share the work.</param>
    public static void Restore(in BlockedPool pool, int block, bool isBFloat16, byte* source, byte* target, int thread, int threads)
    {
        int elementBytes = isBFloat16 ? sizeof(ushort) : sizeof(float);
        long plane = (long)pool.Height * pool.Width * block * elementBytes,
            outPlane = (long)pool.OutHeight * pool.OutWidth * block * elementBytes;
        int first = (int)((long)pool.Planes * thread / threads), end = (int)((long)pool.Planes * (thread + 1) / threads),
            step = (int)Math.Max(1, ChunkBytes / plane);
        for (int p = first; p < end; p += step)
        {
            int planes = Math.Min(step, end - p);
            if (IsFree(source + p * plane, planes * plane / elementBytes, isBFloat16))
                continue;
            for (int q = p; q < p + planes; q++)
                if (isBFloat16)
                    Restore(pool, block, (ushort*)(source + q * plane), (ushort*)(target + q * outPlane), bits => (bits & 0x7FFF) > 0x7F80);
                else
                    Restore(pool, block, (float*)(source + q * plane), (float*)(target + q * outPlane), float.IsNaN);
        }
    }

    private static bool IsFree(byte* values, long count, bool isBFloat16) => isBFloat16
        ? !NonFinite.IsInBFloat16(new(values, checked((int)count))) : !NonFinite.IsIn(new(values, checked((int)count)));

    private static void Restore<T>(in BlockedPool pool, int block, T* source, T* target, Func<T, bool> isNaN) where T : unmanaged
    {
        for (int row = 0; row < pool.OutHeight; row++)
            for (int column = 0; column < pool.OutWidth; column++)
            {
                int top = row * pool.StrideHeight - pool.Top, left = column * pool.StrideWidth - pool.Left;
                T* to = target + ((long)row * pool.OutWidth + column) * block;
                for (int y = Math.Max(0, top); y < Math.Min(pool.Height, top + pool.KernelHeight); y++)
                    for (int x = Math.Max(0, left); x < Math.Min(pool.Width, left + pool.KernelWidth); x++)
                        for (int c = 0; c < block; c++)
                            if (source[((long)y * pool.Width + x) * block + c] is var value && isNaN(value))
                                to[c] = value;
            }
    }
}
