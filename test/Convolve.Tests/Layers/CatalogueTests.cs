using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Testing;

namespace Convolve.Tests.Layers;

/// <summary>What can be checked of every layer without running a kernel.</summary>
public class CatalogueTests
{
    private const double Step = 1e-6;
    private const uint Directions = 2;

    public static TheoryData<string> Names => LayerCatalogue.Names;

    [Fact]
    public void Names_are_unique() => Assert.Distinct(LayerCatalogue.All.Select(c => c.Name));

    [Theory, MemberData(nameof(Names))]
    public void Prints_as_typed(string name)
    {
        LayerCase layerCase = LayerCatalogue.Named(name);
        if (layerCase.Graph.Name != "branches") // their text says what is tried
            Assert.Equal(layerCase.Text.Replace("first: ", "", StringComparison.Ordinal).Replace("last: ", "", StringComparison.Ordinal),
                string.Join(", ", layerCase.Layers));
    }

    [Theory, MemberData(nameof(Names))]
    public void Inferred_shapes_are_the_executed_ones(string name)
    {
        Graph graph = LayerCatalogue.Named(name).Graph;
        ReferenceNetwork reference = new(graph, TestTensors.Parameters(graph));
        Assert.Equal(graph.Nodes.Select(n => n.Output.Elements), reference.ExecutedSizes(TestTensors.Images(graph, 1)));
    }

    [Theory, MemberData(nameof(Names))]
    public void Multiply_adds_are_those_that_the_reference_counts(string name)
    {
        Graph graph = LayerCatalogue.Named(name).Graph;
        ReferenceNetwork reference = new(graph, TestTensors.Parameters(graph));
        reference.Forward(TestTensors.Images(graph, 3));
        Assert.Equal(3 * graph.MultiplyAdds, reference.MultiplyAdds);
    }

    [Theory, MemberData(nameof(Names))]
    public void Survives_json(string name)
    {
        Graph graph = LayerCatalogue.Named(name).Graph;
        string json = GraphJson.Write(graph);
        Assert.Equal(graph, GraphJson.Read(json));
        Assert.Equal(json, GraphJson.Write(GraphJson.Read(json)));
    }

    [Theory, MemberData(nameof(Names))]
    public void Reference_gradients_are_the_central_differences(string name)
    {
        Graph graph = LayerCatalogue.Named(name).Graph;
        Dictionary<string, double[]> parameters = TestTensors.Parameters(graph);
        // Normalized over two images, a value is -1 or 1, whatever it was.
        int count = graph.Nodes.Any(n => n.Layer is BatchNorm) ? 7 : 2;
        double[] images = TestTensors.Images(graph, count);
        int[] labels = TestTensors.Labels(graph, count);
        ReferenceNetwork reference = new(graph, parameters);
        ReferencePass pass = reference.ForwardBackward(images, labels);
        foreach ((string parameter, double[] gradient) in pass.Gradients)
            RequireDifferences(parameter, parameters[parameter], gradient);
        RequireDifferences("images", images, pass.InputGradient);

        // Along random directions, so that every element counts in every difference.
        void RequireDifferences(string tensor, double[] values, double[] gradient)
        {
            double[] kept = [.. values], expected = new double[Directions], actual = new double[Directions];
            for (uint i = 0; i < Directions; i++)
            {
                double[] direction = TestTensors.Uniform(values.Length, stream: 50 + i);
                expected[i] = (LossAt(Step) - LossAt(-Step)) / (2 * Step);
                actual[i] = gradient.Zip(direction, (g, d) => g * d).Sum();

                double LossAt(double step)
                {
                    for (int j = 0; j < values.Length; j++)
                        values[j] = kept[j] + step * direction[j];
                    return reference.Loss(images, labels);
                }
            }
            kept.CopyTo(values, 0);
            double error = Compare.RelativeL2(actual, expected);
            Assert.True(error < 1e-6, $"{tensor}: relative error {error:e1}");
        }
    }
}
