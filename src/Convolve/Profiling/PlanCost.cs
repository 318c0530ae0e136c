using Convolve.Analysis;
using Convolve.Graphs;
using Convolve.Kernels.Contract;
using Convolve.Layers;
using Convolve.Planning;

namespace Convolve.Profiling;

/// <summary>What a layer costs in a plan. What runs inside another layer, as an activation, is part of that one.</summary>
/// <param name="Node">The layer.</param>
/// <param name="Field">What one of its outputs sees of the input.</param>
/// <param name="ForwardMultiplyAdds">Of the whole batch.</param>
/// <param name="BackwardMultiplyAdds">Of the whole batch: once for the gradient of the input and once for that of the weights, where the
/// plan has them.</param>
/// <param name="ActivationBytes">What it leaves for later steps: its output, and copies of it in other layouts.</param>
/// <param name="WorkspaceBytes">What its kernels keep or need besides: places of maxima, statistics, scratch space.</param>
/// <param name="GradientBytes">Of activations; those of the weights are as large as the weights.</param>
/// <param name="FlopsPerByte">Of the forward pass, if weights, inputs and outputs each move once, in the plan's number format.</param>
internal sealed record LayerPlanCost(Node Node, ReceptiveField Field, long ForwardMultiplyAdds, long BackwardMultiplyAdds,
    long ActivationBytes, long WorkspaceBytes, long GradientBytes, double FlopsPerByte);

/// <summary>What a plan costs, layer by layer, and where its memory is at its peak. All of it is read off the plan.</summary>
/// <param name="Layers">All but the input, in the graph's order.</param>
/// <param name="InputBytes">The images of the batch, and copies of them in other layouts.</param>
/// <param name="PeakBytes">What is alive at the peak. The arena is as large, or a little larger where the pieces leave gaps.</param>
/// <param name="PeakStep">The step of the peak; the first of equal ones.</param>
/// <param name="PeakPieces">What is alive there, the largest first.</param>
internal sealed record PlanCost(IReadOnlyList<LayerPlanCost> Layers, long InputBytes, long PeakBytes, int PeakStep,
    IReadOnlyList<Storage> PeakPieces)
{
    private enum Kind
    {
        Activation,
        Workspace,
        Gradient,
    }

    public static PlanCost Of(Plan plan)
    {
        Dictionary<Storage, (string Node, Kind Kind)> pieces = [];
        foreach (Step step in plan.Steps)
        {
            if (step.Scratchpad is { } scratchpad)
                pieces[scratchpad] = (step.Node, Kind.Workspace);
            foreach (Use use in step.Uses.Where(use => use.Access != Access.Read && use.Tensor.Storage.Region == Region.Arena))
                pieces.TryAdd(use.Tensor.Storage, (step.Node, KindOf(use.Argument, step.Phase)));
        }
        string input = plan.Graph.Nodes[0].Name;
        pieces[plan.Input.Storage] = (input, Kind.Activation);
        IReadOnlyList<ReceptiveField> fields = ReceptiveField.Of(plan.Graph);
        int batch = plan.Options.BatchSize, valueBytes = plan.Options.Precision == Precision.BFloat16 ? sizeof(ushort) : sizeof(float);
        Dictionary<string, LayerCost> costs = LayerCost.Of(plan.Graph).ToDictionary(cost => cost.Node.Name);

        long Bytes(string node, Kind kind) => pieces.Where(p => p.Value == (node, kind)).Sum(p => p.Key.Bytes);
        Storage[] arena = [.. plan.Storages.Where(storage => storage.Region == Region.Arena)];
        int peak = plan.Steps.Count == 0 ? 0 : Enumerable.Range(0, plan.Steps.Count).MaxBy(step => AliveAt(arena, step).Sum(s => s.Bytes));
        Storage[] alive = [.. AliveAt(arena, peak).OrderByDescending(storage => storage.Bytes)];
        return new([.. plan.Graph.Nodes.Where(node => node.Layer is not Input).Select(node => new LayerPlanCost(node, fields[node.Index],
            batch * node.MultiplyAdds, batch * node.MultiplyAdds * BackwardPasses(plan, node), Bytes(node.Name, Kind.Activation),
            Bytes(node.Name, Kind.Workspace), Bytes(node.Name, Kind.Gradient), costs[node.Name].FlopsPerByte(batch, valueBytes)))],
            Bytes(input, Kind.Activation), alive.Sum(storage => storage.Bytes), peak, alive);
    }

    private static IEnumerable<Storage> AliveAt(IEnumerable<Storage> arena, int step) =>
        arena.Where(storage => storage.First <= step && step <= storage.Last);

    private static Kind KindOf(Argument argument, Phase phase) => argument is Argument.Workspace ? Kind.Workspace
        : phase == Phase.Forward ? Kind.Activation : Kind.Gradient;

    private static int BackwardPasses(Plan plan, Node node)
    {
        Argument[] written = [.. plan.Steps.Where(step => step.Node == node.Name && step.Phase == Phase.Backward)
            .SelectMany(step => step.Uses).Where(use => use.Access != Access.Read).Select(use => use.Argument)];
        return (written.Contains(Argument.DiffWeights) ? 1 : 0) + (written.Contains(Argument.DiffSource) || IsTransposed() ? 1 : 0);

        // Winograd's gradient of the input is a convolution of its own.
        bool IsTransposed() => plan.Steps.Any(step => step.Node == node.Name && step.Work is WinogradWork { IsTransposed: true });
    }
}
