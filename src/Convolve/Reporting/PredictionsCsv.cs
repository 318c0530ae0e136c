using System.Globalization;
using System.Text;
using Convolve.Evaluations;
using Convolve.Files;

namespace Convolve.Reporting;

/// <summary>Predictions as comma-separated values (RFC 4180): a row for each picture, in the order of the split.</summary>
/// <remarks>
/// Columns: <c>sample</c> (number in the data set), <c>file</c> (empty where there is none), <c>true</c> and <c>predicted</c> (class
/// names), <c>correct</c> (1 or 0),
/// <c>confidence</c>, <c>loss</c>, and <c>p:NAME</c>, the probability of each class.
/// </remarks>
internal static class PredictionsCsv
{
    private static readonly string[] Heads = ["sample", "file", "true", "predicted", "correct", "confidence", "loss"];

    /// <summary>Writes the file, which is replaced if it is there.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public static void Write(string path, Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        AtomicFile.Write(path, stream =>
        {
            WriteRow(stream, [.. Heads, .. predictions.ClassNames.Select(name => $"p:{name}")]);
            for (int i = 0; i < predictions.Count; i++)
            {
                SamplePrediction p = predictions.All[i];
                WriteRow(stream, [Text(p.Sample.Index), p.Sample.File ?? "", predictions.ClassNames[p.Label],
                    p.Predicted < 0 ? "" : predictions.ClassNames[p.Predicted],
                    p.IsCorrect ? "1" : "0", Text(p.Confidence), Text(p.Loss), .. predictions.ProbabilitiesOf(i).Select(Text)]);
            }
        });
    }

    private static void WriteRow(Stream stream, IEnumerable<string> cells) =>
        stream.Write(Encoding.UTF8.GetBytes(CsvRow.Of(cells)));

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("G9", CultureInfo.InvariantCulture);
}
