using Convolve.Execution;
using Convolve.Graphs;

namespace Convolve.Testing;

/// <summary>Runs a model on the numbers of a reference, and says how far its results are.</summary>
public static class ModelJudge
{
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
        Dictionary<string, double[]> parameters = TestTensors.Parameters(graph);
        double[] images = TestTensors.Images(graph, batch);
        int[] labels = TestTensors.Labels(graph, batch);
        ReferenceNetwork reference = new(graph, parameters);
        using Model model = new(graph, options, batch);
        Write(model, parameters);
        yield return ("logits", Forward(model, images), reference.Forward(images));
        ReferencePass expected = reference.ForwardBackward(images, labels);
        yield return ("loss", [(float)model.ForwardBackward(TestTensors.Narrow(images), labels)], [expected.Loss]);
        foreach ((string name, double[] gradient) in expected.Gradients)
            yield return (name, Gradient(model, name, gradient.Length), gradient);
        foreach (string buffer in graph.Nodes.SelectMany(n => n.State.Skip(n.Parameters.Count).Select(p => $"{n.Name}.{p.Name}")))
            yield return (buffer, Parameter(model, buffer, parameters[buffer].Length), parameters[buffer]);
        yield return ("logits after the training pass", Forward(model, images), reference.Forward(images));
    }
}
