using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Tests.Layers;

namespace Convolve.Onnx.Tests;

/// <summary>Every kind of layer with all its options, at every opset, in ONNX Runtime.</summary>
public class LayerTests
{
    public static TheoryData<string> Names => [.. LayerCatalogue.All.Where(c => !HasEvenNorm(c.Graph)).Select(c => c.Name)];

    public static TheoryData<string> EvenNorms => [.. LayerCatalogue.All.Where(c => HasEvenNorm(c.Graph)).Select(c => c.Name)];

    [Theory, MemberData(nameof(Names))]
    public void ONNX_Runtime_computes_the_same(string name)
    {
        LayerCase layerCase = LayerCatalogue.Named(name);
        using Model model = Samples.Model(layerCase.Graph);
        foreach (int opset in OnnxOptions.Opsets)
            Samples.RequireSame(model, Samples.Write(model, new() { Opset = opset }), layerCase.Batch);
    }

    [Theory, MemberData(nameof(EvenNorms))]
    public void Response_normalization_of_even_size_is_refused(string name)
    {
        using Model model = Samples.Model(LayerCatalogue.Named(name).Graph);
        NetworkException e = Assert.Throws<NetworkException>(() => Samples.Write(model, new()));
        Assert.Matches(@"^LocalResponseNorm\(.*\) ""norm\d"" can't be written as ONNX: .* even size .* Train with an odd size\.$",
            e.Message);
    }

    // Parts that overlap, that are far apart, of which some are one pixel; sizes that single precision takes for the one below.
    [Fact]
    public void Adaptive_pooling_and_resizing_are_exact_for_all_small_sizes()
    {
        for (int from = 1; from <= 9; from++)
            for (int to = 1; to <= 9; to++)
            {
                Graph graph = Graph.Sequential("sizes", (1, from, 9),
                    [new AdaptiveAvgPool2d((to, 4)), new Resize((from, to)), new Flatten(), new Linear(3)]);
                using Model model = Samples.Model(graph);
                Samples.RequireSame(model, Samples.Write(model, new()), 2);
            }
    }

    [Fact]
    public void The_factor_of_a_resize_gives_the_size_in_single_precision()
    {
        for (int from = 1; from <= 300; from++)
            for (int to = 1; to <= 300; to++)
                Assert.Equal(to, (int)MathF.Floor(from * LayerOperators.Factor(from, to)));
    }

    internal static bool HasEvenNorm(Graph graph) => graph.Nodes.Any(n => n.Layer is LocalResponseNorm { Size: var size } && size % 2 == 0);
}
