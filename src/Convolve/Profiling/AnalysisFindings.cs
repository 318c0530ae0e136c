using System.Globalization;
using Convolve.Analysis;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;

namespace Convolve.Profiling;

/// <summary>What an analysis says in words.</summary>
/// <param name="Subject">"memory", "compute", "bandwidth" or "ceilings".</param>
/// <param name="Text">A few sentences.</param>
internal readonly record struct Finding(string Subject, string Text);

/// <summary>What dominates memory and compute, what moving data bounds and why, and how near the ceilings all of it is.</summary>
internal static class AnalysisFindings
{
    private const double Notable = 0.02, Slow = 0.7, FewMicroseconds = 20e-6;
    private const int MostNamed = 4;

    /// <summary>In words.</summary>
    public static IReadOnlyList<Finding> Of(NetworkAnalysis analysis) =>
        [new("memory", Memory(analysis)), new("compute", Compute(analysis)), new("bandwidth", Bandwidth(analysis)),
            new("ceilings", Ceilings(analysis))];

    private static string Memory(NetworkAnalysis analysis)
    {
        (Graph graph, Plan plan, CostShares shares) = (analysis.Graph, analysis.Plan, CostShares.Of(analysis.Graph));
        PlanCost cost = PlanCost.Of(plan);
        double arena = plan.ArenaBytes, weights = shares.ParameterBytes * (plan.Options.IsTraining ? 2 : 1);
        string dominant = arena > weights ? "activations dominate" : "parameters dominate";
        LayerPlanCost largest = cost.Layers.MaxBy(layer => layer.ActivationBytes)!;
        return $"{dominant}. Parameters take {Format.Bytes((long)shares.ParameterBytes)}" +
            $"{(shares.LinearParameters > 0 ? $", {Format.Percent(shares.LinearParameters)} of it in fully connected layers" : "")}" +
            $"{(plan.Options.IsTraining ? ", and their gradients as much again" : "")}. Activations take " +
            $"{Format.Bytes((long)shares.ActivationBytes)} an image in float32; at batch size {Format.Count(plan.Options.BatchSize)} the " +
            $"pass needs {Format.Bytes(plan.ArenaBytes)}, most of it for {largest.Node.Name}. The peak is at " +
            $"{plan.Steps[cost.PeakStep].Label}.";
    }

    private static string Compute(NetworkAnalysis analysis)
    {
        CostShares shares = CostShares.Of(analysis.Graph);
        double convolutions = TimeOf(analysis, node => node.Layer is Conv2d), linear = TimeOf(analysis, node => node.Layer is Linear);
        string share = $"{Format.Percent(shares.ConvolutionMultiplyAdds)} of the {Format.Count(shares.MultiplyAdds)} " +
            $"multiply-adds of an image, forward, are in convolutions, which take {Format.Percent(convolutions)} of the time; fully " +
            $"connected layers take {Format.Percent(linear)}";
        (string layer, double time) = analysis.Layers.GroupBy(row => row.Layer)
            .Select(rows => (rows.Key, rows.Sum(row => row.Seconds) / analysis.Seconds)).MaxBy(pair => pair.Item2);
        double executed = analysis.Layers.Where(row => row.Layer != LayerFigures.Update).Sum(row => row.Flops)
            / analysis.Plan.Options.BatchSize / 2;
        return $"{share}. {layer} takes the most, {Format.Percent(time)}. As executed, {(analysis.Plan.Options.IsTraining
            ? "a training step" : "a pass")} has {Format.Count(executed)} multiply-adds an image" +
            $"{(HasWinograd(analysis.Plan) ? " (Winograd needs fewer)" : "")}.";
    }

    private static string Bandwidth(NetworkAnalysis analysis)
    {
        LayerFigures[] bound = [.. analysis.Layers.Where(row => !row.IsComputeBound).OrderByDescending(row => row.Seconds)];
        double share = bound.Sum(row => row.Seconds) / analysis.Seconds;
        string[] named = [.. bound.Where(row => row.Seconds > Notable * analysis.Seconds).Take(MostNamed)
            .Select(row => $"{NameOf(row)} ({Format.Percent(row.Seconds / analysis.Seconds)}): {Why(analysis, row)}")];
        string whole = $"{Format.Percent(share)} of the time is in layers that moving data bounds";
        return named.Length == 0 ? $"{whole}: none of them takes more than {Format.Percent(Notable)}."
            : $"{whole}. {string.Join("; ", named)}.";
    }

    private static string Why(NetworkAnalysis analysis, LayerFigures row)
    {
        MemoryLevel level = analysis.Ceilings.LevelOf(row.LargestBytes);
        double ridge = analysis.Ceilings.FlopsPerSecond(analysis.Plan.Options.Precision)
            / analysis.Ceilings.BytesPerSecond(row.LargestBytes);
        string needed = string.Create(CultureInfo.InvariantCulture,
            $"{Digits(row.FlopsPerByte)} FLOP/byte, and from {Digits(ridge)} on computing would be the bound ({level.Name})");
        if (row.Layer == LayerFigures.Update)
            return $"{needed}; each weight, gradient and state is read and written for a few operations, whatever the batch";
        Node node = analysis.Graph.Nodes.First(n => n.Name == row.Layer);
        long weights = node.ParameterCount * sizeof(float);
        return weights > row.Bytes / 4 ? $"{needed}; most of it is weights, which only the images of a batch share"
            : $"{needed}; each value is read and written for a few operations";
    }

    private static string Ceilings(NetworkAnalysis analysis)
    {
        double whole = analysis.Layers.Sum(row => row.LeastSeconds) / analysis.Seconds;
        LayerFigures[] slow = [.. analysis.Layers.Where(row => row.Share < Slow && row.Seconds > Notable * analysis.Seconds)
            .OrderByDescending(row => row.Seconds - row.LeastSeconds)];
        string text = $"all together {Format.Percent(whole)} of what this machine could do";
        if (slow.Length > 0)
            text += $"; below {Format.Percent(Slow)}, with the most time to gain first: " + string.Join("; ", slow.Take(MostNamed).Select(
                row => $"{NameOf(row)} {Format.Percent(row.Share)}, {Reason(analysis, row)}"));
        LayerFigures[] above = [.. analysis.Layers.Where(row => row.IsAboveCeiling)];
        return above.Length == 0 ? $"{text}." : $"{text}. {NameOf(above[0])} is above its ceiling, so that was measured while the " +
            $"machine was busy: measure it again.";
    }

    // What is known of a step that is far from its ceiling.
    private static string Reason(NetworkAnalysis analysis, LayerFigures row)
    {
        Step[] steps = [.. analysis.Plan.Steps.Where(step => step.Node == row.Layer && step.Phase == row.Phase)];
        if (row.Seconds < FewMicroseconds)
            return "too short: starting the threads takes longer";
        if (steps.Any(step => step.Work is WinogradWork or WinogradGradientWork))
            return "Winograd's transforms move the data several times";
        if (steps.Any(step => step.Work is InterleavedForwardWork or InterleavedBackwardWork))
            return "few channels leave the vector units short of work";
        if (steps.Any(step => step.Work is NativeWork { Operation: Kernels.Contract.Reorder }))
            return "copies into another layout are part of it";
        if (row.Layer == LayerFigures.Update || !row.IsComputeBound)
            return "its data comes from further away than its size requires, and what is written is read before";
        return analysis.Graph.Nodes.First(node => node.Name == row.Layer) is { Inputs: [{ Output.Channels: < 16 }] }
            ? "few input channels leave the vector units short of work" : "its kernel doesn't keep the multiply-add units busy";
    }

    /// <summary>Such as "conv1 forward".</summary>
    public static string NameOf(LayerFigures row) => row.Layer == LayerFigures.Update ? row.Layer
        : $"{row.Layer} {$"{row.Phase}".ToLowerInvariant()}";

    /// <summary>Three digits, such as 0.512 or 127.</summary>
    public static string Digits(double value) => value >= 100 ? Format.Count(value) : value.ToString("G3", CultureInfo.InvariantCulture);

    private static bool HasWinograd(Plan plan) => plan.Steps.Any(step => step.Work is WinogradWork or WinogradGradientWork);

    private static double TimeOf(NetworkAnalysis analysis, Func<Node, bool> takes)
    {
        HashSet<string> names = [.. analysis.Graph.Nodes.Where(takes).Select(node => node.Name)];
        return analysis.Layers.Where(row => names.Contains(row.Layer)).Sum(row => row.Seconds) / analysis.Seconds;
    }
}
