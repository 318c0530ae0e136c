using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Memory;
using Convolve.Testing.Software;

namespace Convolve.Kernels.Tests.Managed;

/// <summary>Fully connected layers, poolings, activations, copies and sums on own kernels, against plain loops.</summary>
public class OtherOperationTests
{
    private const double Single = 2e-5, BFloat16 = 0.02;

    [Theory]
    [InlineData(3, 10, 7)]
    [InlineData(64, 400, 120)]
    [InlineData(33, 1100, 10)]
    [InlineData(1, 96, 256)]
    [InlineData(17, 130, 300)]
    [InlineData(128, 53, 33)]
    public void Fully_connected_layers(int batch, int inputs, int units)
    {
        foreach (ElementType type in new[] { ElementType.Float32, ElementType.BFloat16 })
            foreach (int threads in new[] { 1, 3 })
            {
                Layout source = Layout.Plain(type, batch, inputs), target = Layout.Plain(type, batch, units);
                Layout bias = Layout.Plain(ElementType.Float32, units);
                InnerProductForward forward = new(true, source, Layout.Any(type, units, inputs), bias, target,
                    new(ElementwiseKind.ReLU, .1f));
                double tolerance = Tolerance(type);
                Dispose(OperationRunner.Run(forward, [Argument.Source, Argument.Weights, Argument.Bias], tolerance, threads));
                Dispose(OperationRunner.Run(forward with { Activation = new(ElementwiseKind.Tanh), Bias = null },
                    [Argument.Source, Argument.Weights], tolerance, threads));
                Dispose(OperationRunner.Run(new InnerProductBackwardData(source, Layout.Any(type, units, inputs), target, forward),
                    [Argument.DiffTarget, Argument.Weights], tolerance, threads));
                Dispose(OperationRunner.Run(new InnerProductBackwardWeights(source, Layout.Any(ElementType.Float32, units, inputs), bias,
                    target, forward), [Argument.Source, Argument.DiffTarget], tolerance, threads));
            }
    }

    [Theory]
    [InlineData(nameof(PoolingKind.Max), 3, 2, 2, 1)]
    [InlineData(nameof(PoolingKind.Max), 2, 2, 2, 0)]
    [InlineData(nameof(PoolingKind.Max), 3, 3, 1, 1)]
    [InlineData(nameof(PoolingKind.Max), 17, 17, 5, 8)]
    [InlineData(nameof(PoolingKind.AverageWithPadding), 3, 2, 2, 1)]
    [InlineData(nameof(PoolingKind.AverageWithoutPadding), 3, 3, 2, 1)]
    [InlineData(nameof(PoolingKind.AverageWithoutPadding), 7, 7, 1, 0)]
    public void Poolings(string name, int rows, int columns, int stride, int padding)
    {
        PoolingKind kind = Enum.Parse<PoolingKind>(name);
        const int Channels = 20, Height = 18, Width = 21;
        int outHeight = (Height + 2 * padding - rows) / stride + 1, outWidth = (Width + 2 * padding - columns) / stride + 1;
        Walk walk = new((stride, stride), (1, 1), (padding, padding), ((outHeight - 1) * stride + rows - Height - padding,
            (outWidth - 1) * stride + columns - Width - padding));
        foreach (ElementType type in new[] { ElementType.Float32, ElementType.BFloat16 })
            foreach (Layout source in new[] { Layout.Blocked(type, 16, 2, Channels, Height, Width),
                Layout.Plain(type, 2, Channels, Height, Width) })
            {
                PoolingForward forward = new(true, kind, source, Layout.Any(type, 2, Channels, outHeight, outWidth), (rows, columns), walk);
                var done = OperationRunner.Run(forward, [Argument.Source], Tolerance(type));
                Layout target = OperationRunner.Describe(forward)[Argument.Target];
                PoolingBackward back = new(Layout.Any(type, [.. source.Sizes]), target, forward);
                if (kind != PoolingKind.Max)
                    Dispose(OperationRunner.Run(back, [Argument.DiffTarget], Tolerance(type)));
                else
                    RequireGradientAtTheMaxima(back, source, target, done);
                Dispose(done);
            }
    }

    // From the source of the forward pass: each window's gradient goes to its first largest pixel.
    private static void RequireGradientAtTheMaxima(PoolingBackward operation, Layout source, Layout target,
        Dictionary<Argument, NativeBuffer> forward)
    {
        var result = OperationRunner.Run(operation, [Argument.DiffTarget, Argument.Workspace], 0,
            given: new() { [Argument.Workspace] = forward[Argument.Workspace] });
        double[] x = SoftwareTensor.Read(source, forward[Argument.Source], 0).Values, expected = new double[x.Length];
        double[] diff = SoftwareTensor.Read(target, result[Argument.DiffTarget], 0).Values;
        SoftwareLoops.Pooling([.. source.Sizes.Select(s => (int)s)], [.. target.Sizes.Select(s => (int)s)], operation.Forward,
            (pixels, output) => expected[pixels.MaxBy(i => x[i])] += diff[output]);
        Layout layout = OperationRunner.Describe(operation)[Argument.DiffSource];
        double[] actual = SoftwareTensor.Read(layout, result[Argument.DiffSource], 0).Values;
        for (int i = 0; i < actual.Length; i++)
            Assert.InRange(actual[i], expected[i] - 0.03 - Math.Abs(expected[i]) * 0.01, expected[i] + 0.03 + Math.Abs(expected[i]) * 0.01);
        result.Remove(Argument.Workspace);
        Dispose(result);
    }

    [Theory]
    [InlineData(nameof(ElementwiseKind.ReLU), 0f)]
    [InlineData(nameof(ElementwiseKind.ReLU), 0.25f)]
    [InlineData(nameof(ElementwiseKind.Tanh), 0f)]
    [InlineData(nameof(ElementwiseKind.Logistic), 0f)]
    [InlineData(nameof(ElementwiseKind.GeluErf), 0f)]
    [InlineData(nameof(ElementwiseKind.GeluTanh), 0f)]
    [InlineData(nameof(ElementwiseKind.Swish), 1f)]
    public void Activations_and_their_gradients(string name, float alpha)
    {
        ElementwiseFunction function = new(Enum.Parse<ElementwiseKind>(name), alpha);
        foreach (ElementType type in new[] { ElementType.Float32, ElementType.BFloat16 })
            foreach (Layout layout in new[] { Layout.Plain(type, 3, 37), Layout.Blocked(type, 16, 2, 20, 3, 5) })
            {
                Dispose(OperationRunner.Run(new ElementwiseForward(function, layout), [Argument.Source], Tolerance(type)));
                Dispose(OperationRunner.Run(new ElementwiseBackward(function, layout, layout),
                    [function.DerivesFromInput ? Argument.Source : Argument.Target, Argument.DiffTarget], Tolerance(type)));
            }
    }

    [Fact]
    public void Resizing_and_its_gradient()
    {
        foreach (ElementType type in new[] { ElementType.Float32, ElementType.BFloat16 })
            foreach ((int Height, int Width) size in new[] { (5, 7), (16, 3), (1, 1), (8, 8) })
                foreach (bool isBlocked in new[] { true, false })
                {
                    Layout At(int height, int width) => isBlocked ? Layout.Blocked(type, 16, 2, 20, height, width)
                        : Layout.Plain(type, 2, 3, height, width);
                    Layout source = At(8, 6), target = At(size.Height, size.Width);
                    ResamplingForward forward = new(true, source, target);
                    Dispose(OperationRunner.Run(forward, [Argument.Source], Tolerance(type)));
                    Dispose(OperationRunner.Run(new ResamplingBackward(source, target, forward), [Argument.DiffTarget], Tolerance(type)));
                }
    }

    [Fact]
    public void Copies_between_all_layouts_and_types()
    {
        Layout[] Of(ElementType type) => [Layout.Plain(type, 2, 20, 3, 5), Layout.Blocked(type, 16, 2, 20, 3, 5),
            Layout.Blocked(type, 8, 2, 20, 3, 5), Layout.Dense(type, [2, 20, 3, 5], [0, 2, 3, 1], [])];
        Layout[] all = [.. Of(ElementType.Float32), .. Of(ElementType.BFloat16)];
        foreach (Layout source in all)
            foreach (Layout target in all)
                Dispose(OperationRunner.Run(new Reorder(source, target), [Argument.Source], 0));
    }

    [Fact]
    public void Sums()
    {
        foreach (ElementType type in new[] { ElementType.Float32, ElementType.BFloat16 })
            Dispose(OperationRunner.Run(new Sum(Layout.Plain(type, 1003), 3),
                [Argument.FirstSource, Argument.FirstSource + 1, Argument.FirstSource + 2], Tolerance(type)));
    }

    private static double Tolerance(ElementType type) => type == ElementType.BFloat16 ? BFloat16 : Single;

    private static void Dispose(Dictionary<Argument, NativeBuffer> buffers)
    {
        foreach (NativeBuffer buffer in buffers.Values)
            buffer.Dispose();
    }
}
