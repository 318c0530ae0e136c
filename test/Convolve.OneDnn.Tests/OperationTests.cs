using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Threads;
using Convolve.Testing;

namespace Convolve.OneDnn.Tests;

/// <summary>
/// Every kind of operation describes, compiles, binds and computes what its definition says, on numbers that are exact in float32.
/// </summary>
public class OperationTests
{
    private const int N = 2, C = 6, H = 5, W = 7, K = 4, Groups = 2, TapsHigh = 3, TapsWide = 2;
    private const int OutH = (H + 1 + 2 - 2 * (TapsHigh - 1) - 1) / 2 + 1, OutW = (W + 1 - (TapsWide - 1) - 1) / 1 + 1;
    private static readonly Walk Walk = new((2, 1), (2, 1), (1, 0), (2, 1));

    private static IKernelLibrary Library => KernelLibrary.Current;

    private static float[] Source => KernelRunner.Numbers(N * C * H * W, 1);

    private static float[] Weights => KernelRunner.Numbers(K * (C / Groups) * TapsHigh * TapsWide, 2);

    private static float[] DiffTarget => KernelRunner.Numbers(N * K * OutH * OutW, 3);

    private static Layout F32(params ReadOnlySpan<long> sizes) => Layout.Plain(ElementType.Float32, sizes);

    private static Layout Any(params ReadOnlySpan<long> sizes) => Layout.Any(ElementType.Float32, sizes);

    /// <summary>Every product of a convolution with stride, dilation, uneven padding and groups: target += source * weight.</summary>
    private static IEnumerable<(int Source, int Weight, int Target)> Taps()
    {
        for (int n = 0; n < N; n++)
            for (int k = 0; k < K; k++)
                for (int y = 0; y < OutH; y++)
                    for (int x = 0; x < OutW; x++)
                        for (int c = 0; c < C / Groups; c++)
                            for (int r = 0; r < TapsHigh; r++)
                                for (int s = 0; s < TapsWide; s++)
                                {
                                    int row = y * 2 - 1 + r * 2, column = x + s, channel = k / (K / Groups) * (C / Groups) + c;
                                    if ((uint)row < H && (uint)column < W)
                                        yield return (((n * C + channel) * H + row) * W + column,
                                            ((k * (C / Groups) + c) * TapsHigh + r) * TapsWide + s,
                                            ((n * K + k) * OutH + y) * OutW + x);
                                }
    }

    private static ConvolutionForward Convolution(ElementwiseFunction? activation = null) => new(true, Any(N, C, H, W),
        Any(Groups, K / Groups, C / Groups, TapsHigh, TapsWide), F32(K), Any(N, K, OutH, OutW), Walk, activation);

    [NeedsTheory(Feature.Library)]
    [InlineData(null, 0f)]
    [InlineData(nameof(ElementwiseKind.ReLU), 0f)]
    [InlineData(nameof(ElementwiseKind.ReLU), 0.25f)]
    [InlineData(nameof(ElementwiseKind.Tanh), 0f)]
    [InlineData(nameof(ElementwiseKind.Logistic), 0f)]
    public void Convolution_forward_with_its_activation(string? kind, float slope)
    {
        float[] bias = KernelRunner.Numbers(K, 4);
        double[] expected = [.. Enumerable.Range(0, N * K * OutH * OutW).Select(i => (double)bias[i / (OutH * OutW) % K])];
        foreach ((int s, int w, int t) in Taps())
            expected[t] += (double)Source[s] * Weights[w];
        ElementwiseFunction? function = kind is { } k ? new(Enum.Parse<ElementwiseKind>(k), slope) : null;
        var results = KernelRunner.Run(Convolution(function),
            new() { [Argument.Source] = Source, [Argument.Weights] = Weights, [Argument.Bias] = bias });
        RequireEqual([.. expected.Select(v => Apply(function, v))], results[Argument.Target]);
    }

    [NeedsFact(Feature.Library)]
    public void Convolution_backward_data()
    {
        double[] expected = new double[N * C * H * W];
        foreach ((int s, int w, int t) in Taps())
            expected[s] += (double)DiffTarget[t] * Weights[w];
        ConvolutionForward forward = Convolution();
        ConvolutionBackwardData operation = new(Any(N, C, H, W), forward.Weights, forward.Target, forward);
        RequireEqual(expected,
            KernelRunner.Run(operation, new() { [Argument.Weights] = Weights, [Argument.DiffTarget] = DiffTarget })[Argument.DiffSource]);
    }

    [NeedsFact(Feature.Library)]
    public void Convolution_backward_weights()
    {
        double[] expected = new double[Weights.Length], bias = new double[K];
        foreach ((int s, int w, int t) in Taps())
            expected[w] += (double)DiffTarget[t] * Source[s];
        for (int t = 0; t < DiffTarget.Length; t++)
            bias[t / (OutH * OutW) % K] += DiffTarget[t];
        ConvolutionForward forward = Convolution();
        ConvolutionBackwardWeights operation = new(forward.Source, forward.Weights, forward.Bias, forward.Target, forward);
        var results = KernelRunner.Run(operation, new() { [Argument.Source] = Source, [Argument.DiffTarget] = DiffTarget });
        RequireEqual(expected, results[Argument.DiffWeights]);
        RequireEqual(bias, results[Argument.DiffBias]);
    }

    [NeedsFact(Feature.Library)]
    public void Inner_product_forward_and_backward()
    {
        const int Batch = 3, Inputs = 10, Units = 7;
        float[] source = KernelRunner.Numbers(Batch * Inputs, 1), weights = KernelRunner.Numbers(Units * Inputs, 2);
        float[] bias = KernelRunner.Numbers(Units, 3), diff = KernelRunner.Numbers(Batch * Units, 4);
        double[] target = new double[Batch * Units], diffSource = new double[source.Length], diffWeights = new double[weights.Length],
            diffBias = new double[Units];
        for (int n = 0; n < Batch; n++)
            for (int o = 0; o < Units; o++)
            {
                target[n * Units + o] += bias[o];
                diffBias[o] += diff[n * Units + o];
                for (int i = 0; i < Inputs; i++)
                {
                    target[n * Units + o] += (double)source[n * Inputs + i] * weights[o * Inputs + i];
                    diffSource[n * Inputs + i] += (double)diff[n * Units + o] * weights[o * Inputs + i];
                    diffWeights[o * Inputs + i] += (double)diff[n * Units + o] * source[n * Inputs + i];
                }
            }
        Layout anyWeights = Any(Units, Inputs);
        InnerProductForward forward = new(true, F32(Batch, Inputs), anyWeights, F32(Units), F32(Batch, Units));
        RequireEqual(target, KernelRunner.Run(forward,
            new() { [Argument.Source] = source, [Argument.Weights] = weights, [Argument.Bias] = bias })[Argument.Target]);
        ElementwiseFunction relu = new(ElementwiseKind.ReLU);
        RequireEqual([.. target.Select(v => Apply(relu, v))], KernelRunner.Run(forward with { Activation = relu },
            new() { [Argument.Source] = source, [Argument.Weights] = weights, [Argument.Bias] = bias })[Argument.Target]);
        RequireEqual(diffSource, KernelRunner.Run(new InnerProductBackwardData(F32(Batch, Inputs), anyWeights, F32(Batch, Units), forward),
            new() { [Argument.Weights] = weights, [Argument.DiffTarget] = diff })[Argument.DiffSource]);
        var results =
            KernelRunner.Run(new InnerProductBackwardWeights(F32(Batch, Inputs), anyWeights, F32(Units), F32(Batch, Units), forward),
            new() { [Argument.Source] = source, [Argument.DiffTarget] = diff });
        RequireEqual(diffWeights, results[Argument.DiffWeights]);
        RequireEqual(diffBias, results[Argument.DiffBias]);
    }

    [NeedsTheory(Feature.Library)]
    [InlineData(nameof(PoolingKind.Max))]
    [InlineData(nameof(PoolingKind.AverageWithPadding))]
    [InlineData(nameof(PoolingKind.AverageWithoutPadding))]
    public void Pooling_forward_and_backward(string name)
    {
        PoolingKind kind = Enum.Parse<PoolingKind>(name);
        const int High = 3, Wide = 2, OutHigh = (H + 2 - High) / 2 + 1, OutWide = (W + 1 - Wide) / 2 + 1;
        // All different, so that every window has one largest element.
        float[] source = [.. Enumerable.Range(0, N * C * H * W).Select(i => i * 337 % (N * C * H * W) / 8f - 20)];
        float[] diff = KernelRunner.Numbers(N * C * OutHigh * OutWide, 2);
        double[] target = new double[diff.Length], diffSource = new double[source.Length];
        for (int t = 0; t < target.Length; t++)
        {
            int x = t % OutWide * 2, y = t / OutWide % OutHigh * 2 - 1, plane = t / (OutWide * OutHigh) * H * W;
            int[] window = [.. Enumerable.Range(0, High * Wide).Select(i => (Row: y + i / Wide, Column: x + i % Wide))
                .Where(p => (uint)p.Row < H && (uint)p.Column < W).Select(p => plane + p.Row * W + p.Column)];
            int count = kind == PoolingKind.AverageWithPadding ? High * Wide : window.Length;
            int[] winners = kind == PoolingKind.Max ? [window.MaxBy(i => source[i])] : window;
            double share = kind == PoolingKind.Max ? 1 : 1.0 / count;
            target[t] = winners.Sum(i => source[i] * share);
            foreach (int i in winners)
                diffSource[i] += diff[t] * share;
        }
        PoolingForward forward = new(true, kind, F32(N, C, H, W), F32(N, C, OutHigh, OutWide), (High, Wide),
            new((2, 2), (1, 1), (1, 0), (1, 1)));
        Dictionary<Argument, NativeBuffer> workspace = [];
        RequireEqual(target, KernelRunner.Run(forward, new() { [Argument.Source] = source }, workspace)[Argument.Target]);
        Assert.Equal(kind == PoolingKind.Max, workspace.ContainsKey(Argument.Workspace));
        RequireEqual(target, KernelRunner.Run(forward with { IsTraining = false }, new() { [Argument.Source] = source })[Argument.Target]);
        PoolingBackward backward = new(F32(N, C, H, W), F32(N, C, OutHigh, OutWide), forward);
        RequireEqual(diffSource, KernelRunner.Run(backward, new() { [Argument.DiffTarget] = diff }, workspace)[Argument.DiffSource]);
        foreach (NativeBuffer buffer in workspace.Values)
            buffer.Dispose();
    }

    [NeedsTheory(Feature.Library)]
    [InlineData(nameof(ElementwiseKind.ReLU), 0f)]
    [InlineData(nameof(ElementwiseKind.ReLU), 0.25f)]
    [InlineData(nameof(ElementwiseKind.Tanh), 0f)]
    [InlineData(nameof(ElementwiseKind.Logistic), 0f)]
    public void Elementwise_forward_and_backward_from_the_output(string name, float slope)
    {
        ElementwiseKind kind = Enum.Parse<ElementwiseKind>(name);
        ElementwiseFunction function = new(kind, slope);
        Layout layout = F32(3, 5, 2, 3);
        float[] source = KernelRunner.Numbers(90, 1), diff = KernelRunner.Numbers(90, 2);
        source[0] = 0; // the gradient of a ReLU at 0 is 0
        double[] expected = [.. source.Select(v => Apply(function, v))];
        float[] target = KernelRunner.Run(new ElementwiseForward(function, layout), new() { [Argument.Source] = source })[Argument.Target];
        RequireEqual(expected, target);
        double Slope(double x, double y) => kind switch
        {
            ElementwiseKind.ReLU => x > 0 ? 1 : slope,
            ElementwiseKind.Tanh => 1 - y * y,
            _ => y * (1 - y),
        };
        double[] expectedDiff = [.. source.Select((v, i) => diff[i] * Slope(v, expected[i]))];
        RequireEqual(expectedDiff, KernelRunner.Run(new ElementwiseBackward(function, layout, layout),
            new() { [Argument.Target] = target, [Argument.DiffTarget] = diff })[Argument.DiffSource]);
    }

    [NeedsTheory(Feature.Library)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(9)]
    public void Sum_adds_any_number(int count)
    {
        float[][] parts = [.. Enumerable.Range(0, count).Select(i => KernelRunner.Numbers(60, (uint)i + 1))];
        double[] expected = [.. Enumerable.Range(0, 60).Select(i => parts.Sum(p => (double)p[i]))];
        RequireEqual(expected, KernelRunner.Run(new Sum(F32(3, 4, 5), count),
            parts.Select((p, i) => (Argument.FirstSource + i, p)).ToDictionary())[Argument.Target]);
    }

    // Alone with the numbers beside whole vectors, and in bfloat16 with one rounding.
    [NeedsTheory(Feature.LibraryAvx512)]
    [InlineData(nameof(ElementType.Float32), 1)]
    [InlineData(nameof(ElementType.Float32), 3)]
    [InlineData(nameof(ElementType.BFloat16), 1)]
    [InlineData(nameof(ElementType.BFloat16), 4)]
    public void Sum_adds_every_type_and_size(string element, int count)
    {
        foreach (int size in new[] { 1, 7, 16, 37, 1000 })
        {
            float[][] parts = [.. Enumerable.Range(0, count).Select(i => KernelRunner.Numbers(size, (uint)i + 1))];
            double[] expected = [.. Enumerable.Range(0, size).Select(i => parts.Sum(p => (double)p[i]))];
            RequireEqual(expected, KernelRunner.Run(new Sum(Layout.Plain(Enum.Parse<ElementType>(element), size), count),
                parts.Select((p, i) => (Argument.FirstSource + i, p)).ToDictionary())[Argument.Target]);
        }
    }

    [NeedsFact(Feature.Library)]
    public void Reorder_puts_every_element_in_its_block_and_zeros_in_the_padding()
    {
        const int Channels = 21, Block = 16;
        float[] source = KernelRunner.Numbers(N * Channels * H * W, 1);
        Layout plain = F32(N, Channels, H, W), blocked = KernelRunner.Blocked(N, Channels, H, W);
        using NativeBuffer from = new(plain.Bytes, "source"), to = new(blocked.Bytes, "target");
        source.CopyTo(from.Span<float>(0, source.Length));
        Span<float> result = to.Span<float>(0, (int)(blocked.Bytes / 4));
        result.Fill(float.NaN);
        ThreadTeam.Invoke(() =>
        {
            using Kernel reorder = Library.Compile(new Reorder(plain, blocked), "test");
            reorder.Bind(Argument.Source, plain, from, 0);
            reorder.Bind(Argument.Target, blocked, to, 0);
            reorder.Execute();
        });
        int blocks = (Channels + Block - 1) / Block;
        float[] expected = new float[result.Length];
        for (int i = 0; i < source.Length; i++)
        {
            int n = i / (Channels * H * W), c = i / (H * W) % Channels, place = i % (H * W);
            expected[((n * blocks + c / Block) * H * W + place) * Block + c % Block] = source[i];
        }
        Assert.Equal(expected, result.ToArray());
    }

    [NeedsFact(Feature.LibraryAvx512)]
    public void Reorder_rounds_to_bfloat16_to_nearest_even()
    {
        float[] values = [1, 1 + 1 / 256f, 1 + 3 / 256f, 1 + 1 / 256f + 1e-6f, -1 - 3 / 256f, 3.0e38f, 1e-30f, 0];
        float[] expected = [1, 1, 1 + 4 / 256f, 1 + 2 / 256f, -1 - 4 / 256f, Round(3.0e38f), Round(1e-30f), 0];
        Layout narrow = Layout.Plain(ElementType.BFloat16, 8);
        Assert.Equal(expected, KernelRunner.Run(new Reorder(F32(8), narrow), new() { [Argument.Source] = values })[Argument.Target]);

        static float Round(float value)
        {
            uint bits = BitConverter.SingleToUInt32Bits(value);
            return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
        }
    }

    [NeedsFact(Feature.Library)]
    public void A_description_is_of_the_layouts_that_were_chosen()
    {
        KernelDescription description = Library.Describe(Convolution())!;
        Assert.Equal([Argument.Source, Argument.Target, Argument.Weights, Argument.Bias], description.Layouts.Keys.Order());
        Assert.All(description.Layouts.Values, layout => Assert.False(layout.IsAny));
        Assert.Equal([N, K, OutH, (long)OutW], description[Argument.Target].Sizes);
        Assert.Equal([K], description[Argument.Bias].Sizes);
        Assert.True(description.ScratchpadBytes >= 0);
    }

    private static double Apply(ElementwiseFunction? function, double x) => function switch
    {
        null => x,
        { Kind: ElementwiseKind.ReLU } f => x > 0 ? x : f.Alpha * x,
        { Kind: ElementwiseKind.Tanh } => Math.Tanh(x),
        _ => 1 / (1 + Math.Exp(-x)),
    };

    private static void RequireEqual(double[] expected, float[] actual, double tolerance = 2e-6)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = Math.Max(1, expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * scale,
                $"element {i}: {actual[i]:r} where {expected[i]:r} was expected");
    }
}
