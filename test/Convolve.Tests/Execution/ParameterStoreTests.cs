using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Tests.Execution;

public class ParameterStoreTests
{
    // On AVX-512 the weights are in blocks of 64 units; the library's reorder would leave rows of them unwritten.
    public static TheoryData<int, int> Sizes => new() { { 6160, 17 }, { 10000, 100 }, { 12304, 65 }, { 6160, 176 } };

    [Theory, MemberData(nameof(Sizes))]
    public void Weights_are_read_back_as_they_were_written(int inputs, int units) => CheckReadBack(inputs, units, Precision.Float32);

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Sizes))]
    public void Weights_are_read_back_as_they_were_written_in_bfloat16(int inputs, int units) =>
        CheckReadBack(inputs, units, Precision.BFloat16);

    private static void CheckReadBack(int inputs, int units, Precision precision)
    {
        Graph graph = Graph.Sequential("wide", (1, 1, inputs), [new Flatten(), new Linear(units), new Tanh(), new Linear(10)]);
        float[] values = TestTensors.Narrow(TestTensors.Uniform((long)inputs * units, 3));
        using Model model = new(graph, new() { Precision = precision }, 16);
        model.WriteParameter("fc1.weight", values);
        Assert.Equal(values, ModelJudge.Parameter(model, "fc1.weight", values.Length));
    }

    [Fact]
    public void Reading_weights_leaves_gradients_alone_and_writing_them_takes_no_memory() => CheckGradients(Precision.Float32);

    [NeedsFact(Feature.BFloat16)]
    public void Reading_weights_leaves_gradients_alone_and_writing_them_takes_no_memory_in_bfloat16() => CheckGradients(Precision.BFloat16);

    private static void CheckGradients(Precision precision)
    {
        Graph graph = Graph.Sequential("small", (3, 12, 12),
            [new Conv2d(40, 3), new ReLU(), new Conv2d(20, 3), new ReLU(), new Flatten(), new Linear(100), new ReLU(), new Linear(10)]);
        using Model model = new(graph, new() { Precision = precision }, 8, 1);
        model.ForwardBackward(TestTensors.Narrow(TestTensors.Images(graph, 8)), TestTensors.Labels(graph, 8));
        float[][] before = Gradients(model);
        List<float> pieces = [];
        ThreadTeam.Invoke(() =>
        {
            for (int i = 0; i < model.Store.Plan.Slots.Count; i++)
                model.Store.Read(i, piece => pieces.AddRange(piece));
        });
        Assert.Equal(model.Store.Plan.Slots.SelectMany(s => ModelJudge.Parameter(model, s.Name, s.Spec.Count)), pieces);
        Assert.Equal(before, Gradients(model));
        Assert.Contains(before[0], x => x != 0);
        long bytes = model.MemoryBytes;
        ThreadTeam.Invoke(() => model.Store.WriteAll((_, values) => values.Fill(0.25f)));
        Assert.Equal(bytes, model.MemoryBytes);
        // What is larger than the activations is written by way of its gradient's place.
        int large = Array.FindIndex([.. model.Store.Plan.Slots.Where(s => s.IsLearned)], s => s.Name == "fc1.weight");
        float[][] after = Gradients(model);
        Assert.All(Enumerable.Range(0, before.Length).Where(i => i != large), i => Assert.Equal(before[i], after[i]));
        ParameterSlot weight = model.Store.Plan.Slots[model.Store.Plan.IndexOf("fc1.weight")];
        Assert.All(ModelJudge.Parameter(model, weight.Name, weight.Spec.Count), x => Assert.Equal(0.25f, x));
    }

    private static float[][] Gradients(Model model) =>
        [.. model.Store.Plan.Slots.Where(s => s.IsLearned).Select(s => ModelJudge.Gradient(model, s.Name, s.Spec.Count))];
}
