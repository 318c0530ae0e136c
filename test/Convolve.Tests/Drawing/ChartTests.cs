using System.Globalization;
using System.Xml.Linq;
using Convolve.Drawing.Charts;
using Convolve.Kernels;

namespace Convolve.Tests.Drawing;

/// <summary>Charts: values where the ticks say, words apart, everything on the paper, well-formed whatever the values and names.</summary>
public class ChartTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";
    private static readonly Axis Epoch = new("epoch") { IsWhole = true }, Loss = new("loss");

    private static XElement Draw(Chart chart) => XDocument.Parse(chart.ToSvg()).Root!;

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    private static string[] Texts(XElement svg) => [.. svg.Descendants(Svg + "text").Select(t => t.Value)];

    private static string[] Tooltips(XElement svg) =>
        [.. svg.Descendants(Svg + "circle").Concat(svg.Descendants(Svg + "rect")).Elements(Svg + "title").Select(t => t.Value)];

    private static XElement Text(XElement svg, string words) => Assert.Single(svg.Descendants(Svg + "text"), t => t.Value == words);

    private static XElement[] Lines(XElement svg, string style) =>
        [.. svg.Descendants(Svg + "path").Where(p => p.Attribute("class")?.Value.StartsWith(style, StringComparison.Ordinal) == true)];

    // The corners of a way, each with M where the pen was lifted before.
    private static (bool Lifted, double X, double Y)[] Corners(XElement path)
    {
        string[] words = path.Attribute("d")!.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [.. words.Chunk(2)
            .Select(pair => (pair[0][0] == 'M', double.Parse(pair[0][1..], CultureInfo.InvariantCulture),
            double.Parse(pair[1], CultureInfo.InvariantCulture)))];
    }

    private static Chart Of(params IReadOnlyList<Series> series) => new("title", Epoch, Loss, series);

    [Fact]
    public void Values_lie_where_the_ticks_say()
    {
        XElement svg = Draw(Of(Series.Line("", [(0, 0), (5, 0.2), (10, 1)])));
        var corners = Corners(Assert.Single(Lines(svg, "line")));
        // The base line of a tick's words is 4 below the tick.
        Assert.Equal(Number(Text(svg, "0.2"), "y") - 4, corners[1].Y, 0.11);
        Assert.Equal(Number(Text(svg, "1.0"), "y") - 4, corners[2].Y, 0.11);
        Assert.Equal(Number(Text(svg, "10"), "x"), corners[2].X, 0.11);
        Assert.Equal((corners[0].X + corners[2].X) / 2, corners[1].X, 0.11);
    }

    [Fact]
    public void A_logarithmic_axis_makes_equal_ratios_equally_long_and_has_no_place_for_zero()
    {
        XElement svg =
            Draw(new("t", new("rate") { Scale = AxisScale.Log }, Loss, [Series.Line("", [(1e-4, 1), (1e-3, 1), (0, 1), (1e-1, 1)])]));
        var corners = Corners(Assert.Single(Lines(svg, "line")));
        Assert.Equal([true, false, true], corners.Select(c => c.Lifted));
        Assert.Equal(2 * (corners[1].X - corners[0].X), corners[2].X - corners[1].X, 0.2);
        Assert.Equal(["1e-4", "0.001", "0.01", "0.1"], Texts(svg).Where(t => t is "1e-4" or "0.001" or "0.01" or "0.1"));
    }

    [Fact]
    public void What_is_no_number_is_a_gap()
    {
        XElement svg = Draw(Of(Series.Line("", [(1, 1), (2, 2), (3, double.NaN), (4, double.PositiveInfinity), (5, 1), (6, 2)])));
        Assert.Equal([true, false, true, false], Corners(Assert.Single(Lines(svg, "line"))).Select(c => c.Lifted));
        Assert.Equal(["epoch 1: loss 1", "epoch 2: loss 2", "epoch 5: loss 1", "epoch 6: loss 2"], Tooltips(svg));
    }

    [Fact]
    public void The_right_axis_measures_its_own_series()
    {
        Chart chart = Of(Series.Line("loss", [(1, 2), (3, 1)]), Series.Line("rate", [(1, 0.1), (3, 0.01)]) with { IsOnRight = true });
        XElement svg = Draw(chart with { Right = new("learning rate") });
        (double left, double right) = (Corners(Lines(svg, "line")[0])[0].Y, Corners(Lines(svg, "line")[1])[0].Y);
        Assert.Equal(left, right, 0.11); // each at the top of its own axis
        Assert.Contains("learning rate", Texts(svg));
        Assert.Contains("rate, epoch 3: learning rate 0.01", Tooltips(svg));
        Assert.DoesNotContain("learning rate", Texts(Draw(chart)));
    }

    [Fact]
    public void Bars_stand_on_their_foot_and_are_as_wide_as_there_is_room()
    {
        XElement svg = Draw(Of(new Series("wait", [new(1, 2), new(2, 4, Low: 1), new(4, 4)]) { Style = SeriesStyle.Bars }));
        XElement[] bars = [.. svg.Descendants(Svg + "rect").Where(r => r.Element(Svg + "title") is not null)];
        double perUnit = Number(bars[2], "height") / 4;
        Assert.Equal([2 * perUnit, 3 * perUnit, 4 * perUnit], bars.Select(bar => Number(bar, "height")), (a, b) => Math.Abs(a - b) < 0.3);
        Assert.Equal(Number(bars[0], "y") + Number(bars[0], "height"), Number(bars[2], "y") + Number(bars[2], "height"), 0.2);
        Assert.True(Number(bars[0], "x") + Number(bars[0], "width") < Number(bars[1], "x"));
        Assert.True(Number(bars[1], "x") + 2 * Number(bars[1], "width") < Number(bars[2], "x"));
    }

    [Fact]
    public void Intervals_have_whiskers_and_say_so()
    {
        XElement svg = Draw(Of(new Series("run", [new(1, 0.9, 0.88, 0.93)]) { Style = SeriesStyle.Points }));
        Assert.Equal(3, svg.Descendants(Svg + "line")
            .Count(l => l.Attribute("class")!.Value.StartsWith("whisker", StringComparison.Ordinal)));
        Assert.Equal(["run, epoch 1: loss 0.9 (0.88 to 0.93)"], Tooltips(svg));
    }

    [Fact]
    public void Words_of_events_do_not_run_into_each_other()
    {
        Chart chart = Of(Series.Line("", [(1, 1), (20, 2)])) with
        {
            Events =
            [new(10, "the best epoch"), new(11, "resumed"), new(12, "stopped"), new(20, "the very end of it")]
        };
        XElement[] words = [.. Draw(chart).Descendants(Svg + "text").Where(t => chart.Events.Any(e => e.Words == t.Value))];
        Assert.Equal(4, words.Length);
        foreach (var row in words.GroupBy(t => Number(t, "y")))
        {
            (double Begin, double End)[] places =
                [.. row.Select(t => (X: Number(t, "x"), Width: 11 * 0.58 * t.Value.Length,
                IsEnd: t.Attribute("text-anchor")?.Value == "end"))
                .Select(t => t.IsEnd ? (t.X - t.Width, t.X) : (t.X, t.X + t.Width)).Order()];
            Assert.All(places.Zip(places.Skip(1)), pair => Assert.True(pair.First.End <= pair.Second.Begin));
            Assert.All(places, place => Assert.InRange(place.End, 0, 480));
        }
    }

    [Fact]
    public void Points_with_names_are_named_where_there_is_room()
    {
        XElement svg =
            Draw(Of(new Series("layers", [new(1, 1, Label: "conv1"), new(5, 5, Label: "fc1"),
            .. Enumerable.Range(0, 20).Select(_ => new ChartPoint(3, 3, Label: "crowd"))])
            { Style = SeriesStyle.Points }));
        Assert.Contains("conv1", Texts(svg));
        Assert.Contains("fc1", Texts(svg));
        Assert.InRange(Texts(svg).Count(t => t == "crowd"), 2, 6);
        Assert.Equal(20, Tooltips(svg).Count(t => t.StartsWith("crowd, ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0, 1, "0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(0.31, 2.27, "0 0.5 1.0 1.5 2.0 2.5")]
    [InlineData(-3, 3, "-3 -2 -1 0 1 2 3")]
    [InlineData(0, 167129, "0 50,000 100,000 150,000 200,000")]
    [InlineData(9e5, 2.6e9, "0 0.5 G 1 G 1.5 G 2 G 2.5 G 3 G")]
    [InlineData(0.9081, 0.9083, "0.90810 0.90815 0.90820 0.90825 0.90830")]
    [InlineData(7, 7, "6.0 6.5 7.0 7.5 8.0")]
    public void Ticks_are_round(double low, double high, string expected) =>
        Assert.Equal(expected, string.Join(' ', AxisRange.Of(Loss, [low, high], 6, endsAtTicks: true).Ticks(6).Select(tick => tick.Label)));

    [Theory]
    [InlineData(1e-6, 10, 4, "1e-6 1e-4 0.01 1")]
    [InlineData(0.3, 220, 9, "0.5 1 2 5 10 20 50 100 200")]
    [InlineData(0.31, 0.38, 5, "0.32 0.34 0.36 0.38")]
    public void Ticks_of_a_logarithmic_axis_are_round(double low, double high, int most, string expected) =>
        Assert.Equal(expected, string.Join(' ', AxisRange.Of(new("x") { Scale = AxisScale.Log }, [low, high], most, endsAtTicks: false)
            .Ticks(most).Select(tick => tick.Label)));

    [Fact]
    public void Epochs_are_whole() =>
        Assert.Equal(["1", "2", "3"], AxisRange.Of(Epoch, [1, 3], 8, endsAtTicks: false).Ticks(8).Select(tick => tick.Label));

    [Fact]
    public void Smoothing_leaves_a_straight_line_as_it_is_to_its_ends()
    {
        Series line = Series.Line("", Enumerable.Range(0, 30).Select(i => (Math.Pow(2, i), 3.0 - 2 * i)));
        Assert.Equal(line.Points.Select(p => p.Y), line.Smoothed(4).Points.Select(p => p.Y), (a, b) => Math.Abs(a - b) < 1e-9);
    }

    // Solved by hand: of the values 0, 3, 0 the ends have the weight (1 - 1/8)^3 beside the middle's 1, and the line is level.
    [Fact]
    public void Smoothing_weighs_near_values_more()
    {
        double end = Math.Pow(1 - 1 / 8.0, 3);
        Assert.Equal(3 / (1 + 2 * end), Series.Line("", [(1, 0), (2, 3), (3, 0)]).Smoothed(1).Points[1].Y, 1e-12);
        Series gap = Series.Line("", [(1, 4), (2, double.NaN), (3, 4)]).Smoothed(1);
        Assert.Equal([4, double.NaN, 4], gap.Points.Select(p => p.Y));
        Assert.Throws<ArgumentOutOfRangeException>(() => gap.Smoothed(0));
    }

    // Any values, any names: numbers, all of it on the paper, and nothing thrown.
    [Fact]
    public void Any_chart_is_drawn_on_its_paper()
    {
        double[] values = [0, 1, -1, 1e-300, 1e300, -1e308, double.MaxValue, double.Epsilon, double.NaN, double.PositiveInfinity,
            double.NegativeInfinity, 3.7, 0.001, 12345.678];
        for (uint seed = 0; seed < 400; seed++)
        {
            CounterRandom random = new(seed, RandomPurpose.Split, 0);
            int Draw(int count) => random.NextInt32(count);
            double Value() => values[Draw(values.Length)];
            double? Maybe() => Draw(3) == 0 ? Value() : null;
            Axis Axis() => new("axis", "s")
            {
                Scale = (AxisScale)Draw(2),
                IsWhole = Draw(4) == 0,
                Min = Maybe(),
                Max = Maybe(),
                Ticks = Draw(5) == 0 ? [Value(), Value()] : null
            };
            Chart chart = new(new string('t', Draw(100)), Axis(), Axis(),
                [.. Enumerable.Range(0, Draw(7)).Select(i => new Series(new string('s', Draw(80)),
                [.. Enumerable.Range(0, Draw(30)).Select(_ =>
                new ChartPoint(Value(), Value(), Maybe(), Maybe(), Draw(4) == 0 ? "label" : null))])
            { Style = (SeriesStyle)Draw(5), Color = Draw(2) == 0 ? Draw(9) : null, IsOnRight = Draw(2) == 0 })])
            {
                Right = Draw(2) == 0 ? Axis() : null,
                Events = [.. Enumerable.Range(0, Draw(4)).Select(_ => new ChartEvent(Value(), "event"))],
                Note = Draw(2) == 0 ? "note" : "",
            };
            XElement svg = ChartTests.Draw(chart);
            Assert.DoesNotContain("NaN", svg.Descendants().Attributes().Select(a => a.Value).Aggregate("", string.Concat),
                StringComparison.Ordinal);
            Assert.All(svg.Descendants(Svg + "text"), text =>
            {
                Assert.InRange(Number(text, "y"), 0, Number(svg, "height"));
                Assert.InRange(Number(text, "x"), -1, Number(svg, "width") + 1);
            });
            string letters = chart.ToText(60, 8, seed % 2 == 0);
            Assert.All(letters.Split('\n'), line => Assert.InRange(line.Length, 0, 60));
        }
    }

    [Fact]
    public void Names_of_any_kind_make_no_broken_file()
    {
        Chart chart = new("<b> & \"\u0000\ud800\"", new("</text><script>"), new("y\b"),
            [Series.Line("<i>\uffff", [(1, 1)])])
        { Events = [new(1, "&amp;<")] };
        XElement svg = Draw(chart);
        Assert.Equal("<b> & \"\ufffd\ufffd\"", svg.Element(Svg + "title")!.Value);
        Assert.Empty(svg.Descendants(Svg + "script"));
        Assert.Contains("&amp;<", Texts(svg));
    }

    [Fact]
    public void A_chart_without_values_says_so() => Assert.Contains("no values", Texts(Draw(Of(Series.Line("", [(1, double.NaN)])))));

    [Fact]
    public void Letters_draw_the_same()
    {
        Chart chart = new("loss", new("rate") { Scale = AxisScale.Log }, Loss,
            [Series.Line("", [(0.001, 2), (0.01, 1), (0.1, 0)])])
        { Events = [new(0.01, "steepest")] };
        Assert.Equal("""
            loss
            loss
            2 |***          :
              |   ****      :
              |       ****  :
            1 |           *****
              |             :  ****
              |             :      ****
            0 |             :          ***
              +---------------------------
             0.001        0.01         0.1
                          rate
            : steepest at 0.01

            """, chart.ToText(30, 7, isUnicode: false));
        Assert.Contains("⠑", chart.ToText(30, 7), StringComparison.Ordinal);
    }

    [Fact]
    public void Letters_have_a_sign_of_its_own_for_each_of_many_series()
    {
        Series[] all = [.. Enumerable.Range(1, 8).Select(i => Series.Line($"series {i}", [(1, i), (2, i)]))];
        string[] lines = new Chart("many", new("x"), new("y"), all).ToText(50, 20, isUnicode: false).Split('\n');
        Assert.Equal(["y    * series 1   o series 2   + series 3", "     x series 4   # series 5   @ series 6",
            "     % series 7   & series 8"], lines[1..4]);
        Assert.Equal(all.Length, lines[4..24].Select(line => line.Last()).Distinct().Count(sign => "*o+x#@%&".Contains(sign)));
    }
}
