using System.Text.Json;
using Convolve.Graphs;
using Convolve.Runs;
using Convolve.Testing;
using Convolve.Training.Optimizers;
using Convolve.Zoo;

namespace Convolve.Tests.Golden;

/// <summary>What PyTorch found in float64 for a network: one file that test/golden/make_golden.py wrote.</summary>
public sealed class GoldenNetwork
{
    private readonly JsonElement _file;

    private GoldenNetwork(JsonElement file)
    {
        _file = file;
        Dictionary<string, string> options = file.GetProperty("options").EnumerateObject()
            .ToDictionary(o => o.Name, o => o.Value.GetString()!);
        Graph = NetworkCatalog.Create(file.GetProperty("network").GetString()!, file.GetProperty("classes").GetInt32(), options);
    }

    public Graph Graph { get; }

    public int Batch => _file.GetProperty("batch").GetInt32();

    /// <summary>Of the training pass.</summary>
    public double Loss => _file.GetProperty("loss").GetDouble();

    /// <summary>Of the evaluation after the training pass.</summary>
    public double[] Logits => Numbers(_file.GetProperty("logits"));

    /// <summary>In the order of the parameters.</summary>
    public IEnumerable<GoldenTensor> Gradients => Tensors("gradients", 0);

    /// <summary>What a training pass leaves in them.</summary>
    public IEnumerable<GoldenTensor> Buffers => Tensors("buffers", _file.GetProperty("gradients").EnumerateObject().Count());

    /// <summary>The elements of a parameter or buffer.</summary>
    public long Count(string name) => GoldenTensors.State(Graph).Single(state => state.Name == name).Spec.Count;

    public IEnumerable<GoldenTraining> Trainings => _file.GetProperty("training").EnumerateArray().Select(t => new GoldenTraining(
        t.GetProperty("optimizer").Deserialize(RecipeJsonContext.Default.OptimizerSettings)!,
        t.GetProperty("labelSmoothing").GetSingle(), Numbers(t.GetProperty("losses"))));

    public static GoldenNetwork Read(string name)
    {
        using JsonDocument document =
            JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", name + ".json")));
        return new(document.RootElement.Clone());
    }

    /// <summary>One of the two batches of images.</summary>
    public float[] Images(int number)
    {
        float[] images = new float[Batch * Graph.Input.Elements];
        GoldenTensors.Fill(GoldenTensors.Images + GoldenTensors.BatchCount * Seed + number, images);
        return images;
    }

    public int[] Labels(int number) =>
        GoldenTensors.LabelsOf(GoldenTensors.Labels + GoldenTensors.BatchCount * Seed + number, Batch, Graph.Output.Channels);

    /// <summary>Every parameter and buffer with its values, one at a time, as they are large.</summary>
    public IEnumerable<(string Name, float[] Values)> State() =>
        GoldenTensors.State(Graph).Select(state => (state.Name, GoldenTensors.ValuesOf(state.Number, state.Spec)));

    private int Seed => _file.GetProperty("seed").GetInt32();

    private IEnumerable<GoldenTensor> Tensors(string kind, int first) =>
        _file.GetProperty(kind).EnumerateObject().Select((t, i) => new GoldenTensor(
        first + i, t.Name, t.Value.GetProperty("count").GetInt32(), t.Value.GetProperty("norm").GetDouble(),
        t.Value.GetProperty("sum").GetDouble(),
        Numbers(t.Value.GetProperty("projections")), Numbers(t.Value.GetProperty("samples")),
        t.Value.GetProperty("bfloat16Cosine").GetDouble()));

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(n => n.GetDouble())];
}

/// <summary>One gradient or buffer, by figures that any wrong element changes.</summary>
/// <param name="BFloat16Cosine">What PyTorch's autocast to bfloat16 reaches.</param>
public sealed record GoldenTensor(int Index, string Name, int Count, double Norm, double Sum, double[] Projections, double[] Samples,
    double BFloat16Cosine)
{
    /// <summary>The sampled elements of a tensor of this shape.</summary>
    public double[] Sample(float[] tensor) =>
        Array.ConvertAll(GoldenTensors.Places(Index, Samples.Length, Count), place => (double)tensor[place]);
}

/// <summary>The losses of ten steps.</summary>
public sealed record GoldenTraining(OptimizerSettings Settings, float LabelSmoothing, double[] Losses);
