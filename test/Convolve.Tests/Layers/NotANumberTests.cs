using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Tests.Layers;

/// <summary>What isn't a number stays visible: no kernel turns NaN into a number, as max(NaN, 0) is NaN in IEEE 754-2019 and in PyTorch.</summary>
public class NotANumberTests
{
    public static TheoryData<string> Names => LayerCatalogue.Names;

    [Theory, MemberData(nameof(Names))]
    public void Float32_passes_NaN_on(string name) => RequireSameNaNs(name, new() { Precision = Precision.Float32 });

    // The library's kernels where Winograd stands otherwise.
    [Theory, MemberData(nameof(CatalogueModelTests.WinogradNames), MemberType = typeof(CatalogueModelTests))]
    public void Float32_passes_NaN_on_exactly(string name) => RequireSameNaNs(name, new() { Precision = Precision.Float32, Exact = true });

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Names))]
    public void BFloat16_passes_NaN_on(string name) => RequireSameNaNs(name, new() { Precision = Precision.BFloat16 });

    // One element of one image, then one of each parameter: the logits are NaN where the reference's are, and so is the loss.
    private static void RequireSameNaNs(string name, ExecutionOptions options)
    {
        LayerCase layerCase = LayerCatalogue.Named(name);
        Graph graph = layerCase.Graph;
        Dictionary<string, double[]> parameters = TestTensors.Parameters(graph);
        double[] images = TestTensors.Images(graph, layerCase.Batch);
        int[] labels = TestTensors.Labels(graph, layerCase.Batch);
        ReferenceNetwork reference = new(graph, parameters);
        using Model model = new(graph, options, layerCase.Batch);
        ModelJudge.Write(model, parameters);
        int middle = images.Length / 2;
        (double kept, images[middle]) = (images[middle], double.NaN);
        Require("the input");
        images[middle] = kept;
        foreach ((string parameter, double[] values) in parameters)
        {
            (kept, values[values.Length / 2]) = (values[values.Length / 2], double.NaN);
            ModelJudge.Write(model, parameters); // all of them: a pass with NaN spoils running averages as well
            Require(parameter);
            values[values.Length / 2] = kept;
        }

        void Require(string place)
        {
            bool[] expected = [.. reference.Forward(images).Select(double.IsNaN)];
            Assert.Contains(true, expected);
            Assert.True(expected.SequenceEqual(ModelJudge.Forward(model, images).Select(float.IsNaN)), $"NaN in {place}: the logits are NaN elsewhere than the reference's");
            bool isLossNaN = double.IsNaN(reference.Loss(images, labels));
            Assert.True(isLossNaN == double.IsNaN(model.ForwardBackward(TestTensors.Narrow(images), labels)), $"NaN in {place}: the loss is {(isLossNaN ? "a number, and the reference's isn't" : "NaN, and the reference's isn't")}");
        }
    }
}
