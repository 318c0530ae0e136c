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
        [.. LayerCatalogue.All.Where(c => c.Layers.Any(l => l is Conv2d conv && conv.Kernel == 3 && conv.Stride == 1 && conv.Dilation == 1))
            .Select(c => c.Name)];

    // Float32 sums of up to a few thousand products: 1e-7 to 2e-6 of rounding.
    [Theory, MemberData(nameof(Names))]
    public void Float32_is_the_reference(string name) => RequireNear(name, new() { Precision = Precision.Float32, Exact = true }, 2e-5);

    // Winograd: 1e-5 of rounding, and more below a ReLU that it flips.
    [Theory, MemberData(nameof(WinogradNames))]
    public void Winograd_is_near_the_reference(string name) => RequireNear(name, new() { Precision = Precision.Float32 }, 5e-3);

    // Training and evaluation read the same masters.
    [Theory, PrecisionData(Precision.Float32, 5e-3), PrecisionData(Precision.BFloat16, 0.1)]
    public void Winograd_evaluates_with_the_weights_of_training(Precision precision, double tolerance)
    {
        Graph graph = Graph.Sequential("winograd", (32, 32, 32),
            [new Conv2d(32, 3, padding: 1), new ReLU(), new Flatten(), new Linear(10)]);
        ExecutionOptions options = new() { Precision = precision };
        foreach ((string result, float[] actual, double[] expected) in ModelJudge.Results(graph, 2, options))
            Assert.True(Compare.RelativeL2(actual, expected) < tolerance, result);
        using Model model = new(graph, options, 2);
        Assert.Contains("wino", model.Evaluation(2).Plan.ToString(), StringComparison.Ordinal);
    }

    // Eight bits of mantissa: of float64 only the direction can be asked for, above .97 as of whole networks. Most are above .999.
    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Names))]
    public void BFloat16_points_where_the_reference_points(string name)
    {
        LayerCase layerCase = LayerCatalogue.Named(name);
        Dictionary<string, double[]> rounded = ModelJudge.Reference(layerCase.Graph, layerCase.Batch, ModelJudge.ToBFloat16);
        foreach ((string result, float[] actual, double[] expected) in ModelJudge.Results(layerCase.Graph, layerCase.Batch,
            new() { Precision = Precision.BFloat16 }))
        {
            double cosine = Compare.Cosine(actual, expected), roundedCosine = Compare.Cosine(actual, rounded[result]);
            Assert.True(roundedCosine > 0.999, $"{result}: cosine {roundedCosine:f4} with the reference that rounds alike");
            Assert.True(cosine > 0.97 || LayerCatalogue.IsLostInRounding(name, result), $"{result}: cosine {cosine:f4}");
        }
    }

    [Fact]
    public void BFloat16_is_refused_where_it_is_not_native()
    {
        if (!Features.HasNativeBFloat16)
            Assert.Throws<NetworkException>(() => new Model(LayerCatalogue.All[0].Graph, new() { Precision = Precision.BFloat16 }));
    }

    [Fact]
    public void Dropout_passes_its_input_on_in_evaluation()
    {
        LayerCase layerCase = LayerCase.OnVector("Dropout(0.5)", 33, new Dropout(0.5f));
        Dictionary<string, double[]> parameters = TestTensors.Parameters(layerCase.Graph);
        double[] images = TestTensors.Images(layerCase.Graph, 7);
        using Model model = new(layerCase.Graph, new() { Precision = Precision.Float32, Exact = true });
        ModelJudge.Write(model, parameters);
        Assert.True(Compare.RelativeL2(ModelJudge.Forward(model, images),
            new ReferenceNetwork(layerCase.Graph, parameters).Forward(images)) < 2e-5);
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
