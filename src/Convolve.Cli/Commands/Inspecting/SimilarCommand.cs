using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Drawing.Sheets;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Inspection;

namespace Convolve.Cli.Commands.Inspecting;

/// <summary>convolve similar RUN [IMAGE]</summary>
internal sealed class SimilarCommand
{
    private const int UsualTop = 16, MostPairs = 1000, BatchSize = 128;
    private readonly InspectionOptions _options = new("similar.png");

    private readonly Argument<string?> _image = new("IMAGE")
    {
        HelpName = "IMAGE",
        Arity = ArgumentArity.ZeroOrOne,
        Description = $"{InspectedPicture.Description} Without it, compare all pictures with each other: suspected wrong labels and " +
            "copies.",
    };

    private readonly Option<string?> _data = Inputs.Word("--data", "SET",
        $"Search in another data set: {Inputs.Sets}. Default: the data set of the run.");

    private readonly Option<int?> _top =
        Inputs.Integer("--top", $"Show the N most similar pictures or pairs, at least 1. Default: {UsualTop}.", least: 1);

    private readonly Option<int?> _limit = Inputs.Integer("--limit", "Search only the first N pictures of each split.", least: 1);

    public static Command Create()
    {
        SimilarCommand similar = new();
        InspectionOptions options = similar._options;
        Command command = new("similar", "Find the training pictures that are most similar to one; or, in a whole set, wrong labels and " +
            "copies.")
        {
            options.Run, similar._image, similar._data, similar._top, similar._limit, options.DataDirectory, options.Out,
            options.Threads, options.Json,
        };
        command.SetAction(similar.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_options.Json));
        RunArgument run = new(line.GetRequiredValue(_options.Run));
        SheetFile file = _options.Sheet(line);
        using Interruption interruption = new("stopping ...");
        using ModelFile model = run.Open();
        using ModelInspector inspector = new(model, _options.Execution(line, run));
        DatasetOptions places = Inputs.DataOptions(line.GetValue(_options.DataDirectory));
        InspectedPicture? picture = line.GetValue(_image) is { } image
            ? InspectedPicture.Read(image, run, model, places, output, interruption.Token) : null;
        DataSplits data = InspectedPicture.Load(run, model, line.GetValue(_data), places, output, interruption.Token);
        Split[] splits = [.. (picture is null ? (Split[])[data.Train, data.Validation, data.Test] : [data.Train])
            .Select(split => new Split(split.Name, split.Dataset, [.. split.Indices.Take(line.GetValue(_limit) ?? int.MaxValue)]))];
        RequireRoom(model.Graph, splits.Sum(split => split.Count));
        ProgressLine bar = new(output);
        try
        {
            FeatureTable table = FeatureTable.Create(inspector.Model, model.Preprocessing, splits, BatchSize,
                new Throttle<double>(share => bar.Show(share, "features", "")), interruption.Token);
            int top = line.GetValue(_top) ?? UsualTop;
            if (picture is not null)
            {
                Neighbors(output, file, inspector, model, table, picture, top, bar);
                return Failures.Success;
            }
            NearPairs pairs = NearPairs.Find(table, line.GetValue(_options.Threads) ?? 0,
                new Throttle<double>(share => bar.Show(share, "comparing", "")), interruption.Token);
            bar.Clear();
            Pairs(output, file, inspector.Labels, table, pairs, top);
            return Failures.Success;
        }
        finally
        {
            bar.Clear();
        }
    }

    private static void RequireRoom(Graph graph, int count)
    {
        long needed = FeatureTable.BytesOf(graph, count), there = Machine.AvailableMemoryBytes ?? long.MaxValue;
        if (needed > there || needed / sizeof(float) > Array.MaxLength)
            throw new UsageException($"The features of {Format.Count(count)} pictures, {LayerNames.LastHidden(graph).Output.Elements} of " +
                $"each, need {Format.Bytes(needed)} of memory, but only " +
                $"{Format.Bytes(Math.Min(there, (long)Array.MaxLength * sizeof(float)))} can be used. Search fewer with --limit N.");
    }

    private static void Neighbors(Output output, SheetFile file, ModelInspector inspector, ModelFile model, FeatureTable table,
        InspectedPicture picture, int top, ProgressLine bar)
    {
        float[] input = picture.Input(model.Preprocessing), probabilities = inspector.Probabilities(input);
        (TableRow Row, float Similarity)[] found = [.. table
            .Nearest(inspector.Activations(input, [LayerNames.LastHidden(model.Graph)])[0].Values, top)
            .Select(near => (table.Rows[near.Row], near.Similarity))];
        bar.Clear();
        string said = InspectionOptions.Words(inspector.Labels, probabilities);
        string own = picture.Label is { } label ? $"{picture.Name}, {model.Preprocessing.ClassNames[label]}" : picture.Name;
        Tile shown = ActivationsCommand.Shown(model.Preprocessing, input) with { Notes = said.Split(", ") };
        file.Write(InspectionSheets.Neighbors(own, shown, found, picture.Label));
        if (output.IsJson)
        {
            Output.Json(new()
            {
                ["file"] = Path.GetFullPath($"{file}"),
                ["image"] = picture.Name,
                ["searched"] = table.Rows.Count,
                ["nearest"] = new JsonArray([.. found.Select(near => Json(near.Row, inspector.Labels, near.Similarity))]),
            });
            return;
        }
        Table rows = Output.Columns(new("picture") { Folds = true }, new("class") { Folds = true }, new("predicted") { Folds = true },
            "cosine#");
        foreach ((TableRow row, float similarity) in found)
            Output.Row(rows, row.Name, row.Split.Dataset.ClassNames[row.Label], Predicted(row, inspector.Labels),
                InspectionSheets.Cosine(similarity));
        output.Table(rows);
        output.Fact("picture", own);
        output.Fact("predicted", said);
        output.Fact("searched", $"{Format.Count(table.Rows.Count)} training pictures of {table.Rows[0].Split.Dataset.Name}, by " +
            $"{table.Length} features");
        output.Fact("sheet", $"{file}");
    }

    private static void Pairs(Output output, SheetFile file, IReadOnlyList<string> labels, FeatureTable table, NearPairs pairs, int top)
    {
        (string Heading, string Note, IEnumerable<NearPair> Pairs)[] sections =
        [
            ("Different labels", "Pictures that the network can hardly tell apart: one of the two labels may be wrong.",
                pairs.Contradictions.Take(top)),
            ("Copies", $"Pictures whose pixels are as good as the same: {Format.Count(pairs.Copies.Count)} pairs.", pairs.Copies.Take(top)),
        ];
        file.Write(InspectionSheets.Pairs("similar pictures", table, sections));
        if (output.IsJson)
        {
            JsonArray Json(IEnumerable<NearPair> all) => new([.. all.Take(MostPairs).Select(pair => new JsonObject
            {
                ["first"] = SimilarCommand.Json(table.Rows[pair.First], labels, null),
                ["second"] = SimilarCommand.Json(table.Rows[pair.Second], labels, null),
                ["cosine"] = pair.Similarity,
                ["pixel_correlation"] = pair.Correlation,
            })]);
            Output.Json(new()
            {
                ["file"] = Path.GetFullPath($"{file}"),
                ["searched"] = table.Rows.Count,
                ["copies_count"] = pairs.Copies.Count,
                ["different_labels"] = Json(pairs.Contradictions),
                ["copies"] = Json(pairs.Copies),
            });
            return;
        }
        foreach ((string heading, string note, IEnumerable<NearPair> some) in sections)
        {
            output.Title($"{heading}. {note}");
            Table rows = Output.Columns(new("picture") { Folds = true }, new("class") { Folds = true }, new("and picture") { Folds = true },
                new("class") { Folds = true }, "cosine#", "pixels#");
            foreach (NearPair pair in some)
            {
                (TableRow first, TableRow second) = (table.Rows[pair.First], table.Rows[pair.Second]);
                Output.Row(rows, first.Name, Class(first, labels), second.Name, Class(second, labels),
                    InspectionSheets.Cosine(pair.Similarity), InspectionSheets.Cosine(pair.Correlation));
            }
            output.Table(rows);
            output.Line();
        }
        output.Fact("searched", $"{Format.Count(table.Rows.Count)} pictures of {table.Rows[0].Split.Dataset.Name}, by {table.Length} " +
            "features; pixels are the correlation of the pictures made small");
        output.Fact("sheet", $"{file}");
    }

    // What the network says, where it says otherwise.
    private static string Class(TableRow row, IReadOnlyList<string> labels)
    {
        string own = row.Split.Dataset.ClassNames[row.Label], predicted = Predicted(row, labels);
        return own == predicted ? own : $"{own} (predicted {predicted})";
    }

    private static string Predicted(TableRow row, IReadOnlyList<string> labels) => row.Predicted < 0 ? "-" : labels[row.Predicted];

    private static JsonObject Json(TableRow row, IReadOnlyList<string> labels, float? similarity)
    {
        JsonObject json = new()
        {
            ["split"] = row.Split.Name,
            ["sample"] = row.Image,
            ["file"] = row.Split.Dataset.FileOf(row.Image),
            ["class"] = row.Split.Dataset.ClassNames[row.Label],
            ["predicted"] = row.Predicted < 0 ? null : labels[row.Predicted],
        };
        if (similarity is { } cosine)
            json["cosine"] = cosine;
        return json;
    }
}
