using Convolve.Kernels.Pixels;

namespace Convolve.Data.Inputs;

/// <summary>Mean and standard deviation per channel, exact, from whole numbers.</summary>
internal static class ChannelStatistics
{
    /// <summary>Per channel of the split's images, in units of byte / 255; the standard deviation is that of the population.</summary>
    public static (double Mean, double Std)[] Of(Split split)
    {
        if (split.Count == 0)
        {
            throw new DatasetException(
                $"The split \"{split.Name}\" of {split.Dataset.Name} is empty, so it has no mean. Use more images or another " +
                $"normalization.");
        }

        Dataset data = split.Dataset;
        UInt128 count = 0;
        var sums = new (UInt128 Sum, UInt128 Squares)[data.Channels];
        byte[] buffer = [];
        PixelMoments[] own = new PixelMoments[data.Channels];
        foreach (int index in split.Indices)
        {
            ReadOnlySpan<PixelMoments> moments = data.MomentsOf(index);
            if (moments.IsEmpty)
            {
                if (buffer.Length < data.BufferLengthOf(index))
                    buffer = new byte[data.BufferLengthOf(index)];
                ReadOnlySpan<byte> pixels = data.Read(index, buffer);
                int plane = pixels.Length / data.Channels;
                for (int c = 0; c < own.Length; c++)
                    own[c] = PixelMoments.Of(pixels.Slice(c * plane, plane));
                moments = own;
            }
            count += (UInt128)data.SizeOf(index).PixelCount;
            for (int c = 0; c < sums.Length; c++)
                sums[c] = (sums[c].Sum + (UInt128)moments[c].Sum, sums[c].Squares + (UInt128)moments[c].Squares);
        }

        // n^2 times the variance is an integer: no digits are lost to the mean.
        return [.. sums.Select(s => ((double)s.Sum / (double)count / 255,
            Math.Sqrt((double)(count * s.Squares - s.Sum * s.Sum)) / (double)count / 255))];
    }
}
