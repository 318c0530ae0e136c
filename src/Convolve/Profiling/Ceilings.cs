using Convolve.Planning;

namespace Convolve.Profiling;

/// <summary>How fast one can read, over and over, from as many bytes.</summary>
/// <param name="Bytes">Of all threads together.</param>
/// <param name="BytesPerSecond">Of all threads together.</param>
/// <param name="OneThreadBytesPerSecond">Of one thread that reads its share alone.</param>
internal readonly record struct ReadSpeed(long Bytes, double BytesPerSecond, double OneThreadBytesPerSecond);

/// <summary>A cache, or memory, as it shows in what is read from it.</summary>
/// <param name="Name">"L1", "L2", "L3" or "memory"; with another number of levels, such as "cache 2".</param>
/// <param name="LargestBytes">The most bytes, of all threads together, that were read at its speed.</param>
/// <param name="BytesPerSecond">Of all threads together.</param>
/// <param name="OneThreadBytesPerSecond">Of one thread.</param>
internal readonly record struct MemoryLevel(string Name, long LargestBytes, double BytesPerSecond, double OneThreadBytesPerSecond);

/// <summary>What no kernel can exceed on this machine: measured by loops that do nothing else.</summary>
internal sealed record Ceilings
{
    // Speeds within this ratio are of one level, and a level has so many sizes.
    private const double OneLevel = 0.8;
    private const int LeastSizes = 3, UsualLevels = 4;

    /// <summary>The processor's name.</summary>
    public required string Processor { get; init; }

    /// <summary>Threads of the team.</summary>
    public required int Threads { get; init; }

    /// <summary>Bits of the registers.</summary>
    public required int RegisterBits { get; init; }

    /// <summary>Float32 on all threads: a multiply-add is 2 FLOPs.</summary>
    public required double Float32FlopsPerSecond { get; init; }

    /// <summary>Float32 on one thread.</summary>
    public required double Float32OneThread { get; init; }

    /// <summary>Bfloat16 on all threads; null where it is not native.</summary>
    public double? BFloat16FlopsPerSecond { get; init; }

    /// <summary>Bfloat16 on one thread.</summary>
    public double? BFloat16OneThread { get; init; }

    /// <summary>By rising size.</summary>
    public required IReadOnlyList<ReadSpeed> Reads { get; init; }

    /// <summary>Of a number format, on all threads.</summary>
    public double FlopsPerSecond(Precision precision) =>
        precision == Precision.BFloat16 ? BFloat16FlopsPerSecond ?? Float32FlopsPerSecond : Float32FlopsPerSecond;

    /// <summary>
    /// How fast as many bytes can be read, wherever they are: no slower than more of them. Between two sizes, the faster.
    /// </summary>
    public double BytesPerSecond(long bytes)
    {
        double best = Reads[^1].BytesPerSecond;
        for (int i = Reads.Count - 1; i >= 0; i--)
        {
            best = Math.Max(best, Reads[i].BytesPerSecond);
            if (Reads[i].Bytes <= bytes)
                break;
        }
        return best;
    }

    /// <summary>The levels: sizes next to each other with nearly the same speed; the few between two levels belong to neither. The last is
    /// memory.</summary>
    public IReadOnlyList<MemoryLevel> Levels
    {
        get
        {
            List<List<ReadSpeed>> runs = [];
            foreach (ReadSpeed read in Reads.Select(read => read with { BytesPerSecond = BytesPerSecond(read.Bytes) }))
                if (runs.Count > 0 && read.BytesPerSecond >= OneLevel * runs[^1][0].BytesPerSecond)
                    runs[^1].Add(read);
                else
                    runs.Add([read]);
            List<List<ReadSpeed>> levels = [.. runs.Where((run, i) => run.Count >= LeastSizes || i == runs.Count - 1)];
            return [.. levels.Select((run, i) => new MemoryLevel(
                i == levels.Count - 1 ? "memory" : levels.Count == UsualLevels ? $"L{i + 1}" : $"cache {i + 1}",
                run[^1].Bytes, i == levels.Count - 1 ? run[^1].BytesPerSecond : run.Max(r => r.BytesPerSecond),
                i == levels.Count - 1 ? run[^1].OneThreadBytesPerSecond : run.Max(r => r.OneThreadBytesPerSecond)))];
        }
    }

    /// <summary>The level that bytes come from: the smallest that has room for them.</summary>
    public MemoryLevel LevelOf(long bytes)
    {
        IReadOnlyList<MemoryLevel> levels = Levels;
        return levels.SkipLast(1).Where(level => bytes <= level.LargestBytes).Append(levels[^1]).First();
    }
}
