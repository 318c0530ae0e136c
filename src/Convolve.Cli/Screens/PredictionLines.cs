using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Inference;
using Convolve.Reporting;

namespace Convolve.Cli.Screens;

/// <summary>How predictions are printed.</summary>
internal enum PredictionFormat
{
    /// <summary>For people: the file, then the classes with percentages.</summary>
    Text,

    /// <summary>A JSON object on each line.</summary>
    Json,

    /// <summary>Comma-separated values.</summary>
    Csv,
}

/// <summary>A line for each picture.</summary>
internal sealed class PredictionLines(TextWriter target, IReadOnlyList<string> labels, int top, PredictionFormat format)
{
    private readonly int _top = Math.Min(top, labels.Count);

    /// <summary>What comes before the first picture.</summary>
    public void Begin()
    {
        if (format == PredictionFormat.Csv)
            target.Write(CsvRow.Of(["file", .. Enumerable.Range(1, _top)
                .SelectMany(i => (string[])[string.Create(CultureInfo.InvariantCulture, $"label{i}"),
                    string.Create(CultureInfo.InvariantCulture, $"probability{i}")])]));
    }

    /// <summary>Prints a picture; of one that could not be read only JSON says why.</summary>
    public void Add(PicturePrediction picture)
    {
        if (picture.Probabilities is { } probabilities)
            Add(picture.Name, new Prediction(labels, probabilities).Top(_top));
        else if (format == PredictionFormat.Json)
            target.WriteLine(new JsonObject { ["file"] = picture.Name, ["error"] = picture.Problem }.ToJsonString());
    }

    private void Add(string name, IReadOnlyList<(string Label, float Probability)> best)
    {
        switch (format)
        {
            case PredictionFormat.Json:
                target.WriteLine(new JsonObject
                {
                    ["file"] = name,
                    ["label"] = best[0].Label,
                    ["probability"] = best[0].Probability,
                    ["top"] = new JsonArray([.. best.Select(p => new JsonObject { ["label"] = p.Label, ["probability"] = p.Probability })]),
                }.ToJsonString());
                break;
            case PredictionFormat.Csv:
                target.Write(CsvRow.Of([name, .. best.SelectMany(p => (string[])[p.Label,
                    p.Probability.ToString("G9", CultureInfo.InvariantCulture)])]));
                break;
            default:
                target.WriteLine($"{name}: {string.Join(", ", best.Select(p =>
                    string.Create(CultureInfo.InvariantCulture, $"{p.Label} {p.Probability * 100:F1} %")))}");
                break;
        }
    }
}
