using System.Globalization;
using Convolve.Graphs;

namespace Convolve.Drawing;

/// <summary>
/// Draws a network as a picture: a card for each layer with what follows it alone, lines with the shapes, branches side by side.
/// </summary>
/// <remarks>
/// What repeats is drawn once, in a frame that says how often. A long network runs in several columns. The picture suits light and dark
/// pages. Pointing at a card shows its layers, shapes, parameters and multiply-adds.
/// </remarks>
internal static class NetworkDrawing
{
    private const double Margin = 28, HeadHeight = 92, ColumnGap = 44, ColumnTop = 30, LongestColumn = 1150, Aspect = 1.5, ShapeSize = 10;
    private const int MostColumns = 12;

    private sealed record Column(IReadOnlyList<Stack> Stacks)
    {
        public double Height => Stacks.Sum(stack => stack.Height);

        public double Left => Stacks.Max(stack => stack.Left);

        public double Right => Stacks.Max(stack => stack.Right);
    }

    /// <summary>The drawing of a network as an SVG document.</summary>
    public static string ToSvg(Graph graph)
    {
        List<Column> columns = Arrange(UnitSequence.Of(graph));
        CardKind[] kinds = [.. columns.SelectMany(c => c.Stacks).SelectMany(s => s.Units).SelectMany(u => u.Cards).Select(card => card.Kind)
            .Where(kind => kind != CardKind.Input).Distinct().Order()];
        string facts = string.Create(CultureInfo.InvariantCulture,
            $"{graph.Input} to {graph.Output} \u00b7 {graph.ParameterCount:N0} parameters \u00b7 {Large(graph.MultiplyAdds)} " +
            $"multiply-adds per image");
        double width = Math.Max(WidthOf(columns),
            Margin * 2 + Math.Max(SvgWriter.WidthOf(facts, 12), Math.Max(SvgWriter.WidthOf(graph.Name, 20), kinds.Sum(LegendWidth))));
        double height = HeadHeight + columns.Max(column => column.Height) + 2 * ColumnTop + Margin;
        using SvgCanvas canvas = new(width, height, graph.Name, facts);
        canvas.Text(graph.Name, new(Margin, Margin + 14), "ink", 20, isBold: true);
        canvas.Text(facts, new(Margin, Margin + 36), "soft", 12);
        double x = Margin;
        foreach (CardKind kind in kinds)
        {
            canvas.Dot(kind, new(x + 5, Margin + 54));
            canvas.Text(kind.ToString().ToLowerInvariant(), new(x + 15, Margin + 58), "soft", 11);
            x += LegendWidth(kind);
        }
        Draw(canvas, columns, (width - WidthOf(columns)) / 2 + Margin);
        return canvas.Finish();
    }

    private static void Draw(SvgCanvas canvas, List<Column> columns, double x)
    {
        List<Point>? connection = null;
        foreach (Column column in columns)
        {
            Point at = new(x + column.Left, HeadHeight + ColumnTop);
            if (connection is not null)
            {
                connection.AddRange([new(x - ColumnGap / 2, connection[^1].Y), new(x - ColumnGap / 2, HeadHeight + 8),
                    at with { Y = HeadHeight + 8 }, at]);
                canvas.Line(connection, hasArrow: false);
            }
            foreach (Stack stack in column.Stacks)
                at = Draw(canvas, stack, at);
            connection = [at, at with { Y = at.Y + 14 }];
            x += column.Left + column.Right + ColumnGap;
        }
        Point end = connection![0];
        canvas.Text($"{columns[^1].Stacks[^1].Units[^1].Last.Output}", new(end.X, end.Y + 16), "soft", ShapeSize + 1, "middle");
    }

    // Lines first, so that cards lie over them.
    private static Point Draw(SvgCanvas canvas, Stack stack, Point at)
    {
        Point begin = at with { Y = at.Y + stack.Before };
        if (stack.IsFramed)
        {
            double top = begin.Y - 2, right = at.X + stack.Right, label = SvgWriter.WidthOf(stack.Label, Card.SmallSize);
            canvas.Line([at, begin], hasArrow: false);
            canvas.Frame(new(at.X - stack.Left, top), stack.Left + stack.Right, stack.Units.Sum(unit => unit.Height) + Stack.FrameMargin);
            canvas.Paper(new(right - label - 18, top - 7), label + 8, 14);
            canvas.Text(stack.Label, new(right - 14, top + 4), "ink", Card.SmallSize, "end", isBold: true);
        }
        at = begin;
        foreach (Unit unit in stack.Units)
        {
            foreach (Edge edge in unit.Edges)
            {
                canvas.Line([.. edge.Way.Select(point => point + at)]);
                if (edge.Shape is { } shape)
                    canvas.Text($"{shape}", at + edge.Way[0] + new Point(6, 13), "soft", ShapeSize);
            }
            foreach (Card card in unit.Cards)
                canvas.Card(card, unit.Tops[card] + at);
            at = at with { Y = at.Y + unit.Height };
        }
        Point end = at with { Y = at.Y + stack.Behind };
        if (stack.IsFramed)
            canvas.Line([at, end], hasArrow: false);
        return end;
    }

    // As many columns as make the picture a landscape, where one would be long.
    private static List<Column> Arrange(List<Stack> stacks)
    {
        if (stacks.Sum(stack => stack.Height) <= LongestColumn)
            return [new(stacks)];
        return Enumerable.Range(2, Math.Min(MostColumns, stacks.Count) - 1).Select(count => Split(stacks, count))
            .MinBy(columns => Math.Abs(Math.Log(WidthOf(columns) / (columns.Max(c => c.Height) + HeadHeight) / Aspect)))!;
    }

    private static List<Column> Split(List<Stack> stacks, int count)
    {
        double low = stacks.Max(stack => stack.Height), high = stacks.Sum(stack => stack.Height);
        while (high - low > 1)
        {
            double middle = (low + high) / 2;
            if (Fill(stacks, middle).Count <= count)
                high = middle;
            else
                low = middle;
        }
        return Fill(stacks, high);
    }

    private static List<Column> Fill(List<Stack> stacks, double most)
    {
        List<List<Stack>> columns = [[]];
        foreach (Stack stack in stacks)
        {
            if (columns[^1].Count > 0 && columns[^1].Sum(s => s.Height) + stack.Height > most)
                columns.Add([]);
            columns[^1].Add(stack);
        }
        return [.. columns.Select(column => new Column(column))];
    }

    private static double WidthOf(List<Column> columns) =>
        2 * Margin + columns.Sum(c => c.Left + c.Right) + ColumnGap * (columns.Count - 1);

    private static double LegendWidth(CardKind kind) => 30 + SvgWriter.WidthOf(kind.ToString(), 11);

    private static string Large(long count) => count switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:F2} G"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:F1} M"),
        _ => count.ToString("N0", CultureInfo.InvariantCulture),
    };
}
