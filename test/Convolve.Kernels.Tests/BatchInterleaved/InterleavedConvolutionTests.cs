using Convolve.Kernels.BatchInterleaved;

namespace Convolve.Kernels.Tests;

public sealed unsafe class InterleavedConvolutionTests
{
    private const float Slope = 0.1f;

    internal static readonly InterleavedConv LeNet1 = new(1, 28, 28, 6, 5, 5, 1, 1, 2, 2, 2, 2);
    internal static readonly InterleavedConv LeNet2 = new(6, 14, 14, 16, 5, 5, 1, 1, 0, 0, 0, 0);

    /// <summary>Channels, height, width; filters, kernel; strides; padding top, left, bottom, right; batch.</summary>
    public static TheoryData<int[]> Shapes => new()
    {
        new[] { 1, 28, 28, 6, 5, 5, 1, 1, 2, 2, 2, 2, 256 },
        new[] { 6, 14, 14, 16, 5, 5, 1, 1, 0, 0, 0, 0, 256 },
        new[] { 16, 5, 5, 20, 5, 5, 1, 1, 0, 0, 0, 0, 33 },
        new[] { 1, 32, 32, 6, 5, 5, 1, 1, 0, 0, 0, 0, 16 },
        new[] { 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1 },
        new[] { 2, 7, 9, 5, 3, 3, 1, 1, 1, 1, 1, 1, 5 },
        new[] { 3, 8, 8, 17, 3, 3, 1, 1, 1, 1, 1, 1, 17 },
        new[] { 3, 32, 32, 16, 3, 3, 1, 1, 1, 1, 1, 1, 16 },
        new[] { 3, 32, 32, 6, 5, 5, 1, 1, 0, 0, 0, 0, 5 },
        new[] { 7, 6, 11, 1, 1, 1, 1, 1, 0, 0, 0, 0, 33 },
        new[] { 16, 10, 10, 16, 3, 3, 1, 1, 1, 1, 1, 1, 17 },
        new[] { 16, 4, 4, 5, 2, 2, 1, 1, 0, 0, 0, 0, 5 },
        new[] { 1, 12, 12, 20, 7, 7, 1, 1, 3, 3, 3, 3, 17 },
        new[] { 2, 9, 9, 17, 7, 7, 1, 1, 0, 0, 0, 0, 16 },
        new[] { 1, 28, 28, 5, 3, 3, 2, 2, 1, 1, 1, 1, 33 },
        new[] { 6, 13, 11, 16, 3, 3, 2, 2, 0, 0, 0, 0, 17 },
        new[] { 3, 16, 16, 6, 5, 5, 2, 2, 2, 2, 2, 2, 5 },
        new[] { 3, 17, 19, 5, 7, 7, 4, 4, 3, 3, 3, 3, 16 },
        new[] { 2, 11, 11, 6, 5, 5, 4, 4, 0, 0, 0, 0, 33 },
        new[] { 7, 9, 9, 20, 1, 1, 2, 2, 0, 0, 0, 0, 17 },
        new[] { 3, 10, 9, 16, 2, 2, 4, 4, 0, 0, 0, 0, 5 },
        new[] { 3, 10, 9, 16, 1, 1, 4, 4, 1, 1, 0, 0, 1 },
        new[] { 2, 8, 12, 6, 3, 5, 1, 2, 1, 2, 1, 2, 17 },
        new[] { 2, 12, 8, 6, 5, 3, 2, 1, 2, 1, 2, 1, 17 },
        new[] { 6, 9, 9, 5, 3, 3, 1, 1, 0, 1, 2, 0, 16 },
        new[] { 1, 9, 9, 17, 3, 3, 1, 1, 2, 0, 0, 2, 5 },
        new[] { 6, 8, 8, 1, 5, 5, 2, 2, 3, 0, 1, 4, 33 },
        new[] { 3, 7, 7, 6, 3, 3, 1, 1, 4, 5, 5, 4, 17 },
        new[] { 2, 5, 5, 3, 3, 3, 3, 3, 5, 4, 5, 5, 5 },
        new[] { 1, 3, 3, 2, 5, 5, 1, 1, 2, 2, 2, 2, 16 },
        new[] { 1, 6, 40, 4, 3, 3, 1, 1, 1, 1, 1, 1, 17 },
        new[] { 16, 3, 3, 17, 2, 3, 1, 1, 0, 1, 1, 1, 16 },
        new[] { 7, 1, 20, 7, 1, 5, 1, 2, 0, 2, 0, 2, 33 },
        new[] { 24, 6, 6, 33, 3, 3, 1, 1, 1, 1, 1, 1, 16 },
        new[] { 2, 8, 8, 11, 3, 3, 1, 1, 1, 1, -1, -2, 5 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AgreesWithTheReference(int[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Check(Conv(shape), shape[12], (InterleavedActivation)(shape.Sum(Math.Abs) % 5), threads: shape[12] % 3 + 1);
    }

    [Fact]
    public void AgreesWithTheReferenceForRandomShapes()
    {
        CounterRandom random = new(3, RandomPurpose.Test, 5);
        for (int trial = 0; trial < 150; trial++)
        {
            int kernelHeight = 1 + random.NextInt32(6), kernelWidth = 1 + random.NextInt32(6);
            InterleavedConv conv = new(
                1 + random.NextInt32(9), kernelHeight + random.NextInt32(9), kernelWidth + random.NextInt32(14), 1 + random.NextInt32(20),
                kernelHeight, kernelWidth, 1 + random.NextInt32(4), 1 + random.NextInt32(4),
                random.NextInt32(4), random.NextInt32(4), random.NextInt32(4), random.NextInt32(4));
            Check(conv, 1 + random.NextInt32(34), (InterleavedActivation)random.NextInt32(5), 1 + random.NextInt32(3));
        }
    }

    [Fact]
    public void WeightGradientsAreTheSameBitsForAThreadCountAndIgnoreEmptyLanes()
    {
        const int batch = 77;
        float[] src = InterleavedReference.Random(batch * LeNet2.InFeatures, 1),
            diff = InterleavedReference.Random(batch * LeNet2.OutFeatures, 2);
        for (int threads = 1; threads <= 4; threads++)
        {
            (float[] weights, float[] bias) = BackwardWeights(LeNet2, batch, src, diff, threads, filler: 0);
            for (int trial = 0; trial < 3; trial++)
            {
                (float[] again, float[] biasAgain) = BackwardWeights(LeNet2, batch, src, diff, threads, filler: trial * 1e30f);
                Assert.Equal(weights, again);
                Assert.Equal(bias, biasAgain);
            }
        }
    }

    private static InterleavedConv Conv(int[] s) => new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11]);

    private static void Check(InterleavedConv conv, int batch, InterleavedActivation activation, int threads)
    {
        float[] src = InterleavedReference.Random(batch * conv.InFeatures, 1),
            diff = InterleavedReference.Random(batch * conv.OutFeatures, 2);
        float[] weights = InterleavedReference.Random(conv.Filters * conv.Taps, 3, 0.3f),
            bias = InterleavedReference.Random(conv.Filters, 4);
        double[] wideDiff = [.. diff];
        int groups = Interleaving.Groups(batch);

        using AlignedBuffer w = AlignedBuffer.Of(weights), b = AlignedBuffer.Of(bias);
        using (AlignedBuffer x = AlignedBuffer.Interleave(src, batch, 0.5f), y = new(Interleaving.Bytes(batch, conv.OutFeatures)))
        {
            Run(threads, groups, InterleavedConvolution.ForwardScratchBytes(conv), (_, scratch, first, count) =>
                InterleavedConvolution.Forward(conv, activation, Slope, x.Floats, w.Floats, b.Floats, y.Floats, scratch.Data, first,
                    count));
            double[] want = [.. InterleavedReference.Forward(conv, batch, src, weights, bias)
                .Select(value => InterleavedReference.Activate(activation, value, Slope))];
            InterleavedReference.Near(want, y.ToPlain(batch));
        }
        using (AlignedBuffer dy = AlignedBuffer.Interleave(diff, batch, 0), dx = new(Interleaving.Bytes(batch, conv.InFeatures)))
        {
            Run(threads, groups, InterleavedConvolution.BackwardDataScratchBytes(conv), (_, scratch, first, count) =>
                InterleavedConvolution.BackwardData(conv, dy.Floats, w.Floats, dx.Floats, scratch.Data, first, count));
            InterleavedReference.Near(InterleavedReference.BackwardData(conv, batch, wideDiff, weights), dx.ToPlain(batch));
        }
        (float[] gotWeights, float[] gotBias) = BackwardWeights(conv, batch, src, diff, threads, filler: 0.5f);
        (double[] wantWeights, double[] wantBias) = InterleavedReference.BackwardWeights(conv, batch, src, wideDiff);
        InterleavedReference.Near(wantWeights, gotWeights);
        InterleavedReference.Near(wantBias, gotBias);
    }

    private static (float[] Weights, float[] Bias) BackwardWeights(
        InterleavedConv conv, int batch, float[] src, float[] diff, int threads, float filler)
    {
        using AlignedBuffer x = AlignedBuffer.Interleave(src, batch, filler), dy = AlignedBuffer.Interleave(diff, batch, 0);
        using AlignedBuffer sums = new(threads * InterleavedConvolution.WeightSumsBytes(conv));
        using AlignedBuffer weights = new(conv.Filters * conv.Taps * sizeof(float)), bias = new(conv.Filters * sizeof(float));
        Run(threads, Interleaving.Groups(batch), InterleavedConvolution.BackwardWeightsScratchBytes(conv),
            (thread, scratch, first, count) =>
            InterleavedConvolution.BackwardWeights(
                conv, x.Floats, dy.Floats, sums.Data + thread * InterleavedConvolution.WeightSumsBytes(conv), scratch.Data, first, count));
        Run(threads, conv.Filters, 64, (_, _, first, count) =>
            InterleavedConvolution.ReduceWeights(conv, sums.Data, threads, weights.Floats, bias.Floats, first, count));
        return (weights.Span.ToArray(), bias.Span.ToArray());
    }

    /// <summary>Shares items out to threads, each with its own scratch.</summary>
    internal static void Run(int threads, int items, long scratchBytes, Action<int, AlignedBuffer, int, int> body) =>
        Parallel.For(0, threads, thread =>
        {
            using AlignedBuffer scratch = new(scratchBytes);
            (int first, int count) = Interleaving.Share(items, thread, threads);
            body(thread, scratch, first, count);
        });
}
