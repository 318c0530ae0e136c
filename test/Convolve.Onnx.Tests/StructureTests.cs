using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Zoo;

namespace Convolve.Onnx.Tests;

/// <summary>What a file says beside the numbers: versions, names, sizes, metadata; and what is refused.</summary>
public class StructureTests
{
    private static readonly Graph LeNet = NetworkCatalog.Create("lenet5");

    [Theory]
    [InlineData(13, 7)]
    [InlineData(17, 8)]
    [InlineData(18, 8)]
    [InlineData(21, 10)]
    public void The_versions_are_those_that_most_programs_read(int opset, long ir)
    {
        ModelProto model = Create(new() { Opset = opset });
        OperatorSetIdProto own = Assert.Single(model.OpsetImport);
        Assert.Equal((ir, "", opset, "convolve"), (model.IrVersion, own.Domain, own.Version, model.ProducerName));
    }

    [Fact]
    public void Names_are_the_networks_and_the_batch_is_N()
    {
        GraphProto graph = Create(new()).Graph;
        Assert.Equal("lenet5", graph.Name);
        Assert.Equal("input: float32 [N, 1, 28, 28]", $"{OnnxValue.Of(Assert.Single(graph.Input))}");
        Assert.Equal("logits: float32 [N, 10]", $"{OnnxValue.Of(Assert.Single(graph.Output))}");
        Assert.Equal([.. LeNet.Nodes.Skip(1).SkipLast(1).Select(n => n.Name), "logits"], graph.Node.Select(n => n.Name));
        Assert.All(graph.Node, node => Assert.Equal([node.Name], node.Output));
        Assert.Equal(LeNet.Nodes.SelectMany(n => n.Parameters.Select(p => $"{n.Name}.{p.Name}")), graph.Initializer.Select(t => t.Name));
        Assert.Equal(LeNet.Nodes.Skip(1).SkipLast(1).Select(n => $"{n.Name}: float32 [N, {string.Join(", ", n.Output.ToArray())}]"),
            graph.ValueInfo.Select(value => $"{OnnxValue.Of(value)}"));
    }

    [Fact]
    public void A_static_batch_is_in_every_size()
    {
        using Model model = Samples.Model(LeNet);
        ModelProto onnx = Samples.Write(model, new() { StaticBatch = 3 });
        using OrtSession session = new(onnx);
        Assert.Equal([3, 1, 28, 28], session.InputSizes);
        Assert.Equal([3, 10], session.OutputSizes);
        Assert.DoesNotContain(onnx.Graph.ValueInfo, value => value.Type.TensorType.Shape.Dim.Any(d => !d.HasDimValue));
        Samples.RequireSame(model, onnx, 3);
    }

    // A layer that does nothing has no operator: also as the last one, and where a value's name is taken.
    [Fact]
    public void Dropout_is_left_out_and_names_stay_apart()
    {
        GraphBuilder net = new("named", (1, 4, 4));
        GraphBuilder.Handle flat = net.AddNamed("logits", new Flatten(), net.AddNamed("conv.weight", new Conv2d(2, 3), net.Input));
        Graph graph = net.Build(net.Chain(net.AddNamed("conv", new Linear(3), net.Add(new Dropout(), flat)), new Dropout()));
        using Model model = Samples.Model(graph);
        ModelProto onnx = Samples.Write(model, new());
        Assert.Equal(["Conv", "Flatten", "Gemm", "Identity"], onnx.Graph.Node.Select(n => n.OpType));
        Assert.Equal("dropout2", Assert.Single(onnx.Graph.Output).Name);
        Samples.RequireSame(model, onnx, 2);
    }

    [Fact]
    public void A_softmax_gives_probabilities()
    {
        using Model model = Samples.Model(Graph.Sequential("soft", (1, 3, 3), [new Flatten(), new Linear(4), new Softmax()]));
        Assert.Equal("probabilities", Assert.Single(Samples.Write(model, new()).Graph.Output).Name);
    }

    [Fact]
    public void The_metadata_are_for_every_program()
    {
        Graph graph = Graph.Sequential("colors", (3, 24, 32), [new GlobalAvgPool(), new Linear(3)]);
        using Model model = Samples.Model(graph);
        var preprocessing = Samples.Preprocessing(graph, "resize:32", "center-crop:24x32") with
        {
            ClassNames = ["cat", "it's", "a \"b\"\\"],
            Mean = [0.25f, 0.5f, 0.75f],
            Std = [0.2f, 0.22f, 0.24f],
        };
        ModelProto onnx = OnnxExport.Create(graph, model.ReadParameter, preprocessing, new());
        using OrtSession session = new(onnx);
        Dictionary<string, string> expected = new()
        {
            ["convolve.network"] = "colors",
            ["convolve.preprocessing"] = preprocessing.ToJson(),
            ["task"] = "classify",
            ["names"] = """{0: 'cat', 1: "it's", 2: 'a "b"\\'}""",
            ["imgsz"] = "[24, 32]",
            ["input_size"] = "[3, 24, 32]",
            ["mean"] = "[0.25, 0.5, 0.75]",
            ["std"] = "[0.2, 0.22, 0.24]",
            ["crop_pct"] = "0.75",
            ["interpolation"] = "bilinear",
            ["Image.BitmapPixelFormat"] = "Rgb8",
            ["Image.ColorSpaceGamma"] = "SRGB",
        };
        Assert.Equal(expected, session.Metadata.ToDictionary());
        Assert.Equal(("convolve", "colors"), (session.Producer, session.GraphName));
    }

    [Theory]
    [InlineData(0f, 1f, false, "Normalized_0_1")]
    [InlineData(0.5f, 0.5f, false, "Normalized_1_1")]
    [InlineData(0.3f, 0.5f, true, "NominalRange_0_255")]
    public void The_range_of_pixels_is_named_where_it_has_a_name(float mean, float std, bool isInside, string range)
    {
        var preprocessing = Samples.Preprocessing(LeNet) with { Mean = [mean], Std = [std] };
        Assert.Contains(("Image.NominalPixelRange", range),
            OnnxMetadata.Of(LeNet, preprocessing, new() { WithPreprocessing = isInside }));
    }

    [Theory]
    [InlineData(12)]
    [InlineData(19)]
    [InlineData(22)]
    public void Other_opsets_are_refused(int opset) => Assert.Equal($"Opset {opset} isn't supported. Use 13, 17, 18 or 21.",
        Assert.Throws<ArgumentOutOfRangeException>(() => new OnnxOptions { Opset = opset }).Message.Split(" (")[0]);

    [Fact]
    public void A_batch_of_none_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new OnnxOptions { StaticBatch = 0 });

    [Fact]
    public void More_than_2_GiB_are_refused_before_they_are_read()
    {
        Graph graph = Graph.Sequential("large", (1, 200, 200), [new Flatten(), new Linear(14_000)]);
        NetworkException e = Assert.Throws<NetworkException>(() =>
            OnnxNetwork.Create(graph, (_, _) => Assert.Fail("read"), new()));
        Assert.Equal("The network \"large\" can't be written as ONNX: its weights take 2.09 GiB, and an ONNX file holds less than 2 GiB. " +
            "Use a smaller network, or its safetensors file.", e.Message);
    }

    // All that an operator has, so that no program's defaults matter.
    [Fact]
    public void Pools_and_convolutions_have_every_attribute()
    {
        using Model model = Samples.Model(Graph.Sequential("pools", (2, 16, 16), [new Conv2d(2, 3), new MaxPool2d(2),
            new AvgPool2d(2), new BatchNorm2d(), new LocalResponseNorm(3), new Resize(8), new Flatten(), new Linear(3)]));
        ModelProto onnx = Samples.Write(model, new());
        Assert.Equal(["kernel_shape strides dilations pads group", "kernel_shape strides ceil_mode pads dilations storage_order",
            "kernel_shape strides ceil_mode pads count_include_pad", "epsilon momentum", "alpha beta bias size",
            "mode coordinate_transformation_mode exclude_outside", "axis", "alpha beta transA transB"],
            onnx.Graph.Node.Select(node => string.Join(' ', node.Attribute.Select(a => a.Name))));
        Assert.Single(onnx.Graph.Node.Single(node => node.OpType == "BatchNormalization").Output);
    }

    private static ModelProto Create(OnnxOptions options)
    {
        using Model model = Samples.Model(LeNet);
        return OnnxExport.Create(LeNet, model.ReadParameter, Samples.Preprocessing(LeNet), options);
    }
}
