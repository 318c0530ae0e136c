using System.Text;

namespace Convolve.Drawing;

/// <summary>Draws cards, the lines between them, and frames around them: one palette whose fills are translucent.</summary>
internal sealed class SvgCanvas : IDisposable
{
    private const double CornerRadius = 6;

    private static readonly SvgRule[] Rules =
    [
        new(".line", "fill:none;stroke:#94a3b8;stroke-width:1.5", "stroke:#64748b"), new(".tip", "fill:#94a3b8", "fill:#64748b"),
        new(".frame", "fill:none;stroke:#94a3b8;stroke-dasharray:5 4", "stroke:#64748b"),
        .. Enum.GetValues<CardKind>().Select(kind => new SvgRule($".{ClassOf(kind)}", $"fill:{ColorOf(kind)};stroke:{ColorOf(kind)}")),
        new(".card", "fill-opacity:.14;stroke-opacity:.75", "fill-opacity:.24"), new(".stripe", "stroke:none"),
    ];

    private readonly SvgWriter _svg;

    public SvgCanvas(double width, double height, string title, string description)
    {
        _svg = new("network", width, height, title, description, Rules);
        _svg.Begin("defs");
        _svg.Begin("marker", ("id", "arrow"), ("viewBox", "0 0 8 8"), ("refX", "7"), ("refY", "4"), ("markerWidth", "7"),
            ("markerHeight", "7"), ("orient", "auto"));
        _svg.Element("path", ("class", "tip"), ("d", "M0 0.5 L8 4 L0 7.5 z"));
        _svg.End();
        _svg.End();
    }

    public void Card(Card card, Point top)
    {
        double left = top.X - card.Width / 2, y = top.Y + 6 + Convolve.Drawing.Card.TitleSize;
        string kind = ClassOf(card.Kind),
            round = SvgWriter.Number(card.Kind is CardKind.Merge or CardKind.Input ? card.Height / 2 : CornerRadius);
        _svg.Begin("g");
        _svg.Words("title", card.Tooltip);
        Rectangle($"card {kind}", new(left, top.Y), card.Width, card.Height, round);
        if (card.Kind is not (CardKind.Merge or CardKind.Input))
            Rectangle($"stripe {kind}", new(left, top.Y + CornerRadius), 4, card.Height - 2 * CornerRadius);
        Text(card.Title, new(top.X, y), "ink", Convolve.Drawing.Card.TitleSize, "middle", isBold: true);
        if (card.Others.Length > 0)
            Text(card.Others, new(top.X, y += 15), "ink", Convolve.Drawing.Card.SmallSize, "middle");
        if (card.Name.Length > 0)
            Text(card.Parameters.Length > 0 ? $"{card.Name} \u00b7 {card.Parameters}" : card.Name, new(top.X, y + 15), "soft",
                Convolve.Drawing.Card.SmallSize, "middle");
        _svg.End();
    }

    /// <summary>A line with round corners.</summary>
    public void Line(IReadOnlyList<Point> way, bool hasArrow = true)
    {
        StringBuilder path = new($"M{SvgWriter.Pair(way[0])}");
        for (int i = 1; i < way.Count; i++)
        {
            if (i == way.Count - 1)
            {
                path.Append($" L{SvgWriter.Pair(way[i])}");
                break;
            }
            double radius = Math.Min(8, Math.Min(Distance(way[i - 1], way[i]), Distance(way[i], way[i + 1])) / 2);
            path.Append(
                $" L{SvgWriter.Pair(Towards(way[i], way[i - 1], radius))} Q{SvgWriter.Pair(way[i])} " +
                $"{SvgWriter.Pair(Towards(way[i], way[i + 1], radius))}");
        }
        if (hasArrow)
            _svg.Element("path", ("class", "line"), ("d", path.ToString()), ("marker-end", "url(#arrow)"));
        else
            _svg.Element("path", ("class", "line"), ("d", path.ToString()));
    }

    public void Frame(Point corner, double width, double height) => Rectangle("frame", corner, width, height, "10");

    /// <summary>A rectangle that covers what is under a label.</summary>
    public void Paper(Point corner, double width, double height) => Rectangle("paper", corner, width, height);

    public void Dot(CardKind kind, Point center) =>
        _svg.Element("circle", ("class", ClassOf(kind)), ("cx", SvgWriter.Number(center.X)), ("cy", SvgWriter.Number(center.Y)),
            ("r", "5"));

    /// <inheritdoc cref="SvgWriter.Text"/>
    public void Text(string text, Point at, string ink, double size, string anchor = "start", bool isBold = false) =>
        _svg.Text(text, at, ink, size, anchor, isBold);

    /// <inheritdoc cref="SvgWriter.Finish"/>
    public string Finish() => _svg.Finish();

    public void Dispose() => _svg.Dispose();

    private void Rectangle(string style, Point corner, double width, double height, string round = "0") =>
        _svg.Element("rect", ("class", style),
        ("x", SvgWriter.Number(corner.X)), ("y", SvgWriter.Number(corner.Y)), ("width", SvgWriter.Number(width)),
        ("height", SvgWriter.Number(height)), ("rx", round));

    private static string ClassOf(CardKind kind) => kind.ToString().ToLowerInvariant();

    private static string ColorOf(CardKind kind) => kind switch
    {
        CardKind.Convolution => "#2563eb",
        CardKind.Linear => "#9333ea",
        CardKind.Pooling => "#16a34a",
        CardKind.Normalization => "#0d9488",
        CardKind.Activation => "#ca8a04",
        CardKind.Merge => "#ea580c",
        CardKind.Dropout => "#db2777",
        _ => "#64748b",
    };

    private static double Distance(Point a, Point b) => Math.Abs(a.X - b.X) + Math.Abs(a.Y - b.Y);

    private static Point Towards(Point from, Point to, double distance) =>
        new(from.X + distance * Math.Sign(to.X - from.X), from.Y + distance * Math.Sign(to.Y - from.Y));
}
