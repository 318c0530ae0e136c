using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Testing;
using Convolve.Testing.Software;

namespace Convolve.Tests.Planning;

/// <summary>The ways that bfloat16 plans go besides the library's bfloat16 kernels, against the same network in float32.</summary>
public class BFloat16PathsTests
{
    /// <summary>Name, input, batch, and the step that shows that the way was taken.</summary>
    public static TheoryData<string, int, int> Cases =>
        new() { { "winograd", 24, 40 }, { "winograd", 24, 33 }, { "patches", 63, 3 }, { "padded patches", 62, 2 },
        { "unbiased patches", 70, 2 } };

    [NeedsTheory(Feature.BFloat16), MemberData(nameof(Cases))]
    public void Every_way_computes_what_float32_computes(string name, int size, int batch) => RequireFloat32(name, size, batch);

    // The convolution over patches, and own kernels around it, on any machine.
    [Theory, InlineData("patches", 63, 3), InlineData("padded patches", 62, 2), InlineData("unbiased patches", 70, 2)]
    public void Every_way_does_so_with_plain_loops(string name, int size, int batch)
    {
        using IDisposable software = SoftwareLibrary.Use();
        RequireFloat32(name, size, batch);
    }

    private static void RequireFloat32(string name, int size, int batch)
    {
        Conv2d conv = name switch
        {
            "winograd" => new(48, 3, padding: 1),
            "patches" => new(24, 11, stride: 4),
            "padded patches" => new(24, (11, 7), stride: 4, padding: (2, 3)),
            _ => new(24, 8, stride: 4, padding: 1, bias: false),
        };
        Layer[] stem = name == "winograd" ? [new Conv2d(32, 1), new ReLU()] : [];
        Graph graph = Graph.Sequential(name, (3, size, size),
            [.. stem, conv, new ReLU(), new MaxPool2d(3, stride: 2), new Flatten(), new Linear(10)]);
        float[] images = TestTensors.Narrow(TestTensors.Images(graph, batch));
        int[] labels = [.. Enumerable.Range(0, batch).Select(i => i % 10)];
        using Model exact = new(graph, new() { Precision = Precision.Float32, Exact = true }, batch, 5),
            fast = new(graph, new() { Precision = Precision.BFloat16 }, batch, 5);
        Assert.Contains(name == "winograd" ? "own winograd" : "space to depth", fast.Training(batch).Plan.ToString(),
            StringComparison.Ordinal);
        Assert.Equal(exact.ForwardBackward(images, labels), fast.ForwardBackward(images, labels), 0.05);
        foreach (string parameter in exact.ParameterNames)
            RequireAlike(parameter, Gradient(fast, parameter), Gradient(exact, parameter), 0.98);
        RequireAlike("logits", Logits(fast, images, batch), Logits(exact, images, batch), 0.999);
    }

    private static void RequireAlike(string what, float[] actual, float[] expected, double cosine)
    {
        double found = Compare.Cosine(actual, [.. expected.Select(x => (double)x)]);
        Assert.True(found > cosine, $"{what}: cosine {found:f4}");
    }

    private static float[] Gradient(Model model, string name)
    {
        float[] values = new float[model.Graph.Nodes.SelectMany(n => n.Parameters.Select(p => (Name: $"{n.Name}.{p.Name}", p.Count)))
            .First(p => p.Name == name).Count];
        model.ReadGradient(name, values);
        return values;
    }

    private static float[] Logits(Model model, float[] images, int batch)
    {
        float[] logits = new float[batch * 10];
        model.Forward(images, logits);
        return logits;
    }
}
