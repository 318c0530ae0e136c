using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Convolve.Data;

/// <summary>The three parts of a run's data: what it learns from, what it is steered by, what it is judged by at the end.</summary>
public sealed record DataSplits(Split Train, Split Validation, Split Test)
{
    /// <summary>What whoever reads the figures of a run has to know of the data (<see cref="LoadedData.Remarks"/>).</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Draws a validation split out of the training images and leaves the test images alone.</summary>
    /// <remarks>
    /// Every class gives its share (largest remainders fill up to the total), so that small sets work too. Which images go depends on
    /// the seed alone. Within each split the images keep their order in the set.
    /// </remarks>
    /// <param name="train">The images to divide.</param>
    /// <param name="test">The images to test on.</param>
    /// <param name="validationFraction">The share that goes to validation, in [0, 1), default 0.1; 0 leaves that split empty.</param>
    /// <param name="seed">The seed of the draw, default 0.</param>
    /// <param name="limit">When given, only the first so many images of each set are used; at least 1.</param>
    /// <exception cref="DataException">The two sets differ in image size or classes, or are too small to divide.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The fraction or the limit is out of range.</exception>
    public static DataSplits Create(
        Dataset train, Dataset test, double validationFraction = 0.1, ulong seed = 0, int? limit = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        if (!(validationFraction >= 0 && validationFraction < 1))
            throw new ArgumentOutOfRangeException(nameof(validationFraction), validationFraction, "It must be in [0, 1).");
        if (limit is < 1)
            throw new ArgumentOutOfRangeException(nameof(limit), limit, "The limit must be at least 1 image.");
        if (train.Channels != test.Channels || (train.Size != test.Size && train.Size is not null && test.Size is not null))
        {
            throw new DataException(
                $"{train.Name} has images of {Describe(train)} but {test.Name} of {Describe(test)}. Train and test on one size.");
        }
        if (!train.ClassNames.SequenceEqual(test.ClassNames))
            throw new DataException($"{train.Name} and {test.Name} do not have the same classes in one order. Train and test on one list.");

        int trainCount = Math.Min(train.Count, limit ?? int.MaxValue), testCount = Math.Min(test.Count, limit ?? int.MaxValue);
        bool[] isValidation = Draw(train, trainCount, validationFraction, seed);
        int[] all = [.. Enumerable.Range(0, trainCount)];
        return new DataSplits(
            new Split("train", train, [.. all.Where(i => !isValidation[i])]),
            new Split("validation", train, [.. all.Where(i => isValidation[i])]),
            new Split("test", test, [.. Enumerable.Range(0, testCount)]));
    }

    /// <summary>Tells other splits from these: a digest of classes, and of the place, size and label of every image, in folders also of its bytes.</summary>
    internal string Digest()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', Train.Dataset.ClassNames)));
        foreach (Split split in (Split[])[Train, Validation, Test])
        {
            int[] images = [.. split.Indices.SelectMany(i => split.Dataset.SizeOf(i) is var size ? (int[])[i, split.Dataset.LabelOf(i), size.Height, size.Width] : [])];
            hash.AppendData(BitConverter.GetBytes(split.Count));
            hash.AppendData(MemoryMarshal.AsBytes<int>(images));
            UInt128[] contents = [.. split.Indices.Select(split.Dataset.DigestOf).Where(digest => digest != 0)];
            hash.AppendData(MemoryMarshal.AsBytes<UInt128>(contents));
        }
        return hash.Text();
    }

    private static string Describe(Dataset set) => set.Size?.ToString() ?? $"many sizes and {set.Channels} channels";

    private static bool[] Draw(Dataset train, int count, double fraction, ulong seed)
    {
        bool[] chosen = new bool[count];
        if (fraction == 0)
            return chosen;
        List<int>[] members = [.. train.ClassNames.Select(_ => new List<int>())];
        for (int i = 0; i < count; i++)
            members[train.LabelOf(i)].Add(i);

        int[] shares = Shares([.. members.Select(m => m.Count)], fraction);
        if (shares.Sum() == 0)
        {
            throw new DataException(
                $"{train.Name}: {count} training images are too few for a validation split: no class has two. " +
                "Use more images, or a validation fraction of 0.");
        }

        for (int label = 0; label < members.Length; label++)
        {
            int[] order = [.. members[label]];
            new CounterRandom(seed, RandomPurpose.Split, (uint)label).Shuffle<int>(order);
            foreach (int i in order.AsSpan(0, shares[label]))
                chosen[i] = true;
        }

        return chosen;
    }

    /// <summary>How many each class gives: in total the rounded fraction, at least 1; every class keeps one to learn from.</summary>
    private static int[] Shares(int[] counts, double fraction)
    {
        int[] shares = [.. counts.Select(n => Math.Min((int)(n * fraction), Math.Max(n - 1, 0)))];
        int wanted = Math.Max(1, (int)Math.Round(counts.Sum() * fraction)) - shares.Sum();
        int[] byRemainder = [.. Enumerable.Range(0, counts.Length).OrderByDescending(i => counts[i] * fraction - shares[i])];
        foreach (int label in byRemainder)
        {
            if (wanted > 0 && shares[label] < counts[label] - 1)
            {
                shares[label]++;
                wanted--;
            }
        }

        return shares;
    }
}
