using System.Text;

namespace Convolve.Reporting;

/// <summary>A self-contained page: one file with its style and pictures, no scripts, nothing downloaded.</summary>
internal static class ReportPage
{
    private const string StyleName = "Convolve.Reporting.report.css";

    /// <summary>A section of a page.</summary>
    /// <param name="Id">Its address within the page.</param>
    /// <param name="Title">Its heading.</param>
    /// <param name="Body">What it says.</param>
    public readonly record struct Section(string Id, string Title, Html Body);

    /// <summary>The page.</summary>
    /// <param name="title">Its heading.</param>
    /// <param name="head">What is above all sections.</param>
    /// <param name="sections">In order; those that say nothing are left out.</param>
    public static string Create(string title, Html head, IEnumerable<Section> sections)
    {
        Section[] shown = [.. sections.Where(section => section.Body != Html.None)];
        return Html.Of($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
            <meta name="generator" content="Convolve">
            <title>{title}</title>
            <style>
            {Style()}</style>
            </head>
            <body>
            <h1>{title}</h1>
            {head}
            <nav>{Html.Join(shown.Select(s => Html.Of($"<a href=\"#{s.Id}\">{s.Title}</a> ")))}</nav>
            {Html.Join(shown.Select(s => Html.Of($"<section id=\"{s.Id}\">\n<h2>{s.Title}</h2>\n{s.Body}\n</section>\n")))}</body>
            </html>

            """).Markup;
    }

    /// <summary>Facts in boxes.</summary>
    public static Html Facts(IEnumerable<(string Name, string Value, string Note)> facts) => Html.Of($"""
        <dl class="facts">{Html.Join(facts.Select(f => Html.Of($"<div><dt>{f.Name}</dt><dd>{f.Value}{(f.Note.Length > 0 ? Html.Of($"<small>{f.Note}</small>") : Html.None)}</dd></div>\n")))}</dl>

        """);

    /// <summary>Charts side by side, where the page is wide enough.</summary>
    public static Html Charts(params IEnumerable<Drawing.Charts.Chart> charts) => Html.Of($"""
        <div class="charts">{Html.Join(charts.Select(chart => new Html(chart.ToSvg())))}</div>

        """);

    private static Html Style()
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream(StyleName)!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return new(reader.ReadToEnd());
    }
}
