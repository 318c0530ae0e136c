using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Drawing.Charts;
using Convolve.Planning;
using Convolve.Profiling;

namespace Convolve.Cli.Screens;

/// <summary>What 'convolve analyze' shows: the ceilings, the layers, the roofline, what it means, and what would help.</summary>
internal static class AnalyzeScreen
{
    private const int WidestChart = 100;
    private const double Giga = 1e9, Milli = 1e3;

    /// <summary>For people.</summary>
    /// <param name="analysis">What was measured.</param>
    /// <param name="suggestions">What would help, and what it gave; null where it was not tried.</param>
    /// <param name="chart">The roofline.</param>
    /// <param name="output">Where to.</param>
    public static void Show(NetworkAnalysis analysis, IReadOnlyList<(Suggestion Suggestion, double? Measured)> suggestions, Chart chart,
        Output output)
    {
        PlanOptions options = analysis.Plan.Options;
        Ceilings ceilings = analysis.Ceilings;
        output.Line();
        output.Table(MachineOf(ceilings));
        output.Line();
        output.Line($"{analysis.Graph.Name}, {(options.IsTraining ? "a training step" : "a forward pass")} of " +
            $"{Format.Count(options.BatchSize)} {(options.BatchSize == 1 ? "image" : "images")} in {Inputs.NameOf(options.Precision)} on " +
            $"{options.Threads} {(options.Threads == 1 ? "thread" : "threads")}, median of {Format.Count(analysis.Passes)}:");
        output.Table(LayersOf(analysis));
        output.Line();
        output.Line(chart.ToText(Math.Min(output.Width, WidestChart), isUnicode: output.HasUnicode));
        foreach (Finding finding in AnalysisFindings.Of(analysis))
            output.Fact(finding.Subject, finding.Text);
        output.Line();
        output.Last($"speed         {Format.Count(analysis.ImagesPerSecond)} images/s, {Ms(analysis.Seconds)} ms a pass, without loading");
        if (suggestions.Count == 0)
            output.Line("No other batch size, number format or narrower layer promises more than 3 %.");
        else
            output.Table(SuggestionsOf(analysis, suggestions));
        if (suggestions.Any(s => s.Suggestion.Kind != SuggestionKind.Precision))
            output.Line("Another batch size or a narrower layer also changes what the network learns: compare with " +
                $"`{ProgramName.Current} sweep`.");
    }

    /// <summary>For machines.</summary>
    public static JsonObject Json(NetworkAnalysis analysis, IReadOnlyList<(Suggestion Suggestion, double? Measured)> suggestions) => new()
    {
        ["network"] = analysis.Graph.Name,
        ["batch_size"] = analysis.Plan.Options.BatchSize,
        ["training"] = analysis.Plan.Options.IsTraining,
        ["precision"] = Inputs.NameOf(analysis.Plan.Options.Precision),
        ["images_per_second"] = analysis.ImagesPerSecond,
        ["seconds"] = analysis.Seconds,
        ["ceilings"] = Json(analysis.Ceilings),
        ["layers"] = new JsonArray([.. analysis.Layers.Select(row => (JsonNode)new JsonObject
        {
            ["name"] = row.Layer,
            ["phase"] = row.Layer == LayerFigures.Update ? LayerFigures.Update : $"{row.Phase}".ToLowerInvariant(),
            ["seconds"] = row.Seconds,
            ["flops"] = row.Flops,
            ["bytes"] = row.Bytes,
            ["flops_per_byte"] = row.FlopsPerByte,
            ["least_seconds"] = row.LeastSeconds,
            ["share_of_ceiling"] = row.Share,
            ["bound"] = BoundOf(analysis, row),
        })]),
        ["findings"] = new JsonObject(AnalysisFindings.Of(analysis)
            .Select(finding => KeyValuePair.Create(finding.Subject, (JsonNode?)finding.Text))),
        ["suggestions"] = new JsonArray([.. suggestions.Select(s => (JsonNode)new JsonObject
        {
            ["kind"] = System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName($"{s.Suggestion.Kind}"),
            ["change"] = s.Suggestion.Words,
            ["predicted_images_per_second"] = s.Suggestion.Predicted,
            ["measured_images_per_second"] = s.Measured,
        })]),
    };

    private static JsonObject Json(Ceilings ceilings) => new()
    {
        ["processor"] = ceilings.Processor,
        ["threads"] = ceilings.Threads,
        ["f32_flops_per_second"] = ceilings.Float32FlopsPerSecond,
        ["f32_flops_per_second_one_thread"] = ceilings.Float32OneThread,
        ["bf16_flops_per_second"] = ceilings.BFloat16FlopsPerSecond,
        ["bf16_flops_per_second_one_thread"] = ceilings.BFloat16OneThread,
        ["levels"] = new JsonArray([.. ceilings.Levels.Select(level => (JsonNode)new JsonObject
        {
            ["name"] = level.Name,
            ["largest_bytes"] = level.LargestBytes,
            ["bytes_per_second"] = level.BytesPerSecond,
            ["bytes_per_second_one_thread"] = level.OneThreadBytesPerSecond,
        })]),
    };

    private static Table MachineOf(Ceilings ceilings)
    {
        Table table = Output.Columns("ceiling", "one thread#", ceilings.Threads == 1 ? "all#" : $"{ceilings.Threads} threads#", "unit",
            "up to#");
        Output.Row(table, "float32", Number(ceilings.Float32OneThread), Number(ceilings.Float32FlopsPerSecond), "GFLOP/s", "");
        if (ceilings is { BFloat16FlopsPerSecond: { } all, BFloat16OneThread: { } one })
            Output.Row(table, "bfloat16", Number(one), Number(all), "GFLOP/s", "");
        foreach (MemoryLevel level in ceilings.Levels)
            Output.Row(table, level.Name, Number(level.OneThreadBytesPerSecond), Number(level.BytesPerSecond), "GB/s",
                level.Name == ceilings.Levels[^1].Name ? "" : Format.Bytes(level.LargestBytes));
        return table;
    }

    private static Table LayersOf(NetworkAnalysis analysis)
    {
        Table table = Output.Columns("layer", "pass", "ms#", "time#", new("GFLOP#") { Rank = 4 }, new("MB#") { Rank = 5 }, "FLOP/byte#",
            new("GFLOP/s#") { Rank = 2 }, new("GB/s#") { Rank = 3 }, "bound by", "of ceiling#");
        foreach (LayerFigures row in analysis.Layers)
            Output.Row(table, row.Layer, row.Layer == LayerFigures.Update ? "" : $"{row.Phase}".ToLowerInvariant(), Ms(row.Seconds),
                Format.Percent(row.Seconds / analysis.Seconds), AnalysisFindings.Digits(row.Flops / Giga),
                AnalysisFindings.Digits(row.Bytes / (Giga / Milli)), AnalysisFindings.Digits(row.FlopsPerByte),
                Number(row.FlopsPerSecond), Number(row.Bytes / row.Seconds), BoundOf(analysis, row), Format.Percent(row.Share));
        Output.Row(table, "total", "", Ms(analysis.Seconds), Format.Percent(1),
            AnalysisFindings.Digits(analysis.Layers.Sum(row => row.Flops) / Giga), "", "",
            Number(analysis.Layers.Sum(row => row.Flops) / analysis.Seconds), "", "",
            Format.Percent(analysis.Layers.Sum(row => row.LeastSeconds) / analysis.Seconds));
        return table;
    }

    private static Table SuggestionsOf(NetworkAnalysis analysis, IReadOnlyList<(Suggestion Suggestion, double? Measured)> suggestions)
    {
        Table table = Output.Columns(new("suggestion") { Folds = true }, "images/s, predicted#", "gain#", "measured#", "gain, measured#");
        foreach ((Suggestion suggestion, double? measured) in suggestions)
            Output.Row(table, suggestion.Words, Format.Count(suggestion.Predicted), Gain(suggestion.Predicted),
                measured is { } rate ? Format.Count(rate) : "-", measured is { } tried ? Gain(tried) : "-");
        return table;

        string Gain(double rate) =>
            string.Create(CultureInfo.InvariantCulture, $"{100 * (rate / analysis.ImagesPerSecond - 1):+0;-0;0} %");
    }

    private static string BoundOf(NetworkAnalysis analysis, LayerFigures row) => row.IsComputeBound ? "compute"
        : analysis.Ceilings.LevelOf(row.LargestBytes).Name;

    private static string Number(double perSecond) => AnalysisFindings.Digits(perSecond / Giga);

    private static string Ms(double seconds) => (seconds * Milli).ToString("F3", CultureInfo.InvariantCulture);
}
