using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Tests.Layers;

/// <summary>The first values of weights: their distributions, which parameters get which, and that a model starts with them.</summary>
public class InitializerTests
{
    private const int Count = 200_000;
    private const long FanIn = 300, FanOut = 50;

    // Deviations by the formulas of He et al. 2015, Glorot and Bengio 2010 and PyTorch's reset_parameters.
    [Theory]
    [InlineData("kaiming-normal", 0.0816496581, false)]
    [InlineData("kaiming-normal-fan-out", 0.2, false)]
    [InlineData("kaiming-uniform", 0.0816496581, true)]
    [InlineData("xavier-normal", 0.0755928946, false)]
    [InlineData("xavier-uniform", 0.0755928946, true)]
    [InlineData("pytorch", 0.0333333333, true)]
    [InlineData("normal(0.01)", 0.01, false)]
    public void Values_have_their_distribution(string name, double deviation, bool isUniform)
    {
        float[] values = new float[Count];
        Initialization.Parse(name).Weights.Fill(values, FanIn, FanOut, new CounterRandom(1, RandomPurpose.Test));
        double error = 5 * deviation / Math.Sqrt(Count), found = Math.Sqrt(values.Average(x => (double)x * x));
        Assert.Equal(0, values.Average(x => (double)x), error);
        Assert.Equal(deviation, found, error);
        // The fourth moment tells one from the other: 1.8 of a uniform distribution, 3 of a normal one.
        Assert.Equal(isUniform ? 1.8 : 3, values.Average(x => Math.Pow(x / deviation, 4)), 0.1);
        double largest = values.Max(Math.Abs), bound = deviation * Math.Sqrt(3);
        Assert.True(isUniform ? largest <= bound && largest > bound * 0.999 : largest > 3.5 * deviation, $"the largest is {largest}");
    }

    [Fact]
    public void A_constant_is_one()
    {
        float[] values = new float[7];
        Initialization.Parse("constant(-0.25)").Weights.Fill(values, FanIn, FanOut, new CounterRandom(1, RandomPurpose.Test));
        Assert.All(values, x => Assert.Equal(-0.25f, x));
    }

    [Theory]
    [InlineData("xavier-uniform", "xavier-uniform", "0 0 0 0")]
    [InlineData("keras", "xavier-uniform", "0 0 0 0")]
    [InlineData("torchvision", "kaiming-normal-fan-out kaiming-normal-fan-out normal(0.01) normal(0.01)", "0 0 0 0")]
    [InlineData("2012", "normal(0.01)", "0 1 1 0")]
    [InlineData("pytorch", "pytorch", "pytorch")]
    public void A_scheme_starts_each_layer_in_its_way(string name, string weights, string biases)
    {
        Graph graph = Small.WithInitialization(name);
        Node[] learning = [.. graph.Nodes.Where(n => n.Layer is Conv2d or Linear)];
        Assert.Equal(["conv1", "conv2", "fc1", "fc2"], learning.Select(n => n.Name));
        Assert.Equal(Four(weights), learning.Select(n => n.Parameters[0].Initializer.ToString()));
        Assert.Equal(Four(biases),
            learning.Select(n => n.Parameters[1].Initializer is Constant(var value) ? $"{value}" : n.Parameters[1].Initializer.ToString()));
        Assert.Equal([new Constant(1), new Constant(0)],
            graph.Nodes.Single(n => n.Layer is BatchNorm2d).Parameters.Select(p => p.Initializer));

        static string[] Four(string names) => names.Contains(' ') ? names.Split(' ') : [names, names, names, names];
    }

    // Fans of a convolution are of one group and count the kernel's taps.
    [Fact]
    public void A_model_starts_with_them_whatever_the_layout()
    {
        Graph graph = Graph.Sequential("start", (32, 20, 20),
            [new Conv2d(64, 3, groups: 2), new ReLU(), new BatchNorm2d(), new Flatten(), new Linear(10)]).WithInitialization("pytorch");
        ParameterSpec weight = graph.Nodes[1].Parameters[0];
        Assert.Equal((16 * 9L, 32 * 9L), (weight.FanIn, weight.FanOut));
        ExecutionOptions options = new() { Precision = Precision.Float32 };
        using Model model = new(graph, options, trainingBatchSize: 4, seed: 5), same = new(graph, options, seed: 5),
            other = new(graph, options, seed: 6);
        foreach (Node node in graph.Nodes)
            foreach (ParameterSpec spec in node.State)
            {
                string name = $"{node.Name}.{spec.Name}";
                float[] values = ModelJudge.Parameter(model, name, spec.Count);
                Assert.Equal(values, ModelJudge.Parameter(same, name, spec.Count));
                if (spec.Initializer is Constant constant)
                    Assert.All(values, x => Assert.Equal(constant.Value, x));
                else
                {
                    Assert.NotEqual(values, ModelJudge.Parameter(other, name, spec.Count));
                    double bound = 1 / Math.Sqrt(spec.FanIn);
                    Assert.InRange(values.Max(Math.Abs), 0.5 * bound, bound);
                    Assert.Equal(values.Length, values.Distinct().Count(), 0.01 * values.Length);
                }
            }
    }

    private static Graph Small { get; } = Graph.Sequential("small", (3, 8, 8),
        [new Conv2d(8, 3), new ReLU(), new Conv2d(8, 3), new BatchNorm2d(), new ReLU(), new Flatten(), new Linear(20), new ReLU(),
        new Linear(10)]);
}
