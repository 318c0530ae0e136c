using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Convolve.Kernels.Vectors;

using static Convolve.Kernels.Normalization.BatchNormShape;

namespace Convolve.Kernels.Normalization;

/// <summary>
/// Batch normalisation with an activation that is linear on either side of 0, in passes over the batch: sums by every thread for its
/// images, their union by one, then the result by every thread.
/// </summary>
/// <remarks>
/// Mean and squared deviations are taken plane by plane and joined (Chan, Golub and LeVeque 1979), so that a mean far from 0 costs no
/// digits. The order of all sums depends on the number of threads alone.
/// </remarks>
internal static unsafe class BatchNormKernels
{
    /// <summary>Mean and squared deviations of each channel over a thread's images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Measure<TPixel>(in BatchNormShape shape, byte* source, float* partial, int firstImage, int endImage)
        where TPixel : struct, IPixel
    {
        Vector512<float> perPixel = Vector512.Create(1f / shape.Pixels);
        for (int b = 0; b < shape.Blocks; b++)
        {
            Vector512<float> mean = Vector512<float>.Zero, squares = Vector512<float>.Zero;
            int width = shape.IsPlain ? shape.WidthOf(b) : Width;
            for (int n = firstImage; n < endImage; n++)
            {
                byte* from = source + shape.At(n, b) * (TPixel.Bytes / Width);
                Vector512<float> planeMean, planeSquares = Vector512<float>.Zero;
                if (shape.Pixels == 1)
                {
                    planeMean = Load<TPixel>(from, width);
                }
                else
                {
                    Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
                    int p = 0;
                    for (; p + 4 <= shape.Pixels; p += 4)
                    {
                        byte* at = from + (nint)p * TPixel.Bytes;
                        s0 += TPixel.Load(at);
                        s1 += TPixel.Load(at + TPixel.Bytes);
                        s2 += TPixel.Load(at + 2 * TPixel.Bytes);
                        s3 += TPixel.Load(at + 3 * TPixel.Bytes);
                    }
                    for (; p < shape.Pixels; p++)
                        s0 += TPixel.Load(from + (nint)p * TPixel.Bytes);
                    planeMean = (s0 + s1 + (s2 + s3)) * perPixel;
                    s0 = s1 = s2 = s3 = Vector512<float>.Zero;
                    for (p = 0; p + 4 <= shape.Pixels; p += 4)
                    {
                        byte* at = from + (nint)p * TPixel.Bytes;
                        s0 = Square(TPixel.Load(at) - planeMean, s0);
                        s1 = Square(TPixel.Load(at + TPixel.Bytes) - planeMean, s1);
                        s2 = Square(TPixel.Load(at + 2 * TPixel.Bytes) - planeMean, s2);
                        s3 = Square(TPixel.Load(at + 3 * TPixel.Bytes) - planeMean, s3);
                    }
                    for (; p < shape.Pixels; p++)
                        s0 = Square(TPixel.Load(from + (nint)p * TPixel.Bytes) - planeMean, s0);
                    planeSquares = s0 + s1 + (s2 + s3);
                }
                int before = n - firstImage;
                Join(ref mean, ref squares, (float)((double)before * shape.Pixels), planeMean, planeSquares, shape.Pixels);
            }
            Vector512.Store(mean, partial + b * Width);
            Vector512.Store(squares, partial + shape.PaddedChannels + b * Width);
        }
    }

    /// <summary>The statistics of the whole batch from those of the threads, and the running averages with them.</summary>
    /// <param name="shape">The batch.</param>
    /// <param name="partials">The sums of every thread, one behind the other.</param>
    /// <param name="threads">How many there are.</param>
    /// <param name="weight">One number a channel.</param>
    /// <param name="bias">One number a channel.</param>
    /// <param name="eps">What is added to the variance.</param>
    /// <param name="momentum">The share of this batch in the running averages.</param>
    /// <param name="runningMean">One number a channel.</param>
    /// <param name="runningVariance">One number a channel.</param>
    /// <param name="statistics">The result.</param>
    public static void Conclude(in BatchNormShape shape, float* partials, int threads, float* weight, float* bias, float eps,
        float momentum,
        float* runningMean, float* runningVariance, float* statistics)
    {
        int padded = shape.PaddedChannels;
        for (int c = 0; c < padded; c++)
        {
            double count = 0, mean = 0, squares = 0;
            for (int t = 0; t < threads; t++)
            {
                double part = ((long)shape.Batch * (t + 1) / threads - (long)shape.Batch * t / threads) * shape.Pixels;
                if (part == 0)
                    continue;
                double delta = partials[t * shape.PartialFloats + c] - mean;
                squares += partials[t * shape.PartialFloats + padded + c] + delta * delta * count * part / (count + part);
                mean += delta * part / (count + part);
                count += part;
            }
            if (c < shape.Channels && shape.Count > 1)
            {
                runningMean[c] = (float)((1 - momentum) * runningMean[c] + momentum * mean);
                runningVariance[c] = (float)((1 - momentum) * runningVariance[c] + momentum * squares / (count - 1));
            }
            Set(shape, c, mean, squares / count, weight, bias, eps, statistics);
        }
    }

    /// <summary>The statistics that evaluation uses: the running averages.</summary>
    public static void Recall(in BatchNormShape shape, float* weight, float* bias, float eps, float* runningMean, float* runningVariance,
        float* statistics)
    {
        for (int c = 0; c < shape.PaddedChannels; c++)
            Set(shape, c, c < shape.Channels ? runningMean[c] : 0, c < shape.Channels ? runningVariance[c] : 0, weight, bias, eps,
                statistics);
    }

    /// <summary>Normalises some images.</summary>
    /// <param name="shape">The batch.</param>
    /// <param name="source">Images or vectors.</param>
    /// <param name="statistics">From <see cref="Conclude"/> or <see cref="Recall"/>.</param>
    /// <param name="slope">What a negative result is multiplied by: 1 for no activation, 0 for ReLU.</param>
    /// <param name="target">May be the source.</param>
    /// <param name="firstImage">The first image.</param>
    /// <param name="endImage">The one behind the last.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply<TPixel>(in BatchNormShape shape, byte* source, float* statistics, float slope, byte* target, int firstImage,
        int endImage)
        where TPixel : struct, IPixel
    {
        // 0 * -infinity is NaN.
        Vector512<float> slopes = Vector512.Create(slope), least = Vector512.Create(slope == 0 ? float.MinValue : float.NegativeInfinity);
        int padded = shape.PaddedChannels;
        for (int n = firstImage; n < endImage; n++)
            for (int b = 0; b < shape.Blocks; b++)
            {
                nint at = shape.At(n, b) * (TPixel.Bytes / Width);
                byte* from = source + at, to = target + at;
                Vector512<float> scale = Vector512.Load(statistics + 2 * padded + b * Width),
                    shift = Vector512.Load(statistics + 3 * padded + b * Width);
                if (shape.IsPlain && shape.WidthOf(b) < Width)
                    Store<TPixel>(Activate(Vector512.FusedMultiplyAdd(Load<TPixel>(from, shape.WidthOf(b)), scale, shift), slopes, least),
                        to, shape.WidthOf(b));
                else
                    for (int p = 0; p < shape.Pixels; p++, from += TPixel.Bytes, to += TPixel.Bytes)
                        TPixel.Store(Activate(Vector512.FusedMultiplyAdd(TPixel.Load(from), scale, shift), slopes, least), to);
            }
    }

    /// <summary>The sums of the gradient, and of the gradient times the normalised input, of each channel over a thread's images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MeasureDiff<TPixel>(in BatchNormShape shape, byte* source, byte* diff, float* statistics, float slope,
        float* partial, int firstImage, int endImage)
        where TPixel : struct, IPixel
    {
        int padded = shape.PaddedChannels;
        for (int b = 0; b < shape.Blocks; b++)
        {
            Channel channel = new(statistics + b * Width, padded, slope);
            int width = shape.IsPlain ? shape.WidthOf(b) : Width;
            Vector512<float> sum = Vector512<float>.Zero, product = Vector512<float>.Zero;
            for (int n = firstImage; n < endImage; n++)
            {
                nint at = shape.At(n, b) * (TPixel.Bytes / Width);
                byte* from = source + at, gradient = diff + at;
                Vector512<float> planeSum = Vector512<float>.Zero, planeProduct = Vector512<float>.Zero, otherSum = planeSum,
                    otherProduct = planeSum;
                int p = 0;
                for (; width == Width && p + 2 <= shape.Pixels; p += 2, from += 2 * TPixel.Bytes, gradient += 2 * TPixel.Bytes)
                {
                    Vector512<float> x = TPixel.Load(from), g = channel.Gate(x, TPixel.Load(gradient));
                    planeSum += g;
                    planeProduct = Vector512.FusedMultiplyAdd(g, channel.Normalize(x), planeProduct);
                    x = TPixel.Load(from + TPixel.Bytes);
                    g = channel.Gate(x, TPixel.Load(gradient + TPixel.Bytes));
                    otherSum += g;
                    otherProduct = Vector512.FusedMultiplyAdd(g, channel.Normalize(x), otherProduct);
                }
                for (; p < shape.Pixels; p++, from += TPixel.Bytes, gradient += TPixel.Bytes)
                {
                    Vector512<float> x = Load<TPixel>(from, width), g = channel.Gate(x, Load<TPixel>(gradient, width));
                    planeSum += g;
                    planeProduct = Vector512.FusedMultiplyAdd(g, channel.Normalize(x), planeProduct);
                }
                planeSum += otherSum;
                planeProduct += otherProduct;
                sum += planeSum;
                product += planeProduct;
            }
            Vector512.Store(sum, partial + b * Width);
            Vector512.Store(product, partial + padded + b * Width);
        }
    }

    /// <summary>
    /// The gradients of weight and bias from the threads' sums; the first thread's sums become the means that <see cref="ApplyDiff"/>
    /// takes.
    /// </summary>
    public static void ConcludeDiff(in BatchNormShape shape, float* partials, int threads, float* diffWeight, float* diffBias)
    {
        int padded = shape.PaddedChannels;
        for (int c = 0; c < padded; c++)
        {
            double sum = 0, product = 0;
            for (int t = 0; t < threads; t++)
            {
                sum += partials[t * shape.PartialFloats + c];
                product += partials[t * shape.PartialFloats + padded + c];
            }
            if (c < shape.Channels)
                (diffBias[c], diffWeight[c]) = ((float)sum, (float)product);
            (partials[c], partials[padded + c]) = ((float)(sum / shape.Count), (float)(product / shape.Count));
        }
    }

    /// <summary>
    /// The gradient of the input: weight / deviation * (g - mean of g - normalised input * mean of (g * normalised input)).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ApplyDiff<TPixel>(in BatchNormShape shape, byte* source, byte* diff, float* statistics, float slope, float* means,
        byte* target, int firstImage, int endImage)
        where TPixel : struct, IPixel
    {
        int padded = shape.PaddedChannels;
        for (int n = firstImage; n < endImage; n++)
            for (int b = 0; b < shape.Blocks; b++)
            {
                Channel channel = new(statistics + b * Width, padded, slope);
                Vector512<float> mean = Vector512.Load(means + b * Width), product = Vector512.Load(means + padded + b * Width);
                nint at = shape.At(n, b) * (TPixel.Bytes / Width);
                byte* from = source + at, gradient = diff + at, to = target + at;
                int width = shape.IsPlain ? shape.WidthOf(b) : Width;
                if (width < Width)
                {
                    Vector512<float> x = Load<TPixel>(from, width), g = channel.Gate(x, Load<TPixel>(gradient, width));
                    Store<TPixel>(channel.Scale * (g - Vector512.FusedMultiplyAdd(channel.Normalize(x), product, mean)), to, width);
                    continue;
                }
                for (int p = 0; p < shape.Pixels; p++, from += TPixel.Bytes, gradient += TPixel.Bytes, to += TPixel.Bytes)
                {
                    Vector512<float> x = TPixel.Load(from), g = channel.Gate(x, TPixel.Load(gradient));
                    TPixel.Store(channel.Scale * (g - Vector512.FusedMultiplyAdd(channel.Normalize(x), product, mean)), to);
                }
            }
    }

    private static void Set(in BatchNormShape shape, int channel, double mean, double variance, float* weight, float* bias, float eps,
        float* statistics)
    {
        int padded = shape.PaddedChannels;
        bool exists = channel < shape.Channels;
        double inverse = 1 / Math.Sqrt(variance + eps), scale = exists ? weight[channel] * inverse : 0;
        statistics[channel] = (float)mean;
        statistics[padded + channel] = (float)inverse;
        statistics[2 * padded + channel] = (float)scale;
        statistics[3 * padded + channel] = exists ? (float)(bias[channel] - mean * scale) : 0;
    }

    private static void Join(ref Vector512<float> mean, ref Vector512<float> squares, float count, Vector512<float> otherMean,
        Vector512<float> otherSquares, float otherCount)
    {
        Vector512<float> delta = otherMean - mean;
        float share = otherCount / (count + otherCount);
        mean = Vector512.FusedMultiplyAdd(delta, Vector512.Create(share), mean);
        squares = Vector512.FusedMultiplyAdd(delta * delta, Vector512.Create(count * share), squares + otherSquares);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Square(Vector512<float> x, Vector512<float> sum) => Vector512.FusedMultiplyAdd(x, x, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Activate(Vector512<float> x, Vector512<float> slope, Vector512<float> least) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512<float>.Zero), x,
            Vector512.ConditionalSelect(Vector512.LessThan(x, least), least, x) * slope);

    // A last block of plain vectors has fewer than 16 values, and what lies behind them is not its own.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load<TPixel>(byte* from, int width)
        where TPixel : struct, IPixel => width == Width ? TPixel.Load(from) : LoadPart<TPixel>(from, width);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TPixel>(Vector512<float> value, byte* to, int width) where TPixel : struct, IPixel
    {
        if (width == Width)
            TPixel.Store(value, to);
        else
            StorePart<TPixel>(value, to, width);
    }

    private static Vector512<float> LoadPart<TPixel>(byte* from, int width) where TPixel : struct, IPixel
    {
        byte* whole = stackalloc byte[Width * sizeof(float)];
        new Span<byte>(whole, TPixel.Bytes).Clear();
        new ReadOnlySpan<byte>(from, width * TPixel.Bytes / Width).CopyTo(new(whole, TPixel.Bytes));
        return TPixel.Load(whole);
    }

    private static void StorePart<TPixel>(Vector512<float> value, byte* to, int width) where TPixel : struct, IPixel
    {
        byte* whole = stackalloc byte[Width * sizeof(float)];
        TPixel.Store(value, whole);
        new ReadOnlySpan<byte>(whole, width * TPixel.Bytes / Width).CopyTo(new(to, TPixel.Bytes));
    }

    /// <summary>What the statistics of 16 channels do to a value and its gradient.</summary>
    private readonly struct Channel(float* statistics, int padded, float slope)
    {
        private readonly Vector512<float> _mean = Vector512.Load(statistics), _inverse = Vector512.Load(statistics + padded);
        private readonly Vector512<float> _shift = Vector512.Load(statistics + 3 * padded), _slope = Vector512.Create(slope);

        public readonly Vector512<float> Scale = Vector512.Load(statistics + 2 * padded);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Normalize(Vector512<float> x) => (x - _mean) * _inverse;

        /// <summary>The gradient in front of the activation, whose side is that of the normalised, scaled and shifted input.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector512<float> Gate(Vector512<float> x, Vector512<float> gradient) =>
            Vector512.ConditionalSelect(Vector512.GreaterThan(Vector512.FusedMultiplyAdd(x, Scale, _shift), Vector512<float>.Zero),
                gradient, gradient * _slope);
    }
}
