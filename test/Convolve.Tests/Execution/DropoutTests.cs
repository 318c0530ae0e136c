using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Tests.Execution;

/// <summary>Dropout's mask, seen through networks that pass it on.</summary>
public class DropoutTests
{
    private const int Batch = 50, Features = 1021; // no whole number of vectors

    // An image of ones through the mask alone: the logits are the mask.
    private static float[] Mask(float probability, ulong seed = 1, uint step = 0, Precision precision = Precision.Float32, int threads = 0,
        bool isSecond = false)
    {
        GraphBuilder net = new("mask", (1, 1, Features));
        GraphBuilder.Handle flat = net.Add(new Flatten(), net.Input);
        Graph graph = net.Build(net.Add(new Concat(), net.Add(new Dropout(probability), flat), net.Add(new Dropout(probability), flat)));
        using Model model = new(graph, new() { Precision = precision, Threads = threads }, Batch, seed);
        float[] ones = new float[Batch * Features];
        ones.AsSpan().Fill(1);
        model.ForwardBackward(ones, new int[Batch], step);
        float[] both = model.Training(Batch).Logits.ToArray();
        return [.. both.Where((_, i) => i / Features % 2 == (isSecond ? 1 : 0))];
    }

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.8f)]
    [InlineData(0.97f)]
    public void The_share_that_is_zeroed_is_the_probability_and_the_others_make_up_for_it(float probability)
    {
        float[] mask = Mask(probability);
        Assert.Equal([0f, 1 / (1 - probability)], mask.Distinct().Order());
        double deviation = Math.Sqrt(probability * (1 - probability) / mask.Length);
        Assert.InRange(mask.Count(m => m == 0) / (double)mask.Length, probability - 4 * deviation, probability + 4 * deviation);
        // In every row and column too: the mean of each is that of coins.
        for (int n = 0; n < Batch; n++)
            Assert.InRange(mask.AsSpan(n * Features, Features).Count(0f) / (double)Features, probability - 5 * Deviation(Features),
                probability + 5 * Deviation(Features));
        double zeros = Enumerable.Range(0, Features)
            .Max(f => Enumerable.Range(0, Batch).Count(n => mask[n * Features + f] == 0) / (double)Batch);
        Assert.InRange(zeros, probability, probability + 5 * Deviation(Batch));

        double Deviation(int count) => Math.Sqrt(probability * (1 - probability) / count);
    }

    [Fact]
    public void The_mask_is_a_function_of_seed_step_and_layer()
    {
        float[] mask = Mask(0.5f);
        Assert.Equal(mask, Mask(0.5f));
        Assert.Equal(mask, Mask(0.5f, threads: 1));
        Assert.Equal(mask, Mask(0.5f, threads: 3));
        float[][] others = [Mask(0.5f, seed: 2), Mask(0.5f, seed: 1UL << 32 | 1), Mask(0.5f, step: 1), Mask(0.5f, step: 1 << 20),
            Mask(0.5f, isSecond: true)];
        foreach (float[] other in others)
            // as two coins agree
            Assert.InRange(mask.Zip(other).Count(pair => pair.First == pair.Second) / (double)mask.Length, 0.49, 0.51);
    }

    [Fact]
    public void Neighbors_are_independent()
    {
        float[] mask = Mask(0.5f);
        foreach (int distance in new[] { 1, 2, 8, 16, 32, Features, 2 * Features })
            Assert.InRange(mask.Zip(mask.Skip(distance)).Average(pair => pair.First == pair.Second ? 1.0 : 0), 0.49, 0.51);
    }

    [NeedsFact(Feature.BFloat16)]
    public void Precisions_share_the_mask() => Assert.Equal(Mask(0.5f), Mask(0.5f, precision: Precision.BFloat16));

    // Behind weights of 0 and biases of 1, logits are the mask, and a bias has a gradient where its unit was kept.
    [Theory, PrecisionData(Precision.Float32), PrecisionData(Precision.BFloat16)]
    public void The_backward_pass_draws_the_mask_of_the_forward_pass(Precision precision)
    {
        const int Units = 37;
        Graph graph = Graph.Sequential("both", (1, 2, 2), [new Flatten(), new Linear(Units), new Dropout(0.5f), new Linear(Units)]);
        using Model model = new(graph, new() { Precision = precision }, 1, seed: 4);
        float[] ones = new float[Units], identity = new float[Units * Units];
        ones.AsSpan().Fill(1);
        for (int i = 0; i < Units; i++)
            identity[i * Units + i] = 1;
        model.WriteParameter("fc1.weight", new float[4 * Units]);
        model.WriteParameter("fc1.bias", ones);
        model.WriteParameter("fc2.weight", identity);
        HashSet<string> masks = [];
        for (uint step = 0; step < 20; step++)
        {
            model.ForwardBackward([1, 1, 1, 1], [0], step);
            bool[] kept = [.. model.Training(1).Logits.ToArray().Select(v => v != 0)];
            Assert.Equal(kept, ModelJudge.Gradient(model, "fc1.bias", Units).Select(g => g != 0));
            masks.Add(string.Concat(kept.Select(k => k ? '1' : '0')));
        }
        Assert.Equal(20, masks.Count);
    }

    [Fact]
    public void Evaluation_is_the_same_before_and_after_training_passes_and_without_dropout()
    {
        Graph with = Zoo.LeNet5.Create(10, new() { Dropout = 0.5f }), without = Zoo.LeNet5.Create();
        float[] images = TestTensors.Narrow(TestTensors.Images(with, 5));
        float[] before = new float[50], after = new float[50], plain = new float[50];
        using Model model = new(with, new() { Precision = Precision.Float32 }, 5, seed: 1),
            other = new(without, new() { Precision = Precision.Float32 }, 5, seed: 1);
        model.Forward(images, before);
        model.ForwardBackward(images, [1, 2, 3, 4, 5], 9);
        model.Forward(images, after);
        other.Forward(images, plain);
        Assert.Equal(before, after);
        Assert.Equal(before, plain);
    }
}
