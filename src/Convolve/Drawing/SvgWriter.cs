using System.Globalization;
using System.Text;
using System.Xml;

namespace Convolve.Drawing;

/// <summary>A rule of the style sheet of a drawing.</summary>
/// <param name="Selector">Within the drawing.</param>
/// <param name="Light">Declarations.</param>
/// <param name="Dark">What is otherwise on dark pages; empty for nothing.</param>
internal readonly record struct SvgRule(string Selector, string Light, string Dark = "");

/// <summary>Writes an SVG document of a fixed size, with inks for light and for dark pages; several may be in one page.</summary>
internal sealed class SvgWriter : IDisposable
{
    private const string Namespace = "http://www.w3.org/2000/svg";
    private const double LetterWidth = 0.58;
    private static readonly SvgRule[] Inks = [new(".paper", "fill:#ffffff", "fill:#0f172a"), new(".ink", "fill:#0f172a", "fill:#f1f5f9"),
        new(".soft", "fill:#475569", "fill:#a8b4c6")];
    private readonly StringBuilder _text = new();
    private readonly XmlWriter _xml;

    /// <param name="kind">The class of the drawing, which keeps its rules from others in the page.</param>
    /// <param name="width">Of the paper.</param>
    /// <param name="height">Of the paper.</param>
    /// <param name="title">Its name, for those who cannot see it.</param>
    /// <param name="description">What it shows, for those who cannot see it.</param>
    /// <param name="rules">Besides those of paper, ink and soft ink.</param>
    public SvgWriter(string kind, double width, double height, string title, string description, IReadOnlyList<SvgRule> rules)
    {
        _xml = XmlWriter.Create(_text, new() { OmitXmlDeclaration = true, Indent = true, NewLineChars = "\n" });
        Begin("svg", ("class", kind), ("viewBox", $"0 0 {Number(width)} {Number(height)}"), ("width", Number(width)),
            ("height", Number(height)), ("role", "img"),
            ("font-family", "Inter, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"));
        Words("title", title);
        Words("desc", description);
        SvgRule[] all = [.. Inks, .. rules];
        string light = string.Concat(all.Select(rule => $"\n.{kind} {rule.Selector}{{{rule.Light}}}"));
        string dark = string.Concat(all.Where(rule => rule.Dark.Length > 0).Select(rule => $"\n.{kind} {rule.Selector}{{{rule.Dark}}}"));
        // Paper is white.
        Words("style", $"{light}\n@media screen and (prefers-color-scheme:dark){{{dark}\n}}\n");
        Element("rect", ("class", "paper"), ("width", Number(width)), ("height", Number(height)));
    }

    /// <summary>Begins an element that contains others.</summary>
    public void Begin(string name, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        _xml.WriteStartElement(name, Namespace);
        foreach ((string attribute, string value) in attributes)
            _xml.WriteAttributeString(attribute, Legal(value));
    }

    /// <summary>Ends it.</summary>
    public void End() => _xml.WriteEndElement();

    public void Element(string name, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        Begin(name, attributes);
        End();
    }

    /// <summary>An element of words alone.</summary>
    public void Words(string name, string words) => _xml.WriteElementString(name, Namespace, Legal(words));

    /// <summary>Words on the paper.</summary>
    /// <param name="text">May hold anything.</param>
    /// <param name="at">Where its base line begins, has its middle, or ends.</param>
    /// <param name="ink">A class, such as ink or soft.</param>
    /// <param name="size">Of the letters.</param>
    /// <param name="anchor">start, middle or end.</param>
    /// <param name="isBold">Whether it stands out.</param>
    public void Text(string text, Point at, string ink, double size, string anchor = "start", bool isBold = false)
    {
        Begin("text", ("class", ink), ("x", Number(at.X)), ("y", Number(at.Y)), ("font-size", Number(size)));
        if (anchor != "start")
            _xml.WriteAttributeString("text-anchor", anchor);
        if (isBold)
            _xml.WriteAttributeString("font-weight", "600");
        _xml.WriteString(Legal(text));
        End();
    }

    /// <summary>The whole drawing; nothing can be added after.</summary>
    public string Finish()
    {
        End();
        _xml.Flush();
        return _text.Append('\n').ToString();
    }

    public void Dispose() => _xml.Dispose();

    /// <summary>About how wide a text is.</summary>
    public static double WidthOf(string text, double size) => size * LetterWidth * text.Sum(c => c < 0x1100 ? 1 : 1.7);

    /// <summary>As much of a text as there is room for.</summary>
    public static string Fit(string text, double size, double width)
    {
        if (WidthOf(text, size) <= width)
            return text;
        int length = text.Length;
        while (length > 0 && WidthOf(text[..length], size) > width - WidthOf("...", size))
            length--;
        return text[..(length > 0 && char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)] + "...";
    }

    public static string Number(double value) => Math.Round(value, 1).ToString(CultureInfo.InvariantCulture);

    public static string Pair(Point point) => $"{Number(point.X)} {Number(point.Y)}";

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
}
