using Convolve.Execution;
using Convolve.Graphs;
using Convolve.OneDnn;
using Convolve.Planning;

namespace Convolve.Cli;

/// <summary>Says before anything is taken whether the machine has the memory.</summary>
internal static class MemoryCheck
{
    /// <summary>Refuses a batch size whose plans need more memory than there is.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="batchSize">Asked for.</param>
    /// <param name="training">Whether its activations must be kept for the way back.</param>
    /// <param name="estimate">The memory at a batch size, by its plans.</param>
    /// <returns>The memory at the batch size.</returns>
    /// <exception cref="UsageException">It does not fit; the message has the largest batch size that does.</exception>
    public static MemoryEstimate Require(Graph graph, int batchSize, bool training, Func<int, MemoryEstimate> estimate)
    {
        long available = Machine.AvailableMemoryBytes ?? long.MaxValue;
        // What every plan needs at least; planning a network for a batch that is far too large would only fail in other words.
        long least = training ? graph.Nodes.Sum(n => n.Output.Elements) / 2 : graph.Nodes.Max(n => n.Output.Elements);
        long limit = Math.Max(1, Math.Min(available / (least * 2), int.MaxValue / graph.Nodes.Max(n => n.Output.Elements)));
        MemoryEstimate? needed = batchSize <= limit ? estimate(batchSize) : null;
        if (needed is not null && needed.TotalBytes <= available)
            return needed;
        int fits = 0, tooLarge = (int)Math.Min(batchSize, limit + 1);
        while (tooLarge - fits > 1)
        {
            int middle = fits + (tooLarge - fits) / 2;
            if (Fits(middle))
                fits = middle;
            else
                tooLarge = middle;
        }
        string needs = needed is null ? "needs more memory than" : $"needs {Format.Bytes(needed.TotalBytes)} of memory ({Words(needed)}), and only";
        string mend = fits > 0 ? $"The largest batch size that fits is {fits}: --batch-size {fits}." : "Not even one image at a time fits: end other programs, or use a smaller network.";
        throw new UsageException($"{graph.Name} at batch size {batchSize} {needs} {(needed is null ? "the " : "")}{Format.Bytes(available)} {(needed is null ? "that " : "")}are available. {mend}");

        bool Fits(int size)
        {
            try
            {
                return estimate(size).TotalBytes <= available;
            }
            catch (KernelLibraryException) when (size > 1)
            {
                return false; // the library has kernels up to some size
            }
        }
    }

    /// <summary>Such as "weights 0.2 MiB, gradients 0.2 MiB, activations 14.0 MiB".</summary>
    public static string Words(MemoryEstimate memory) => string.Join(", ", new (string Name, long Bytes)[]
    {
        ("weights", memory.WeightBytes), ("gradients", memory.GradientBytes), ("optimizer", memory.OptimizerBytes),
        ("weight copies", memory.CopyBytes), ("activations", memory.ActivationBytes),
    }.Where(p => p.Bytes > 0).Select(p => $"{p.Name} {Format.Bytes(p.Bytes)}"));
}
