using System.Globalization;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;

namespace Convolve.Kernels.Tests.Managed;

/// <summary>All three passes of a convolution of every kind, against plain loops.</summary>
public class ConvolutionTests
{
    private const double Single = 2e-5, BFloat16 = 0.02;
    private const int Draws = 25;

    // batch, groups, channels, filters, height, width, kernel rows and columns, stride, dilation, padding
    public static TheoryData<string> Shapes => new(
        "2, 1, 16, 32, 9, 11, 3, 3, 1, 1, 1",
        "3, 1, 48, 16, 14, 14, 1, 1, 1, 1, 0",
        "2, 1, 20, 40, 13, 9, 3, 3, 2, 1, 1",
        "1, 1, 33, 17, 8, 31, 5, 3, 1, 1, 2",
        "2, 1, 32, 64, 15, 17, 1, 1, 2, 1, 0",
        "2, 1, 16, 16, 16, 16, 3, 3, 1, 2, 2",
        "5, 1, 64, 96, 7, 7, 3, 3, 1, 1, 1",
        "2, 1, 16, 48, 12, 12, 2, 2, 3, 1, 0",
        "1, 1, 16, 32, 5, 4, 3, 3, 2, 3, 3",
        "17, 1, 16, 16, 1, 1, 1, 1, 1, 1, 0",
        "2, 2, 16, 32, 9, 9, 3, 3, 1, 1, 1",
        "2, 3, 4, 6, 9, 9, 3, 3, 2, 1, 1",
        "2, 20, 1, 1, 9, 9, 3, 3, 1, 1, 1",
        "2, 4, 24, 8, 7, 7, 3, 3, 1, 1, 1",
        "2, 1, 16, 16, 6, 6, 3, 3, 4, 1, 0");

    // batch, channels, filters, height, width, kernel, stride, dilation, padding
    public static TheoryData<string> PlainShapes => new(
        "2, 3, 32, 20, 22, 3, 1, 1, 1",
        "2, 1, 96, 40, 40, 11, 4, 1, 0",
        "3, 3, 64, 30, 28, 7, 2, 1, 3",
        "1, 3, 17, 12, 15, 5, 1, 2, 2",
        "2, 5, 16, 9, 9, 1, 1, 1, 0",
        "2, 3, 16, 9, 40, 17, 3, 1, 8",
        "1, 12, 48, 9, 9, 3, 1, 1, 1");

    [Theory]
    [MemberData(nameof(Shapes))]
    public void On_blocks_of_channels(string shape)
    {
        int[] s = [.. shape.Split(", ").Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
        foreach (ElementType type in new[] { ElementType.Float32, ElementType.BFloat16 })
            Check(type, Layout.Blocked(type, 16, s[0], s[1] * s[2], s[4], s[5]), s[1], s[2], s[3], s[6], s[7], s[8], s[9], s[10],
                hasBackwardData: true);
    }

    [Theory]
    [MemberData(nameof(PlainShapes))]
    public void On_few_plain_channels(string shape)
    {
        int[] s = [.. shape.Split(", ").Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
        foreach (ElementType type in new[] { ElementType.Float32, ElementType.BFloat16 })
            Check(type, Layout.Plain(type, s[0], s[1], s[3], s[4]), 1, s[1], s[2], s[5], s[5], s[6], s[7], s[8], hasBackwardData: false);
    }

    [Theory]
    [InlineData(nameof(ElementwiseKind.ReLU), 0f)]
    [InlineData(nameof(ElementwiseKind.ReLU), 0.25f)]
    [InlineData(nameof(ElementwiseKind.Tanh), 0f)]
    [InlineData(nameof(ElementwiseKind.Logistic), 0f)]
    [InlineData(nameof(ElementwiseKind.GeluErf), 0f)]
    [InlineData(nameof(ElementwiseKind.GeluTanh), 0f)]
    [InlineData(nameof(ElementwiseKind.Swish), 1.5f)]
    public void With_every_activation(string kind, float alpha)
    {
        foreach (ElementType type in new[] { ElementType.Float32, ElementType.BFloat16 })
        {
            ConvolutionForward forward = new(false, Layout.Blocked(type, 16, 2, 16, 6, 6), Layout.Any(type, 20, 16, 3, 3),
                Layout.Plain(ElementType.Float32, 20), Layout.Any(type, 2, 20, 6, 6), new((1, 1), (1, 1), (1, 1), (1, 1)),
                new(Enum.Parse<ElementwiseKind>(kind), alpha));
            Dispose(OperationRunner.Run(forward, [Argument.Source, Argument.Weights, Argument.Bias], Tolerance(type)));
        }
    }

    /// <summary>The same bits for any number of threads where nothing is summed across shares.</summary>
    [Fact]
    public void Forward_and_backward_data_do_not_depend_on_the_threads()
    {
        Layout source = Layout.Blocked(ElementType.Float32, 16, 3, 32, 10, 10), weights = Layout.Any(ElementType.Float32, 48, 32, 3, 3);
        ConvolutionForward forward = new(true, source, weights, null, Layout.Any(ElementType.Float32, 3, 48, 5, 5),
            new((2, 2), (1, 1), (1, 1), (0, 0)));
        KernelDescription described = OperationRunner.Describe(forward);
        ConvolutionBackwardData back = new(source, weights, described[Argument.Target], forward);
        byte[] Bits(Operation operation, Argument[] reads, Argument result, int threads)
        {
            var buffers = OperationRunner.Run(operation, reads, Single, threads);
            byte[] bits = buffers[result].Span<byte>(0, (int)buffers[result].Bytes).ToArray();
            Dispose(buffers);
            return bits;
        }
        foreach (int threads in new[] { 2, 3, 7 })
        {
            Assert.Equal(Bits(forward, [Argument.Source, Argument.Weights], Argument.Target, 1),
                Bits(forward, [Argument.Source, Argument.Weights], Argument.Target, threads));
            Assert.Equal(Bits(back, [Argument.DiffTarget, Argument.Weights], Argument.DiffSource, 1),
                Bits(back, [Argument.DiffTarget, Argument.Weights], Argument.DiffSource, threads));
        }
    }

    /// <summary>Windows of all kinds: not square, smaller than their steps, dilated, with uneven padding.</summary>
    [Fact]
    public void Windows_that_are_not_square()
    {
        CounterRandom random = new(1, RandomPurpose.Test);
        for (int draw = 0; draw < Draws; draw++)
        {
            (int, int) Pair(int from, int to) => (from + random.NextInt32(to - from + 1), from + random.NextInt32(to - from + 1));
            ((int Height, int Width) kernel, (int Height, int Width) stride, (int Height, int Width) dilation) =
                (Pair(1, 4), Pair(1, 4), Pair(1, 2));
            ((int Height, int Width) before, (int Height, int Width) after) = (Pair(0, 2), Pair(0, 2));
            int Least(int size, int step, int padding) => Math.Max(1, (size - 1) * step + 1 - padding);
            int height = Least(kernel.Height, dilation.Height, before.Height + after.Height) + random.NextInt32(12);
            int width = Least(kernel.Width, dilation.Width, before.Width + after.Width) + random.NextInt32(12);
            int channels = 1 + random.NextInt32(40), filters = 1 + random.NextInt32(40), batch = 1 + random.NextInt32(3);
            // What is left over behind the last window counts as cut-off padding.
            int Out(int size, int k, int s, int d, int padding) => (size + padding - (k - 1) * d - 1) / s + 1;
            int outHeight = Out(height, kernel.Height, stride.Height, dilation.Height, before.Height + after.Height);
            int outWidth = Out(width, kernel.Width, stride.Width, dilation.Width, before.Width + after.Width);
            Walk walk = new(stride, dilation, before,
                ((outHeight - 1) * stride.Height + (kernel.Height - 1) * dilation.Height + 1 - height - before.Height,
                (outWidth - 1) * stride.Width + (kernel.Width - 1) * dilation.Width + 1 - width - before.Width));
            int few = 1 + channels % 5;
            foreach (ElementType type in new[] { ElementType.Float32, ElementType.BFloat16 })
            {
                Check(type, Layout.Blocked(type, 16, batch, channels, height, width), 1, channels, filters, kernel, outHeight, outWidth,
                    walk, hasBackwardData: true);
                Check(type, Layout.Plain(type, batch, few, height, width), 1, few, filters, kernel, outHeight, outWidth, walk,
                    hasBackwardData: false);
            }
        }
    }

    private static void Check(ElementType type, Layout source, int groups, int channels, int filters, int rows, int columns, int stride,
        int dilation, int padding, bool hasBackwardData)
    {
        int Out(long size, int kernel) => ((int)size + 2 * padding - (kernel - 1) * dilation - 1) / stride + 1;
        int outHeight = Out(source.Sizes[2], rows), outWidth = Out(source.Sizes[3], columns);
        int After(long size, int kernel, int output) => (output - 1) * stride + (kernel - 1) * dilation + 1 - (int)size - padding;
        Check(type, source, groups, channels, filters, (rows, columns), outHeight, outWidth, new((stride, stride), (dilation, dilation),
            (padding, padding), (After(source.Sizes[2], rows, outHeight), After(source.Sizes[3], columns, outWidth))), hasBackwardData);
    }

    private static void Check(ElementType type, Layout source, int groups, int channels, int filters, (int Rows, int Columns) kernel,
        int outHeight, int outWidth, Walk walk, bool hasBackwardData)
    {
        long[] sizes = groups > 1 ? [groups, filters, channels, kernel.Rows, kernel.Columns]
            : [filters, channels, kernel.Rows, kernel.Columns];
        long batch = source.Sizes[0];
        Layout bias = Layout.Plain(ElementType.Float32, groups * filters);
        ConvolutionForward forward = new(true, source, Layout.Any(type, sizes), bias,
            Layout.Any(type, batch, groups * filters, outHeight, outWidth), walk, new(ElementwiseKind.ReLU));
        foreach (int threads in new[] { 1, 3 })
        {
            Dispose(OperationRunner.Run(forward, [Argument.Source, Argument.Weights, Argument.Bias], Tolerance(type), threads));
            KernelDescription described = OperationRunner.Describe(forward, threads);
            ConvolutionForward chosen = forward with { Weights = described[Argument.Weights], Target = described[Argument.Target] };
            Dispose(OperationRunner.Run(new ConvolutionBackwardWeights(source, Layout.Any(ElementType.Float32, sizes), bias, chosen.Target,
                chosen), [Argument.Source, Argument.DiffTarget], Tolerance(type), threads));
            Layout input = hasBackwardData ? source : Layout.Any(type, [.. source.Sizes]);
            Dispose(OperationRunner.Run(new ConvolutionBackwardData(input, Layout.Any(type, sizes), chosen.Target, chosen),
                [Argument.DiffTarget, Argument.Weights], Tolerance(type), threads));
        }
    }

    private static double Tolerance(ElementType type) => type == ElementType.BFloat16 ? BFloat16 : Single;

    private static void Dispose(Dictionary<Argument, NativeBuffer> buffers)
    {
        foreach (NativeBuffer buffer in buffers.Values)
            buffer.Dispose();
    }
}
