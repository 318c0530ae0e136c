using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Profiling;
using Convolve.Training;

namespace Convolve.Cli.Screens;

/// <summary>
/// What 'convolve scale' shows: a row for each number of nodes, what it was predicted from, and how far it is worth going.
/// </summary>
/// <param name="graph">The network.</param>
/// <param name="recipe">Its batch size as given, and its number format.</param>
/// <param name="isWeak">Whether the batch grows with the nodes.</param>
/// <param name="speed">Of a node, as given; null where this machine was measured.</param>
/// <param name="compute">Of a node.</param>
/// <param name="interconnect">Between the nodes.</param>
/// <param name="exchange">The number format of the gradients on the network.</param>
/// <param name="rows">By rising number of nodes.</param>
internal sealed class ScaleScreen(Graph graph, Recipe recipe, bool isWeak, double? speed, ComputeModel compute, Interconnect interconnect,
    Precision exchange, IReadOnlyList<(StepForecast Step, NodeMemory Memory)> rows)
{
    private const double Milli = 1e3, Efficient = 0.9;

    private long GradientBytes => graph.ParameterCount * (exchange == Precision.BFloat16 ? sizeof(ushort) : sizeof(float));

    // The most nodes that still have it, up to where it first falls below.
    private StepForecast? LastEfficient => rows.Select(row => row.Step).TakeWhile(step => step.Efficiency >= Efficient).LastOrDefault();

    /// <summary>For people.</summary>
    public void Show(Output output)
    {
        output.Line();
        output.Fact("network", $"{graph.Name}: {Format.Count(graph.ParameterCount)} parameters, {Format.Bytes(GradientBytes)} of " +
            $"gradients in {Inputs.NameOf(exchange)} to exchange in each step");
        output.Fact("node", speed is { } given ? $"{Format.Number(given)} images/s in training, as given"
            : string.Create(CultureInfo.InvariantCulture, $"this machine: up to {compute.LimitImagesPerSecond:N0} images/s, ") +
            $"measured with up to {Format.Count(compute.LargestMeasured)} images");
        output.Fact("connection", $"{Format.Bandwidth(interconnect.BytesPerSecond)}, {Format.Latency(interconnect.LatencySeconds)} for a " +
            "message");
        output.Line();
        Table table = Output.Columns("nodes#", "images per node#", new("compute ms#") { Rank = 4 }, new("exchange ms#") { Rank = 3 },
            new("hidden#") { Rank = 2 }, "step ms#", "images/s#", "efficiency#", "memory per node#", "useful batch#");
        foreach ((StepForecast step, NodeMemory memory) in rows)
            Output.Row(table, Format.Count(step.Nodes), Format.Count(step.ImagesPerNode), Ms(step.ComputeSeconds), Ms(step.ExchangeSeconds),
                step.Nodes == 1 ? "-" : Percent(step.HiddenShare), Ms(step.StepSeconds), Format.Count(step.ImagesPerSecond),
                Percent(step.Efficiency), Format.Bytes(memory.Bytes), Format.Count(step.UsefulBatchSize));
        output.Table(table);
        output.Line();
        if (rows.Select(row => row.Memory.MicroBatchSize).FirstOrDefault(size => size is not null) is { } part)
            output.Line($"Where a node has more than {Format.Count(part)} images, its memory is that of --micro-batch {part}.");
        output.Last(LastEfficient is { } last
            ? $"worth it      up to {Format.Count(last.Nodes)} {(last.Nodes == 1 ? "node" : "nodes")}: {Percent(last.Efficiency)} " +
            "efficiency"
            : $"worth it      none of these: the efficiency is below {Percent(Efficient)}");
        output.Line("A batch larger than the useful one makes an image less than 5 % faster, and an epoch has fewer updates.");
    }

    /// <summary>For machines.</summary>
    public JsonObject Json() => new()
    {
        ["network"] = graph.Name,
        ["scaling"] = isWeak ? "weak" : "strong",
        ["batch_size"] = recipe.BatchSize,
        ["parameters"] = graph.ParameterCount,
        ["exchange_precision"] = Inputs.NameOf(exchange),
        ["gradient_bytes"] = GradientBytes,
        ["bandwidth_bytes_per_second"] = interconnect.BytesPerSecond,
        ["latency_seconds"] = interconnect.LatencySeconds,
        ["measured"] = speed is null,
        ["node_images_per_second"] = compute.LimitImagesPerSecond,
        ["efficient_nodes"] = LastEfficient?.Nodes,
        ["nodes"] = new JsonArray([.. rows.Select(row => (JsonNode)new JsonObject
        {
            ["nodes"] = row.Step.Nodes,
            ["batch_size"] = row.Step.BatchSize,
            ["images_per_node"] = row.Step.ImagesPerNode,
            ["compute_seconds"] = row.Step.ComputeSeconds,
            ["exchange_seconds"] = row.Step.ExchangeSeconds,
            ["hidden_share"] = row.Step.HiddenShare,
            ["step_seconds"] = row.Step.StepSeconds,
            ["images_per_second"] = row.Step.ImagesPerSecond,
            ["efficiency"] = row.Step.Efficiency,
            ["memory_bytes"] = row.Memory.Bytes,
            ["micro_batch_size"] = row.Memory.MicroBatchSize,
            ["useful_batch_size"] = row.Step.UsefulBatchSize,
        })]),
    };

    private static string Ms(double seconds) => (seconds * Milli).ToString(seconds < 1 ? "F1" : "N0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F0} %");
}
