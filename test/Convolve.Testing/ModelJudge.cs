using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels.Vectors;

namespace Convolve.Testing;

/// <summary>Runs a model on the numbers of a reference, and says how far its results are.</summary>
internal static class ModelJudge
{
    private const string Logits = "logits", Loss = "loss", Afterwards = "logits after the training pass";

    /// <summary>Sets every parameter of a model.</summary>
    public static void Write(Model model, IReadOnlyDictionary<string, double[]> parameters)
    {
        foreach (string name in model.ParameterNames)
            model.WriteParameter(name, TestTensors.Narrow(parameters[name]));
    }

    /// <summary>The logits of an evaluation.</summary>
    public static float[] Forward(Model model, double[] images)
    {
        float[] logits = new float[images.Length / model.Graph.Input.Elements * model.Graph.Output.Elements];
        model.Forward(TestTensors.Narrow(images), logits);
        return logits;
    }

    /// <summary>A parameter, or a buffer.</summary>
    public static float[] Parameter(Model model, string name, long count)
    {
        float[] values = new float[count];
        model.ReadParameter(name, values);
        return values;
    }

    /// <summary>A gradient of the last training pass.</summary>
    public static float[] Gradient(Model model, string name, long count)
    {
        float[] gradient = new float[count];
        model.ReadGradient(name, gradient);
        return gradient;
    }

    /// <summary>Every result of a model beside the reference's: "logits", "loss" and each gradient, with the two tensors.</summary>
    public static IEnumerable<(string Name, float[] Actual, double[] Expected)> Results(Graph graph, int batch, ExecutionOptions options)
    {
        Dictionary<string, double[]> expected = Reference(graph, batch);
        Dictionary<string, double[]> parameters = TestTensors.Parameters(graph);
        double[] images = TestTensors.Images(graph, batch);
        using Model model = new(graph, options, batch);
        Write(model, parameters);
        foreach ((string name, double[] values) in expected)
            yield return (name, name switch
            {
                Logits or Afterwards => Forward(model, images),
                Loss => [(float)model.ForwardBackward(TestTensors.Narrow(images), TestTensors.Labels(graph, batch))],
                _ when graph.Nodes.Any(n => n.Parameters.Any(p => name == $"{n.Name}.{p.Name}")) => Gradient(model, name, values.Length),
                _ => Parameter(model, name, values.Length),
            }, values);
    }

    /// <summary>The same results of the reference alone.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="batch">Images.</param>
    /// <param name="rounding">Rounds what a plan in bfloat16 keeps in it; null rounds nothing.</param>
    public static Dictionary<string, double[]> Reference(Graph graph, int batch, Converter<double, double>? rounding = null)
    {
        Dictionary<string, double[]> parameters = TestTensors.Parameters(graph), results = [];
        double[] images = TestTensors.Images(graph, batch);
        ReferenceNetwork reference = new(graph, parameters, rounding);
        results[Logits] = reference.Forward(images);
        ReferencePass pass = reference.ForwardBackward(images, TestTensors.Labels(graph, batch));
        results[Loss] = [pass.Loss];
        foreach ((string name, double[] gradient) in pass.Gradients)
            results[name] = gradient;
        foreach (string buffer in graph.Nodes.SelectMany(n => n.State.Skip(n.Parameters.Count).Select(p => $"{n.Name}.{p.Name}")))
            results[buffer] = parameters[buffer];
        results[Afterwards] = reference.Forward(images);
        return results;
    }

    /// <summary>The nearest number that bfloat16 has; of two, the one whose last bit is 0.</summary>
    public static double ToBFloat16(double value) => BFloat16.ToSingle(BFloat16.FromSingle((float)value));
}
