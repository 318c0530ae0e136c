using System.Text.Json.Nodes;
using Convolve.Cli.Terminal;
using Convolve.Data.Folders;

namespace Convolve.Cli.Screens;

/// <summary>What 'convolve data verify folder:PATH' says.</summary>
internal static class FolderScreen
{
    // A thousand names in a log hide the one that matters; --json has all.
    private const int MostNotes = 20, MostClasses = 100;

    /// <summary>The counts, everything that is wrong on standard error, and what is worth knowing below the counts.</summary>
    public static void Show(Output output, ImageFolderReport report)
    {
        foreach (ImageFolderFinding finding in report.Findings.Where(f => f.IsBad))
            Failures.Say(finding.Message);
        if (output.IsJson)
            return;
        output.Table(Splits(report));
        output.Line();
        output.Table(Classes(report));
        if (report.ClassNames.Count > MostClasses)
            output.Line($"and {Format.Count(report.ClassNames.Count - MostClasses)} more classes; --json lists all");
        foreach (var kind in report.Findings.Where(f => !f.IsBad).GroupBy(f => f.Kind))
        {
            output.Line();
            foreach (ImageFolderFinding finding in kind.Take(MostNotes))
                output.Line(finding.Kind == ImageFolderFindingKind.Imbalance ? $"{finding.Message} See --class-weights." : finding.Message);
            if (kind.Count() > MostNotes)
                output.Line($"and {Format.Count(kind.Count() - MostNotes)} more of this kind; --json lists all");
        }
        output.Line();
        output.Line(report.Findings.Count(f => f.IsBad) switch
        {
            0 => $"{report.Name}: no problems found.",
            1 => $"{report.Name}: one problem found.",
            int count => $"{report.Name}: {Format.Count(count)} problems found.",
        });
    }

    public static JsonObject Json(ImageFolderReport report) => new()
    {
        ["name"] = report.Name,
        ["folder"] = report.Directory,
        ["ok"] = report.IsOk,
        ["splits"] = new JsonArray([.. report.Parts.Select(p => new JsonObject
        {
            ["name"] = p.Name,
            ["folder"] = p.Directory,
            ["images"] = p.Count,
            ["bytes"] = p.Bytes,
            ["smallest"] = $"{p.Smallest}",
            ["largest"] = $"{p.Largest}",
            ["classes"] =
            new JsonObject([.. report.ClassNames.Select((name, i) => KeyValuePair.Create(name, (JsonNode?)p.CountsByClass[i]))]),
        })]),
        ["findings"] = new JsonArray([.. report.Findings.Select(f => new JsonObject
        {
            ["kind"] = NameOf(f.Kind),
            ["path"] = f.Path,
            ["bad"] = f.IsBad,
            ["message"] = f.Message,
        })]),
    };

    private static Table Splits(ImageFolderReport report)
    {
        Table table = Output.Columns("split", "images#", "size#", new("smallest") { Rank = 3 }, new("largest") { Rank = 2 },
            new("folder") { IsPath = true });
        foreach (ImageFolderPart part in report.Parts)
            Output.Row(table, part.Name, Format.Count(part.Count), Format.Bytes(part.Bytes), $"{part.Smallest}", $"{part.Largest}",
                part.Directory);
        return table;
    }

    private static Table Classes(ImageFolderReport report)
    {
        Table table = Output.Columns([new("class") { Folds = true }, .. report.Parts.Select(p => new Column(p.Name + "#"))]);
        for (int label = 0; label < Math.Min(report.ClassNames.Count, MostClasses); label++)
            Output.Row(table, [report.ClassNames[label], .. report.Parts.Select(p => Format.Count(p.CountsByClass[label]))]);
        return table;
    }

    private static string NameOf(ImageFolderFindingKind kind) => kind switch
    {
        ImageFolderFindingKind.BadFile => "bad_file",
        ImageFolderFindingKind.EmptyClass => "empty_class",
        ImageFolderFindingKind.UnknownClass => "unknown_class",
        ImageFolderFindingKind.Leak => "leak",
        ImageFolderFindingKind.TwoLabels => "two_labels",
        ImageFolderFindingKind.Repeated => "repeated",
        ImageFolderFindingKind.UntestedClass => "untested_class",
        ImageFolderFindingKind.Untrainable => "untrainable",
        ImageFolderFindingKind.Stray => "stray",
        ImageFolderFindingKind.Link => "link",
        ImageFolderFindingKind.Layout => "layout",
        _ => "imbalance",
    };
}
