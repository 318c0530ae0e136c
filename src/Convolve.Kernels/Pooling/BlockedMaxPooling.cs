using System.Runtime.Intrinsics.X86;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Pooling;

/// <summary>Max pooling of images in blocks of 16 channels, in float32 or bfloat16, and its gradient.</summary>
/// <remarks>
/// Largest is as in PyTorch: the first of equals in row-major order, -0 being equal to 0; NaN where there is one, and then the last. In
/// bfloat16 a largest value of -0 may come out as 0. The gradient of an input is the sum of those of the windows that chose it, in float32
/// and in row-major order.
/// Loops: for each row of outputs of each plane {height, width, 16}; in the gradient for each row of inputs, or two of them. What is held
/// where, and the bounds, are those of <see cref="HalvingSingle"/>, <see cref="HalvingBFloat16"/>, <see cref="HalvingGradient"/> and
/// <see cref="AnyPooling"/>.
/// </remarks>
internal static unsafe class BlockedMaxPooling
{
    // Tensors from this size on are written past the caches, where little of them would be found again.
    private const long StreamedBytes = 8 << 20;

    /// <summary>Whether this machine runs it at full speed.</summary>
    public static bool IsSupported => Floats16.IsSupported && Avx512BW.IsSupported && BitConverter.IsLittleEndian;

    /// <summary>A thread's share of the outputs.</summary>
    /// <param name="pool">The pooling.</param>
    /// <param name="source">Planes [H][W][16].</param>
    /// <param name="target">Planes of outputs.</param>
    /// <param name="argmax">Receives which place of its window, counted row by row, each maximum has; may be null.</param>
    /// <param name="isRectified">Whether a ReLU came before, whose gradient the places take along: outputs that are not above 0 have
    /// none.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">How many share the work.</param>
    public static void Forward<TPixel>(in BlockedPool pool, byte* source, byte* target, byte* argmax, bool isRectified, int thread,
        int threads) where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            Forward<TPixel, Floats8x2>(pool, source, target, argmax, isRectified, thread, threads);
        else
            Forward<TPixel, Floats16>(pool, source, target, argmax, isRectified, thread, threads);
    }

    // bounds: a thread has whole rows of outputs; windows that stick out of the image go to AnyPooling.
    public static void Forward<TPixel, TVector>(in BlockedPool pool, byte* source, byte* target, byte* argmax, bool isRectified, int thread,
        int threads) where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int rows = pool.Planes * pool.OutHeight, first = Part(rows, thread, threads), end = Part(rows, thread + 1, threads);
        int sourcePlane = pool.Height * pool.Width, firstInner = 0, endInner = 0;
        bool isStreamed = pool.ArgmaxBytes / BlockedPool.Block * TPixel.Bytes >= StreamedBytes;
        if (pool.IsHalving)
            (firstInner, endInner) = ((pool.Left + 1) / 2, Math.Min(pool.OutWidth, (pool.Width + pool.Left - pool.KernelWidth + 2) / 2));
        for (int row = first; row < end; row++)
        {
            int y = row % pool.OutHeight, top = y * pool.StrideHeight - pool.Top;
            byte* from = source + (long)(row / pool.OutHeight) * sourcePlane * TPixel.Bytes;
            long at = (long)row * pool.OutWidth;
            byte* to = target + at * TPixel.Bytes, places = argmax == null ? null : argmax + at * BlockedPool.Block;
            if (top >= 0 && top + pool.KernelHeight <= pool.Height && endInner > firstInner
                && Inner<TPixel, TVector>(pool, from + ((long)top * pool.Width + firstInner * 2 - pool.Left) * TPixel.Bytes,
                    to + firstInner * TPixel.Bytes,
                    places == null ? null : places + firstInner * BlockedPool.Block, endInner - firstInner, isRectified, isStreamed))
            {
                AnyPooling.ForwardRow<TPixel, TVector>(pool, from, to, places, y, 0, firstInner, isRectified);
                AnyPooling.ForwardRow<TPixel, TVector>(pool, from, to, places, y, endInner, pool.OutWidth, isRectified);
            }
            else
            {
                AnyPooling.ForwardRow<TPixel, TVector>(pool, from, to, places, y, 0, pool.OutWidth, isRectified);
            }
        }
        Caches.StoreFence();
    }

    /// <summary>A thread's share of the inputs' gradients; each is written once.</summary>
    /// <param name="pool">The pooling.</param>
    /// <param name="diffTarget">Gradients of the outputs.</param>
    /// <param name="argmax">As <c>Forward</c> wrote it.</param>
    /// <param name="diffSource">Gradients of the inputs.</param>
    /// <param name="thread">From 0.</param>
    /// <param name="threads">How many share the work.</param>
    public static void Backward<TPixel>(in BlockedPool pool, byte* diffTarget, byte* argmax, byte* diffSource, int thread, int threads)
        where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            Backward<TPixel, Floats8x2>(pool, diffTarget, argmax, diffSource, thread, threads);
        else
            Backward<TPixel, Floats16>(pool, diffTarget, argmax, diffSource, thread, threads);
    }

    // bounds: a thread has whole rows of inputs, or pairs of them.
    public static void Backward<TPixel, TVector>(in BlockedPool pool, byte* diffTarget, byte* argmax, byte* diffSource, int thread,
        int threads)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        bool isStreamed = (long)pool.Planes * pool.Height * pool.Width * TPixel.Bytes >= StreamedBytes;
        int pairs = pool.IsHalving ? 2 : 1, skipped = pool.IsHalving ? pool.Top / 2 : 0,
            steps = pool.IsHalving ? (pool.Height + pool.Top + 1) / 2 - skipped : pool.Height;
        int all = pool.Planes * steps, first = Part(all, thread, threads), end = Part(all, thread + 1, threads);
        for (int step = first; step < end; step++)
        {
            int plane = step / steps, y = pairs * (step % steps + skipped) - (pool.IsHalving ? pool.Top : 0);
            long outputs = (long)plane * pool.OutHeight * pool.OutWidth;
            GradientPlane planes = new(diffTarget + outputs * TPixel.Bytes, argmax + outputs * BlockedPool.Block,
                diffSource + (long)plane * pool.Height * pool.Width * TPixel.Bytes);
            if (pairs == 2 && y >= 0 && y + 1 < pool.Height)
                HalvingGradient.Rows<TPixel, TVector>(pool, planes, y, isStreamed);
            else
                for (int row = Math.Max(y, 0); row < Math.Min(y + pairs, pool.Height); row++)
                    AnyPooling.BackwardRow<TPixel, TVector>(pool, planes, row, 0, pool.Width);
        }
        Caches.StoreFence();
    }

    private static int Part(int all, int thread, int threads) => (int)((long)all * thread / threads);

    /// <summary>The windows of a row that are within the image; false where there is a NaN, and nothing written holds.</summary>
    private static bool Inner<TPixel, TVector>(in BlockedPool pool, byte* from, byte* to, byte* places, int count, bool isRectified,
        bool isStreamed)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        if (TPixel.Bytes == SinglePixel.Bytes)
            return pool.KernelHeight == 3
                ? HalvingSingle.Row<Kernel3, TVector>((float*)from, pool.Width, (float*)to, places, count, isRectified, isStreamed)
                : HalvingSingle.Row<Kernel2, TVector>((float*)from, pool.Width, (float*)to, places, count, isRectified, isStreamed);
        if (TVector.Registers == Floats16.Registers)
            return count > 1 && InnerBFloat16<Shorts32>(pool, (short*)from, (short*)to, places, count, isRectified, isStreamed);
        return InnerBFloat16<Shorts16>(pool, (short*)from, (short*)to, places, count, isRectified, isStreamed);
    }

    private static bool InnerBFloat16<TShorts>(in BlockedPool pool, short* from, short* to, byte* places, int count, bool isRectified,
        bool isStreamed) where TShorts : unmanaged, IShorts<TShorts> => pool.KernelHeight == 3
        ? HalvingBFloat16.Row<Kernel3, TShorts>(from, pool.Width, to, places, count, isRectified, isStreamed)
        : HalvingBFloat16.Row<Kernel2, TShorts>(from, pool.Width, to, places, count, isRectified, isStreamed);
}

/// <summary>The pieces of a plane's gradient.</summary>
/// <param name="diff">Gradients of its outputs.</param>
/// <param name="argmax">Where each output came from.</param>
/// <param name="result">Gradients of its inputs.</param>
internal readonly unsafe struct GradientPlane(byte* diff, byte* argmax, byte* result)
{
    public readonly byte* Diff = diff, Argmax = argmax, Result = result;
}

/// <summary>The side of a window, known when code is compiled.</summary>
internal interface IKernel
{
    static abstract int Side { get; }
}

internal readonly struct Kernel2 : IKernel
{
    public static int Side => 2;
}

internal readonly struct Kernel3 : IKernel
{
    public static int Side => 3;
}
