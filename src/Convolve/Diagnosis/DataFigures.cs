using System.Numerics;
using System.Runtime.InteropServices;
using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Kernels;

namespace Convolve.Diagnosis;

/// <summary>Brightness of some pictures, in units of 1 of 255.</summary>
/// <param name="Mean">Over all their pixels.</param>
/// <param name="Deviation">Standard deviation over all their pixels.</param>
/// <param name="MeanDeviation">Standard deviation of the pictures' own means.</param>
/// <param name="Least">Smallest value.</param>
/// <param name="Most">Largest value.</param>
/// <param name="Levels">How many of the 256 values there are.</param>
/// <param name="Constant">Share of pictures of one value.</param>
/// <param name="Count">Pictures looked at.</param>
internal sealed record PixelFigures(double Mean, double Deviation, double MeanDeviation, int Least, int Most, int Levels, double Constant,
    int Count);

/// <summary>What is measured of a data set before a run.</summary>
/// <param name="ClassNames">The classes.</param>
/// <param name="TrainCounts">Training pictures of each class.</param>
/// <param name="HeldCounts">Validation and test pictures of each class.</param>
/// <param name="Train">Pixels of training pictures.</param>
/// <param name="Test">Pixels of test pictures.</param>
/// <param name="InputMean">Mean of what the network gets, after normalization.</param>
/// <param name="InputDeviation">Standard deviation of it.</param>
/// <param name="NeighborAgreement">Share of training pictures whose nearest other one, by pixels, has their label; NaN where that was not
/// measured.</param>
/// <param name="NeighborChance">What that share would be if labels were random.</param>
/// <param name="NeighborCount">Pictures compared.</param>
internal sealed record DataFigures(IReadOnlyList<string> ClassNames, IReadOnlyList<int> TrainCounts, IReadOnlyList<int> HeldCounts,
    PixelFigures Train, PixelFigures Test, double InputMean, double InputDeviation, double NeighborAgreement, double NeighborChance,
    int NeighborCount)
{
    // Comparing is quadratic: some tenths of a second.
    private const int MostPictures = 2000, MostCompared = 1500, SmallSide = 14;

    /// <summary>The pictures of each class in the training split.</summary>
    public int Images => TrainCounts.Sum();

    /// <summary>How far the agreement of neighbors is above chance, in standard deviations.</summary>
    public double NeighborScore => (NeighborAgreement - NeighborChance)
        / Math.Sqrt(NeighborChance * (1 - NeighborChance) / Math.Max(1, NeighborCount));

    /// <summary>Entropy of the classes in the training split: the loss of guessing by their shares.</summary>
    public double Entropy => -TrainCounts.Where(n => n > 0).Sum(n => (double)n / Images * Math.Log((double)n / Images));

    /// <summary>Measures a data set.</summary>
    /// <param name="data">The splits.</param>
    /// <param name="preprocessing">Of the run.</param>
    /// <param name="seed">Chooses the pictures that are looked at.</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="DatasetException">A picture cannot be read.</exception>
    public static DataFigures Of(DataSplits data, Preprocessing preprocessing, ulong seed, CancellationToken cancellation)
    {
        int classes = data.Train.Dataset.ClassNames.Count;
        int[] train = Some(data.Train, MostPictures, seed), test = Some(data.Test, MostPictures, seed);
        PixelFigures trained = PixelsOf(data.Train.Dataset, train, cancellation);
        (double mean, double deviation) = InputOf(data.Train.Dataset, train, preprocessing);
        (double agreement, double chance, int count) = Neighbors(data.Train.Dataset, [.. train.Take(MostCompared)], cancellation);
        return new(data.Train.Dataset.ClassNames, Counts(data.Train), [.. Counts(data.Validation).Zip(Counts(data.Test), (a, b) => a + b)],
            trained, PixelsOf(data.Test.Dataset, test, cancellation), mean, deviation, agreement, chance, count);

        int[] Counts(Split split)
        {
            int[] counts = new int[classes];
            foreach (int i in split.Indices)
                counts[split.Dataset.LabelOf(i)]++;
            return counts;
        }
    }

    /// <summary>Some images of a split, in random order.</summary>
    public static int[] Some(Split split, int most, ulong seed)
    {
        int[] all = [.. split.Indices];
        new CounterRandom(seed, RandomPurpose.Split, uint.MaxValue).Shuffle<int>(all);
        return all.Length <= most ? all : all[..most];
    }

    private static PixelFigures PixelsOf(Dataset data, int[] images, CancellationToken cancellation)
    {
        long[] counts = new long[256];
        List<double> means = [];
        int constant = 0;
        foreach (int image in images)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> pixels = data.PixelsOf(image);
            long sum = 0;
            foreach (byte pixel in pixels)
            {
                counts[pixel]++;
                sum += pixel;
            }
            means.Add((double)sum / pixels.Length);
            constant += pixels.ContainsAnyExcept(pixels[0]) ? 0 : 1;
        }
        double all = counts.Sum(), mean = counts.Select((n, value) => (double)n * value).Sum() / all;
        double squares = counts.Select((n, value) => n * (value - mean) * (value - mean)).Sum() / all;
        double center = means.Average();
        return new(mean, Math.Sqrt(squares), Math.Sqrt(means.Sum(m => (m - center) * (m - center)) / means.Count),
            Array.FindIndex(counts, n => n > 0), Array.FindLastIndex(counts, n => n > 0), counts.Count(n => n > 0),
            (double)constant / images.Length, images.Length);
    }

    private static (double Mean, double Deviation) InputOf(Dataset data, int[] images, Preprocessing preprocessing)
    {
        double sum = 0, squares = 0;
        long count = 0;
        foreach (int image in images.Take(200))
        {
            ReadOnlySpan<byte> pixels = data.PixelsOf(image);
            int plane = pixels.Length / data.Channels;
            for (int c = 0; c < preprocessing.Size.Channels; c++)
                foreach (byte pixel in pixels.Slice(Math.Min(c, data.Channels - 1) * plane, plane))
                {
                    double value = preprocessing.Normalized(c, pixel);
                    (sum, squares, count) = (sum + value, squares + value * value, count + 1);
                }
        }
        double mean = sum / count;
        return (mean, Math.Sqrt(Math.Max(0, squares / count - mean * mean)));
    }

    // Pictures made small, without their mean and of length 1: the largest product is the nearest.
    private static (double Agreement, double Chance, int Count) Neighbors(Dataset data, int[] images, CancellationToken cancellation)
    {
        int length = SmallSide * SmallSide * data.Channels, count = images.Length;
        if (count < 2)
            return (double.NaN, double.NaN, count);
        float[][] small = new float[count][];
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            small[i] = Small(data.PixelsOf(images[i]), data.SizeOf(images[i]), new float[length]);
        }
        int agreed = 0;
        Parallel.For(0, count, i =>
        {
            float best = float.NegativeInfinity;
            int nearest = -1;
            for (int j = 0; j < count; j++)
            {
                if (j == i)
                    continue;
                float product = Dot(small[i], small[j]);
                if (product > best)
                    (best, nearest) = (product, j);
            }
            if (data.LabelOf(images[i]) == data.LabelOf(images[nearest]))
                Interlocked.Increment(ref agreed);
        });
        double chance = images.GroupBy(data.LabelOf).Sum(g => (double)g.Count() / count * (g.Count() - 1) / (count - 1));
        return ((double)agreed / count, chance, count);
    }

    private static float[] Small(ReadOnlySpan<byte> pixels, ImageSize size, float[] small)
    {
        for (int row = 0; row < size.Channels * size.Height; row++)
        {
            int to = (row / size.Height * SmallSide + row % size.Height * SmallSide / size.Height) * SmallSide;
            for (int x = 0; x < size.Width; x++)
                small[to + x * SmallSide / size.Width] += pixels[row * size.Width + x];
        }
        float mean = small.Average();
        for (int i = 0; i < small.Length; i++)
            small[i] -= mean;
        float norm = MathF.Sqrt(Dot(small, small));
        for (int i = 0; i < small.Length && norm > 0; i++)
            small[i] /= norm;
        return small;
    }

    private static float Dot(float[] first, float[] second)
    {
        ReadOnlySpan<Vector<float>> a = MemoryMarshal.Cast<float, Vector<float>>(first),
            b = MemoryMarshal.Cast<float, Vector<float>>(second);
        Vector<float> sums = Vector<float>.Zero;
        for (int i = 0; i < a.Length; i++)
            sums += a[i] * b[i];
        float sum = Vector.Sum(sums);
        for (int i = a.Length * Vector<float>.Count; i < first.Length; i++)
            sum += first[i] * second[i];
        return sum;
    }
}
