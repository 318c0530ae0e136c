namespace Convolve.Drawing.Charts;

/// <summary>A chart: what it shows, and not how it is drawn. Drawn as SVG for pages, or in letters for a terminal.</summary>
/// <param name="Title">What one should see in it. It is cut where there is no room.</param>
/// <param name="X">The horizontal axis.</param>
/// <param name="Y">The vertical axis, at the left.</param>
/// <param name="Series">What is drawn, the first one lowest.</param>
/// <remarks>
/// Nothing in it can make it fail: a value that is NaN, or not above 0 on a logarithmic axis, is a gap in a line; a chart without values
/// says so.
/// </remarks>
/// <example><code>
/// Chart chart = new("lenet5 on fashion-mnist", new("epoch") { IsWhole = true }, new("loss"), [Series.Line("training", points)])
/// {
///     Right = new("learning rate") { Scale = AxisScale.Log },
///     Events = [new(7, "best")],
/// };
/// AtomicFile.WriteText("loss.svg", chart.ToSvg());
/// </code></example>
internal sealed record Chart(string Title, Axis X, Axis Y, IReadOnlyList<Series> Series)
{
    /// <summary>A line of small letters below the title; empty for none.</summary>
    public string Note { get; init; } = "";

    /// <summary>The axis at the right, of the series that say so; null for none.</summary>
    public Axis? Right { get; init; }

    /// <summary>Vertical lines with words.</summary>
    public IReadOnlyList<ChartEvent> Events { get; init; } = [];

    /// <summary>Of the drawing, in pixels; letters have 11 to 14. Default 480: a phone shows it whole.</summary>
    public double Width { get; init; } = 480;

    /// <summary>Of the drawing, in pixels, unless title, legend and words leave too little of it for the frame. Default 300.</summary>
    public double Height { get; init; } = 300;

    /// <summary>An SVG document that suits light and dark pages and paper, alone or within a page. Pointing at a value shows it.</summary>
    public string ToSvg() => new ChartDrawing(this).ToSvg();

    /// <summary>
    /// The chart in letters: title, frame with ticks, and a legend where there are several series. The right axis and its series are left
    /// out.
    /// </summary>
    /// <param name="columns">Of the terminal, at least 30.</param>
    /// <param name="rows">Of the frame, at least 3.</param>
    /// <param name="isUnicode">Whether there may be more than ASCII: eight dots in each letter, in place of one.</param>
    public string ToText(int columns = 80, int rows = 16, bool isUnicode = true) =>
        ChartLetters.Draw(this, Math.Max(columns, 30), Math.Max(rows, 3), isUnicode);

    internal IEnumerable<Series> OnLeft => Right is null ? Series : Series.Where(series => !series.IsOnRight);

    internal IEnumerable<Series> OnRight => Right is null ? [] : Series.Where(series => series.IsOnRight);
}

/// <summary>A vertical line with words at its top, such as the best epoch.</summary>
/// <param name="X">Where.</param>
/// <param name="Words">Short.</param>
internal readonly record struct ChartEvent(double X, string Words);
