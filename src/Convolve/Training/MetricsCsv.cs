using System.Globalization;
using System.Text;
using Convolve.Formats;

namespace Convolve.Training;

/// <summary>The figures of a run's epochs as a table for spreadsheets: a line for each epoch, an empty cell for what there is none of.</summary>
internal static class MetricsCsv
{
    private static readonly (string Name, Func<EpochProgress, double?> Value)[] Columns =
    [
        ("epoch", e => e.Epoch), ("train_loss", e => e.TrainLoss), ("train_accuracy", e => e.TrainAccuracy), ("validation_loss", e => e.ValidationLoss),
        ("validation_accuracy", e => e.ValidationAccuracy), ("learning_rate", e => e.LearningRate), ("images_per_second", e => e.ImagesPerSecond),
        ("seconds", e => e.Elapsed.TotalSeconds), ("data_seconds", e => e.DataWait.TotalSeconds), ("is_best", e => e.IsBest ? 1 : 0),
    ];

    /// <summary>Writes the file anew.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<EpochProgress> epochs)
    {
        StringBuilder text = new(string.Join(',', Columns.Select(c => c.Name)) + "\n");
        foreach (EpochProgress epoch in epochs)
            text.Append(string.Join(',', Columns.Select(c => c.Value(epoch)?.ToString("R", CultureInfo.InvariantCulture) ?? ""))).Append('\n');
        AtomicFile.WriteText(path, text.ToString());
    }
}
