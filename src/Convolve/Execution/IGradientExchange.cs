using Convolve.Kernels.Parameters;

namespace Convolve.Execution;

/// <summary>Connects the processes of one run, the ranks.</summary>
internal interface IGradientExchange : IDisposable
{
    /// <summary>The number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>How many there are.</summary>
    int Ranks { get; }

    /// <summary>Memory for what comes from the others, so far.</summary>
    long MemoryBytes { get; }

    /// <summary>
    /// Begins to add up a piece of the gradients over all ranks. After <see cref="Finish"/> the sum over all shards, added up in the order
    /// of the tree, is at the first address on every rank, with the same bits for any number of ranks.
    /// </summary>
    /// <param name="tree">The order.</param>
    /// <param name="sums">One address for each of the largest subtrees that this rank holds (<see cref="ShardTree.Held"/>), in
    /// order.</param>
    /// <param name="count">Float32 at each address.</param>
    void Start(ShardTree tree, ReadOnlySpan<nint> sums, long count);

    /// <summary>Waits until all that was started is done.</summary>
    void Finish();

    /// <summary>
    /// Gives each other rank bytes, and gets as many of each, which takes until all of it is there. Every rank comes here.
    /// </summary>
    /// <param name="sent">What each rank gets, by rank; the own place doesn't matter.</param>
    /// <param name="received">Where what each rank gives goes, by rank; the own place doesn't matter.</param>
    /// <param name="bytes">At each address.</param>
    void Trade(nint[] sent, nint[] received, long bytes);

    /// <summary>Bytes of gradients and activations that this process has sent so far.</summary>
    long SentBytes { get; }

    /// <summary>How long this process has waited in <see cref="Trade"/> so far.</summary>
    TimeSpan TradeTime { get; }

    /// <summary>Rank 0's bytes to all.</summary>
    void Broadcast(Span<byte> bytes);

    /// <summary>Every rank's bytes to all, in the order of the ranks; lengths may differ.</summary>
    byte[][] Gather(ReadOnlySpan<byte> bytes);
}
