using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Convolve.Serving.Batching;

/// <summary>Counts values by size, for Prometheus, and passes each to whoever listens to .NET's meters.</summary>
/// <param name="instrument">Where those listen.</param>
/// <param name="bounds">The largest value of each bucket, rising; one more bucket has the rest.</param>
/// <param name="tag">The model, for the listeners.</param>
internal sealed class Distribution(Histogram<double> instrument, double[] bounds, KeyValuePair<string, object?> tag)
{
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _sum;

    /// <summary>How many values there were.</summary>
    public long Count => _counts.Sum();

    public void Record(double value)
    {
        int bucket = 0;
        while (bucket < bounds.Length && value > bounds[bucket])
            bucket++;
        Interlocked.Increment(ref _counts[bucket]);
        double sum = _sum, before;
        do
        {
            before = sum;
            sum = Interlocked.CompareExchange(ref _sum, before + value, before);
        }
        while (sum != before);
        if (instrument.Enabled)
            instrument.Record(value, tag);
    }

    /// <summary>The lines of a histogram, without its type.</summary>
    public void Write(StringBuilder text, string name, string labels)
    {
        long count = 0;
        for (int i = 0; i < bounds.Length; i++)
        {
            count += Interlocked.Read(ref _counts[i]);
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"{bounds[i]:R}\"}} {count}\n");
        }
        count += Interlocked.Read(ref _counts[^1]);
        text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"+Inf\"}} {count}\n");
        text.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{labels}}} {Volatile.Read(ref _sum):R}\n");
        text.Append(CultureInfo.InvariantCulture, $"{name}_count{{{labels}}} {count}\n");
    }
}
