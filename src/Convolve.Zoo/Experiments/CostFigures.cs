using Convolve.Analysis;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Profiling;

namespace Convolve.Zoo.Experiments;

/// <summary>
/// What dominates memory, compute and bandwidth of a network: counts by its shapes, and where the time goes on this machine.
/// </summary>
internal static class CostFigures
{
    internal const string ParameterMiB = "parameters, MiB", LinearShareOfParameters = "share of parameters in fully connected layers",
        MultiplyAdds = "multiply-adds per image", ConvolutionShareOfMultiplyAdds = "share of multiply-adds in convolutions",
        ActivationMiB = "activations per image, MiB", LinearIntensity = "FLOP/byte of fully connected layers, batch 1";

    private const int Batch = 128;
    private const double Mebi = 1048576, Giga = 1e9;

    /// <summary>Counts and measures; takes a few seconds.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="published">Figures by name.</param>
    public static IReadOnlyList<Figure> Of(Graph graph, IReadOnlyDictionary<string, double> published)
    {
        IReadOnlyList<LayerCost> costs = LayerCost.Of(graph);
        LayerCost[] linear = [.. costs.Where(c => c.Node.Layer is Linear)], convolutions = [.. costs.Where(c => c.Node.Layer is Conv2d)];
        CostShares shares = CostShares.Of(graph);
        List<Figure> figures =
        [
            New(ParameterMiB, shares.ParameterBytes / Mebi, "F1"),
            New(LinearShareOfParameters, shares.LinearParameters, "F3"),
            New(MultiplyAdds, shares.MultiplyAdds, "N0"),
            New(ConvolutionShareOfMultiplyAdds, shares.ConvolutionMultiplyAdds, "F3"),
            New(ActivationMiB, shares.ActivationBytes / Mebi, "F2"),
            New(LinearIntensity, shares.LinearFlopsPerByte, "F2"),
        ];
        AddTimes(figures, graph, 1, linear, convolutions);
        AddTimes(figures, graph, Batch, linear, convolutions);
        return figures;

        Figure New(string name, double value, string format) =>
            new(name, published.TryGetValue(name, out double p) ? p : null, new(value, null), format);
    }

    // Where the time of an evaluation goes, and what that comes to: products of the convolutions, weights that the fully connected layers
    // read.
    private static void AddTimes(List<Figure> figures, Graph graph, int batch, LayerCost[] linear, LayerCost[] convolutions)
    {
        (IReadOnlyDictionary<string, double> byNode, double total) = StepProfile.OfEvaluation(graph, batch);
        double inLinear = Time(linear), inConvolutions = Time(convolutions);
        Add($"share of time in convolutions, batch {batch}", inConvolutions / total, "F3");
        Add($"share of time in fully connected layers, batch {batch}", inLinear / total, "F3");
        Add($"GFLOP/s of convolutions, batch {batch}", convolutions.Sum(c => 2.0 * c.MultiplyAdds) * batch / inConvolutions / Giga,
            "N0");
        Add($"GFLOP/s of fully connected layers, batch {batch}", linear.Sum(c => 2.0 * c.MultiplyAdds) * batch / inLinear / Giga, "N0");
        if (batch == 1)
            Add("GB/s of weights in fully connected layers, batch 1", linear.Sum(c => c.ParameterBytes) / inLinear / Giga, "F1");

        double Time(LayerCost[] layers) => layers.Sum(c => byNode.GetValueOrDefault(c.Node.Name));
        void Add(string name, double value, string format) => figures.Add(new(name, null, new(value, null), format));
    }
}
