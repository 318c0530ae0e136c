using Convolve.Kernels.Vectors;
using Convolve.Kernels.Winograd;
using Convolve.Testing;

namespace Convolve.Kernels.Tests.Winograd;

/// <summary>Winograd's convolution and its gradients against sums in double precision, one product after the other.</summary>
public unsafe class WinogradTests
{
    /// <summary>Images, channels, filters, rows, columns, kernel, padding above, on the left, below, on the right; threads.</summary>
    public static TheoryData<int[], int> Cases => new()
    {
        { [2, 16, 32, 11, 9, 5, 2, 2, 2, 2], 2 },
        { [3, 32, 48, 13, 13, 3, 1, 1, 1, 1], 2 },
        { [2, 32, 16, 10, 12, 3, 0, 1, 0, 1], 3 },
        { [2, 16, 32, 12, 12, 5, 0, 1, 3, 4], 1 },
        { [1, 16, 16, 3, 3, 3, 1, 1, 1, 1], 2 },
        { [5, 48, 16, 4, 25, 5, 4, 0, 0, 2], 2 },
        { [7, 16, 16, 7, 6, 3, 2, 2, 2, 2], 4 },
        { [1, 64, 80, 6, 8, 3, 1, 1, 1, 1], 8 },
    };

    /// <summary>Channels and filters that fill no blocks of 16.</summary>
    public static TheoryData<int[], int> NarrowCases => new()
    {
        { [2, 8, 24, 11, 9, 5, 2, 2, 2, 2], 2 },
        { [3, 24, 40, 13, 13, 3, 1, 1, 1, 1], 3 },
    };

    // Rounding is about ten times that of a direct sum in float32.
    [Theory, MemberData(nameof(Cases))]
    public void Float32_computes_what_the_sums_say(int[] sizes, int threads) => Require<SinglePixel, Floats16>(sizes, threads, 2e-5);

    [Theory, MemberData(nameof(Cases)), MemberData(nameof(NarrowCases))]
    public void Registers_of_half_the_width_do_so_too(int[] sizes, int threads) => Require<SinglePixel, Floats8>(sizes, threads, 2e-5);

    // Inputs are bfloat16 numbers; only results that are images are rounded to it.
    [Theory, MemberData(nameof(Cases))]
    public void BFloat16_rounds_the_same_results(int[] sizes, int threads) => Require<BFloat16Pixel, Floats16>(sizes, threads, 8e-3);

    [Theory, MemberData(nameof(NarrowCases))]
    public void BFloat16_between_registers_of_half_the_width_too(int[] sizes, int threads) => Require<BFloat16Pixel,
        Floats8>(sizes, threads, 8e-3);

    [Fact]
    public void Small_pictures_of_few_channels_and_large_batches_of_many_are_told_apart()
    {
        Assert.True(new WinogradShape(128, 96, 256, 26, 26, 5, 2, 2, 26, 26, 16).IsFasterThanDirect(isBFloat16: true));
        Assert.True(new WinogradShape(64, 384, 384, 12, 12, 3, 1, 1, 12, 12, 16).IsFasterThanDirect(isBFloat16: false));
        Assert.False(new WinogradShape(1, 384, 384, 12, 12, 3, 1, 1, 12, 12, 16).IsFasterThanDirect(isBFloat16: false));
        Assert.False(new WinogradShape(64, 512, 512, 2, 2, 3, 1, 1, 2, 2, 16).IsFasterThanDirect(isBFloat16: false));
        Assert.False(new WinogradShape(64, 256, 256, 7, 7, 3, 1, 1, 7, 7, 16).IsFasterThanDirect(isBFloat16: true));
    }

    private static void Require<TPixel, TVector>(int[] z, int threads, double imageTolerance)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        int block = TVector.Count;
        WinogradShape shape = new(z[0], z[1], z[2], z[3], z[4], z[5], z[6], z[7], z[3] + z[6] + z[8] - z[5] + 1,
            z[4] + z[7] + z[9] - z[5] + 1, block);
        bool isBFloat16 = TPixel.Bytes == 32;
        Blocked source = Blocked.Images(shape.Batch, shape.Channels, shape.Height, shape.Width, block, 1),
            diff = Blocked.Images(shape.Batch, shape.Filters, shape.OutHeight, shape.OutWidth, block, 2);
        Blocked weights = Blocked.Weights(shape.Filters, shape.Channels, shape.Kernel, block, 3);
        float[] bias = [.. Enumerable.Range(0, shape.Filters).Select(i => (i % 7 - 3) / 4f)];
        if (isBFloat16)
        {
            source.Round();
            diff.Round();
        }
        double[] target = new double[diff.Values.Length], diffSource = new double[source.Values.Length],
            diffWeights = new double[weights.Values.Length], diffBias = new double[shape.Filters];
        foreach ((int s, int w, int t) in Taps(shape))
        {
            target[t] += (double)source.Values[s] * weights.Values[w];
            diffSource[s] += (double)diff.Values[t] * weights.Values[w];
            diffWeights[w] += (double)diff.Values[t] * source.Values[s];
        }
        for (int t = 0; t < target.Length; t++)
        {
            int filter = t / (shape.OutHeight * shape.OutWidth) % shape.Filters;
            target[t] = Math.Max(0.25 * (target[t] + bias[filter]), target[t] + bias[filter]);
            diffBias[filter] += diff.Values[t];
        }
        RequireNear("target", Pass(isBFloat16, shape, false, 0.25f, source, weights, bias, diff, threads), target, imageTolerance);
        RequireNear("gradient of the source", Pass(isBFloat16, shape.Transposed, true, 1, diff, weights, null, source, threads), diffSource,
            imageTolerance);
        RequireGradient<TPixel, TVector>(shape, source, diff, weights, diffWeights, diffBias, threads);
    }

    private static float[] Pass(bool isBFloat16, WinogradShape shape, bool isTransposed, float slope, Blocked source, Blocked weights,
        float[]? bias, Blocked like, int threads)
    {
        using AlignedBuffer from = source.Store(isBFloat16), kernel = weights.Store(false), to = like.Room(isBFloat16),
            shift = new((bias?.Length ?? 1) * sizeof(float));
        using AlignedBuffer scratch = new(WinogradPass.ScratchBytes(shape, threads));
        bias?.CopyTo(new Span<float>(shift.Data, bias.Length));
        WinogradPass pass = new(shape, isTransposed, slope, isBFloat16)
        {
            Source = (nint)from.Data,
            Weights = (nint)kernel.Data,
            Target = (nint)to.Data,
            Bias = bias is null ? 0 : (nint)shift.Data,
            Scratch = (nint)scratch.Data,
        };
        for (pass.Slab = 0; pass.Slab < pass.Slabs; pass.Slab++)
        {
            for (int thread = 0; thread < threads; thread++)
                pass.RunWeights(thread, threads);
            for (int thread = 0; thread < threads; thread++)
                pass.RunImages(thread, threads);
        }
        return like.Load(to, isBFloat16);
    }

    private static void RequireGradient<TPixel,
        TVector>(WinogradShape shape, Blocked source, Blocked diff, Blocked weights, double[] diffWeights, double[] diffBias, int threads)
        where TPixel : struct, IPixel where TVector : unmanaged, IFloats<TVector>
    {
        bool isBFloat16 = TPixel.Bytes == 32;
        using AlignedBuffer from = source.Store(isBFloat16), diffs = diff.Store(isBFloat16), to = weights.Room(false),
            shift = new(shape.Filters * sizeof(float));
        using AlignedBuffer scratch = new(WinogradGradient.ThreadBytes(shape));
        for (int thread = 0; thread < threads; thread++)
            WinogradGradient.Run<TPixel, TVector>(shape, from.Data, diffs.Data, to.Floats, shift.Floats, scratch.Floats, thread, threads);
        RequireNear("gradient of the weights", weights.Load(to, false), diffWeights, 2e-5);
        RequireNear("gradient of the bias", new Span<float>(shift.Data, shape.Filters).ToArray(), diffBias, 2e-5);
    }

    private static void RequireNear(string what, float[] actual, double[] expected, double tolerance)
    {
        double largest = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
            Expect.True(Math.Abs(actual[i] - expected[i]) <= tolerance * largest,
                $"{what}: {actual[i]} at {i}, and {expected[i]} was expected (largest {largest})");
    }

    private static IEnumerable<(int Source, int Weight, int Target)> Taps(WinogradShape s)
    {
        for (int n = 0; n < s.Batch; n++)
            for (int o = 0; o < s.Filters; o++)
                for (int y = 0; y < s.OutHeight; y++)
                    for (int x = 0; x < s.OutWidth; x++)
                        for (int c = 0; c < s.Channels; c++)
                            for (int i = Math.Max(0, s.Top - y); i < Math.Min(s.Kernel, s.Height + s.Top - y); i++)
                                for (int j = Math.Max(0, s.Left - x); j < Math.Min(s.Kernel, s.Width + s.Left - x); j++)
                                    yield return (((n * s.Channels + c) * s.Height + y + i - s.Top) * s.Width + x + j - s.Left,
                                        ((o * s.Channels + c) * s.Kernel + i) * s.Kernel + j,
                                        ((n * s.Filters + o) * s.OutHeight + y) * s.OutWidth + x);
    }

    /// <summary>Plain numbers, and where each lies in blocks.</summary>
    private sealed class Blocked(float[] values, Func<int, int> place)
    {
        public float[] Values => values;

        public static Blocked Images(int batch, int channels, int height, int width, int block, int seed) =>
            new(Numbers(batch * channels * height * width, seed), i =>
            {
                int area = height * width, channel = i / area % channels;
                return ((i / area - channel + channel / block * block) * area + i % area * block) + channel % block;
            });

        public static Blocked Weights(int filters, int channels, int kernel, int block, int seed) =>
            new(Numbers(filters * channels * kernel * kernel, seed), i =>
            {
                int area = kernel * kernel, channel = i / area % channels, filter = i / area / channels;
                return ((filter / block * (channels / block) + channel / block) * area + i % area) * block * block + channel % block * block
                    + filter % block;
            });

        private static float[] Numbers(int count, int seed) => [.. TestTensors.Uniform(count, (uint)seed).Select(x => (float)x)];

        public void Round()
        {
            for (int i = 0; i < values.Length; i++)
                values[i] = BFloat16.ToSingle(BFloat16.FromSingle(values[i]));
        }

        public AlignedBuffer Room(bool isBFloat16) => new(values.Length * (isBFloat16 ? 2 : 4));

        public AlignedBuffer Store(bool isBFloat16)
        {
            AlignedBuffer buffer = Room(isBFloat16);
            for (int i = 0; i < values.Length; i++)
            {
                if (isBFloat16)
                    ((ushort*)buffer.Data)[place(i)] = BFloat16.FromSingle(values[i]);
                else
                    ((float*)buffer.Data)[place(i)] = values[i];
            }
            return buffer;
        }

        public float[] Load(AlignedBuffer buffer, bool isBFloat16) =>
            [.. Enumerable.Range(0, values.Length)
                .Select(i => isBFloat16 ? BFloat16.ToSingle(((ushort*)buffer.Data)[place(i)]) : ((float*)buffer.Data)[place(i)])];
    }
}
