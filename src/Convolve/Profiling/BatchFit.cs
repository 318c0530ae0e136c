using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Planning;

namespace Convolve.Profiling;

/// <summary>
/// Whether a batch fits in the memory of this machine, and which is the largest that does. Only plans are made: nothing is allocated.
/// </summary>
internal sealed class BatchFit
{
    private readonly int _size;
    private readonly Func<int, MemoryEstimate> _estimate;

    /// <summary>Plans a batch.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="size">Images of the batch.</param>
    /// <param name="estimate">The memory at a batch size, by its plans.</param>
    /// <param name="limit">The most bytes it may take; null for what the machine has.</param>
    public BatchFit(Graph graph, int size, Func<int, MemoryEstimate> estimate, long? limit = null)
    {
        IsLimited = limit < AvailableBytes;
        AvailableBytes = Math.Min(AvailableBytes, limit ?? long.MaxValue);
        LargestCountable = (int)Math.Max(1, int.MaxValue / graph.Nodes.Max(n => n.Output.Elements));
        (_size, _estimate) = (Math.Min(size, LargestCountable), estimate);
        Needed = estimate(_size);
    }

    /// <summary>The kernels count the elements of a tensor in 32 bits: the largest batch that they can.</summary>
    public int LargestCountable { get; }

    /// <summary>The memory of the batch, or of <see cref="LargestCountable"/> where it is larger.</summary>
    public MemoryEstimate Needed { get; }

    /// <summary>Whether the limit is below what the machine has.</summary>
    public bool IsLimited { get; }

    /// <summary>What it may take; the largest number where that is not known.</summary>
    public long AvailableBytes { get; } = Machine.AvailableMemoryBytes ?? long.MaxValue;

    /// <summary>Whether there is memory for it.</summary>
    public bool HasMemory => Needed.TotalBytes <= AvailableBytes;

    /// <summary>
    /// The largest batch that fits where this one does not; 0 if there is none. Found by bisection, which makes some plans.
    /// </summary>
    public int Largest => LargestOf(_estimate);

    /// <summary>The largest size that fits by another estimate, as where the batch is computed in parts; 0 if there is none.</summary>
    public int LargestOf(Func<int, MemoryEstimate> estimate)
    {
        (int fits, int tooLarge) = (0, _size);
        while (tooLarge - fits > 1)
        {
            int middle = fits + (tooLarge - fits) / 2;
            if (estimate(middle).TotalBytes <= AvailableBytes)
                fits = middle;
            else
                tooLarge = middle;
        }
        return fits;
    }
}
