using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>What a finished run came to, as its log has it.</summary>
/// <param name="Epochs">Epochs that were trained.</param>
/// <param name="BestEpoch">The epoch whose weights were kept, from 1.</param>
/// <param name="TestLoss">Mean softmax cross-entropy over the test split.</param>
/// <param name="TestAccuracy">Share of the test split that was classified right, in [0, 1].</param>
public sealed record RunOutcome(int Epochs, int BestEpoch, double TestLoss, double TestAccuracy)
{
    /// <summary>Whether the figure that was watched had stopped improving before the last epoch.</summary>
    public bool IsEarly { get; init; }

    /// <summary>Null where the log does not end with a test.</summary>
    internal static RunOutcome? Of(IReadOnlyList<JsonObject> log) =>
        log.Count > 0 && log[^1] is var last && Number(last[RunSummary.TestKey]) is { } best && Number(last["test_loss"]) is { } loss
            && Number(last["test_accuracy"]) is { } accuracy
            ? new(log.Count(line => line.ContainsKey("epoch")), (int)best, loss,
            accuracy)
            { IsEarly = last["end"]?.ToString() == NameOf(TrainingEnd.EarlyStop) } : null;

    /// <summary>An end as the log has it, such as "early-stop".</summary>
    public static string NameOf(TrainingEnd end) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{end}");

    /// <summary>The end of a name; null for others.</summary>
    internal static TrainingEnd? EndOf(string? name) =>
        Enum.GetValues<TrainingEnd>().Cast<TrainingEnd?>().FirstOrDefault(end => NameOf(end!.Value) == name);

    private static double? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue(out double number) ? number : null;
}
