using System.Globalization;
using Convolve.Data;
using Convolve.Imaging;
using Convolve.Kernels;

namespace Convolve.Cli.Tests.Doctor;

/// <summary>Data of set-ups: a set as it is, or a folder made of a part of one, such as "fashion-mnist/3000+wrong0.4"; setups.txt says what
/// there is. A folder is made once.</summary>
internal sealed class SetupData(string folder, string? cifar)
{
    private const ulong Seed = 17;
    private readonly Dictionary<string, LoadedData> _sources = [];

    /// <summary>The argument of --data; null where the source isn't here.</summary>
    public string? Of(string text)
    {
        if (!text.Contains('/', StringComparison.Ordinal))
            return text;
        string path = Path.Combine(folder, "sets", text.Replace('/', '-'));
        if (!Directory.Exists(path))
        {
            string[] parts = text.Split('/', '+');
            if (Source(parts[0]) is not { } source)
                return null;
            Make(path, source, int.Parse(parts[1], CultureInfo.InvariantCulture), parts[2..]);
        }
        return $"folder:{path}";
    }

    private LoadedData? Source(string name)
    {
        if (name == "cifar10" && cifar is null)
            return null;
        if (!_sources.TryGetValue(name, out LoadedData? data))
            _sources[name] = data = Datasets.Load(name == "cifar10" ? $"folder:{cifar}" : name);
        return data;
    }

    private static void Make(string path, LoadedData source, int count, string[] changes)
    {
        Write(Path.Combine(path, "train"), source.Train, count, changes, isTest: false);
        Write(Path.Combine(path, "test"), source.Test, Math.Max(60, count / 5), changes, isTest: true);
    }

    private static void Write(string path, Dataset set, int count, string[] changes, bool isTest)
    {
        int classes = (int)(ValueOf(changes, "classes") ?? set.ClassNames.Count);
        int[] order = [.. Enumerable.Range(0, set.Count)];
        new CounterRandom(Seed, RandomPurpose.Shuffle, isTest ? 1u : 0).Shuffle<int>(order);
        int[] left = [.. Enumerable.Repeat(Math.Max(1, count / classes), classes)];
        foreach ((string name, double most) in changes.Where(c => c.StartsWith("class", StringComparison.Ordinal)
            && c.Contains('=', StringComparison.Ordinal)).Select(c => (c[5..c.IndexOf('=', StringComparison.Ordinal)],
            double.Parse(c[(c.IndexOf('=', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture))))
            if (!isTest)
                left[int.Parse(name, CultureInfo.InvariantCulture)] = (int)most;
        List<(int Image, int Label)> chosen = [];
        foreach (int image in order)
            if (set.LabelOf(image) is var label && label < classes && left[label]-- > 0)
                chosen.Add((image, label));
        CounterRandom random = new(Seed, RandomPurpose.Mixing, isTest ? 1u : 0);
        bool isShuffled = changes.Contains("shuffled") && !isTest;
        int[] labels = [.. chosen.Select(c => c.Label)];
        if (isShuffled)
            random.Shuffle<int>(labels);
        double wrong = ValueOf(changes, "wrong") ?? 0;
        for (int i = 0; i < chosen.Count && !isTest; i++)
            if (random.NextSingle() < wrong)
                labels[i] = (labels[i] + 1 + random.NextInt32(classes - 1)) % classes;
        foreach (int label in Enumerable.Range(0, classes))
            if (labels.Contains(label))
                Directory.CreateDirectory(Path.Combine(path, ClassName(set, label)));
        for (int i = 0; i < chosen.Count; i++)
        {
            ImageSize size = set.SizeOf(chosen[i].Image);
            byte[] pixels = set.PixelsOf(chosen[i].Image).ToArray();
            foreach (string change in changes)
                Change(pixels, change, isTest, ref random);
            File.WriteAllBytes(Path.Combine(path, ClassName(set, labels[i]), string.Create(CultureInfo.InvariantCulture, $"{i}.png")),
                PngEncoder.Encode(pixels, size.Channels, size.Height, size.Width));
        }
    }

    private static void Change(byte[] pixels, string change, bool isTest, ref CounterRandom random)
    {
        if (change.StartsWith("test-", StringComparison.Ordinal))
        {
            if (!isTest)
                return;
            change = change[5..];
        }
        if (change == "invert")
            Each(pixels, p => 255 - p);
        else if (ValueOf([change], "divide") is { } divisor)
            Each(pixels, p => (int)(p / divisor));
        else if (ValueOf([change], "times") is { } factor)
            Each(pixels, p => (int)(p * factor));
        else if (ValueOf([change], "plus") is { } sum)
            Each(pixels, p => (int)(p + sum));
        else if (change == "noise")
            for (int i = 0; i < pixels.Length; i++)
                pixels[i] = (byte)random.NextInt32(256);
    }

    private static void Each(byte[] pixels, Func<int, int> change)
    {
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)Math.Clamp(change(pixels[i]), 0, 255);
    }

    // A class without pictures has a folder nevertheless, so the classes stay those of the test split.
    private static string ClassName(Dataset set, int label) => string.Create(CultureInfo.InvariantCulture,
        $"{label:00}-{string.Concat(set.ClassNames[label].Where(char.IsLetterOrDigit))}");

    private static double? ValueOf(string[] changes, string name) => changes.FirstOrDefault(c =>
        c.StartsWith(name, StringComparison.Ordinal) && c.Length > name.Length && char.IsDigit(c[name.Length])) is { } change
        ? double.Parse(change[name.Length..], CultureInfo.InvariantCulture) : null;
}
