using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Graphs;
using Convolve.Testing;

namespace Convolve.Tests.Layers;

/// <summary>
/// The float64 reference of every layer against PyTorch in float64, which test/golden/make_layers.py ran on the same networks: what the
/// kernels are judged by is what PyTorch computes.
/// </summary>
public class CatalogueGoldenTests
{
    // Files hold ten digits.
    private const double Tolerance = 1e-8;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "golden");
    private static readonly JsonObject Cases = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "layers.json")))!["cases"]!.AsObject();

    public static TheoryData<string> Names => LayerCatalogue.Names;

    [Fact]
    public void The_file_is_of_the_catalogue()
    {
        bool isWhole = Cases.Count == LayerCatalogue.All.Count && LayerCatalogue.All.All(c => Cases[c.Name] is { } found
            && (int)found["batch"]! == c.Batch && GraphJson.Read(found["graph"]!.ToJsonString()).Equals(c.Graph));
        if (isWhole)
            return;
        string graphs = Path.Combine(Folder, "layers.json.actual");
        File.WriteAllText(graphs, new JsonObject
        {
            ["cases"] = new JsonObject(LayerCatalogue.All.Select(c => KeyValuePair.Create<string, JsonNode?>(c.Name,
                new JsonObject { ["batch"] = c.Batch, ["graph"] = JsonNode.Parse(GraphJson.Write(c.Graph)) }))),
        }.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Fail($"layers.json is not of the catalogue. Run test/golden/make_layers.py {graphs}.");
    }

    [Theory, MemberData(nameof(Names))]
    public void The_reference_is_PyTorch(string name)
    {
        LayerCase layerCase = LayerCatalogue.Named(name);
        JsonNode expected = Cases[name]!;
        var state = GoldenTensors.State(layerCase.Graph)
            .ToDictionary(s => s.Name, s => (s.Number, Values: Compare.Widen(GoldenTensors.ValuesOf(s.Number, s.Spec))));
        float[] images = new float[layerCase.Batch * layerCase.Graph.Input.Elements];
        GoldenTensors.Fill(GoldenTensors.Images, images);
        int[] labels = GoldenTensors.LabelsOf(GoldenTensors.Labels, layerCase.Batch, layerCase.Graph.Output.Channels);

        ReferenceNetwork reference = new(layerCase.Graph, state.ToDictionary(s => s.Key, s => s.Value.Values));
        ReferencePass pass = reference.ForwardBackward(Compare.Widen(images), labels);
        Assert.Equal((double)expected["loss"]!, pass.Loss, Tolerance);
        RequireNear("images", 0, pass.InputGradient, expected["images"]!);
        JsonObject gradients = expected["gradients"]!.AsObject(), buffers = expected["buffers"]!.AsObject();
        Assert.Equal(gradients.Select(g => g.Key).Order(StringComparer.Ordinal), pass.Gradients.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(state.Keys.Order(StringComparer.Ordinal), gradients.Concat(buffers).Select(s => s.Key).Order(StringComparer.Ordinal));
        foreach ((string parameter, JsonNode? gradient) in gradients)
            RequireNear(parameter, state[parameter].Number, pass.Gradients[parameter], gradient!);
        foreach ((string buffer, JsonNode? moved) in buffers)
            RequireNear(buffer, state[buffer].Number, state[buffer].Values, moved!);

        double[] evaluation = [.. expected["evaluation"]!.AsArray().Select(v => (double)v!)]; // after the running averages have moved
        Assert.True(Compare.RelativeL2(reference.Forward(Compare.Widen(images)), evaluation) < Tolerance, "evaluation");
    }

    // By the norm and two projections, of which an error of norm e changes each by about e / sqrt(3).
    private static void RequireNear(string what, int number, double[] actual, JsonNode expected)
    {
        double norm = Math.Sqrt(actual.Sum(x => x * x)), margin = Math.Max((double)expected[0]!, 1e-3) * Tolerance;
        Assert.True(Math.Abs(norm - (double)expected[0]!) < margin, $"{what}: the norm is {norm:r} and not {expected[0]}");
        for (int i = 1; i < expected.AsArray().Count; i++)
        {
            double projection = GoldenTensors.Project(number, i - 1, actual);
            Assert.True(Math.Abs(projection - (double)expected[i]!) < margin,
                $"{what}: projection {i} is {projection:r} and not {expected[i]}");
        }
    }
}
