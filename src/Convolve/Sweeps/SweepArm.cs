using System.Globalization;
using Convolve.Kernels;

namespace Convolve.Sweeps;

/// <summary>One combination of values.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Axes">The names of the settings.</param>
/// <param name="Values">The value of each.</param>
internal sealed record SweepArm(int Number, IReadOnlyList<string> Axes, IReadOnlyList<string> Values)
{
    private const int LongestName = 80, Tries = 100;

    /// <summary>Such as "batch-size 16, lr 0.1".</summary>
    public string Name => Axes.Count == 0 ? "the recipe" : string.Join(", ", Axes.Zip(Values, (axis, value) => $"{axis} {value}"));

    /// <summary>The run folder of a seed, within the sweep's.</summary>
    public string FolderOf(ulong seed)
    {
        string words = string.Concat(Name.Select(c => char.IsAsciiLetterOrDigit(c) || c == '.' ? c : '-')).Replace("--", "-",
            StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"{Number:000}-{words[..Math.Min(words.Length, LongestName)]}-seed{seed}");
    }

    /// <summary>Every combination of the listed values; the last setting changes fastest.</summary>
    /// <exception cref="RecipeException">A setting is a range.</exception>
    public static IReadOnlyList<SweepArm> Grid(IReadOnlyList<SweepAxis> axes)
    {
        if (axes.FirstOrDefault(axis => axis.IsRange) is { } range)
            throw new RecipeException($"{range.Name} is a range. List its values, or draw arms at random.");
        IEnumerable<IReadOnlyList<string>> all = [[]];
        foreach (SweepAxis axis in axes)
            all = all.SelectMany(before => axis.Values.Select(value => (IReadOnlyList<string>)[.. before, value]));
        return Numbered(axes, all);
    }

    /// <summary>Combinations drawn at random, no two the same; fewer than asked for where there aren't as many.</summary>
    /// <param name="axes">Listed values, or ranges.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">The same seed draws the same arms.</param>
    public static IReadOnlyList<SweepArm> Drawn(IReadOnlyList<SweepAxis> axes, int count, ulong seed)
    {
        CounterRandom random = new(seed, RandomPurpose.Sweep);
        Dictionary<string, IReadOnlyList<string>> drawn = [];
        for (int misses = 0; drawn.Count < count && misses < Tries * axes.Count;)
        {
            string[] values = new string[axes.Count];
            foreach ((int i, SweepAxis axis) in axes.Index())
                values[i] = axis.IsRange ? axis.At(random.NextSingle()) : axis.Values[random.NextInt32(axis.Values.Count)];
            misses = drawn.TryAdd(string.Join('\n', values), values) ? 0 : misses + 1;
        }
        return Numbered(axes, drawn.Values);
    }

    private static SweepArm[] Numbered(IReadOnlyList<SweepAxis> axes, IEnumerable<IReadOnlyList<string>> all) =>
        [.. all.Select((values, i) => new SweepArm(i + 1, [.. axes.Select(axis => axis.Name)], values))];
}
