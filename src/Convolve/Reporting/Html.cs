using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Convolve.Reporting;

/// <summary>
/// A piece of a page. What fills a hole of <see cref="Of"/> is text and is escaped, unless it is HTML itself: names may contain anything.
/// </summary>
internal readonly record struct Html(string Markup)
{
    /// <summary>Nothing.</summary>
    public static Html None => new("");

    /// <summary>Markup with holes.</summary>
    public static Html Of(Handler markup) => new(markup.Finish());

    /// <summary>Pieces one after the other.</summary>
    public static Html Join(IEnumerable<Html> pieces) => new(string.Concat(pieces.Select(piece => piece.Markup)));

    /// <summary>A table.</summary>
    /// <param name="heads">The name of each column; one of numbers, aligned to the right, ends in "#".</param>
    /// <param name="rows">The cells.</param>
    public static Html Table(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<Html>> rows) => Of($"""
        <div class="wide"><table><thead><tr>{Join(heads.Select(head => Of($"<th{ClassOf(head)}>{head.TrimEnd('#')}</th>")))}</tr></thead><tbody>
        {Join(rows.Select(row => Of($"<tr>{Join(row.Select((cell, i) => Of($"<td{ClassOf(heads[i])}>{cell}</td>")))}</tr>\n")))}</tbody></table></div>

        """);

    /// <summary>A text as a cell.</summary>
    public static implicit operator Html(string text) => Of($"{text}");

    private static Html ClassOf(string head) => new(head.EndsWith('#') ? " class=\"number\"" : "");

    /// <summary>Escapes what fills holes.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Handler
    {
        private readonly StringBuilder _text;

        public Handler(int literalLength, int formattedCount) => _text = new(literalLength + 16 * formattedCount);

        public void AppendLiteral(string text) => _text.Append(text);

        public void AppendFormatted(Html html) => _text.Append(html.Markup);

        public void AppendFormatted<T>(T value, string? format = null) =>
            _text.Append(WebUtility.HtmlEncode(value is IFormattable number ? number.ToString(format, CultureInfo.InvariantCulture)
                : value?.ToString()));

        public string Finish() => _text.ToString();
    }
}
