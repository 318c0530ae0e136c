using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Zoo;

namespace Convolve.Onnx.Tests;

/// <summary>Every network of the zoo in ONNX Runtime.</summary>
public class ZooTests
{
    private const long Large = 500_000_000;

    public static TheoryData<string> Small => Names(cost => cost < Large);

    public static TheoryData<string> LargeOnes => Names(cost => cost >= Large);

    [Theory, MemberData(nameof(Small))]
    public void ONNX_Runtime_computes_the_same(string name) => RequireSame(name, OnnxOptions.Opsets);

    [Trait("Category", "Slow")]
    [Theory, MemberData(nameof(LargeOnes))]
    public void ONNX_Runtime_computes_the_same_of_large_networks(string name) => RequireSame(name, [13]);

    [Theory]
    [InlineData("lenet5", "activation=tanh,pooling=avg")]
    [InlineData("lenet5", "activation=sigmoid,pooling=min,padding=same")]
    [InlineData("lenet5", "activation=leaky-relu,padding=valid,dropout=0.5")]
    [InlineData("cuda-convnet", "lrn=on,pooling=plain")]
    [InlineData("resnet20", "shortcut=projection")]
    public void Options_make_no_difference(string name, string options)
    {
        using Model model = Samples.Model(NetworkCatalog.Create(name, 10,
            options.Split(',').ToDictionary(o => o.Split('=')[0], o => o.Split('=')[1])), asInTraining: true);
        Samples.RequireSame(model, Samples.Write(model, new()), 3);
    }

    private static TheoryData<string> Names(Predicate<long> hasCost) =>
        [.. NetworkCatalog.All.Select(n => n.Name).Where(name => hasCost(NetworkCatalog.Create(name).MultiplyAdds))];

    // One session for both batches: the file takes any.
    private static void RequireSame(string name, int[] opsets)
    {
        Graph graph = NetworkCatalog.Create(name);
        using Model model = Samples.Model(graph, asInTraining: true);
        foreach (int opset in opsets)
        {
            using OrtSession session = new(Samples.Write(model, new() { Opset = opset }));
            foreach (int batch in new[] { 1, 7 })
            {
                float[] images = Samples.Images(graph, batch), expected = new float[batch * graph.Output.Channels];
                model.Forward(images, expected);
                Samples.RequireNear(expected, session.Run(images, [batch, .. graph.Input.ToArray()]), 1e-4);
            }
        }
    }
}
