using System.Globalization;
using System.Text;
using System.Xml;

namespace Convolve.Drawing;

/// <summary>Writes cards, lines and words as SVG: one palette whose fills are translucent, and inks for light and for dark.</summary>
internal sealed class SvgCanvas : IDisposable
{
    private const string Namespace = "http://www.w3.org/2000/svg";
    private const double CornerRadius = 6;
    private readonly StringBuilder _text = new();
    private readonly XmlWriter _xml;

    public SvgCanvas(double width, double height, string title, string description)
    {
        _xml = XmlWriter.Create(_text, new() { OmitXmlDeclaration = true, Indent = true, NewLineChars = "\n" });
        _xml.WriteStartElement("svg", Namespace);
        Attribute("viewBox", $"0 0 {Number(width)} {Number(height)}");
        Attribute("width", Number(width));
        Attribute("height", Number(height));
        Attribute("role", "img");
        Attribute("font-family", "Inter, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif");
        _xml.WriteElementString("title", Namespace, Legal(title));
        _xml.WriteElementString("desc", Namespace, Legal(description));
        _xml.WriteElementString("style", Namespace, Style);
        _xml.WriteRaw("\n  <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path class=\"tip\" d=\"M0 0.5 L8 4 L0 7.5 z\"/></marker></defs>");
        Element("rect", ("class", "paper"), ("width", Number(width)), ("height", Number(height)));
    }

    private static string Style => string.Concat(
    [
        "\n.paper{fill:#ffffff}.ink{fill:#0f172a}.soft{fill:#475569}.line{fill:none;stroke:#94a3b8;stroke-width:1.5}.tip{fill:#94a3b8}.frame{fill:none;stroke:#94a3b8;stroke-dasharray:5 4}",
        .. Enum.GetValues<CardKind>().Select(kind => $"\n.{ClassOf(kind)}{{fill:{ColorOf(kind)};stroke:{ColorOf(kind)}}}"),
        "\n.card{fill-opacity:.14;stroke-opacity:.75}.stripe{stroke:none}",
        "\n@media (prefers-color-scheme:dark){.paper{fill:#0f172a}.ink{fill:#f1f5f9}.soft{fill:#a8b4c6}.line,.frame{stroke:#64748b}.tip{fill:#64748b}.card{fill-opacity:.24}}\n",
    ]);

    public void Card(Card card, Point top)
    {
        double left = top.X - card.Width / 2, y = top.Y + 6 + Convolve.Drawing.Card.TitleSize;
        string kind = ClassOf(card.Kind), round = Number(card.Kind is CardKind.Merge or CardKind.Input ? card.Height / 2 : CornerRadius);
        _xml.WriteStartElement("g", Namespace);
        _xml.WriteElementString("title", Namespace, Legal(card.Tooltip));
        Element("rect", ("class", $"card {kind}"), ("x", Number(left)), ("y", Number(top.Y)), ("width", Number(card.Width)), ("height", Number(card.Height)), ("rx", round));
        if (card.Kind is not (CardKind.Merge or CardKind.Input))
            Element("rect", ("class", $"stripe {kind}"), ("x", Number(left)), ("y", Number(top.Y + CornerRadius)), ("width", "4"), ("height", Number(card.Height - 2 * CornerRadius)));
        Text(card.Title, new(top.X, y), "ink", Convolve.Drawing.Card.TitleSize, "middle", isBold: true);
        if (card.Others.Length > 0)
            Text(card.Others, new(top.X, y += 15), "ink", Convolve.Drawing.Card.SmallSize, "middle");
        if (card.Name.Length > 0)
            Text(card.Parameters.Length > 0 ? $"{card.Name} \u00b7 {card.Parameters}" : card.Name, new(top.X, y + 15), "soft", Convolve.Drawing.Card.SmallSize, "middle");
        _xml.WriteEndElement();
    }

    /// <summary>A line with round corners.</summary>
    public void Line(IReadOnlyList<Point> way, bool hasArrow = true)
    {
        StringBuilder path = new($"M{Pair(way[0])}");
        for (int i = 1; i < way.Count; i++)
        {
            if (i == way.Count - 1)
            {
                path.Append($" L{Pair(way[i])}");
                break;
            }
            double radius = Math.Min(8, Math.Min(Distance(way[i - 1], way[i]), Distance(way[i], way[i + 1])) / 2);
            path.Append($" L{Pair(Towards(way[i], way[i - 1], radius))} Q{Pair(way[i])} {Pair(Towards(way[i], way[i + 1], radius))}");
        }
        if (hasArrow)
            Element("path", ("class", "line"), ("d", path.ToString()), ("marker-end", "url(#arrow)"));
        else
            Element("path", ("class", "line"), ("d", path.ToString()));
    }

    public void Frame(Point corner, double width, double height) =>
        Element("rect", ("class", "frame"), ("x", Number(corner.X)), ("y", Number(corner.Y)), ("width", Number(width)), ("height", Number(height)), ("rx", "10"));

    /// <summary>A piece of paper that covers what lies under a label.</summary>
    public void Paper(Point corner, double width, double height) =>
        Element("rect", ("class", "paper"), ("x", Number(corner.X)), ("y", Number(corner.Y)), ("width", Number(width)), ("height", Number(height)));

    public void Dot(CardKind kind, Point center) =>
        Element("circle", ("class", ClassOf(kind)), ("cx", Number(center.X)), ("cy", Number(center.Y)), ("r", "5"));

    public void Text(string text, Point at, string ink, double size, string anchor = "start", bool isBold = false)
    {
        _xml.WriteStartElement("text", Namespace);
        Attribute("class", ink);
        Attribute("x", Number(at.X));
        Attribute("y", Number(at.Y));
        Attribute("font-size", Number(size));
        if (anchor != "start")
            Attribute("text-anchor", anchor);
        if (isBold)
            Attribute("font-weight", "600");
        _xml.WriteString(Legal(text));
        _xml.WriteEndElement();
    }

    /// <summary>The whole drawing; nothing can be added after.</summary>
    public string Finish()
    {
        _xml.WriteEndElement();
        _xml.Flush();
        return _text.Append('\n').ToString();
    }

    public void Dispose() => _xml.Dispose();

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

    private void Element(string name, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        _xml.WriteStartElement(name, Namespace);
        foreach ((string attribute, string value) in attributes)
            Attribute(attribute, value);
        _xml.WriteEndElement();
    }

    private void Attribute(string name, string value) => _xml.WriteAttributeString(name, value);

    // Names may hold anything; XML may not.
    private static string Legal(string text)
    {
        StringBuilder legal = new(text.Length);
        for (int i = 0; i < text.Length; i++)
            if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i]))
                legal.Append(text[i]).Append(text[++i]);
            else
                legal.Append(XmlConvert.IsXmlChar(text[i]) ? text[i] : '\ufffd');
        return legal.ToString();
    }

    private static double Distance(Point a, Point b) => Math.Abs(a.X - b.X) + Math.Abs(a.Y - b.Y);

    private static Point Towards(Point from, Point to, double distance) =>
        new(from.X + distance * Math.Sign(to.X - from.X), from.Y + distance * Math.Sign(to.Y - from.Y));

    private static string Pair(Point point) => $"{Number(point.X)} {Number(point.Y)}";

    private static string Number(double value) => Math.Round(value, 1).ToString(CultureInfo.InvariantCulture);
}
