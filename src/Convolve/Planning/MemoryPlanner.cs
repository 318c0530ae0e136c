namespace Convolve.Planning;

/// <summary>Gives every piece of the arena a place, so that no two overlap that are alive at the same step.</summary>
/// <remarks>
/// The largest first, each at the lowest place that is free during its whole life. The problem is NP-hard; this greedy order is within a
/// few per cent of the lower bound on chains (Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020).
/// </remarks>
internal static class MemoryPlanner
{
    private const long Alignment = 64;

    /// <summary>Sets the offsets, and returns the size of the arena in bytes.</summary>
    public static long Place(IEnumerable<Storage> pieces)
    {
        List<Storage> placed = [];
        long end = 0;
        foreach (Storage piece in pieces.OrderByDescending(p => p.Bytes).ThenBy(p => p.First))
        {
            piece.Offset = LowestGap(placed.Where(p => p.First <= piece.Last && piece.First <= p.Last).OrderBy(p => p.Offset), piece.Bytes);
            placed.Add(piece);
            end = Math.Max(end, piece.Offset + piece.Bytes);
        }
        return end;
    }

    private static long LowestGap(IEnumerable<Storage> neighbors, long bytes)
    {
        long free = 0;
        foreach (Storage neighbor in neighbors)
        {
            if (neighbor.Offset - free >= bytes)
                break;
            free = Math.Max(free, (neighbor.Offset + neighbor.Bytes + Alignment - 1) / Alignment * Alignment);
        }
        return free;
    }
}
