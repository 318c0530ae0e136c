using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;

namespace Convolve.Tests.Planning;

/// <summary>Weights that only ever meet padding: their gradient is exactly 0, and the others' is what it should be.</summary>
public class UnseenTapsTests
{
    private static readonly Dictionary<string, (Shape Input, Conv2d Conv)> All = new (Shape Input, Conv2d Conv)[]
    {
        ((16, 1, 1), new(16, 3, stride: 2, padding: 1)),
        ((16, 2, 2), new(16, 3, stride: 3, padding: 1)),
        ((16, 2, 2), new(20, 5, stride: 3, padding: 2)),
        ((17, 3, 3), new(16, 5, stride: 4, padding: 2)),
        ((17, 1, 1), new(20, 7, stride: 2, padding: 3)),
        ((16, 1, 8), new(16, 3, stride: 2, padding: 1)),
        ((16, 8, 1), new(16, 3, stride: 2, padding: 1)),
        ((32, 8, 1), new(16, (1, 3), stride: (1, 2), padding: (0, 1))),
        ((32, 1, 8), new(16, (3, 1), stride: (2, 1), padding: (1, 0))),
        ((16, 3, 3), new(16, 3, stride: 2, padding: 2, dilation: 2)),
        ((16, 2, 2), new(16, 3, stride: 2, padding: 3, dilation: 3)),
        ((32, 1, 1), new(32, 3, stride: 2, padding: 1, groups: 2)),
        ((16, 1, 1), new(16, 3, stride: 2, padding: 1, groups: 16)),
        ((16, 1, 1), new(16, 3, padding: 1)),
        ((16, 2, 2), new(16, 5, padding: 2, bias: false)),
        ((3, 1, 1), new(16, 3, stride: 2, padding: 1)),
        ((1, 2, 2), new(8, 3, stride: 3, padding: 1)),
        ((3, 3, 3), new(16, 11, stride: 4, padding: 5)),
    }.ToDictionary(c => $"{c.Conv} on {c.Input}");

    public static TheoryData<string> Cases => [.. All.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void Their_gradient_is_0_in_a_first_layer(string name) => Check(GraphOf(name, isFirst: true), Precision.Float32);

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Cases))]
    public void Their_gradient_is_0_in_a_first_layer_in_bfloat16(string name) => Check(GraphOf(name, isFirst: true), Precision.BFloat16);

    [Theory, MemberData(nameof(Cases))]
    public void Their_gradient_is_0_in_a_later_layer(string name) => Check(GraphOf(name, isFirst: false), Precision.Float32);

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Cases))]
    public void Their_gradient_is_0_in_a_later_layer_in_bfloat16(string name) => Check(GraphOf(name, isFirst: false), Precision.BFloat16);

    [Fact]
    public void They_are_found()
    {
        Assert.Equal([0, 1, 2, 3, 5, 6, 7, 8], UnseenTaps.Of(new(16, 3, stride: 2, padding: 1), (16, 1, 1)));
        Assert.Equal([0, 2, 3, 5, 6, 8], UnseenTaps.Of(new(16, 3, padding: 1), (16, 8, 1)));
        Assert.Equal([0, 1, 2, 6, 7, 8], UnseenTaps.Of(new(16, 3, padding: 1), (16, 1, 8)));
        Assert.Equal([0, 1, 2, 3, 5, 6, 7, 8], UnseenTaps.Of(new(16, 3, padding: 2, dilation: 2), (16, 2, 2)));
        Assert.Equal([0, 1, 2, 3, 6], UnseenTaps.Of(new(16, 3, stride: 2, padding: 1), (16, 2, 2)));
        Assert.Empty(UnseenTaps.Of(new(16, 3, padding: 1), (16, 4, 4)));
    }

    private static Graph GraphOf(string name, bool isFirst)
    {
        (Shape input, Conv2d conv) = All[name];
        Layer[] stem = isFirst ? [] : [new Conv2d(input.Channels, 1), new Tanh()];
        return Graph.Sequential("taps", input, [.. stem, conv, new GlobalAvgPool(), new Linear(5)]);
    }

    private static void Check(Graph graph, Precision precision)
    {
        const int Batch = 16;
        foreach ((string name, float[] actual, double[] expected) in ModelJudge.Results(graph, Batch, new() { Precision = precision }))
        {
            if (precision == Precision.Float32)
                Assert.True(Compare.RelativeL2(actual, expected) < 1e-4, $"{name}: {Compare.RelativeL2(actual, expected):g3}");
            else
                Assert.True(Compare.Cosine(actual, expected) > 0.97, $"{name} in bfloat16: cosine {Compare.Cosine(actual, expected):g4}");
            foreach (Node node in graph.Nodes.Where(n => n.Layer is Conv2d && name == $"{n.Name}.weight"))
            {
                Conv2d conv = (Conv2d)node.Layer;
                int area = conv.Kernel.Height * conv.Kernel.Width;
                HashSet<int> unseen = [.. UnseenTaps.Of(conv, node.Input)];
                Assert.DoesNotContain(Enumerable.Range(0, actual.Length), i => unseen.Contains(i % area) && actual[i] != 0);
                // Told apart from the rule itself: no weight that the reference moves may be among them.
                Assert.DoesNotContain(Enumerable.Range(0, expected.Length), i => unseen.Contains(i % area) && expected[i] != 0);
                Assert.All(Enumerable.Range(0, area).Where(tap => !unseen.Contains(tap)),
                    tap => Assert.Contains(Enumerable.Range(0, expected.Length / area), i => expected[i * area + tap] != 0));
            }
        }
    }
}
