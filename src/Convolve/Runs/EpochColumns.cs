using System.Text.Json.Nodes;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>What the logs have of an epoch, in their order: the names of metrics.jsonl and metrics.csv.</summary>
internal static class EpochColumns
{
    public static IReadOnlyList<(string Name, Func<EpochProgress, JsonValue?> Value)> All { get; } =
    [
        ("epoch", e => JsonValue.Create(e.Epoch)),
        ("train_loss", e => JsonValue.Create(e.TrainLoss)),
        ("train_accuracy", e => JsonValue.Create(e.TrainAccuracy)),
        ("validation_loss", e => JsonValue.Create(e.ValidationLoss)),
        ("validation_accuracy", e => JsonValue.Create(e.ValidationAccuracy)),
        ("learning_rate", e => JsonValue.Create(e.LearningRate)),
        ("images_per_second", e => JsonValue.Create(e.ImagesPerSecond)),
        ("seconds", e => JsonValue.Create(e.Elapsed.TotalSeconds)),
        ("data_seconds", e => JsonValue.Create(e.DataWait.TotalSeconds)),
        ("is_best", e => JsonValue.Create(e.IsBest)),
    ];
}
