using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Convolve.Files;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>
/// The figures of a run's epochs as a table for spreadsheets: a line for each epoch, an empty cell for what there is none of.
/// </summary>
internal static class MetricsCsv
{
    /// <summary>Rewrites the file.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<EpochProgress> epochs)
    {
        StringBuilder text = new(string.Join(',', EpochColumns.All.Select(c => c.Name)) + "\n");
        foreach (EpochProgress epoch in epochs)
            text.Append(string.Join(',', EpochColumns.All.Select(c => Cell(c.Value(epoch))))).Append('\n');
        AtomicFile.WriteText(path, text.ToString());
    }

    private static string Cell(JsonValue? value) => value is null ? "" : value.TryGetValue(out bool flag) ? flag ? "1" : "0"
        : value.TryGetValue(out int whole) ? whole.ToString(CultureInfo.InvariantCulture)
        : value.GetValue<double>().ToString("R", CultureInfo.InvariantCulture);
}
