using Convolve.Graphs;
using Convolve.Planning;

namespace Convolve.Profiling;

/// <summary>The backward pass of a layer.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Seconds">How long it takes.</param>
/// <param name="GradientBytes">Of its parameters' gradients in float32, which are there afterwards; 0 where it has none.</param>
internal readonly record struct LayerBackward(string Layer, double Seconds, long GradientBytes);

/// <summary>What one node computes in a step of training, in its order.</summary>
/// <param name="ForwardSeconds">Of the forward pass.</param>
/// <param name="Backward">Of the backward pass, the last layer first.</param>
/// <param name="UpdateSeconds">Of the optimizer; it doesn't depend on the images.</param>
internal sealed record StepCompute(double ForwardSeconds, IReadOnlyList<LayerBackward> Backward, double UpdateSeconds)
{
    /// <summary>All of it.</summary>
    public double Seconds => ForwardSeconds + Backward.Sum(layer => layer.Seconds) + UpdateSeconds;

    /// <summary>Of all parameters, in float32.</summary>
    public long GradientBytes => Backward.Sum(layer => layer.GradientBytes);

    /// <summary>
    /// What a machine computes whose speed is known and nothing else: each layer takes its share by multiply-adds, twice as long backward
    /// as forward, and once where nothing before it learns.
    /// </summary>
    /// <param name="graph">The network.</param>
    /// <param name="images">Of a step.</param>
    /// <param name="imagesPerSecond">In training, with the update.</param>
    public static StepCompute FromSpeed(Graph graph, int images, double imagesPerSecond)
    {
        Node? first = graph.Nodes.FirstOrDefault(node => node.ParameterCount > 0);
        double Backward(Node node) => node.MultiplyAdds * (node == first ? 1.0 : 2.0);
        double unit = images / imagesPerSecond / graph.Nodes.Sum(node => node.MultiplyAdds + Backward(node));
        return new(graph.Nodes.Sum(node => node.MultiplyAdds * unit), [.. graph.Nodes.Reverse()
            .Select(node => new LayerBackward(node.Name, Backward(node) * unit, GradientBytesOf(node)))
            .Where(layer => layer.Seconds > 0 || layer.GradientBytes > 0)], 0);
    }

    /// <summary>What was measured.</summary>
    /// <param name="times">Of a training step.</param>
    public static StepCompute FromMeasurement(PassTimes times)
    {
        Plan plan = times.Plan;
        List<string> order = [];
        Dictionary<string, double> seconds = [];
        double forward = 0;
        foreach ((int i, Step step) in plan.Steps.Index())
            if (step.Phase == Phase.Forward)
                forward += times.Seconds[i];
            else
            {
                // A layer's gradients are there after its last step.
                order.Remove(step.Node);
                order.Add(step.Node);
                seconds[step.Node] = seconds.GetValueOrDefault(step.Node) + times.Seconds[i];
            }
        Dictionary<string, long> bytes = plan.Graph.Nodes.ToDictionary(node => node.Name, GradientBytesOf);
        return new(forward, [.. order.Select(node => new LayerBackward(node, seconds[node], bytes.GetValueOrDefault(node)))],
            times.UpdateSeconds);
    }

    /// <summary>As many times as long, but for the update.</summary>
    public StepCompute Scaled(double factor) => this with
    {
        ForwardSeconds = factor * ForwardSeconds,
        Backward = [.. Backward.Select(layer => layer with { Seconds = factor * layer.Seconds })],
    };

    /// <summary>Between two, of the same network.</summary>
    /// <param name="other">At share 1.</param>
    /// <param name="share">0 is this one.</param>
    public StepCompute Toward(StepCompute other, double share)
    {
        Dictionary<string, double> seconds = other.Backward.ToDictionary(layer => layer.Layer, layer => layer.Seconds);
        return new(Between(ForwardSeconds, other.ForwardSeconds), [.. Backward.Select(layer => layer with
        {
            Seconds = Between(layer.Seconds, seconds.GetValueOrDefault(layer.Layer, layer.Seconds))
        })], Between(UpdateSeconds, other.UpdateSeconds));

        double Between(double from, double to) => Math.Max(0, from + share * (to - from));
    }

    private static long GradientBytesOf(Node node) => node.ParameterCount * sizeof(float);
}
