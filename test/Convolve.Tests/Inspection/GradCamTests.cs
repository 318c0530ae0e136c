using System.Text.Json;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Inspection;
using Convolve.Layers;
using Convolve.Testing;
using Convolve.Zoo;

namespace Convolve.Tests.Inspection;

/// <summary>Grad-CAM against PyTorch's autograd in float64 (test/golden/make_gradcam.py).</summary>
public class GradCamTests
{
    private const double Tolerance = 5e-5; // of the largest value

    private static readonly JsonElement[] Golden =
        [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "gradcam.json")))
            .RootElement.GetProperty("cases").EnumerateArray()];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Golden.Length)];

    [Theory, MemberData(nameof(Cases))]
    public void The_map_is_PyTorchs(int number)
    {
        JsonElement golden = Golden[number];
        Dictionary<string, string> options =
            golden.GetProperty("options").EnumerateObject().ToDictionary(o => o.Name, o => o.Value.GetString()!);
        Graph graph = NetworkCatalog.Create(golden.GetProperty("network").GetString()!, options: options);
        using Model model = new(graph, new() { Precision = Convolve.Planning.Precision.Float32, Threads = 2 });
        foreach ((string name, int tensor, ParameterSpec spec) in GoldenTensors.State(graph))
            model.WriteParameter(name, GoldenTensors.ValuesOf(tensor, spec));
        float[] image = new float[graph.Input.Elements];
        GoldenTensors.Fill(GoldenTensors.Images, image);
        FeatureMaps map = Saliency.GradCam(model, image, LayerNames.Find(graph, golden.GetProperty("layer").GetString()!),
            golden.GetProperty("label").GetInt32());
        Assert.Equal((golden.GetProperty("height").GetInt32(), golden.GetProperty("width").GetInt32()),
            (map.Shape.Height, map.Shape.Width));
        double[] expected = [.. golden.GetProperty("map").EnumerateArray().Select(value => value.GetDouble())];
        double largest = expected.Max();
        Assert.Equal(expected.Length, map.Values.Length);
        foreach ((int i, double value) in expected.Index())
            Assert.True(Math.Abs(map.Values[i] - value) <= Tolerance * largest, $"place {i}: expected {value}, got {map.Values[i]}");
    }

    [Theory]
    [InlineData("alexnet-d2l", "relu5"), InlineData("cnn-bn-leaky", "relu3"), InlineData("resnet20", "layer3.2.relu2")]
    public void It_looks_at_the_end_of_the_last_convolution(string network, string layer) =>
        Assert.Equal(layer, LayerNames.LastMaps(NetworkCatalog.Create(network)).Name);
}
