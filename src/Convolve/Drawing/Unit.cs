namespace Convolve.Drawing;

/// <summary>
/// A part of the drawing between two cards that every path through the network passes: what is between them, and the second of them.
/// </summary>
internal sealed class Unit
{
    private const double LaneGap = 18, NarrowLane = 26, ForkDrop = 22, RankGap = 34;
    private readonly Card? _before;
    private readonly List<List<Card>> _lanes = [];
    private readonly Dictionary<Card, int> _laneOf = [], _rankOf = [];
    private readonly List<double> _laneX = [];

    /// <param name="cards">In the order of the graph; the last one is passed by every way.</param>
    /// <param name="before">The card that every way has passed before.</param>
    public Unit(IReadOnlyList<Card> cards, Card? before)
    {
        (Cards, _before) = (cards, before);
        Last = cards[^1];
        Rank();
        MakeInterleaved();
        Place();
        Connect();
    }

    public IReadOnlyList<Card> Cards { get; }

    /// <summary>The card that every path passes; the others are above it.</summary>
    public Card Last { get; }

    /// <summary>The middle of a card's upper edge. 0 is the middle of the unit, and the lower edge of the card before it.</summary>
    public Dictionary<Card, Point> Tops { get; } = [];

    public List<Edge> Edges { get; } = [];

    public double Height { get; private set; }

    /// <summary>How far it reaches to the left and to the right of its middle.</summary>
    public double Left { get; private set; }

    public double Right { get; private set; }

    /// <summary>The same for units that are drawn alike.</summary>
    public string Signature
    {
        get
        {
            Dictionary<Card, int> places = Cards.Index().ToDictionary(pair => pair.Item, pair => pair.Index);
            return string.Join('|', Cards.Select(card =>
                $"{card.Signature} <- {string.Join(',', card.Inputs.Select(input => places.GetValueOrDefault(input, -1)))}"));
        }
    }

    // The longest way from the card before.
    private void Rank()
    {
        foreach (Card card in Cards)
            _rankOf[card] = 1 + card.Inputs.Where(_rankOf.ContainsKey).Select(input => _rankOf[input]).DefaultIfEmpty(0).Max();
    }

    // A lane for every input of the last card, followed back; what is left beside the lanes that it leads to.
    private void MakeInterleaved()
    {
        foreach (Card input in Last.Inputs)
            if (Last.Inputs.Count > 1)
                AddLane(_lanes.Count, input);
        for (int i = Cards.Count - 2; i >= 0; i--)
            foreach (Card input in Cards[i].Inputs.Where(input => _rankOf.ContainsKey(input) && !_laneOf.ContainsKey(input)))
                AddLane(_laneOf.GetValueOrDefault(Cards[i], _lanes.Count - 1) + 1, input);
        foreach (Card card in Cards.SkipLast(1).Where(card => !_laneOf.ContainsKey(card)))
            AddLane(_lanes.Count, card);
    }

    private void AddLane(int at, Card? end)
    {
        List<Card> lane = [];
        for (Card? card = end; card is not null && _rankOf.ContainsKey(card) && !_laneOf.ContainsKey(card);
        card = card.Inputs.FirstOrDefault(i => _rankOf.ContainsKey(i) && !_laneOf.ContainsKey(i)))
        {
            lane.Add(card);
            _laneOf[card] = at;
        }
        if (lane.Count == 0 && end != _before)
            return;
        foreach (Card moved in _lanes.Skip(at).SelectMany(l => l))
            _laneOf[moved]++;
        _lanes.Insert(at, lane);
    }

    private void Place()
    {
        double[] widths = [.. _lanes.Select(lane => lane.Count > 0 ? lane.Max(card => card.Width) : NarrowLane)];
        double total = widths.Sum() + LaneGap * Math.Max(0, widths.Length - 1), x = -total / 2;
        // One lane with cards stands in the middle, whatever passes beside it.
        if (_lanes.Count(lane => lane.Count > 0) == 1)
        {
            int middle = _lanes.FindIndex(lane => lane.Count > 0);
            x = -widths[middle] / 2 - widths.Take(middle).Sum() - LaneGap * middle;
        }
        (Left, Right) = (Math.Max(-x, Last.Width / 2), Math.Max(x + total, Last.Width / 2));
        foreach (double width in widths)
        {
            _laneX.Add(x + width / 2);
            x += width + LaneGap;
        }
        double y = _before is null ? 0 : _lanes.Count > 0 ? ForkDrop + RankGap - 10 : RankGap;
        foreach (var rank in Cards.SkipLast(1).GroupBy(card => _rankOf[card]).OrderBy(rank => rank.Key))
        {
            foreach (Card card in rank)
                Tops[card] = new(_laneX[_laneOf[card]], y);
            y += rank.Max(card => card.Height) + RankGap;
        }
        if (_lanes.Count > 1)
            y += 8;
        Tops[Last] = new(0, y);
        Height = y + Last.Height;
    }

    private void Connect()
    {
        foreach (Card card in Cards)
            foreach (Card input in card.Inputs)
                Edges.Add(Connect(input, card));
    }

    private Edge Connect(Card from, Card to)
    {
        bool isFork = !_rankOf.ContainsKey(from), isJoin = to == Last && _lanes.Count > 0;
        Point start = isFork ? new(0, 0) : Tops[from] with { Y = Tops[from].Y + from.Height }, end = Tops[to];
        int first = isFork ? 1 : _rankOf[from] + 1, behind = _rankOf[to];
        List<Point> way = [start];
        double above = isFork ? start.Y + ForkDrop : start.Y + RankGap / 2, below = end.Y - (isJoin ? 18 : RankGap / 2);
        if (behind > first)
        {
            // Past other ranks, in a lane that is free there.
            double x = FreeLane(from, to, first, behind) ?? AddNarrowLane();
            way.AddRange([new(start.X, above), new(x, above), new(x, below), new(end.X, below)]);
        }
        else
        {
            double turn = isFork ? above : below;
            way.AddRange([new(start.X, turn), new(end.X, turn)]);
        }
        way.Add(end);
        // A shape is said once, where its lines begin.
        return new(Straightened(way), from, to, Edges.Any(e => e.From == from) ? null : from.Output);
    }

    private double? FreeLane(Card from, Card to, int first, int behind)
    {
        bool IsFree(int lane) => _lanes[lane].All(card => _rankOf[card] < first || _rankOf[card] >= behind);
        if (_laneOf.TryGetValue(to, out int own) && IsFree(own))
            return _laneX[own];
        if (_laneOf.TryGetValue(from, out own) && IsFree(own))
            return _laneX[own];
        int empty = _lanes.FindIndex(lane => lane.Count == 0);
        return empty >= 0 && from == _before ? _laneX[empty] : null;
    }

    private double AddNarrowLane()
    {
        double x = Right + LaneGap / 2 + NarrowLane / 2;
        Right = x + NarrowLane / 2;
        return x;
    }

    private static List<Point> Straightened(List<Point> way)
    {
        for (int i = way.Count - 2; i > 0; i--)
            if (way[i] == way[i + 1] || way[i] == way[i - 1] || (way[i - 1].X == way[i].X && way[i].X == way[i + 1].X)
                || (way[i - 1].Y == way[i].Y && way[i].Y == way[i + 1].Y))
                way.RemoveAt(i);
        return way;
    }
}

/// <summary>A place in the drawing; x to the right, y down.</summary>
internal readonly record struct Point(double X, double Y)
{
    public static Point operator +(Point a, Point b) => new(a.X + b.X, a.Y + b.Y);
}

/// <summary>A line from a card to another.</summary>
/// <param name="Way">Its corners.</param>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where it ends.</param>
/// <param name="Shape">What passes along it, if it is to be said.</param>
internal sealed record Edge(List<Point> Way, Card From, Card To, Layers.Shape? Shape);
