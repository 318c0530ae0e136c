using Convolve.Kernels;
using Convolve.Kernels.Pixels;

namespace Convolve.Data.Transforms;

/// <summary>
/// Mixes the finished inputs of a batch in pairs, in place: image i with the i-th from the end, by <see cref="MixUp"/> or
/// <see cref="CutMix"/>.
/// </summary>
internal sealed class BatchMixer
{
    private readonly Transform[] _kinds;
    private readonly ImageSize _size;
    private readonly ulong _seed;

    /// <param name="transforms">Those of a recipe; what mixes batches is taken.</param>
    /// <param name="size">The network's input.</param>
    /// <param name="seed">The run's seed.</param>
    public BatchMixer(TransformList transforms, ImageSize size, ulong seed) =>
        (_kinds, _size, _seed) = ([.. transforms.Where(t => t.MixesBatch)], size, seed);

    /// <summary>Whether it does anything.</summary>
    public bool IsActive => _kinds.Length > 0;

    /// <summary>What happens to a batch: a function of the seed and the step of the run alone.</summary>
    public BatchMix Draw(uint step)
    {
        CounterRandom random = new(_seed, RandomPurpose.Mixing, step);
        Transform kind = _kinds[random.NextInt32(_kinds.Length)];
        (float alpha, float probability) = kind is MixUp m ? (m.Alpha, m.Probability) : (((CutMix)kind).Alpha, ((CutMix)kind).Probability);
        bool happens = random.NextSingle() < probability;
        float share = (float)Beta(alpha, ref random);
        if (!happens)
            return BatchMix.None;
        if (kind is MixUp)
            return new(share, default, default, default, default);
        double side = Math.Sqrt(1 - share);
        int height = (int)(_size.Height * side), width = (int)(_size.Width * side), y = random.NextInt32(_size.Height),
            x = random.NextInt32(_size.Width);
        int top = Math.Max(y - height / 2, 0), left = Math.Max(x - width / 2, 0);
        height = Math.Min(y - height / 2 + height, _size.Height) - top;
        width = Math.Min(x - width / 2 + width, _size.Width) - left;
        return height <= 0 || width <= 0 ? BatchMix.None
            : new(1 - (float)((double)height * width / _size.PixelCount), top, left, height, width);
    }

    /// <summary>Mixes two inputs with each other.</summary>
    public void Apply(BatchMix mix, Span<float> a, Span<float> b)
    {
        if (mix.IsPaste)
            Swap(mix, a, b);
        else
            PixelBlend.Run(mix.Share, a, b);
    }

    /// <summary>The same of the bits of bfloat16.</summary>
    public void Apply(BatchMix mix, Span<ushort> a, Span<ushort> b)
    {
        if (mix.IsPaste)
            Swap(mix, a, b);
        else
            PixelBlend.Run(mix.Share, a, b);
    }

    // The logarithms of two gamma variates; the variates themselves are 0 where alpha is small.
    internal static double Beta(double alpha, ref CounterRandom random)
    {
        double first = LogGamma(alpha, ref random), second = LogGamma(alpha, ref random);
        return 1 / (1 + Math.Exp(second - first));
    }

    // Marsaglia and Tsang 2000, with one more for the shape, which a power of a uniform number takes away again.
    private static double LogGamma(double shape, ref CounterRandom random)
    {
        double d = shape + 1 - 1 / 3.0, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = random.NextNormal(), v = 1 + c * x;
            v = v * v * v;
            double u = 1 - random.NextSingle();
            if (v > 0 && Math.Log(u) < x * x / 2 + d - d * v + d * Math.Log(v))
                return Math.Log(d * v) + Math.Log(1 - random.NextSingle()) / shape;
        }
    }

    private void Swap<T>(BatchMix mix, Span<T> a, Span<T> b)
    {
        for (int c = 0; c < _size.Channels; c++)
        {
            for (int y = mix.Top; y < mix.Top + mix.Height; y++)
            {
                int at = (c * _size.Height + y) * _size.Width + mix.Left;
                for (int x = at; x < at + mix.Width; x++)
                    (a[x], b[x]) = (b[x], a[x]);
            }
        }
    }
}

/// <summary>How a batch is mixed: the share that stays of each image, and the rectangle that is swapped, if one is.</summary>
internal readonly record struct BatchMix(float Share, int Top, int Left, int Height, int Width)
{
    public static BatchMix None { get; } = new(1, 0, 0, 0, 0);

    public bool IsPaste => Height > 0;
}
