using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Tests.Layers;

/// <summary>
/// What isn't a number stays visible: no kernel turns NaN into a number, as max(NaN, 0) is NaN in IEEE 754-2019 and in PyTorch.
/// </summary>
public class NotANumberTests
{
    public static TheoryData<string> Names => LayerCatalogue.Names;

    /// <summary>The cases in which a ReLU follows a layer with a bias.</summary>
    public static TheoryData<string> RectifiedNames =>
        [.. LayerCatalogue.All.Where(c => RectifiedBiases(c.Graph).Any()).Select(c => c.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Float32_passes_NaN_on(string name) => RequireSameNaNs(name, new() { Precision = Precision.Float32 });

    // The library's kernels where Winograd stands otherwise.
    [Theory, MemberData(nameof(CatalogueModelTests.WinogradNames), MemberType = typeof(CatalogueModelTests))]
    public void Float32_passes_NaN_on_exactly(string name) => RequireSameNaNs(name, new() { Precision = Precision.Float32, Exact = true });

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Names))]
    public void BFloat16_passes_NaN_on(string name) => RequireSameNaNs(name, new() { Precision = Precision.BFloat16 });

    [Theory, MemberData(nameof(RectifiedNames))]
    public void ReLU_of_minus_infinity_is_0_in_float32(string name) => RequireRectified(name, new() { Precision = Precision.Float32 });

    [Theory, MemberData(nameof(RectifiedNames))]
    public void ReLU_of_minus_infinity_is_0_in_float32_exactly(string name) =>
        RequireRectified(name, new() { Precision = Precision.Float32, Exact = true });

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(RectifiedNames))]
    public void ReLU_of_minus_infinity_is_0_in_bfloat16(string name) => RequireRectified(name, new() { Precision = Precision.BFloat16 });

    // ReLU alone flattens it: of a leaky one it stays.
    [Theory, PrecisionData(Precision.Float32), PrecisionData(Precision.BFloat16)]
    public void LeakyReLU_of_minus_infinity_stays(Precision precision)
    {
        foreach (Layer layer in new Layer[] { new BatchNorm1d(), new Linear(16) })
        {
            Graph graph = Graph.Sequential("leaky", (1, 4, 4),
                [new Flatten(), layer, new LeakyReLU(0.1f), new BatchNorm1d(), new LeakyReLU(0.1f)]);
            using Model model = new(graph, new() { Precision = precision }, 4);
            string bias = $"{graph.Nodes[2].Name}.bias";
            float[] values = new float[16];
            values[3] = float.NegativeInfinity;
            model.WriteParameter(bias, values);
            float[] logits = ModelJudge.Forward(model, TestTensors.Images(graph, 4));
            Assert.Equal(4, logits.Count(float.IsNegativeInfinity));
            Assert.All(logits.Where((_, i) => i % 16 != 3), logit => Assert.True(float.IsFinite(logit)));
        }
    }

    // A bias of minus infinity right before a ReLU: what comes out is as finite as the reference's, and so are all gradients.
    private static void RequireRectified(string name, ExecutionOptions options)
    {
        LayerCase layerCase = LayerCatalogue.Named(name);
        Graph graph = layerCase.Graph;
        Dictionary<string, double[]> parameters = TestTensors.Parameters(graph);
        double[] images = TestTensors.Images(graph, layerCase.Batch);
        using Model model = new(graph, options, layerCase.Batch);
        foreach (string bias in RectifiedBiases(graph))
        {
            double[] values = parameters[bias];
            (double kept, values[values.Length / 2]) = (values[values.Length / 2], double.NegativeInfinity);
            ModelJudge.Write(model, parameters);
            Assert.All(new ReferenceNetwork(graph, parameters).Forward(images), logit => Assert.True(double.IsFinite(logit)));
            Assert.All(ModelJudge.Forward(model, images), logit => Assert.True(float.IsFinite(logit), $"{bias}: a logit is {logit}"));
            double loss = model.ForwardBackward(TestTensors.Narrow(images), TestTensors.Labels(graph, layerCase.Batch));
            Assert.True(double.IsFinite(loss), $"{bias}: the loss is {loss}");
            Assert.Null(model.Store.FirstNonFinite(model.Store.Gradients, learnedOnly: true));
            values[values.Length / 2] = kept;
        }
    }

    // Of layers that only a ReLU reads.
    private static IEnumerable<string> RectifiedBiases(Graph graph) => graph.Nodes
        .Where(node => node.Parameters.Any(p => p.Role is ParameterRole.Bias or ParameterRole.Shift)
        && graph.Nodes.Where(n => n.Inputs.Contains(node)).ToList() is { Count: > 0 } readers && readers.All(n => n.Layer is ReLU))
        .Select(node => $"{node.Name}.bias");

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
            Assert.True(expected.SequenceEqual(ModelJudge.Forward(model, images).Select(float.IsNaN)),
                $"NaN in {place}: the logits are NaN elsewhere than the reference's");
            bool isLossNaN = double.IsNaN(reference.Loss(images, labels));
            Assert.True(isLossNaN == double.IsNaN(model.ForwardBackward(TestTensors.Narrow(images), labels)),
                $"NaN in {place}: the loss is {(isLossNaN ? "a number, and the reference's isn't" : "NaN, and the reference's isn't")}");
        }
    }
}
