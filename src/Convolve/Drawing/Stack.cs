using Convolve.Graphs;

namespace Convolve.Drawing;

/// <summary>Units below each other, drawn once where they repeat.</summary>
/// <param name="Units">In order.</param>
/// <param name="Count">How often they come.</param>
/// <param name="LastName">The name by which the last repetition begins; empty without one.</param>
internal sealed record Stack(IReadOnlyList<Unit> Units, int Count, string LastName)
{
    public const double FrameMargin = 12;

    public bool IsFramed => Count > 1;

    /// <summary>Room above and below the units for the frame.</summary>
    public double Before => IsFramed ? 20 : 0;

    public double Behind => IsFramed ? 14 : 0;

    public double Height => Before + Units.Sum(unit => unit.Height) + Behind;

    public double Left => Units.Max(unit => unit.Left) + (IsFramed ? FrameMargin : 0);

    public double Right => Math.Max(Units.Max(unit => unit.Right) + (IsFramed ? FrameMargin : 0),
        IsFramed ? SvgWriter.WidthOf(Label, Card.SmallSize) + 30 : 0);

    public string Label => $"\u00d7 {Count}, to {LastName}";
}

/// <summary>Cuts a network into units, and finds those that repeat.</summary>
internal static class UnitSequence
{
    private const int LongestPeriod = 8, FewestSingles = 3;

    public static List<Stack> Of(Graph graph)
    {
        List<Unit> units = Cut(Card.Of(graph));
        string[] signatures = [.. units.Select(unit => unit.Signature)];
        List<Stack> stacks = [];
        for (int at = 0; at < units.Count;)
        {
            (int period, int count) = LongestRepetition(units, signatures, at);
            stacks.Add(new(units.GetRange(at, period), count, count > 1 ? NameOf(units.GetRange(at + period * (count - 1), period)) : ""));
            at += period * count;
        }
        return stacks;
    }

    // Behind a card that every way passes, no line comes from further above.
    private static List<Unit> Cut(IReadOnlyList<Card> cards)
    {
        Dictionary<Card, int> lastReader = [];
        for (int i = 0; i < cards.Count; i++)
            foreach (Card input in cards[i].Inputs)
                lastReader[input] = i;
        List<Unit> units = [];
        int start = 0, reach = 0;
        for (int i = 0; i < cards.Count; i++)
        {
            if (reach <= i)
            {
                units.Add(new([.. cards.Skip(start).Take(i - start + 1)], start == 0 ? null : cards[start - 1]));
                start = i + 1;
            }
            reach = Math.Max(reach, lastReader.GetValueOrDefault(cards[i]));
        }
        return units;
    }

    private static (int Period, int Count) LongestRepetition(List<Unit> units, string[] signatures, int at)
    {
        (int Period, int Count) best = (1, 1);
        for (int period = 1; period <= LongestPeriod; period++)
        {
            int count = 1;
            while (at + period * (count + 1) <= units.Count
                && signatures.AsSpan(at, period).SequenceEqual(signatures.AsSpan(at + period * count, period)))
                count++;
            bool isWorthIt = count >= FewestSingles || (count > 1 && units.GetRange(at, period).Sum(unit => unit.Cards.Count) > 1);
            if (isWorthIt && period * count > best.Period * best.Count)
                best = (period, count);
        }
        return best;
    }

    // What the names of a block have in common, such as layer3.5, or the first of them.
    private static string NameOf(List<Unit> units)
    {
        string[] names = [.. units.SelectMany(unit => unit.Cards).SelectMany(card => card.Nodes).Select(node => node.Name)];
        string common = names.Aggregate((a, b) => a[..a.Zip(b).TakeWhile(pair => pair.First == pair.Second).Count()]);
        int dot = common.LastIndexOf('.');
        return dot > 0 ? common[..dot] : names[0];
    }
}
