namespace Convolve.Sweeps;

/// <summary>A round of successive halving.</summary>
/// <param name="Arms">How many arms take part.</param>
/// <param name="Epochs">How many epochs each of them has when it ends.</param>
internal readonly record struct HalvingRound(int Arms, int Epochs);

/// <summary>Successive halving: all arms train for a few epochs, the better half for twice as many, and so on.</summary>
/// <remarks>Source: Jamieson and Talwalkar 2016, with whole epochs as the budget.</remarks>
internal static class Halving
{
    /// <summary>The rounds. The last one ends with all epochs; with few of these, several arms take part in it.</summary>
    /// <param name="arms">At least 1.</param>
    /// <param name="epochs">Of a whole run, at least 1.</param>
    public static IReadOnlyList<HalvingRound> Rounds(int arms, int epochs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(arms, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        int last = 0;
        while (Part(arms, last) > 1 && epochs >> (last + 1) >= 1)
            last++;
        return [.. Enumerable.Range(0, last + 1).Select(round => new HalvingRound(Part(arms, round), Part(epochs, last - round)))];
    }

    // Rounded up: half of three arms are two.
    private static int Part(int whole, int halvings) => (int)((whole + (1L << halvings) - 1) >> halvings);
}
