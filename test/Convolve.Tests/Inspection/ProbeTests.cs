using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Tests.Layers;

namespace Convolve.Tests.Inspection;

/// <summary>What a pass of evaluation keeps of its layers, and the gradients of logits, for every kind of layer, against float64.</summary>
public class ProbeTests
{
    private const int Images = 3;

    public static TheoryData<string> Names => LayerCatalogue.Names;

    [Theory, MemberData(nameof(Names))]
    public void Every_output_is_kept_as_the_layer_alone_gives_it(string name)
    {
        Graph graph = LayerCatalogue.Named(name).Graph;
        (Model model, ReferenceNetwork reference, double[] images) = Create(graph);
        using (model)
        {
            Node[] layers = [.. graph.Nodes.Where(node => node.Layer is not Softmax || node != graph.Nodes[^1])];
            IReadOnlyList<double[]> expected = reference.Outputs(images);
            Run(model, images, new([.. layers.Select(node => node.Index)]), pass =>
            {
                foreach ((int i, Node node) in layers.Index())
                    RequireClose(expected[node.Index], pass.Kept(pass.Plan.Probe.Outputs[i]), $"{node}");
            });
            Node middle = layers[layers.Length / 2];
            Run(model, images, new([middle.Index]),
                pass => RequireClose(expected[middle.Index], pass.Kept(pass.Plan.Probe.Outputs[0]), $"{middle} alone"));
        }
    }

    // Along a random direction, the difference quotient of float64 is exact to some nine digits; kinks are as far as in the other tests.
    [Theory, MemberData(nameof(Names))]
    public void The_gradient_of_a_logit_is_that_of_evaluation(string name)
    {
        const double Step = 1e-6;
        Graph graph = LayerCatalogue.Named(name).Graph;
        (Model model, ReferenceNetwork reference, double[] images) = Create(graph);
        double[] direction = TestTensors.Uniform(images.Length, stream: 77);
        double[] after = Logits(reference, [.. images.Zip(direction, (x, d) => x + Step * d)]),
            before = Logits(reference, [.. images.Zip(direction, (x, d) => x - Step * d)]);
        int classes = after.Length / Images;
        using (model)
            for (int label = 0; label < Math.Min(2, classes); label++)
                Run(model, images, new([], GradientOf: 0), pass =>
                {
                    int each = images.Length / Images;
                    float[] gradient = pass.Kept(pass.Plan.Probe.Gradient!).ToArray();
                    for (int n = 0; n < Images; n++)
                    {
                        double slope = 0, size = 0;
                        for (int i = n * each; i < (n + 1) * each; i++)
                            (slope, size) = (slope + gradient[i] * direction[i], size + Math.Abs(gradient[i] * direction[i]));
                        double expected = (after[n * classes + label] - before[n * classes + label]) / (2 * Step);
                        Assert.True(Math.Abs(slope - expected) <= 1e-4 * size + 1e-7,
                            $"{name}, image {n}: expected a slope of {expected}, got {slope}");
                    }
                }, label);
    }

    [Fact]
    public void The_backward_pass_ends_at_the_layer_and_touches_no_weights()
    {
        Graph graph = LayerCatalogue.Named("BatchNorm2d(), ReLU() on 16x6x7").Graph;
        Node middle = graph.Nodes.First(node => node.Layer is ReLU);
        Plan plan = Planner.Create(graph, new(2, IsTraining: false, Precision.Float32, Exact: false, Threads: 2,
            Probe: new([middle.Index], middle.Index)));
        Assert.DoesNotContain(plan.Storages, storage => storage.Region == Region.Gradients);
        Assert.All(plan.Steps.Where(step => step.Phase == Phase.Backward),
            step => Assert.True(graph.Nodes.First(node => node.Name == step.Node).Index >= middle.Index, step.Label));
        Assert.DoesNotContain(plan.Steps, step => step.Phase == Phase.Loss);
    }

    private static double[] Logits(ReferenceNetwork reference, double[] images)
    {
        IReadOnlyList<double[]> outputs = reference.Outputs(images);
        return outputs[reference.Graph.GivesProbabilities ? reference.Graph.Nodes[^1].Inputs[0].Index : ^1];
    }

    private static (Model, ReferenceNetwork, double[]) Create(Graph graph)
    {
        Dictionary<string, double[]> parameters = TestTensors.Parameters(graph);
        Model model = new(graph, new() { Precision = Precision.Float32, Threads = 2 });
        foreach ((string name, double[] values) in parameters)
            model.WriteParameter(name, TestTensors.Narrow(values));
        return (model, new(graph, parameters), TestTensors.Images(graph, Images));
    }

    private static void Run(Model model, double[] images, PlanProbe probe, Action<Executor> look, int label = 0) => model.Invoke(() =>
    {
        using Executor pass = model.Probe(Images, probe);
        pass.Write(TestTensors.Narrow(images));
        if (probe.GradientOf is not null)
        {
            pass.LogitGradient.Clear();
            for (int n = 0; n < Images; n++)
                pass.LogitGradient[n * pass.LogitGradient.Length / Images + label] = 1;
        }
        pass.Run();
        look(pass);
    });

    private static void RequireClose(double[] expected, ReadOnlySpan<float> actual, string what)
    {
        double error = Compare.RelativeL2(actual, expected);
        Assert.True(error < 2e-5, $"{what}: {error}");
    }
}
