using Convolve.Data.Inputs;
using Convolve.Data.Transforms;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Testing;

namespace Convolve.Onnx.Tests;

/// <summary>Networks with random weights, and what is compared of them.</summary>
internal static class Samples
{
    /// <summary>A model in float32, without Winograd's rounding.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="asInTraining">Whether weights start as in training; else they are of variance 1 / fan in.</param>
    public static Model Model(Graph graph, bool asInTraining = false)
    {
        Model model = new(graph, new() { Precision = Planning.Precision.Float32, Exact = true }, seed: 1);
        Dictionary<string, double[]> values = TestTensors.Parameters(graph);
        foreach (Node node in graph.Nodes)
            foreach (ParameterSpec spec in node.State.Where(spec => !asInTraining || spec.Role != ParameterRole.Weight))
                model.WriteParameter($"{node.Name}.{spec.Name}", TestTensors.Narrow(values[$"{node.Name}.{spec.Name}"]));
        return model;
    }

    /// <summary>A preprocessing for a network of any input.</summary>
    public static Preprocessing Preprocessing(Graph graph, params ReadOnlySpan<string> steps)
    {
        int channels = graph.Input.Channels;
        return new()
        {
            Size = new(channels, graph.Input.Height, graph.Input.Width),
            Steps = TransformList.Parse(string.Join(',', steps)),
            Mean = [.. Enumerable.Range(0, channels).Select(c => 0.4f + 0.05f * c)],
            Std = [.. Enumerable.Range(0, channels).Select(c => 0.2f + 0.01f * c)],
            ClassNames = [.. Enumerable.Range(0, graph.Output.Channels).Select(i => $"class {i}")],
            ColorOrder = channels == 1 ? "grey" : "rgb",
        };
    }

    /// <summary>The content of an ONNX file of a model; networks of other channels than pictures have no metadata.</summary>
    public static ModelProto Write(Model model, OnnxOptions options) => new()
    {
        IrVersion = options.IrVersion,
        ProducerName = "convolve",
        OpsetImport = { new OperatorSetIdProto { Version = options.Opset } },
        Graph = OnnxNetwork.Create(model.Graph, model.ReadParameter, options),
    };

    /// <summary>n images in plus or minus 1.</summary>
    public static float[] Images(Graph graph, int n) => TestTensors.Narrow(TestTensors.Images(graph, n));

    /// <summary>Requires that ONNX Runtime computes what the model does.</summary>
    public static void RequireSame(Model model, ModelProto onnx, int batch, double tolerance = 1e-4)
    {
        Graph graph = model.Graph;
        float[] images = Images(graph, batch), expected = new float[batch * graph.Output.Channels];
        model.Forward(images, expected);
        using OrtSession session = new(onnx);
        float[] actual = session.Run(images, [batch, .. graph.Input.ToArray()]);
        RequireNear(expected, actual, tolerance);
    }

    /// <summary>Requires that no number is further off than a share of the largest.</summary>
    public static void RequireNear(float[] expected, float[] actual, double tolerance)
    {
        double largest = expected.Max(MathF.Abs);
        Assert.True(largest > 1e-6, "nothing to compare");
        double difference = Compare.MaxAbsolute(actual, Compare.Widen(expected)) / largest;
        Assert.True(difference < tolerance, $"off by {difference:g3} of the largest");
    }
}
