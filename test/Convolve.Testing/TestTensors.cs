using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Layers;

namespace Convolve.Testing;

/// <summary>Seeded numbers for tests; all are float32 values, so that the reference and the kernels start from the same ones.</summary>
public static class TestTensors
{
    /// <summary>Uniform in plus or minus the scale.</summary>
    public static double[] Uniform(long count, uint stream, double scale = 1)
    {
        CounterRandom random = new(2024, RandomPurpose.Test, stream);
        double[] values = new double[count];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)((random.NextSingle() * 2 - 1) * scale);
        return values;
    }

    /// <summary>
    /// Values for all state of a graph, by "node.parameter": weights of variance 1 / fan in, biases up to 0.5, running variances of 0.5 to
    /// 1.5.
    /// </summary>
    public static Dictionary<string, double[]> Parameters(Graph graph)
    {
        Dictionary<string, double[]> values = [];
        foreach (Node node in graph.Nodes)
            foreach (ParameterSpec parameter in node.State)
                values[$"{node.Name}.{parameter.Name}"] = Shifted(parameter.Role == ParameterRole.RunningVariance ? 1 : 0,
                    Uniform(parameter.Count, (uint)(100 + values.Count),
                    parameter.Role == ParameterRole.Weight ? Math.Sqrt(3.0 / parameter.FanIn) : 0.5));
        return values;
    }

    private static double[] Shifted(double by, double[] values) => [.. values.Select(x => (double)(float)(x + by))];

    /// <summary>n images in plus or minus 1.</summary>
    public static double[] Images(Graph graph, int n) => Uniform(n * graph.Input.Elements, stream: 1);

    /// <summary>n labels.</summary>
    public static int[] Labels(Graph graph, int n)
    {
        CounterRandom random = new(2024, RandomPurpose.Test, 2);
        int[] labels = new int[n];
        for (int i = 0; i < n; i++)
            labels[i] = random.NextInt32(graph.Output.Channels);
        return labels;
    }

    /// <summary>The same numbers in float32, exactly.</summary>
    public static float[] Narrow(double[] values) => Array.ConvertAll(values, value => (float)value);
}
