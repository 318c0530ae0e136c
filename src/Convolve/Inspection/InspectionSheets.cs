using Convolve.Analysis;
using Convolve.Data;
using Convolve.Drawing.Sheets;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;

namespace Convolve.Inspection;

/// <summary>The sheets of what is found inside networks.</summary>
internal static class InspectionSheets
{
    private const int PictureSide = 224, ThumbnailSide = 112, FilterSide = 56, FewFilterSide = 84, Few = 16, Some = 64;

    /// <summary>
    /// The filters of convolutions, in their order: each in color over three channels, else its channels row by row in one picture.
    /// </summary>
    public static Sheet Filters(Model model, IReadOnlyList<Node> convolutions) =>
        new($"filters of {model.Graph.Name}", [.. convolutions.Select(node => Filters(model, node))]);

    /// <summary>Feature maps of a picture.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="picture">What the network saw, with its captions.</param>
    /// <param name="layers">Each with a word on it, such as the name of the convolution before it.</param>
    public static Sheet Activations(string network, Tile picture, IEnumerable<(string Heading, FeatureMaps Maps)> layers) =>
        new($"feature maps of {network}",
        [
            new("Input", "", [picture]),
            .. layers.Select(layer => new SheetSection(layer.Heading, Words(layer.Maps), Tiles(layer.Maps))),
        ]);

    /// <summary>A picture, what mattered in it, and both: each value of the map in the middle of what its place sees.</summary>
    public static Sheet Saliency(string heading, string note, Tile picture, FeatureMaps map, Graph graph)
    {
        (int, int) size = (map.Shape.Height, map.Shape.Width);
        ReceptiveField field = ReceptiveField.Of(graph)[LayerNames.Find(graph, map.Layer).Index];
        (int height, int width) = (graph.Input.Height, graph.Input.Width);
        var place = (field.Height.Start / height, field.Height.Jump / height, field.Width.Start / width, field.Width.Jump / width);
        return new(heading, [new(heading, note, [picture with { Captions = ["input"] },
            TilePictures.Warm(map.Values, size, picture, place, alone: false) with { Captions = ["both"] },
            TilePictures.Warm(map.Values, size, picture, place, alone: true) with { Captions = ["map"] }])]);
    }

    /// <summary>A picture and the most similar ones.</summary>
    public static Sheet Neighbors(string heading, Tile picture, IEnumerable<(TableRow Row, float Similarity)> neighbors, int? label) =>
        new(heading, [new(heading, "", [picture]), new("Most similar", "The cosine of the last hidden layer's features.",
            [.. neighbors.Select(n => Thumbnail(n.Row) with
            {
                Captions = [n.Row.Split.Dataset.ClassNames[n.Row.Label]],
                Notes = [$"{Cosine(n.Similarity)}  {Short(n.Row)}"],
                Frame = label is null ? TileFrame.None : n.Row.Label == label ? TileFrame.Good : TileFrame.Bad,
            })])]);

    /// <summary>Pairs of pictures.</summary>
    /// <param name="title">Of the sheet.</param>
    /// <param name="table">Where they are.</param>
    /// <param name="sections">With words on them.</param>
    public static Sheet Pairs(string title, FeatureTable table,
        IEnumerable<(string Heading, string Note, IEnumerable<NearPair> Pairs)> sections) =>
        new(title, [.. sections.Select(section => new SheetSection(section.Heading, section.Note, [.. section.Pairs.Select(pair =>
        {
            (TableRow first, TableRow second) = (table.Rows[pair.First], table.Rows[pair.Second]);
            return TilePictures.Beside(Thumbnail(first), Thumbnail(second)) with
            {
                Captions = [first.Split.Dataset.ClassNames[first.Label], second.Split.Dataset.ClassNames[second.Label]],
                Notes = [$"{Cosine(pair.Similarity)}  {Short(first)}  {Short(second)}"],
            };
        })]))]);

    /// <summary>A picture as the network takes it, as large as a sheet shows one.</summary>
    public static Tile Picture(ReadOnlySpan<byte> planes, ImageSize size) => TilePictures.Of(planes, size, PictureSide);

    /// <summary>"0.987".</summary>
    public static string Cosine(float value) => value.ToString("F3", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>How many channels are 0 everywhere.</summary>
    public static int Silent(FeatureMaps maps) =>
        Enumerable.Range(0, maps.Shape.Channels).Count(c => !maps[c].ContainsAnyExcept(0));

    private static string Short(TableRow row) => Path.GetFileName(row.Name);

    private static Tile Thumbnail(TableRow row) => TilePictures.Of(row.Split.Dataset, row.Image, ThumbnailSide);

    private static string Words(FeatureMaps maps)
    {
        string each = maps.Shape.IsVector ? $"{maps.Shape.Channels} features, row by row"
            : $"{maps.Shape.Channels} maps of {maps.Shape.Height}x{maps.Shape.Width}, each with its own scale";
        bool isSigned = maps.Values.ContainsAnyInRange(float.NegativeInfinity, -float.Epsilon);
        string silent = !maps.Shape.IsVector && Silent(maps) is > 0 and var count ? $" {count} of them 0 everywhere." : "";
        return $"{each}; {(isSigned ? "mid gray is 0" : "black is 0")}.{silent}";
    }

    private static IReadOnlyList<Tile> Tiles(FeatureMaps maps)
    {
        Shape shape = maps.Shape;
        if (shape.IsVector)
        {
            int columns = (int)Math.Ceiling(Math.Sqrt(2.0 * shape.Channels)), rows = (shape.Channels + columns - 1) / columns;
            float[] padded = new float[rows * columns];
            maps.Values.CopyTo(padded);
            return [TilePictures.Gray(padded, rows, columns, TilePictures.FactorFor(columns, 4 * ThumbnailSide))];
        }
        int side = shape.Channels <= Few ? ThumbnailSide : shape.Channels <= Some ? Some : FilterSide;
        int factor = TilePictures.FactorFor(Math.Max(shape.Height, shape.Width), side);
        return [.. Enumerable.Range(0, shape.Channels).Select(c => TilePictures.Gray(maps[c], shape.Height, shape.Width, factor) with
        {
            Notes = [$"{c}"],
        })];
    }

    private static SheetSection Filters(Model model, Node node)
    {
        var convolution = (Conv2d)node.Layer;
        float[] weights = new float[checked((int)convolution.Parameters(node.Input)[0].Count)];
        model.ReadParameter($"{node.Name}.weight", weights);
        int inputs = node.Input.Channels / convolution.Groups, height = convolution.Kernel.Height, width = convolution.Kernel.Width;
        string how = inputs is 1 or 3 ? "" : $"; each picture has the {inputs} channels of a filter, row by row";
        return new($"{node.Name}: {node.Layer}", $"{convolution.Filters} filters of {inputs}x{height}x{width}{how}. Mid gray is a weight " +
            "of 0; each filter has its own scale.", [.. Enumerable.Range(0, convolution.Filters).Select(filter =>
            {
                ReadOnlySpan<float> own = weights.AsSpan(filter * inputs * height * width, inputs * height * width);
                return Filter(own, inputs, height, width, convolution.Filters <= Some ? FewFilterSide : FilterSide) with
                {
                    Notes = [$"{filter}"],
                };
            })]);
    }

    private static Tile Filter(ReadOnlySpan<float> weights, int inputs, int height, int width, int side)
    {
        float largest = 0;
        foreach (float weight in weights)
            largest = Math.Max(largest, float.IsFinite(weight) ? Math.Abs(weight) : 0);
        bool isColor = inputs == 3;
        int parts = isColor ? 1 : inputs, columns = (int)Math.Ceiling(Math.Sqrt(parts * (double)height / width)),
            rows = (parts + columns - 1) / columns, factor = TilePictures.FactorFor(columns * (width + 1), side);
        // A line of background between the channels of a filter.
        ImageSize size = new(isColor ? 3 : 1, rows * (height + 1) - 1, columns * (width + 1) - 1);
        byte[] planes = new byte[size.Length];
        Array.Fill(planes, (byte)245);
        for (int i = 0; i < weights.Length; i++)
        {
            (int c, int y, int x) = (i / (height * width), i / width % height, i % width);
            (int plane, int part) = isColor ? (c, 0) : (0, c);
            float share = largest > 0 && float.IsFinite(weights[i]) ? weights[i] / largest : 0;
            planes[(plane * size.Height + part / columns * (height + 1) + y) * size.Width + part % columns * (width + 1) + x] =
                (byte)MathF.Round(127.5f + 127.5f * share);
        }
        return new(planes, size, factor);
    }
}
