using System.Runtime.CompilerServices;
using Convolve.Kernels.Vectors;

using static Convolve.Kernels.Normalization.BatchNormShape;

namespace Convolve.Kernels.Normalization;

/// <summary>
/// Batch normalization with an activation that is linear on either side of 0, in passes over the batch: sums by every thread for its
/// images, their union by one, then the result by every thread.
/// </summary>
/// <remarks>
/// Loops: for each image and block of 16 channels of {images, C/16, pixels, 16}, for each pixel; plain
/// vectors {images, C} have one pixel. source, diff and target have this layout; statistics are {mean, 1/deviation, scale, shift} of
/// {C/16, 16}, a thread's partial sums two of {C/16, 16}. Statistics and sums stay in registers. Memory is the bound: a plane is read twice
/// in a row to measure it, the second time from the cache where it fits; the other passes read and write each value once.
/// Means and squared deviations are computed plane by plane and joined (Chan, Golub and LeVeque 1979), so that a mean far from 0 costs no
/// digits. The order of all sums depends on the number of threads alone.
/// </remarks>
internal static unsafe partial class BatchNormKernels
{
    /// <summary>Mean and squared deviations of each channel over a thread's images.</summary>
    public static void Measure<TPixel>(in BatchNormShape shape, byte* source, float* partial, int firstImage, int endImage)
        where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            Measure<TPixel, Floats8x2>(shape, source, partial, firstImage, endImage);
        else
            Measure<TPixel, Floats16>(shape, source, partial, firstImage, endImage);
    }

    // bounds: images, blocks and pixels are those of the shape; a block of plain vectors that isn't whole is copied to a buffer.
    public static void Measure<TPixel, TVector>(in BatchNormShape shape, byte* source, float* partial, int firstImage, int endImage)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        for (int b = 0; b < shape.Blocks; b++)
            MeasureBlock<TPixel, TVector>(shape, source, b, partial, firstImage, endImage);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MeasureBlock<TPixel, TVector>(in BatchNormShape shape, byte* source, int block, float* partial, int firstImage,
        int endImage)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        ushort* buffer = stackalloc ushort[Width * sizeof(float) / sizeof(ushort)];
        TVector mean = TVector.Zero, squares = mean, perPixel = TVector.Create(1f / shape.Pixels);
        int pixels = shape.Pixels, width = shape.IsPlain ? shape.WidthOf(block) : Width;
        for (int n = firstImage; n < endImage; n++)
        {
            byte* from = source + shape.At(n, block) * (TPixel.Bytes / Width);
            TVector planeMean, planeSquares = TVector.Zero;
            if (pixels == 1)
            {
                planeMean = Load<TPixel, TVector>(from, width, buffer);
            }
            else
            {
                TVector s0 = TVector.Zero, s1 = s0, s2 = s0, s3 = s0;
                int p = 0;
                for (; p + 4 <= pixels; p += 4)
                {
                    byte* at = from + (nint)p * TPixel.Bytes;
                    s0 += TPixel.Load<TVector>(at);
                    s1 += TPixel.Load<TVector>(at + TPixel.Bytes);
                    s2 += TPixel.Load<TVector>(at + 2 * TPixel.Bytes);
                    s3 += TPixel.Load<TVector>(at + 3 * TPixel.Bytes);
                }
                for (; p < pixels; p++)
                    s0 += TPixel.Load<TVector>(from + (nint)p * TPixel.Bytes);
                planeMean = (s0 + s1 + (s2 + s3)) * perPixel;
                s0 = s1 = s2 = s3 = TVector.Zero;
                for (p = 0; p + 4 <= pixels; p += 4)
                {
                    byte* at = from + (nint)p * TPixel.Bytes;
                    s0 = Square(TPixel.Load<TVector>(at) - planeMean, s0);
                    s1 = Square(TPixel.Load<TVector>(at + TPixel.Bytes) - planeMean, s1);
                    s2 = Square(TPixel.Load<TVector>(at + 2 * TPixel.Bytes) - planeMean, s2);
                    s3 = Square(TPixel.Load<TVector>(at + 3 * TPixel.Bytes) - planeMean, s3);
                }
                for (; p < pixels; p++)
                    s0 = Square(TPixel.Load<TVector>(from + (nint)p * TPixel.Bytes) - planeMean, s0);
                planeSquares = s0 + s1 + (s2 + s3);
            }
            // Two sets of values are joined: those of the images before, and those of the plane.
            float before = (float)((double)(n - firstImage) * pixels), share = pixels / (before + pixels);
            TVector delta = planeMean - mean;
            mean = TVector.FusedMultiplyAdd(delta, TVector.Create(share), mean);
            squares = TVector.FusedMultiplyAdd(delta * delta, TVector.Create(before * share), squares + planeSquares);
        }
        mean.Store(partial + block * Width);
        squares.Store(partial + shape.PaddedChannels + block * Width);
    }

    /// <summary>Normalizes some images.</summary>
    /// <param name="shape">The batch.</param>
    /// <param name="source">Images or vectors.</param>
    /// <param name="statistics">From <see cref="Conclude"/> or <see cref="Recall"/>.</param>
    /// <param name="slope">What a negative result is multiplied by: 1 for no activation, 0 for ReLU.</param>
    /// <param name="target">May be the source.</param>
    /// <param name="firstImage">The first image.</param>
    /// <param name="endImage">The one behind the last.</param>
    public static void Apply<TPixel>(in BatchNormShape shape, byte* source, float* statistics, float slope, byte* target, int firstImage,
        int endImage)
        where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            Apply<TPixel, Floats8x2>(shape, source, statistics, slope, target, firstImage, endImage);
        else
            Apply<TPixel, Floats16>(shape, source, statistics, slope, target, firstImage, endImage);
    }

    // bounds: as in Measure.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply<TPixel, TVector>(in BatchNormShape shape, byte* source, float* statistics, float slope, byte* target,
        int firstImage, int endImage)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        ushort* buffer = stackalloc ushort[Width * sizeof(float) / sizeof(ushort)];
        // 0 * -infinity is NaN.
        TVector slopes = TVector.Create(slope), least = TVector.Create(slope == 0 ? float.MinValue : float.NegativeInfinity);
        int padded = shape.PaddedChannels;
        for (int n = firstImage; n < endImage; n++)
            for (int b = 0; b < shape.Blocks; b++)
            {
                nint at = shape.At(n, b) * (TPixel.Bytes / Width);
                byte* from = source + at, to = target + at;
                TVector scale = TVector.Load(statistics + 2 * padded + b * Width),
                    shift = TVector.Load(statistics + 3 * padded + b * Width);
                if (shape.IsPlain && shape.WidthOf(b) < Width)
                {
                    TVector x = Load<TPixel, TVector>(from, shape.WidthOf(b), buffer);
                    Store<TPixel, TVector>(Activate(TVector.FusedMultiplyAdd(x, scale, shift), slopes, least), to, shape.WidthOf(b),
                        buffer);
                    continue;
                }
                for (int p = 0; p < shape.Pixels; p++, from += TPixel.Bytes, to += TPixel.Bytes)
                    TPixel.Store(Activate(TVector.FusedMultiplyAdd(TPixel.Load<TVector>(from), scale, shift), slopes, least), to);
            }
    }

    /// <summary>The sums of the gradient, and of the gradient times the normalized input, of each channel over a thread's images.</summary>
    public static void MeasureDiff<TPixel>(in BatchNormShape shape, byte* source, byte* diff, float* statistics, float slope,
        float* partial, int firstImage, int endImage)
        where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            MeasureDiff<TPixel, Floats8x2>(shape, source, diff, statistics, slope, partial, firstImage, endImage);
        else
            MeasureDiff<TPixel, Floats16>(shape, source, diff, statistics, slope, partial, firstImage, endImage);
    }

    // bounds: as in Measure.
    public static void MeasureDiff<TPixel, TVector>(in BatchNormShape shape, byte* source, byte* diff, float* statistics, float slope,
        float* partial, int firstImage, int endImage)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        for (int b = 0; b < shape.Blocks; b++)
            MeasureDiffBlock<TPixel, TVector>(shape, source, diff, b, statistics, slope, partial, firstImage, endImage);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MeasureDiffBlock<TPixel, TVector>(in BatchNormShape shape, byte* source, byte* diff, int block,
        float* statistics, float slope, float* partial, int firstImage, int endImage)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        ushort* buffer = stackalloc ushort[Width * sizeof(float) / sizeof(ushort)];
        int padded = shape.PaddedChannels, pixels = shape.Pixels, width = shape.IsPlain ? shape.WidthOf(block) : Width;
        float* own = statistics + block * Width;
        TVector mean = TVector.Load(own), inverse = TVector.Load(own + padded), scale = TVector.Load(own + 2 * padded),
            shift = TVector.Load(own + 3 * padded), slopes = TVector.Create(slope);
        TVector sum = TVector.Zero, product = sum;
        for (int n = firstImage; n < endImage; n++)
        {
            nint at = shape.At(n, block) * (TPixel.Bytes / Width);
            byte* from = source + at, gradient = diff + at;
            TVector planeSum = TVector.Zero, planeProduct = planeSum, otherSum = planeSum, otherProduct = planeSum, x, g;
            int p = 0;
            for (; width == Width && p + 2 <= pixels; p += 2, from += 2 * TPixel.Bytes, gradient += 2 * TPixel.Bytes)
            {
                x = TPixel.Load<TVector>(from);
                g = Gate(x, TPixel.Load<TVector>(gradient), scale, shift, slopes);
                planeSum += g;
                planeProduct = TVector.FusedMultiplyAdd(g, (x - mean) * inverse, planeProduct);
                x = TPixel.Load<TVector>(from + TPixel.Bytes);
                g = Gate(x, TPixel.Load<TVector>(gradient + TPixel.Bytes), scale, shift, slopes);
                otherSum += g;
                otherProduct = TVector.FusedMultiplyAdd(g, (x - mean) * inverse, otherProduct);
            }
            for (; p < pixels; p++, from += TPixel.Bytes, gradient += TPixel.Bytes)
            {
                x = Load<TPixel, TVector>(from, width, buffer);
                g = Gate(x, Load<TPixel, TVector>(gradient, width, buffer), scale, shift, slopes);
                planeSum += g;
                planeProduct = TVector.FusedMultiplyAdd(g, (x - mean) * inverse, planeProduct);
            }
            sum += planeSum + otherSum;
            product += planeProduct + otherProduct;
        }
        sum.Store(partial + block * Width);
        product.Store(partial + padded + block * Width);
    }

    /// <summary>
    /// The gradient of the input: weight / deviation * (g - mean of g - normalized input * mean of (g * normalized input)).
    /// </summary>
    public static void ApplyDiff<TPixel>(in BatchNormShape shape, byte* source, byte* diff, float* statistics, float slope, float* means,
        byte* target, int firstImage, int endImage)
        where TPixel : struct, IPixel
    {
        if (Floats8.IsWidest)
            ApplyDiff<TPixel, Floats8x2>(shape, source, diff, statistics, slope, means, target, firstImage, endImage);
        else
            ApplyDiff<TPixel, Floats16>(shape, source, diff, statistics, slope, means, target, firstImage, endImage);
    }

    // bounds: as in Measure.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ApplyDiff<TPixel, TVector>(in BatchNormShape shape, byte* source, byte* diff, float* statistics, float slope,
        float* means, byte* target, int firstImage, int endImage)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        ushort* buffer = stackalloc ushort[Width * sizeof(float) / sizeof(ushort)];
        int padded = shape.PaddedChannels;
        TVector slopes = TVector.Create(slope);
        for (int n = firstImage; n < endImage; n++)
            for (int b = 0; b < shape.Blocks; b++)
            {
                float* own = statistics + b * Width;
                TVector center = TVector.Load(own), inverse = TVector.Load(own + padded), scale = TVector.Load(own + 2 * padded),
                    shift = TVector.Load(own + 3 * padded);
                TVector mean = TVector.Load(means + b * Width), product = TVector.Load(means + padded + b * Width);
                nint at = shape.At(n, b) * (TPixel.Bytes / Width);
                byte* from = source + at, gradient = diff + at, to = target + at;
                int width = shape.IsPlain ? shape.WidthOf(b) : Width;
                TVector x, g;
                if (width < Width)
                {
                    x = Load<TPixel, TVector>(from, width, buffer);
                    g = Gate(x, Load<TPixel, TVector>(gradient, width, buffer), scale, shift, slopes);
                    Store<TPixel, TVector>(scale * (g - TVector.FusedMultiplyAdd((x - center) * inverse, product, mean)), to, width,
                        buffer);
                    continue;
                }
                for (int p = 0; p < shape.Pixels; p++, from += TPixel.Bytes, gradient += TPixel.Bytes, to += TPixel.Bytes)
                {
                    x = TPixel.Load<TVector>(from);
                    g = Gate(x, TPixel.Load<TVector>(gradient), scale, shift, slopes);
                    TPixel.Store(scale * (g - TVector.FusedMultiplyAdd((x - center) * inverse, product, mean)), to);
                }
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Square<TVector>(TVector x, TVector sum) where TVector : unmanaged, IFloats<TVector> =>
        TVector.FusedMultiplyAdd(x, x, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Activate<TVector>(TVector x, TVector slope, TVector least) where TVector : unmanaged, IFloats<TVector> =>
        TVector.WhereGreater(x, TVector.Zero, x, TVector.WhereGreater(least, x, least, x) * slope);

    /// <summary>The gradient in front of the activation, whose side is that of the normalized, scaled and shifted input.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Gate<TVector>(TVector x, TVector gradient, TVector scale, TVector shift, TVector slope)
        where TVector : unmanaged, IFloats<TVector> =>
        TVector.WhereGreater(TVector.FusedMultiplyAdd(x, scale, shift), TVector.Zero, gradient, gradient * slope);

    // A last block of plain vectors has fewer than 16 values, and what is behind them is not its own: they go through a buffer, without
    // a call, which would send all vectors of the caller's loop to the stack.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load<TPixel, TVector>(byte* from, int width, ushort* buffer) where TPixel : struct, IPixel
        where TVector : unmanaged, IFloats<TVector>
    {
        if (width == Width)
            return TPixel.Load<TVector>(from);
        TVector.Zero.Store(buffer);
        for (int i = 0; i < width * (TPixel.Bytes / Width) / sizeof(ushort); i++)
            buffer[i] = ((ushort*)from)[i];
        return TPixel.Load<TVector>((byte*)buffer);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TPixel, TVector>(TVector value, byte* to, int width, ushort* buffer) where TPixel : struct, IPixel
        where TVector : unmanaged, IFloats<TVector>
    {
        TPixel.Store(value, (byte*)buffer);
        for (int i = 0; i < width * (TPixel.Bytes / Width) / sizeof(ushort); i++)
            ((ushort*)to)[i] = buffer[i];
    }
}
