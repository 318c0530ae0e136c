using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Analysis;

/// <summary>What dominates a network, by its shapes alone: float32 values.</summary>
/// <param name="ParameterBytes">What it learns.</param>
/// <param name="LinearParameters">The share of that in fully connected layers.</param>
/// <param name="MultiplyAdds">Of the forward pass of one image.</param>
/// <param name="ConvolutionMultiplyAdds">The share of those in convolutions.</param>
/// <param name="ActivationBytes">What its layers give for one image.</param>
/// <param name="LinearFlopsPerByte">Of fully connected layers for one image; 0 where there are none.</param>
internal sealed record CostShares(double ParameterBytes, double LinearParameters, double MultiplyAdds, double ConvolutionMultiplyAdds,
    double ActivationBytes, double LinearFlopsPerByte)
{
    /// <summary>Counts.</summary>
    public static CostShares Of(Graph graph)
    {
        IReadOnlyList<LayerCost> costs = LayerCost.Of(graph);
        LayerCost[] linear = [.. costs.Where(cost => cost.Node.Layer is Linear)];
        double parameters = costs.Sum(cost => cost.ParameterBytes), products = costs.Sum(cost => cost.MultiplyAdds);
        return new(parameters, Share(linear.Sum(cost => cost.ParameterBytes), parameters), products,
            Share(costs.Where(cost => cost.Node.Layer is Conv2d).Sum(cost => cost.MultiplyAdds), products),
            costs.Sum(cost => cost.ActivationBytes),
            Share(linear.Sum(cost => 2.0 * cost.MultiplyAdds), linear.Sum(cost => 2 * cost.MultiplyAdds / cost.FlopsPerByte(1))));
    }

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;
}
