namespace Convolve.Execution;

/// <summary>Which process of a run the others wait for, by how long each has computed.</summary>
internal static class RankWaiting
{
    /// <summary>The rank that took longest.</summary>
    public static int Slowest(IReadOnlyList<TimeSpan> times) => times.Index().MaxBy(time => time.Item).Index;

    /// <summary>The mean share of that rank's time in which the ranks waited for it, in [0, 1).</summary>
    public static double ShareOf(IReadOnlyList<TimeSpan> times)
    {
        TimeSpan longest = times[Slowest(times)];
        return longest == TimeSpan.Zero ? 0 : times.Average(time => 1 - time / longest);
    }
}
