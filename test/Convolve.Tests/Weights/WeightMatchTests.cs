using System.Text.Json.Nodes;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Weights;
using Convolve.Zoo;

namespace Convolve.Tests.Weights;

/// <summary>Where other programs' files have the parameters of a network.</summary>
public class WeightMatchTests
{
    private const int Classes = 7;

    public static TheoryData<string> Torchvision => [.. Golden().Select(network => network.Key)];

    [Theory, MemberData(nameof(Torchvision))]
    public void Names_and_shapes_are_torchvisions(string network)
    {
        Graph graph = NetworkCatalog.Create(network, Classes);
        Assert.Equal(Golden()[network]!.AsObject().Select(tensor => $"{tensor.Key} {tensor.Value!.ToJsonString()}").Order(),
            TorchvisionNaming.Instance.Of(graph, []).Values.Select(stored => $"{stored.Name} [{string.Join(',', stored.Shape)}]").Order());
        WeightMatch match = WeightMatch.Of(graph, FileOf(network));
        Assert.True(match.IsWhole);
        Assert.Empty(match.Unused);
    }

    [Fact]
    public void Dropout_that_is_left_out_changes_no_name()
    {
        Graph graph = NetworkCatalog.Create("vgg11", Classes, new Dictionary<string, string> { ["dropout"] = "off" });
        Assert.True(WeightMatch.Of(graph, FileOf("vgg11")).IsWhole);
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("model.backbone.")]
    public void What_a_wrapper_puts_before_every_name_is_passed_over(string prefix)
    {
        WeightMatch match = WeightMatch.Of(NetworkCatalog.Create("alexnet-torchvision", Classes),
            FileOf("alexnet-torchvision", name => prefix + name));
        Assert.True(match.IsWhole);
        Assert.Equal($"{prefix}classifier.6.bias", match.Taken["fc3.bias"].Name);
    }

    [Fact]
    public void Timms_VGG_has_convolutions_for_fully_connected_layers()
    {
        // timm/models/vgg.py: ConvMlp, then ClassifierHead.
        WeightMatch match = WeightMatch.Of(NetworkCatalog.Create("vgg16", Classes), FileOf("vgg16", name => name
            .Replace("classifier.0", "pre_logits.fc1").Replace("classifier.3", "pre_logits.fc2").Replace("classifier.6", "head.fc"),
            (name, shape) => name switch
            {
                "classifier.0.weight" => [4096, 512, 7, 7],
                "classifier.3.weight" => [4096, 4096, 1, 1],
                _ => shape,
            }));
        Assert.Equal(("timm", true), (match.Naming.Name, match.IsWhole));
    }

    [Fact]
    public void What_does_not_fit_is_named_on_both_sides()
    {
        WeightMatch match = WeightMatch.Of(NetworkCatalog.Create("alexnet-torchvision", 10),
            FileOf("alexnet-torchvision", name => name == "features.3.bias" ? "features.3.offset" : name));
        Assert.Equal(["fc3.weight: classifier.6.weight [7, 4096] in the file, [10, 4096] here",
            "fc3.bias: classifier.6.bias [7] in the file, [10] here", "conv2.bias: missing"], match.Skipped);
        Assert.Equal(["features.3.offset"], match.Unused);
    }

    [Theory]
    [InlineData("{0}/kernel:0", "{0}/bias:0")] // Keras 2, by name
    [InlineData("{0}.kernel", "{0}.bias")]
    [InlineData("layers/{0}/vars/0", "layers/{0}/vars/1")] // Keras 3
    [InlineData("net/{0}/{0}/kernel", "net/{0}/{0}/bias")]
    public void Keras_names_are_matched_by_kind_and_place(string kernel, string bias)
    {
        Graph graph = NetworkCatalog.Create("lenet5-keras");
        List<TensorInfo> tensors = [];
        foreach ((string layer, int[] shape) in new[] { ("dense_1", new[] { 120, 84 }), ("conv2d_10", [5, 5, 6, 16]),
            ("dense_2", [84, 10]), ("conv2d_9", [5, 5, 1, 6]), ("dense", [256, 120]) })
        {
            tensors.Add(Tensor(string.Format(null, kernel, layer), shape));
            tensors.Add(Tensor(string.Format(null, bias, layer), [shape[^1]]));
        }
        WeightMatch match = WeightMatch.Of(graph, new Names(tensors));
        Assert.Equal(("keras", true, 0), (match.Naming.Name, match.IsWhole, match.Unused.Count));
        Assert.Equal((5, 5, 6, 16), match.Taken["conv2.weight"].ChannelsLast);
        Assert.Equal((4, 4, 16, 120), match.Taken["fc1.weight"].ChannelsLast);
        Assert.Equal((1, 1, 120, 84), match.Taken["fc2.weight"].ChannelsLast);
    }

    [Fact]
    public void Keras_normalizations_are_four_vectors()
    {
        Graph graph = Graph.Sequential("normalized", (1, 8, 8),
            [new Conv2d(4, 3), new BatchNorm2d(), new ReLU(), new Flatten(), new Linear(3)]);
        string[] variables = ["gamma", "beta", "moving_mean", "moving_variance"];
        foreach (Func<int, string> name in (Func<int, string>[])[i => $"batch_normalization/{variables[i]}:0",
            i => $"layers/batch_normalization/vars/{i}"])
        {
            string start = name(0).StartsWith("layers", StringComparison.Ordinal) ? "layers/{0}/vars/{1}" : "{0}/{2}:0";
            string Of(string layer, int i) => string.Format(null, start, layer, i, i == 0 ? "kernel" : "bias");
            WeightMatch match = WeightMatch.Of(graph, new Names([Tensor(Of("conv2d", 0), 3, 3, 1, 4), Tensor(Of("conv2d", 1), 4),
                .. Enumerable.Range(0, 4).Select(i => Tensor(name(i), 4)), Tensor(Of("dense", 0), 144, 3), Tensor(Of("dense", 1), 3)]));
            Assert.True(match.IsWhole, string.Join("; ", match.Skipped));
            Assert.Equal(name(3), match.Taken["bn1.running_var"].Name);
        }
    }

    [Fact]
    public void Values_in_the_order_of_Keras_become_plain()
    {
        const int Height = 2, Width = 3, Inputs = 4, Outputs = 5;
        float[] stored = new float[Height * Width * Inputs * Outputs], plain = new float[stored.Length];
        int next = 0;
        for (int h = 0; h < Height; h++)
            for (int w = 0; w < Width; w++)
                for (int i = 0; i < Inputs; i++)
                    for (int o = 0; o < Outputs; o++)
                        stored[next++] = 1000 * o + 100 * i + 10 * h + w;
        new StoredTensor("kernel", [Height, Width, Inputs, Outputs], (Height, Width, Inputs, Outputs))
            .Read(new Names([Tensor("kernel", Height, Width, Inputs, Outputs)]) { Values = stored }, plain);
        Assert.Equal([.. from o in Enumerable.Range(0, Outputs)
                         from i in Enumerable.Range(0, Inputs)
                         from h in Enumerable.Range(0, Height)
                         from w in Enumerable.Range(0, Width)
                         select 1000f * o + 100 * i + 10 * h + w], plain);
    }

    private static JsonObject Golden() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "torchvision.json")))!.AsObject();

    private static Names FileOf(string network, Func<string, string>? rename = null, Func<string, long[], long[]>? reshape = null) => new(
        [.. Golden()[network]!.AsObject()
            .Select(tensor => (Name: tensor.Key, Shape: tensor.Value!.AsArray().Select(n => (long)n!).ToArray()))
            .Select(tensor => new TensorInfo(rename?.Invoke(tensor.Name) ?? tensor.Name, TensorType.F32,
                reshape?.Invoke(tensor.Name, tensor.Shape) ?? tensor.Shape)),
            new(rename?.Invoke("bn1.num_batches_tracked") ?? "bn1.num_batches_tracked", TensorType.I64, [])]);

    private static TensorInfo Tensor(string name, params int[] shape) => new(name, TensorType.F32, [.. shape.Select(n => (long)n)]);

    /// <summary>A file of names and shapes; one tensor's values, if any.</summary>
    private sealed class Names(IReadOnlyList<TensorInfo> tensors) : IWeightFile
    {
        public IReadOnlyList<TensorInfo> Tensors => tensors;

        public bool IsOrdered => false;

        public float[] Values { get; init; } = [];

        public void ReadWeights(string name, Span<float> values) => Values.CopyTo(values);

        public void Dispose()
        {
        }
    }
}
