using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Testing;

namespace Convolve.Onnx.Tests;

/// <summary>Preprocessing inside the model, in ONNX Runtime, against the pipeline of Convolve.</summary>
public class PreprocessingTests
{
    private const double Tolerance = 1e-3, MostRounded = 0.025;

    private static readonly (int Height, int Width)[] Sizes = [(37, 53), (64, 48), (30, 31), (120, 97), (41, 41)];

    [Theory]
    [InlineData("", 28, 28)] // resized in numbers
    [InlineData("resize:40x24:antialias=false", 40, 24)]
    [InlineData("resize:33:antialias=false,center-crop:28", 28, 28)]
    [InlineData("resize:33:antialias=false,center-crop:30x28", 20, 28)]
    [InlineData("resize:20x44:antialias=false,center-crop:19x21", 19, 21)]
    [InlineData("center-crop:29x30", 29, 30)]
    public void Without_smoothing_it_is_the_same_at_every_opset(string steps, int height, int width)
    {
        foreach (int opset in OnnxOptions.Opsets)
            RequireSame(steps, height, width, new() { Opset = opset, WithPreprocessing = true }, Sizes);
    }

    [Theory]
    [InlineData("resize:28x28", 28, 28)]
    [InlineData("resize:28x28", 56, 40)]
    [InlineData("resize:32,center-crop:28", 28, 28)]
    [InlineData("resize:24x40:keep-aspect=true,center-crop:24x40", 24, 40)]
    [InlineData("resize:50:antialias=false,resize:32,center-crop:28", 28, 28)]
    public void With_smoothing_it_is_the_same_from_opset_18_on(string steps, int height, int width)
    {
        foreach (int opset in new[] { 18, 21 })
            RequireSame(steps, height, width, new() { Opset = opset, WithPreprocessing = true }, Sizes);
        DatasetException e = Assert.Throws<DatasetException>(() =>
            RequireSame(steps, height, width, new() { Opset = 17, WithPreprocessing = true }, Sizes));
        Assert.Matches(@"^The step resize:\S+ of .* can't be written with opset 17: resizing with smoothing needs opset 18\.", e.Message);
    }

    // The pictures have the training images' size, or else the network's: what is left to do is known.
    [Theory]
    [InlineData("resize:28x28", 28, 28, 28, 28, 13, "Transpose Cast Sub Div")]
    [InlineData("resize:28x28", 56, 40, 28, 28, 13, "Transpose Cast Resize Sub Div")]
    [InlineData("", 28, 20, 28, 20, 13, "Transpose Cast Sub Div")]
    [InlineData("resize:32,center-crop:28", 28, 28, 28, 28, 18, "Transpose Cast Resize Add Floor Resize Add Floor Slice Sub Div")]
    [InlineData("resize:36:antialias=false,center-crop:28", 28, 28, 28, 28, 13, "Transpose Cast Resize Round Slice Sub Div")]
    public void A_static_batch_fixes_the_size_of_the_pictures(string steps, int height, int width, int pictureHeight, int pictureWidth,
        int opset, string operators)
    {
        GraphProto graph = RequireSame(steps, height, width, new() { Opset = opset, StaticBatch = 2, WithPreprocessing = true },
            (pictureHeight, pictureWidth));
        Assert.Equal(operators, string.Join(' ', graph.Node.Take(operators.Split(' ').Length).Select(n => n.OpType)));
        Assert.Equal($"image: uint8 [2, {pictureHeight}, {pictureWidth}, 3]", $"{OnnxValue.Of(graph.Input[0])}");
    }

    [Fact]
    public void Gray_pictures_have_one_channel() =>
        RequireSame("resize:28x28", 28, 28, new() { Opset = 18, WithPreprocessing = true }, channels: 1, sizes: Sizes);

    // The network says what the picture should have been.
    [Fact]
    public void A_picture_smaller_than_a_crop_is_refused_when_it_comes()
    {
        Graph graph = Network(28, 28, 3);
        using Model model = Samples.Model(graph);
        using OrtSession session = new(OnnxExport.Create(graph, model.ReadParameter, Samples.Preprocessing(graph, "center-crop:28"),
            new() { WithPreprocessing = true }));
        Assert.Contains("cropped",
            Assert.ThrowsAny<Exception>(() => session.Run(new byte[20 * 28 * 3], 1, 20, 28, 3)).Message, StringComparison.Ordinal);
    }

    private static GraphProto RequireSame(string steps, int height, int width, OnnxOptions options,
        params ReadOnlySpan<(int Height, int Width)> sizes) => RequireSame(steps, height, width, options, 3, sizes);

    // Compares what goes into the network: its first and only layer keeps all of it.
    private static GraphProto RequireSame(string steps, int height, int width, OnnxOptions options, int channels,
        params ReadOnlySpan<(int Height, int Width)> sizes)
    {
        Graph network = Network(height, width, channels);
        Preprocessing preprocessing = Samples.Preprocessing(network, steps);
        ModelProto onnx = new()
        {
            IrVersion = options.IrVersion,
            OpsetImport = { new OperatorSetIdProto { Version = options.Opset } },
            Graph = OnnxNetwork.Create(network, (_, values) => values.Clear(), options, preprocessing),
        };
        // The input of the network as the output of the model.
        GraphProto graph = onnx.Graph;
        graph.Output[0] = GraphWriter.Describe(OnnxNetwork.Input, TensorProto.Types.DataType.Float, options.StaticBatch is { } n ? n : "N",
            channels, height, width);
        using OrtSession session = new(onnx);
        ImagePipeline pipeline = new(preprocessing, channels);
        foreach ((int h, int w) in sizes)
        {
            const int Batch = 2;
            byte[] pictures = new byte[Batch * h * w * channels];
            float[] expected = new float[Batch * network.Input.Elements];
            for (int i = 0; i < Batch; i++)
            {
                byte[] planes = Picture(h, w, channels, (uint)i);
                pipeline.Write(planes, new ImageSize(channels, h, w),
                    expected.AsSpan(i * (int)network.Input.Elements, (int)network.Input.Elements));
                for (int at = 0; at < planes.Length; at++)
                    pictures[i * planes.Length + at % (h * w) * channels + at / (h * w)] = planes[at];
            }
            float[] actual = session.Run(pictures, Batch, h, w, channels);
            RequireSame(preprocessing, expected, actual, $"{steps} at opset {options.Opset} on {h}x{w}");
        }
        return graph;
    }

    // Where a step rounds to bytes, halves are decided by the last bit of a sum, and then a pixel is one level off: most often fewer than
    // 0.3 %, at worst (64 to 40 pixels) 2 %.
    private static void RequireSame(Preprocessing preprocessing, float[] expected, float[] actual, string what)
    {
        double[] differences = [.. expected.Zip(actual, (e, a) => Math.Abs((double)e - a))];
        double level = 1 / 255.0 / preprocessing.Std.Min(), rounded = differences.Count(d => d > Tolerance);
        Assert.True(differences.Max() < (preprocessing.Steps.Count == 0 ? 0 : level) + Tolerance, $"{what}: off by {differences.Max():g3}");
        Assert.True(rounded <= MostRounded * expected.Length, $"{what}: {rounded} of {expected.Length} are another level");
        Assert.True(differences.Average() < Tolerance, $"{what}: off by {differences.Average():g3} on average");
    }

    private static Graph Network(int height, int width, int channels) =>
        Graph.Sequential("kept", (channels, height, width), [new Flatten(), new Linear(2)]);

    // Slopes, edges and noise, as photos have.
    private static byte[] Picture(int height, int width, int channels, uint stream)
    {
        byte[] planes = new byte[channels * height * width];
        double[] noise = TestTensors.Uniform(planes.Length, 50 + stream, scale: 15);
        for (int i = 0; i < planes.Length; i++)
        {
            int x = i % width, y = i / width % height, c = i / (width * height);
            double value = 128 + 60 * Math.Sin(x * 0.2 + c) + 50 * Math.Cos(y * 0.13 - c) + (x * 2 + y > width + 5 * c ? 40 : -40);
            planes[i] = (byte)Math.Clamp(value + noise[i], 0, 255);
        }
        return planes;
    }
}
