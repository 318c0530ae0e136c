using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Tests.Planning;

/// <summary>A max pooling whose window is too large for the lanes' kernels follows a stage that ends at its activation.</summary>
public class LargePoolTests
{
    [Fact]
    public void The_activations_gradient_is_taken_once()
    {
        Graph graph = Graph.Sequential("large pool", (1, 24, 24),
            [new Conv2d(8, 5), new Tanh(), new MaxPool2d(17), new Flatten(), new Linear(3)]);
        foreach ((string result, float[] actual, double[] expected) in ModelJudge.Results(graph, 5,
            new() { Precision = Precision.Float32, Exact = true }))
            Assert.True(Compare.RelativeL2(actual, expected) < 2e-5, result);
    }

    [Fact]
    public void A_batch_beyond_the_kernels_counting_is_refused()
    {
        Graph graph = Graph.Sequential("net", (1, 24, 24), [new Flatten(), new Linear(3)]);
        Assert.Contains("largest batch size", Assert.Throws<NetworkException>(() =>
            Planner.Create(graph, new(int.MaxValue, false, Precision.Float32, true, 1))).Message, StringComparison.Ordinal);
        Assert.Throws<NetworkException>(() => Planner.Create(graph, new(0, false, Precision.Float32, true, 1)));
    }
}
