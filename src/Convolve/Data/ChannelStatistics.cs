using System.Runtime.CompilerServices;

namespace Convolve.Data;

/// <summary>Mean and standard deviation per channel, exact, from counts of each byte value.</summary>
internal static class ChannelStatistics
{
    /// <summary>Per channel of the split's images, in units of byte / 255; the standard deviation is that of the population.</summary>
    public static (double Mean, double Std)[] Of(Split split)
    {
        if (split.Count == 0)
        {
            throw new DataException(
                $"The split \"{split.Name}\" of {split.Dataset.Name} is empty: it has no mean. Use more images or another normalization.");
        }

        // Four tables per channel, so that a run of equal pixels does not wait for its own store.
        Dataset data = split.Dataset;
        long[][] counts = [.. Enumerable.Range(0, data.Channels).Select(_ => new long[4 * 256])];
        byte[] buffer = [];
        foreach (int index in split.Indices)
        {
            if (buffer.Length < data.BufferLengthOf(index))
                buffer = new byte[data.BufferLengthOf(index)];
            ReadOnlySpan<byte> pixels = data.Read(index, buffer);
            int plane = pixels.Length / data.Channels;
            for (int c = 0; c < counts.Length; c++)
                Count(pixels.Slice(c * plane, plane), counts[c]);
        }

        return [.. counts.Select(FromCounts)];
    }

    private static (double Mean, double Std) FromCounts(long[] counts)
    {
        UInt128 n = 0, sum = 0, squares = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            (UInt128 count, uint value) = ((UInt128)counts[i], (uint)i & 255);
            (n, sum, squares) = (n + count, sum + count * value, squares + count * (value * value));
        }

        // n^2 times the variance is an integer: no digits are lost to the mean.
        return ((double)sum / (double)n / 255, Math.Sqrt((double)(n * squares - sum * sum)) / (double)n / 255);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Count(ReadOnlySpan<byte> pixels, long[] counts)
    {
        Span<long> t0 = counts.AsSpan(0, 256), t1 = counts.AsSpan(256, 256), t2 = counts.AsSpan(512, 256), t3 = counts.AsSpan(768, 256);
        int i = 0;
        for (; i <= pixels.Length - 4; i += 4)
        {
            t0[pixels[i]]++;
            t1[pixels[i + 1]]++;
            t2[pixels[i + 2]]++;
            t3[pixels[i + 3]]++;
        }

        for (; i < pixels.Length; i++)
            t0[pixels[i]]++;
    }
}
