using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Planning;

namespace Convolve.Cli;

/// <summary>Says before anything is taken whether the machine has the memory.</summary>
internal static class MemoryCheck
{
    /// <summary>Refuses a batch size whose plans need more memory than there is.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="batchSize">Asked for.</param>
    /// <param name="estimate">The memory at a batch size, by its plans.</param>
    /// <returns>The memory at the batch size.</returns>
    /// <exception cref="UsageException">It does not fit; the message has the largest batch size that does.</exception>
    public static MemoryEstimate Require(Graph graph, int batchSize, Func<int, MemoryEstimate> estimate)
    {
        // The kernels count the elements of a tensor in 32 bits.
        int most = (int)Math.Max(1, int.MaxValue / graph.Nodes.Max(n => n.Output.Elements));
        long available = Machine.AvailableMemoryBytes ?? long.MaxValue;
        MemoryEstimate needed = estimate(Math.Min(batchSize, most));
        if (needed.TotalBytes <= available)
            return batchSize <= most ? needed
                : throw new UsageException(
                    $"{graph.Name} at batch size {batchSize} has tensors of more than {int.MaxValue} elements. The largest batch size is {most}: --batch-size {most}.");
        int fits = 0, tooLarge = Math.Min(batchSize, most);
        while (tooLarge - fits > 1)
        {
            int middle = fits + (tooLarge - fits) / 2;
            if (estimate(middle).TotalBytes <= available)
                fits = middle;
            else
                tooLarge = middle;
        }
        string mend = fits > 0 ? $"The largest batch size that fits is {fits}: --batch-size {fits}."
            : "Not even one image at a time fits: end other programs, or use a smaller network.";
        throw new UsageException(
            $"{graph.Name} at batch size {batchSize} needs {(batchSize > most ? "more than " : "")}{Format.Bytes(needed.TotalBytes)} of memory ({Words(needed)}), and {Format.Bytes(available)} are available. {mend}");
    }

    /// <summary>Such as "weights 0.2 MiB, gradients 0.2 MiB, activations 14.0 MiB".</summary>
    public static string Words(MemoryEstimate memory) => string.Join(", ", new (string Name, long Bytes)[]
    {
        ("weights", memory.WeightBytes), ("gradients", memory.GradientBytes), ("optimizer", memory.OptimizerBytes),
        ("weight copies", memory.CopyBytes), ("activations", memory.ActivationBytes),
    }.Where(p => p.Bytes > 0).Select(p => $"{p.Name} {Format.Bytes(p.Bytes)}"));
}
