using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Training;

namespace Convolve.Profiling;

/// <summary>The memory of a node.</summary>
/// <param name="Bytes">By the plan of its images, and for the exchange as much as the gradients take.</param>
/// <param name="MicroBatchSize">Where kernels can't count the tensors of so many images: the most that they can, which the node would
/// compute at a time.</param>
internal readonly record struct NodeMemory(long Bytes, int? MicroBatchSize)
{
    /// <summary>Planned, not allocated.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="recipe">How it is trained.</param>
    /// <param name="images">Of the node in a step.</param>
    /// <param name="nodes">1 exchanges nothing.</param>
    public static NodeMemory Of(Graph graph, Recipe recipe, int images, int nodes)
    {
        int most = (int)Math.Max(1, int.MaxValue / graph.Nodes.Max(n => n.Output.Elements));
        MemoryEstimate memory = Trainer.Estimate(graph,
            recipe with { BatchSize = images, MicroBatchSize = images > most ? most : recipe.MicroBatchSize });
        return new(memory.TotalBytes + (nodes > 1 ? memory.GradientBytes : 0), images > most ? most : null);
    }
}
