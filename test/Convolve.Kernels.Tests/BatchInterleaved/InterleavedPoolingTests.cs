using Convolve.Kernels.BatchInterleaved;

namespace Convolve.Kernels.Tests;

public sealed unsafe class InterleavedPoolingTests
{
    private const float Slope = 0.1f;

    /// <summary>Channels, height, width; kernel; strides; padding; batch.</summary>
    public static TheoryData<int[]> Shapes => new()
    {
        new[] { 6, 28, 28, 2, 2, 2, 2, 0, 0, 0, 0, 64 },
        new[] { 16, 10, 10, 2, 2, 2, 2, 0, 0, 0, 0, 33 },
        new[] { 3, 7, 9, 2, 2, 2, 2, 0, 0, 0, 0, 17 },
        new[] { 3, 7, 9, 2, 2, 2, 2, 0, 0, 1, 1, 17 },
        new[] { 2, 13, 13, 3, 3, 2, 2, 0, 0, 0, 0, 5 },
        new[] { 2, 8, 8, 3, 3, 2, 2, 1, 1, 1, 1, 16 },
        new[] { 1, 6, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1 },
        new[] { 5, 9, 10, 2, 3, 3, 4, 0, 0, 0, 0, 16 },
        new[] { 4, 7, 7, 7, 7, 1, 1, 0, 0, 0, 0, 17 },
        new[] { 2, 5, 5, 1, 1, 1, 1, 0, 0, 0, 0, 3 },
        new[] { 2, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 2 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AgreesWithTheReference(int[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        foreach (InterleavedPoolKind kind in Enum.GetValues<InterleavedPoolKind>())
            foreach (InterleavedActivation activation in Enum.GetValues<InterleavedActivation>())
                Check(Pool(kind, shape), activation, shape[11]);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    public void TheFirstOfEqualMaximaWinsAndNaNPropagates(int kernel, int stride)
    {
        InterleavedPool pool = new(InterleavedPoolKind.Max, 1, 4, 4, kernel, kernel, stride, stride);
        using AlignedBuffer x = new(Interleaving.Bytes(16, 16)), y = new(Interleaving.Bytes(16, pool.OutFeatures)),
            positions = new(pool.ArgmaxBytes(16));
        x.Span.Fill(3);
        InterleavedPooling.Forward(pool, InterleavedActivation.None, 0, x.Floats, y.Floats, positions.Data, 0, 1);
        for (int i = 0; i < pool.ArgmaxBytes(16); i++)
            Assert.Equal(0, positions.Data[i]);
        for (int place = 0; place < 4; place++)
        {
            x.Span.Fill(3);
            x.Span[(place / 2 * 4 + place % 2) * 16 + 5] = float.NaN;
            InterleavedPooling.Forward(pool, InterleavedActivation.None, 0, x.Floats, y.Floats, positions.Data, 0, 1);
            for (int lane = 0; lane < 16; lane++)
                Assert.Equal(lane == 5, float.IsNaN(y.Span[lane]));
        }
        x.Span.Fill(float.NegativeInfinity);
        InterleavedPooling.Forward(pool, InterleavedActivation.None, 0, x.Floats, y.Floats, positions.Data, 0, 1);
        Assert.Equal(float.NegativeInfinity, y.Span[0]);
        Assert.Equal(0, positions.Data[0]);
    }

    private static InterleavedPool Pool(InterleavedPoolKind kind, int[] s) =>
        new(kind, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10]);

    private static void Check(InterleavedPool pool, InterleavedActivation activation, int batch)
    {
        bool max = pool.Kind == InterleavedPoolKind.Max;
        int groups = Interleaving.Groups(batch);
        float[] src = InterleavedReference.Random(batch * pool.InFeatures, 1, 3),
            diff = InterleavedReference.Random(batch * pool.OutFeatures, 2);
        float[] active = [.. src.Select(value => (float)InterleavedReference.Activate(activation, value, Slope))];
        double[] wide = [.. src];
        using AlignedBuffer x = AlignedBuffer.Interleave(src, batch, 0.5f), y = new(Interleaving.Bytes(batch, pool.OutFeatures));
        using AlignedBuffer positions = new(pool.ArgmaxBytes(batch)), activations = AlignedBuffer.Interleave(active, batch, 0.5f);
        using AlignedBuffer dy = AlignedBuffer.Interleave(diff, batch, 0), dx = new(Interleaving.Bytes(batch, pool.InFeatures));

        InterleavedPooling.Forward(pool, activation, Slope, x.Floats, y.Floats, max ? positions.Data : null, 0, groups);
        InterleavedReference.Near(InterleavedReference.Pool(pool, activation, Slope, batch, wide), y.ToPlain(batch), 1e-6);

        InterleavedPooling.Backward(
            pool, activation, Slope, max ? null : activations.Floats, max ? y.Floats : null, max ? positions.Data : null, dy.Floats,
            dx.Floats, 0, groups);
        double[] want = InterleavedReference.PoolBackward(
            pool, activation, Slope, batch, wide, output => Position(positions, pool, output), diff);
        InterleavedReference.Near(want, dx.ToPlain(batch), 1e-6);
    }

    /// <summary>The kernel's choice of a maximum, by the index of a plain output.</summary>
    internal static int Position(AlignedBuffer positions, InterleavedPool pool, int output)
    {
        int image = output / pool.OutFeatures, feature = output % pool.OutFeatures;
        return positions.Data[((long)(image / 16) * pool.OutFeatures + feature) * 16 + image % 16];
    }
}
