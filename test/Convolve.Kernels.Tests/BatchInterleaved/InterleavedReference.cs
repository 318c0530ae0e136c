using Convolve.Kernels.BatchInterleaved;
using Convolve.Testing;

namespace Convolve.Kernels.Tests;

/// <summary>What the lanes kernels compute, in float64 and in the plainest loops, on plain [N, C, H, W].</summary>
internal static class InterleavedReference
{
    public static float[] Random(int count, uint stream, float scale = 1)
    {
        CounterRandom random = new(7, RandomPurpose.Test, stream);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (random.NextSingle() * 2 - 1) * scale;
        return values;
    }

    public static double Activate(InterleavedActivation activation, double x, double slope) => activation switch
    {
        InterleavedActivation.ReLU => Math.Max(x, 0),
        InterleavedActivation.LeakyReLU => x > 0 ? x : x * slope,
        InterleavedActivation.Tanh => Math.Tanh(x),
        InterleavedActivation.Sigmoid => 1 / (1 + Math.Exp(-x)),
        _ => x,
    };

    /// <summary>The derivative from the output.</summary>
    public static double Derivative(InterleavedActivation activation, double y, double slope) => activation switch
    {
        InterleavedActivation.ReLU => y > 0 ? 1 : 0,
        InterleavedActivation.LeakyReLU => y > 0 ? 1 : slope,
        InterleavedActivation.Tanh => 1 - y * y,
        InterleavedActivation.Sigmoid => y * (1 - y),
        _ => 1,
    };

    public static double[] Forward(InterleavedConv conv, int batch, float[] src, float[] weights, float[] bias)
    {
        double[] dst = new double[batch * conv.OutFeatures];
        ForEach(conv, batch, (input, weight, output, count) =>
        {
            for (int i = 0; i < count; i++)
                dst[output] += (double)src[input + i] * weights[weight + i];
        });
        for (int i = 0; i < dst.Length; i++)
            dst[i] += bias[i / (conv.OutHeight * conv.OutWidth) % conv.Filters];
        return dst;
    }

    public static double[] BackwardData(InterleavedConv conv, int batch, double[] diffDst, float[] weights)
    {
        double[] diffSrc = new double[batch * conv.InFeatures];
        ForEach(conv, batch, (input, weight, output, count) =>
        {
            for (int i = 0; i < count; i++)
                diffSrc[input + i] += diffDst[output] * weights[weight + i];
        });
        return diffSrc;
    }

    public static (double[] Weights, double[] Bias) BackwardWeights(InterleavedConv conv, int batch, float[] src, double[] diffDst)
    {
        double[] weights = new double[conv.Filters * conv.Taps], bias = new double[conv.Filters];
        ForEach(conv, batch, (input, weight, output, count) =>
        {
            for (int i = 0; i < count; i++)
                weights[weight + i] += diffDst[output] * src[input + i];
        });
        for (int i = 0; i < diffDst.Length; i++)
            bias[i / (conv.OutHeight * conv.OutWidth) % conv.Filters] += diffDst[i];
        return (weights, bias);
    }

    /// <summary>Activation and pooling.</summary>
    public static double[] Pool(InterleavedPool pool, InterleavedActivation activation, double slope, int batch, double[] src)
    {
        double[] dst = new double[batch * pool.OutFeatures];
        ForEach(pool, batch, (plane, outputs, window) =>
        {
            double best = double.NegativeInfinity, sum = 0;
            foreach ((int input, _) in window)
            {
                double value = Activate(activation, src[plane + input], slope);
                best = value > best || double.IsNaN(value) ? value : best;
                sum += value;
            }
            dst[outputs] = pool.Kind == InterleavedPoolKind.Max ? best : sum / Divisor(pool, window.Count);
        });
        return dst;
    }

    /// <summary>The gradient before the activation; for a max pooling the kernel's own choice of maxima is followed.</summary>
    public static double[] PoolBackward(
        InterleavedPool pool, InterleavedActivation activation, double slope, int batch, double[] src, Func<int, int> argmax,
        float[] diffDst)
    {
        double[] diffSrc = new double[batch * pool.InFeatures];
        ForEach(pool, batch, (plane, output, window) =>
        {
            foreach ((int input, int position) in window)
                if (pool.Kind != InterleavedPoolKind.Max)
                    diffSrc[plane + input] += (double)diffDst[output] / Divisor(pool, window.Count);
                else if (argmax(output) == position)
                    diffSrc[plane + input] += diffDst[output];
        });
        for (int i = 0; i < diffSrc.Length; i++)
            diffSrc[i] *= Derivative(activation, Activate(activation, src[i], slope), slope);
        return diffSrc;
    }

    /// <summary>Fails unless all values are within <paramref name="tolerance"/> of the largest wanted one.</summary>
    public static void Near(double[] want, ReadOnlySpan<float> got, double tolerance = 1e-5)
    {
        Assert.Equal(want.Length, got.Length);
        double scale = Math.Max(1, want.Max(Math.Abs));
        for (int i = 0; i < want.Length; i++)
            Expect.True(Math.Abs(got[i] - want[i]) <= tolerance * scale, $"[{i}] is {got[i]}, not {want[i]} (scale {scale})");
    }

    private static int Divisor(InterleavedPool pool, int covered) =>
        pool.Kind == InterleavedPoolKind.Average ? covered : pool.KernelHeight * pool.KernelWidth;

    private static void ForEach(InterleavedPool pool, int batch, Action<int, int, List<(int Input, int Position)>> visit)
    {
        List<(int, int)> window = [];
        int output = 0;
        for (int plane = 0; plane < batch * pool.Channels; plane++)
            for (int row = 0; row < pool.OutHeight; row++)
                for (int column = 0; column < pool.OutWidth; column++)
                {
                    window.Clear();
                    for (int i = 0; i < pool.KernelHeight; i++)
                        for (int j = 0; j < pool.KernelWidth; j++)
                        {
                            int y = row * pool.StrideH - pool.PadTop + i, x = column * pool.StrideW - pool.PadLeft + j;
                            if (y >= 0 && y < pool.Height && x >= 0 && x < pool.Width)
                                window.Add((y * pool.Width + x, i * pool.KernelWidth + j));
                        }
                    visit(plane * pool.Height * pool.Width, output++, window);
                }
    }

    /// <summary>Visits every row of taps that meets the input: the first input, the first weight, the output, how many.</summary>
    private static void ForEach(InterleavedConv conv, int batch, Action<int, int, int, int> visit)
    {
        int output = 0, outHeight = conv.OutHeight, outWidth = conv.OutWidth;
        for (int n = 0; n < batch; n++)
            for (int f = 0; f < conv.Filters; f++)
                for (int row = 0; row < outHeight; row++)
                    for (int column = 0; column < outWidth; column++, output++)
                    {
                        int top = row * conv.StrideH - conv.PadTop, left = column * conv.StrideW - conv.PadLeft;
                        int first = Math.Max(0, -left), count = Math.Min(conv.KernelWidth, conv.Width - left) - first;
                        for (int c = 0; c < conv.Channels && count > 0; c++)
                            for (int i = Math.Max(0, -top); i < Math.Min(conv.KernelHeight, conv.Height - top); i++)
                                visit(
                                    ((n * conv.Channels + c) * conv.Height + top + i) * conv.Width + left + first,
                                    ((f * conv.Channels + c) * conv.KernelHeight + i) * conv.KernelWidth + first, output, count);
                    }
    }
}
