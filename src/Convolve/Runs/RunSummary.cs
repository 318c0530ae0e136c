using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Evaluations;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>What a run folder records of a run, finished or not.</summary>
/// <param name="Folder">Where it is.</param>
/// <param name="Recipe">How it was trained.</param>
/// <param name="Graph">What was trained.</param>
/// <param name="Epochs">The finished epochs, in order.</param>
/// <param name="Test">The test split under the best weights; null where the run has not come to it.</param>
/// <param name="BestEpoch">The epoch whose weights were tested, from 1; before the test, the best so far; 0 where none is finished.</param>
internal sealed record RunSummary(string Folder, Recipe Recipe, Graph Graph, IReadOnlyList<EpochProgress> Epochs, Evaluation? Test,
    int BestEpoch)
{
    /// <summary>The line of the test in metrics.jsonl, where there is one.</summary>
    internal const string TestKey = "test_of_epoch";

    /// <summary>The machine and the libraries, as environment.json has them; empty where that cannot be read.</summary>
    public JsonObject Environment { get; init; } = [];

    /// <summary>Why it ended; null before the end.</summary>
    public TrainingEnd? End { get; init; }

    /// <summary>The whole run's images in training each second, data included; null before the end.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>The time of the whole run, with evaluation; null before the end.</summary>
    public TimeSpan? Elapsed { get; init; }

    /// <summary>What the plans said that the run would take, in bytes; null before the end.</summary>
    public long? EstimatedMemoryBytes { get; init; }

    /// <summary>What the process was expected to grow by, in bytes; null before the end, and of older versions.</summary>
    internal long? EstimatedGrowthBytes { get; init; }

    /// <summary>What the process grew by, in bytes; null before the end.</summary>
    public long? MeasuredMemoryBytes { get; init; }

    /// <summary>Notes on the epochs: a collapse, a rising loss, no progress. Empty for a healthy run.</summary>
    public IReadOnlyList<TrainingNote> Notes => TrainingNotes.Of(Epochs, Recipe, Graph.Output.Channels);

    /// <summary>The best finished epoch; null where none is finished.</summary>
    public EpochProgress? Best => BestEpoch > 0 ? Epochs[BestEpoch - 1] : null;

    /// <summary>Reads a run folder.</summary>
    /// <exception cref="RecipeException">The folder is not a run folder, or its recipe or its log cannot be read.</exception>
    public static RunSummary Read(string folder)
    {
        (Recipe recipe, Graph graph) = RunFolder.ReadRecipe(folder);
        string log = Path.Combine(folder, RunFolder.MetricsFile);
        try
        {
            IReadOnlyList<JsonObject> lines = MetricsLog.Read(log);
            List<EpochProgress> epochs = [.. lines.Where(l => l.ContainsKey("epoch")).Select(l => EpochOf(l, recipe.Epochs))];
            JsonObject? end = lines.LastOrDefault(l => l.ContainsKey(TestKey));
            int best = end is null ? epochs.FindLastIndex(e => e.IsBest) + 1 : (int)Number(end, TestKey);
            if (best < 0 || best > epochs.Count)
                throw new InvalidDataException($"it tests epoch {best}, but has {epochs.Count} epochs");
            // Version 0.1.0 logged a top-5 accuracy of 1 for five classes or fewer.
            double? top5 = TopFive.IsTelling(graph.Output.Channels) ? Optional(end, "test_top5_accuracy") : null;
            Evaluation? test = end is null ? null
                : new((int)Number(end, "test_images"), Number(end, "test_loss"), Number(end, "test_accuracy"), top5, 0);
            return new(folder, recipe, graph, epochs, test, best)
            {
                // words for people: a run is whole without them
                Environment = RunFolder.ReadObject(Path.Combine(folder, RunFolder.EnvironmentFile)) ?? [],
                End = RunOutcome.EndOf(end?["end"]?.ToString()),
                ImagesPerSecond = Optional(end, "images_per_second"),
                Elapsed = Optional(end, "seconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                EstimatedMemoryBytes = (long?)Optional(end, "estimated_memory_bytes"),
                EstimatedGrowthBytes = (long?)Optional(end, "estimated_growth_bytes"),
                MeasuredMemoryBytes = (long?)Optional(end, "measured_memory_bytes"),
            };
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new RecipeException($"Can't read {log}: {e.Message.TrimEnd('.')}. Use the run folder as it was written.");
        }
    }

    private static EpochProgress EpochOf(JsonObject line, int epochs) =>
        new((int)Number(line, "epoch"), epochs, Number(line, "train_loss"), Number(line, "train_accuracy"),
        Optional(line, "validation_loss"), Optional(line, "validation_accuracy"), Number(line, "learning_rate"),
        Number(line, "images_per_second"),
        TimeSpan.FromSeconds(Number(line, "seconds")), TimeSpan.FromSeconds(Number(line, "data_seconds")),
        line["is_best"]?.GetValueKind() == JsonValueKind.True);

    private static double Number(JsonObject line, string key) =>
        Optional(line, key) ?? throw new InvalidDataException($"a line has no number \"{key}\"");

    private static double? Optional(JsonObject? line, string key) => line?[key] is System.Text.Json.Nodes.JsonValue value
        && value.TryGetValue(out double number) ? number : null;
}
