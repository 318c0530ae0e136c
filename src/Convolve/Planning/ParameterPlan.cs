using Convolve.Graphs;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Parameters;
using Convolve.Layers;

namespace Convolve.Planning;

/// <summary>A parameter's place in the arenas of weights, gradients and optimizer state.</summary>
/// <param name="Name">Such as "conv1.weight".</param>
/// <param name="Spec">Shape and start.</param>
/// <param name="Layout">The layout of the master weights and the gradients.</param>
/// <param name="Offset">In bytes, the same in every arena.</param>
/// <param name="IsLearned">Whether it has a gradient; running averages have none.</param>
internal sealed record ParameterSlot(string Name, ParameterSpec Spec, Layout Layout, long Offset, bool IsLearned);

/// <summary>
/// Where all parameters of a network are: weights first, then what else is learned, so that whatever treats the two apart works on two
/// ranges; behind them what is kept but not learned.
/// </summary>
internal sealed class ParameterPlan
{
    private const long Alignment = 64;

    private ParameterPlan(IReadOnlyList<ParameterSlot> slots, long weightBytes, long bytes) =>
        (Slots, WeightBytes, Bytes) = (slots, weightBytes, bytes);

    /// <summary>In the graph's order.</summary>
    public IReadOnlyList<ParameterSlot> Slots { get; }

    /// <summary>Bytes of the range that holds weights.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes of one arena.</summary>
    public long Bytes { get; }

    /// <summary>The place of each parameter in the arenas, without bytes for those that are left out.</summary>
    public IReadOnlyList<ArenaRange> RangesOf(Func<ParameterSlot, bool> takes) =>
        [.. Slots.Select(slot => new ArenaRange(slot.Offset, takes(slot) ? slot.Layout.Bytes : 0))];

    /// <summary>All parameters of a graph, each in the layout that was chosen for it.</summary>
    internal static ParameterPlan Create(Graph graph, Func<Node, ParameterSpec, Layout> layoutOf)
    {
        var all = graph.Nodes.SelectMany(node => node.State.Select((spec, i) =>
            (Name: $"{node.Name}.{spec.Name}", Spec: spec, Layout: layoutOf(node, spec), IsLearned: i < node.Parameters.Count))).ToList();
        long[] offsets = new long[all.Count];
        long end = 0;
        long Place(bool learned, bool weights)
        {
            for (int i = 0; i < all.Count; i++)
            {
                if (all[i].IsLearned != learned || (all[i].Spec.Role == ParameterRole.Weight) != weights)
                    continue;
                offsets[i] = end;
                end += (all[i].Layout.Bytes + Alignment - 1) / Alignment * Alignment;
            }
            return end;
        }
        long weightBytes = Place(learned: true, weights: true);
        Place(learned: true, weights: false);
        long bytes = Place(learned: false, weights: false);
        return new([.. all.Select((p, i) => new ParameterSlot(p.Name, p.Spec, p.Layout, offsets[i], p.IsLearned))], weightBytes, bytes);
    }

    internal int IndexOf(string name)
    {
        for (int i = 0; i < Slots.Count; i++)
            if (Slots[i].Name == name)
                return i;
        throw new ArgumentException($"Unknown parameter \"{name}\". The parameters are {string.Join(", ", Slots.Select(s => s.Name))}.",
            nameof(name));
    }
}
