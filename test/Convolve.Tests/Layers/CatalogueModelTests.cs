using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Tests.Layers;

/// <summary>The kernels of every layer against the float64 reference: logits, loss and all gradients.</summary>
public class CatalogueModelTests
{
    public static TheoryData<string> Names => LayerCatalogue.Names;

    /// <summary>The cases with a dense 3x3 convolution of stride 1, which Winograd may take.</summary>
    public static TheoryData<string> WinogradNames =>
        [.. LayerCatalogue.All.Where(c => c.Layers.Any(l => l is Conv2d conv && conv.Kernel == 3 && conv.Stride == 1 && conv.Dilation == 1)).Select(c => c.Name)];

    // Float32 sums of up to a few thousand products: 1e-7 to 2e-6 of rounding.
    [Theory, MemberData(nameof(Names))]
    public void Float32_is_the_reference(string name) => RequireNear(name, new() { Precision = Precision.Float32, Exact = true }, 2e-5);

    // Winograd: 1e-5 of rounding, and more below a ReLU that it flips.
    [Theory, MemberData(nameof(WinogradNames))]
    public void Winograd_is_near_the_reference(string name) => RequireNear(name, new() { Precision = Precision.Float32 }, 5e-3);

    // Training and evaluation read the same masters.
    [Theory, InlineData(Precision.Float32, 5e-3), InlineData(Precision.BFloat16, 0.1)]
    public void Winograd_evaluates_with_the_weights_of_training(Precision precision, double tolerance)
    {
        if (precision == Precision.BFloat16 && !CpuFeatures.HasNativeBFloat16)
            return;
        Graph graph = Graph.Sequential("winograd", (32, 32, 32), [new Conv2d(32, 3, padding: 1), new ReLU(), new Flatten(), new Linear(10)]);
        ExecutionOptions options = new() { Precision = precision };
        foreach ((string result, float[] actual, double[] expected) in ModelJudge.Results(graph, 2, options))
            Assert.True(Compare.RelativeL2(actual, expected) < tolerance, result);
        using Model model = new(graph, options, 2);
        Assert.Contains("wino", model.Evaluation(2).Plan.ToString(), StringComparison.Ordinal);
    }

    // Eight bits of mantissa: only the direction can be asked for. Most are above .999.
    [Theory, MemberData(nameof(Names))]
    public void BFloat16_points_where_the_reference_points(string name)
    {
        LayerCase layerCase = LayerCatalogue.Named(name);
        ExecutionOptions options = new() { Precision = Precision.BFloat16 };
        if (!CpuFeatures.HasNativeBFloat16)
        {
            Assert.ThrowsAny<Exception>(() => new Model(layerCase.Graph, options, layerCase.Batch));
            return;
        }
        foreach ((string result, float[] actual, double[] expected) in ModelJudge.Results(layerCase.Graph, layerCase.Batch, options))
        {
            double cosine = Compare.Cosine(actual, expected);
            Assert.True(cosine > 0.98, $"{result}: cosine {cosine:f4}");
        }
    }

    [Fact]
    public void Dropout_passes_its_input_on_in_evaluation()
    {
        LayerCase layerCase = LayerCase.OnVector("Dropout(0.5)", 33, new Dropout(0.5f));
        Dictionary<string, double[]> parameters = TestTensors.Parameters(layerCase.Graph);
        double[] images = TestTensors.Images(layerCase.Graph, 7);
        using Model model = new(layerCase.Graph, new() { Precision = Precision.Float32, Exact = true });
        ModelJudge.Write(model, parameters);
        Assert.True(Compare.RelativeL2(ModelJudge.Forward(model, images), new ReferenceNetwork(layerCase.Graph, parameters).Forward(images)) < 2e-5);
    }

    // In the names of the reference, which finds them by the graph.
    [Theory, MemberData(nameof(Names))]
    public void Parameters_come_back_as_written(string name)
    {
        LayerCase layerCase = LayerCatalogue.Named(name);
        Dictionary<string, double[]> parameters = TestTensors.Parameters(layerCase.Graph);
        using Model model = new(layerCase.Graph, new() { Precision = Precision.Float32 }, layerCase.Batch);
        Assert.Equal(parameters.Keys, model.ParameterNames);
        ModelJudge.Write(model, parameters);
        foreach ((string parameter, double[] written) in parameters)
        {
            float[] read = new float[written.Length];
            model.ReadParameter(parameter, read);
            Assert.Equal(TestTensors.Narrow(written), read);
        }
    }

    private static void RequireNear(string name, ExecutionOptions options, double tolerance)
    {
        LayerCase layerCase = LayerCatalogue.Named(name);
        foreach ((string result, float[] actual, double[] expected) in ModelJudge.Results(layerCase.Graph, layerCase.Batch, options))
        {
            double error = Compare.RelativeL2(actual, expected);
            Assert.True(error < tolerance, $"{result}: relative error {error:e1}");
        }
    }
}
