using System.Globalization;

namespace Convolve.Bench;

/// <summary>What all cores did so far, and what this process and its ended children did of it; in ticks.</summary>
internal readonly record struct CpuClock(long Total, long Busy, long Own)
{
    public static CpuClock Now()
    {
        try
        {
            // user nice system idle iowait irq softirq steal; the guests' time is within user.
            long[] all = Numbers(File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8));
            string self = File.ReadAllText("/proc/self/stat");
            // Behind the program's name: state is field 3; utime, stime, cutime, cstime are 14 to 17.
            long[] own = Numbers(self[(self.LastIndexOf(')') + 2)..].Split(' ').Skip(11).Take(4));
            return new(all.Sum(), all.Sum() - all[3] - all[4], own.Sum());
        }
        catch (IOException)
        {
            return default;
        }
    }

    /// <summary>The share of all cores' time that went to other processes since an earlier reading.</summary>
    public double OthersSince(CpuClock earlier)
    {
        long total = Total - earlier.Total;
        return total <= 0 ? 0 : Math.Clamp((Busy - earlier.Busy - (Own - earlier.Own)) / (double)total, 0, 1);
    }

    private static long[] Numbers(IEnumerable<string> words) => [.. words.Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
}
