using Convolve.Kernels.Elementwise;
using Convolve.Kernels.Vectors;
using Convolve.Layers;
using Convolve.Testing;

namespace Convolve.Tests.Layers;

/// <summary>Learned slopes in every layout: row-major, blocks, channels last, vectors, and images side by side in the lanes.</summary>
public unsafe class PReLUTests
{
    private const int Threads = 3;

    public static TheoryData<int, int, int, int> Shapes => new()
    {
        { 5, 7, 30, 1 }, { 2, 3, 4099, 1 }, { 1, 1, 100_003, 1 }, { 3, 20, 12, 8 }, { 3, 20, 12, 16 }, { 4, 33, 1, 33 }, { 2, 5, 9, 5 },
            { 2, 6, 25 * 16, 1 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Float32_is_the_formula_in_every_layout(int images, int channels, int pixels, int block) =>
        RequireFormula<SinglePixel>(new(images, channels, pixels, block), 1e-6);

    [Theory, MemberData(nameof(Shapes))]
    public void BFloat16_is_the_formula_in_every_layout(int images, int channels, int pixels, int block) =>
        RequireFormula<BFloat16Pixel>(new(images, channels, pixels, block), 4e-3);

    [Fact]
    public void Slopes_are_what_PyTorch_has()
    {
        Assert.Equal([1], new PReLU().Parameters((5, 4, 4))[0].Shape);
        ParameterSpec slopes = Assert.Single(new PReLU(perChannel: true).Parameters((5, 4, 4)));
        Assert.Equal(("weight", ParameterRole.Slope, new Constant(0.25f)), (slopes.Name, slopes.Role, slopes.Initializer));
        Assert.Equal([5], slopes.Shape);
        Assert.Equal("PReLU(): the slopes must start at a finite number. The paper's and PyTorch's is 0.25.".Replace("()", "(initial: NaN)",
            StringComparison.Ordinal),
            Assert.Throws<NetworkException>(() => new PReLU(initial: float.NaN)).Message);
    }

    private static void RequireFormula<TPixel>(PReLUShape shape, double tolerance) where TPixel : struct, IPixel
    {
        RequireFormula<TPixel, Floats16>(shape, tolerance);
        RequireFormula<TPixel, Floats8>(shape, tolerance);
    }

    private static void RequireFormula<TPixel, TVector>(PReLUShape shape, double tolerance) where TPixel : struct, IPixel
        where TVector : unmanaged, IFloats<TVector>
    {
        long count = (long)shape.Planes * shape.Pixels * shape.Block;
        float[] x = Rounded<TPixel>(TestTensors.Uniform(count, 1)), d = Rounded<TPixel>(TestTensors.Uniform(count, 2)),
            slopes = TestTensors.Narrow(TestTensors.Uniform(shape.Channels, 3));
        for (long i = 0; i < count; i++)
            if (ChannelOf(shape, i) >= shape.Channels)
                (x[i], d[i]) = (0, 0);
        byte[] source = Bytes<TPixel>(x), diff = Bytes<TPixel>(d), target = new byte[source.Length], diffSource = new byte[source.Length];
        double[] sums = new double[Threads * shape.Slopes];
        fixed (byte* from = source, to = target, gradient = diff, back = diffSource)
        fixed (float* a = slopes)
        fixed (double* s = sums)
            for (int t = 0; t < Threads; t++)
            {
                int first = shape.Planes * t / Threads, end = shape.Planes * (t + 1) / Threads;
                PReLUKernels.Forward<TPixel, TVector>(shape, from, a, to, first, end);
                PReLUKernels.Backward<TPixel, TVector>(shape, from, gradient, a, back, s + t * shape.Slopes, first, end);
            }
        double[] y = new double[count], dx = new double[count], da = new double[shape.Slopes];
        for (long i = 0; i < count; i++)
        {
            int c = ChannelOf(shape, i);
            double slope = c < shape.Channels ? slopes[c] : 0;
            (y[i], dx[i]) = (x[i] > 0 ? x[i] : slope * x[i], x[i] > 0 ? d[i] : slope * d[i]);
            da[c] += x[i] > 0 ? 0 : (double)x[i] * d[i];
        }
        Assert.True(Compare.RelativeL2(Singles<TPixel>(target), y) < tolerance);
        Assert.True(Compare.RelativeL2(Singles<TPixel>(diffSource), dx) < tolerance);
        Assert.True(
            Compare.RelativeL2([.. Enumerable.Range(0, shape.Slopes)
            .Select(c => (float)Enumerable.Range(0, Threads).Sum(t => sums[t * shape.Slopes + c]))], da) < 1e-6);
    }

    private static int ChannelOf(PReLUShape shape, long i) =>
        (int)(i / shape.Block / shape.Pixels % shape.Blocks * shape.Block + i % shape.Block);

    private static bool IsSingle<TPixel>() where TPixel : struct, IPixel => TPixel.Bytes == SinglePixel.Bytes;

    private static float[] Rounded<TPixel>(double[] values) where TPixel : struct, IPixel =>
        Array.ConvertAll(values, v => IsSingle<TPixel>() ? (float)v : BFloat16.ToSingle(BFloat16.FromSingle((float)v)));

    private static byte[] Bytes<TPixel>(float[] values) where TPixel : struct, IPixel =>
        [.. values.SelectMany(v => IsSingle<TPixel>() ? BitConverter.GetBytes(v) : BitConverter.GetBytes(BFloat16.FromSingle(v)))];

    private static float[] Singles<TPixel>(byte[] bytes) where TPixel : struct, IPixel => IsSingle<TPixel>()
        ? [.. Enumerable.Range(0, bytes.Length / 4).Select(i => BitConverter.ToSingle(bytes, 4 * i))]
        : [.. Enumerable.Range(0, bytes.Length / 2).Select(i => BFloat16.ToSingle(BitConverter.ToUInt16(bytes, 2 * i)))];
}
