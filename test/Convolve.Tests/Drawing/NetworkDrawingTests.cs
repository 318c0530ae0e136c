using System.Globalization;
using System.Xml.Linq;
using Convolve.Drawing;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Tests.Planning;

namespace Convolve.Tests.Drawing;

/// <summary>
/// The picture of a network: every layer in it, no card over another, all of it on the paper, well-formed whatever the names.
/// </summary>
public class NetworkDrawingTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private sealed record Box(double X, double Y, double Width, double Height)
    {
        public bool Overlaps(Box other) => X < other.X + other.Width && other.X < X + Width && Y < other.Y + other.Height
            && other.Y < Y + Height;
    }

    private static readonly Layer[] Block = [new Conv2d(4, 3, padding: 1), new BatchNorm2d(), new ReLU()];

    private static XElement Draw(Graph graph) => XDocument.Parse(NetworkDrawing.ToSvg(graph)).Root!;

    private static double Number(XElement element, string attribute) =>
        double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);

    private static List<Box> Cards(XElement svg) =>
        [.. svg.Descendants(Svg + "rect").Where(r => r.Attribute("class")!.Value.StartsWith("card ", StringComparison.Ordinal))
        .Select(r => new Box(Number(r, "x"), Number(r, "y"), Number(r, "width"), Number(r, "height")))];

    private static string[] Texts(XElement svg) => [.. svg.Descendants(Svg + "text").Select(t => t.Value)];

    // Cards apart, lines that end at a card, everything within the paper.
    private static void RequireSound(XElement svg)
    {
        List<Box> cards = Cards(svg);
        for (int i = 0; i < cards.Count; i++)
            for (int j = 0; j < i; j++)
                Assert.False(cards[i].Overlaps(cards[j]), $"{cards[i]} lies over {cards[j]}");
        Box paper = new(0, 0, Number(svg, "width"), Number(svg, "height"));
        Assert.All(cards, card => Assert.True(card.X >= 0 && card.Y >= 0 && card.X + card.Width <= paper.Width
            && card.Y + card.Height <= paper.Height));
        foreach (XElement line in svg.Descendants(Svg + "path").Where(p => p.Attribute("marker-end") is not null))
        {
            double[] way = [.. line.Attribute("d")!.Value.Split(' ', 'M', 'L', 'Q').Where(w => w.Length > 0)
                .Select(w => double.Parse(w, CultureInfo.InvariantCulture))];
            Assert.All(way.Chunk(2), point => Assert.True(point[0] >= 0 && point[0] <= paper.Width && point[1] >= 0
                && point[1] <= paper.Height));
            Assert.Contains(cards, card => Math.Abs(card.Y - way[^1]) < 0.2 && card.X <= way[^2] && way[^2] <= card.X + card.Width);
        }
    }

    [Fact]
    public void A_chain_is_a_card_for_each_layer_with_what_follows_it()
    {
        XElement svg =
            Draw(Graph.Sequential("tiny", (1, 8, 8), [.. Block, new MaxPool2d(2), new Flatten(), new Linear(10), new Dropout(0.25f)]));
        RequireSound(svg);
        Assert.Equal(5, Cards(svg).Count);
        string[] expected = ["tiny", "1x8x8 to 10 \u00b7 698 parameters \u00b7 2,944 multiply-adds per image", "convolution", "linear",
            "pooling", "reshape",
            "1x8x8", "input 1x8x8", "4x8x8", "Conv2d(4, 3, padding: 1)", "BatchNorm2d, ReLU", "conv1 \u00b7 48", "4x4x4", "MaxPool2d(2)",
            "pool1", "64", "Flatten", "flatten1",
            "Linear(10)", "Dropout 0.25", "fc1 \u00b7 650", "10"];
        Assert.Equal(expected.Order(StringComparer.Ordinal), Texts(svg).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Pointing_at_a_card_tells_all_of_it()
    {
        XElement svg = Draw(Graph.Sequential("tiny", (1, 8, 8), [.. Block, new Flatten(), new Linear(10)]));
        Assert.Contains(
            "conv1: Conv2d(4, 3, padding: 1) -> 4x8x8, 40 parameters, 2,304 multiply-adds\nbn1: BatchNorm2d() -> 4x8x8, 8 " +
            "parameters\nrelu1: ReLU() -> 4x8x8",
            svg.Descendants(Svg + "title").Select(t => t.Value));
    }

    [Fact]
    public void Blocks_that_repeat_are_drawn_once()
    {
        GraphBuilder net = new("residual", (4, 8, 8));
        var x = net.Chain(net.Input, new Conv2d(4, 1));
        for (int i = 0; i < 7; i++)
        {
            var path = net.AddNamed($"stage.{i}.conv", new Conv2d(4, 3, padding: 1), x);
            x = net.AddNamed($"stage.{i}.add", new Add(), path, x);
        }
        XElement svg = Draw(net.Build(net.Chain(x, new GlobalAvgPool(), new Linear(3))));
        RequireSound(svg);
        Assert.Equal(6, Cards(svg).Count);
        Assert.Contains("\u00d7 7, to stage.6", Texts(svg));
    }

    [Fact]
    public void Branches_stand_side_by_side()
    {
        GraphBuilder net = new("inception", (4, 8, 8));
        var x = net.Add(new MaxPool2d(2), net.Input);
        var joined = net.Add(new Concat(), net.Add(new Conv2d(3, 1), x), net.Chain(x, new Conv2d(3, 1), new Conv2d(5, 3, padding: 1)), x);
        XElement svg = Draw(net.Build(net.Chain(joined, new Flatten(), new Linear(3))));
        RequireSound(svg);
        Assert.Equal(2, Cards(svg).GroupBy(card => card.Y).Count(row => row.Count() == 2) + 1);
    }

    [Fact]
    public void A_long_network_runs_in_columns()
    {
        Graph graph = Graph.Sequential("long", (1, 64, 64),
            [.. Enumerable.Range(1, 60).Select(i => new Conv2d(i, 3, padding: 1)), new Flatten(), new Linear(3)]);
        XElement svg = Draw(graph);
        RequireSound(svg);
        Assert.InRange(Number(svg, "width") / Number(svg, "height"), 0.8, 3);
        Assert.Equal(63, Cards(svg).Count);
    }

    // The planner's random graphs, with branches in branches and edges past several ranks.
    [Fact]
    public void Any_graph_is_drawn_without_cards_over_each_other()
    {
        for (int seed = 0; seed < 200; seed++)
            RequireSound(Draw(RandomGraphs.Create(seed)));
    }

    [Fact]
    public void Names_of_any_kind_make_no_broken_file()
    {
        GraphBuilder net = new("<svg> & \"\u0000\u001b\ud800\" \ud83d\ude00 \uffff", (1, 4, 4));
        XElement svg =
            Draw(net.Build(net.AddNamed("</text><script>\b", new Conv2d(2, 3), net.AddNamed(new string('n', 500), new ReLU(), net.Input))));
        RequireSound(svg);
        Assert.Contains("<svg> & \"\ufffd\ufffd\ufffd\" \ud83d\ude00 \ufffd", Texts(svg));
        Assert.All(Texts(svg), text => Assert.True(text.Length < 100));
        Assert.Empty(svg.Descendants(Svg + "script"));
    }

    [Fact]
    public void Suits_dark_pages_too() => Assert.Contains("@media screen and (prefers-color-scheme:dark)",
        Draw(Graph.Sequential("x", (1, 4, 4), Block)).Element(Svg + "style")!.Value, StringComparison.Ordinal);
}
