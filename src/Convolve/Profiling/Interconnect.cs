namespace Convolve.Profiling;

/// <summary>What connects the nodes of a cluster.</summary>
/// <param name="BytesPerSecond">That a node can send, and at the same time receive.</param>
/// <param name="LatencySeconds">Of a message.</param>
internal readonly record struct Interconnect(double BytesPerSecond, double LatencySeconds)
{
    /// <summary>
    /// The time to add up numbers of all nodes on all of them: a reduce-scatter and an all-gather, in each of which a node sends all but
    /// its own share, (n - 1) / n of the bytes, in ceil(log2 n) rounds.
    /// </summary>
    /// <remarks>
    /// Source: Thakur, Rabenseifner, Gropp 2005, "Optimization of collective communication operations in MPICH", section 4.5: recursive
    /// halving and doubling, which no all-reduce can beat in bytes, and at a power of two not in rounds. A ring has n - 1 rounds instead;
    /// the slices that Convolve's ranks send each other are all on their way at once, so their latencies aren't added up either.
    /// </remarks>
    /// <param name="bytes">Of the numbers, on each node.</param>
    /// <param name="nodes">How many there are; 1 has nothing to do.</param>
    public double AllReduceSeconds(double bytes, int nodes) => nodes <= 1 ? 0
        : 2 * ((nodes - 1.0) / nodes * bytes / BytesPerSecond + RoundsOf(nodes) * LatencySeconds);

    /// <summary>Rounds of one half of an all-reduce: the logarithm to base 2, rounded up.</summary>
    public static int RoundsOf(int nodes) => nodes <= 1 ? 0 : 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)nodes - 1);
}
