using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Convolve.Kernels;

namespace Convolve.Data;

/// <summary>The three splits of a run's data: training, validation and test.</summary>
/// <param name="Train">What the network learns from.</param>
/// <param name="Validation">What chooses the best epoch; may be empty.</param>
/// <param name="Test">What the chosen weights are tested on, once.</param>
public sealed record DataSplits(Split Train, Split Validation, Split Test)
{
    /// <summary>A class with fewer different pictures can't spare any.</summary>
    private const int FewestToShare = 3;

    /// <summary>What a reader of a run's results should know about the data (<see cref="LoadedData.Remarks"/>).</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Draws a validation split from the training images; the test images stay as they are.</summary>
    /// <remarks>
    /// Every class gives its share (largest remainders fill up the total), so that small data sets work too. Which images are drawn depends
    /// only on the seed. Within each split, the images keep their order. Copies of picture files stay together, and every class with three
    /// different ones gives at least one.
    /// </remarks>
    /// <param name="train">The images to split.</param>
    /// <param name="test">The images to test on.</param>
    /// <param name="validationFraction">The share that goes to validation, in [0, 1), default 0.1; 0 leaves that split empty.</param>
    /// <param name="seed">The seed of the draw, default 0.</param>
    /// <param name="limit">If given, only this many images from the start of each set are used; at least 1.</param>
    /// <param name="rule">How the validation split is drawn, where there may be copies; another one is for runs of older versions.</param>
    /// <exception cref="DatasetException">The two sets differ in image size or classes, or are too small to split.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The fraction or the limit is out of range.</exception>
    public static DataSplits Create(
        Dataset train, Dataset test, double validationFraction = 0.1, ulong seed = 0, int? limit = null,
        SplitRule rule = SplitRule.CopiesTogether)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        if (!(validationFraction >= 0 && validationFraction < 1))
            throw new ArgumentOutOfRangeException(nameof(validationFraction), validationFraction, "It must be in [0, 1).");
        if (limit is < 1)
            throw new ArgumentOutOfRangeException(nameof(limit), limit, "The limit must be at least 1 image.");
        if (train.Channels != test.Channels || (train.Size != test.Size && train.Size is not null && test.Size is not null))
        {
            throw new DatasetException(
                $"{train.Name} has images of {Describe(train)} but {test.Name} of {Describe(test)}. Use one size for both.");
        }
        if (!train.ClassNames.SequenceEqual(test.ClassNames))
            throw new DatasetException($"{train.Name} and {test.Name} do not have the same classes in the same order. Use one list of " +
                $"classes for both.");

        int trainCount = Math.Min(train.Count, limit ?? int.MaxValue), testCount = Math.Min(test.Count, limit ?? int.MaxValue);
        bool[] isValidation = Draw(train, trainCount, validationFraction, seed, rule);
        int[] all = [.. Enumerable.Range(0, trainCount)];
        return new DataSplits(
            new Split("train", train, [.. all.Where(i => !isValidation[i])]),
            new Split("validation", train, [.. all.Where(i => isValidation[i])]),
            new Split("test", test, [.. Enumerable.Range(0, testCount)]));
    }

    /// <summary>
    /// Distinguishes these splits from others: a digest of classes, and of the place, size and label of every image, in folders also of its
    /// bytes.
    /// </summary>
    internal string Digest()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', Train.Dataset.ClassNames)));
        foreach (Split split in (Split[])[Train, Validation, Test])
        {
            int[] images = [.. split.Indices.SelectMany(i => split.Dataset.SizeOf(i) is var size
                ? (int[])[i, split.Dataset.LabelOf(i), size.Height, size.Width] : [])];
            hash.AppendData(BitConverter.GetBytes(split.Count));
            hash.AppendData(MemoryMarshal.AsBytes<int>(images));
            UInt128[] contents = [.. split.Indices.Select(split.Dataset.DigestOf).Where(digest => digest != 0)];
            hash.AppendData(MemoryMarshal.AsBytes<UInt128>(contents));
        }
        return hash.Text();
    }

    private static string Describe(Dataset set) => set.Size?.ToString() ?? $"many sizes and {set.Channels} channels";

    private static bool[] Draw(Dataset train, int count, double fraction, ulong seed, SplitRule rule)
    {
        bool[] chosen = new bool[count];
        if (fraction == 0)
            return chosen;
        // Of each class, the images, those of the same bytes together.
        List<List<int>>[] members = [.. train.ClassNames.Select(_ => new List<List<int>>())];
        Dictionary<(int, UInt128), List<int>> copies = [];
        bool areFiles = false;
        for (int i = 0; i < count; i++)
        {
            int label = train.LabelOf(i);
            UInt128 digest = rule == SplitRule.CopiesTogether ? train.DigestOf(i) : 0;
            areFiles |= digest != 0;
            if (digest != 0 && copies.TryGetValue((label, digest), out List<int>? same))
            {
                same.Add(i);
                continue;
            }
            List<int> group = [i];
            members[label].Add(group);
            if (digest != 0)
                copies[(label, digest)] = group;
        }

        int[] counts = [.. members.Select(m => m.Sum(group => group.Count))];
        int[] shares = Shares(counts, fraction, [.. members.Select(m => areFiles && m.Count >= FewestToShare ? 1 : 0)]);
        for (int label = 0; label < members.Length; label++)
        {
            List<int>[] order = [.. members[label]];
            new CounterRandom(seed, RandomPurpose.Split, (uint)label).Shuffle<List<int>>(order);
            int taken = 0;
            foreach (List<int> group in order.Where(g => g.Count <= shares[label]))
                if (taken + group.Count <= shares[label])
                    taken += Take(group);
            if (taken == 0 && shares[label] > 0 && order.Length > 1)
                Take(order.MinBy(g => g.Count)!); // copies of one picture are more than the share
        }
        if (!chosen.Contains(true))
        {
            if (count > members.Sum(m => m.Count))
                throw new DatasetException(
                    $"{train.Name}: no class has two different pictures, so none can be set apart for validation: of {count} training " +
                    $"images, {count - members.Sum(m => m.Count)} are copies. Look at the pictures: were they damaged when they were " +
                    $"saved? Otherwise use a validation fraction of 0.");
            throw new DatasetException(
                $"{train.Name}: {count} training images are too few for a validation split, because no class has two. Use more images, " +
                $"or a validation fraction of 0.");
        }
        return chosen;

        int Take(List<int> group)
        {
            group.ForEach(i => chosen[i] = true);
            return group.Count;
        }
    }

    /// <summary>How many each class gives: in total the rounded fraction, at least 1; every class keeps one for training.</summary>
    private static int[] Shares(int[] counts, double fraction, int[] least)
    {
        int[] shares = [.. counts.Select((n, label) => Math.Min(Math.Max((int)(n * fraction), least[label]), Math.Max(n - 1, 0)))];
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
