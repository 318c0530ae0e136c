using Convolve.Kernels.Parameters;

namespace Convolve.Training;

/// <summary>Connects the processes of one run, the ranks.</summary>
/// <remarks>Everything but <see cref="Rank"/> and <see cref="Ranks"/> is called by every rank, in the same order.</remarks>
internal interface IGradientExchange : IDisposable
{
    /// <summary>Of this process, from 0.</summary>
    int Rank { get; }

    int Ranks { get; }

    /// <summary>
    /// Begins to add up one piece of the gradients over all ranks. After <see cref="Finish"/> the sum over all shards, added up in the
    /// order of the tree, is at the first address on every rank, with the same bits for any number of ranks.
    /// </summary>
    /// <param name="tree">The same on every rank.</param>
    /// <param name="sums">
    /// Float32 sums: an address for each of the largest subtrees that this rank holds (<see cref="ShardTree.Held"/>), in order. Nobody
    /// else may touch them until <see cref="Finish"/>.
    /// </param>
    /// <param name="count">Floats at each address.</param>
    void Start(ShardTree tree, ReadOnlySpan<nint> sums, long count);

    /// <summary>Waits until all that was started is done.</summary>
    void Finish();

    /// <summary>Rank 0's bytes to all.</summary>
    /// <param name="bytes">As long on every rank; overwritten on all but rank 0.</param>
    void Broadcast(Span<byte> bytes);

    /// <summary>Every rank's bytes to all, in the order of the ranks; lengths may differ.</summary>
    byte[][] Gather(ReadOnlySpan<byte> bytes);
}
