using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Evaluations;
using Convolve.Files;
using Convolve.Reporting;
using Convolve.Runs;

namespace Convolve.Sweeps;

/// <summary>What a sweep came to, read from its run folders.</summary>
/// <param name="Settings">What was swept.</param>
/// <param name="Folder">Where.</param>
/// <param name="Rows">One for each arm, in order.</param>
internal sealed record SweepResult(SweepSettings Settings, string Folder, IReadOnlyList<SweepRow> Rows)
{
    /// <summary>The table for spreadsheets: a line for each arm.</summary>
    public const string CsvFileName = "sweep.csv";

    /// <summary>The chart.</summary>
    public const string ChartFileName = "sweep.svg";

    /// <summary>Everything, for programs.</summary>
    public const string JsonFileName = "result.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private IEnumerable<RunCurve> Curves => Rows.SelectMany(row => row.Curves);

    /// <summary>The images that every run has seen; null without runs.</summary>
    public double? SameImages => Curves.Any() ? Curves.Min(curve => curve.Images) : null;

    /// <summary>The training time that every run has had; null without runs.</summary>
    public double? SameSeconds => Curves.Any() ? Curves.Min(curve => curve.Seconds) : null;

    /// <summary>Whether every run has a validation split; else the training accuracy is what chooses.</summary>
    public bool IsValidated => Rows.SelectMany(row => row.Runs).All(run => run.Epochs.All(epoch => epoch.ValidationAccuracy is not null));

    /// <summary>What chooses, in words.</summary>
    public string AccuracyName => IsValidated ? "validation accuracy" : "training accuracy";

    /// <summary>The best arm of those whose runs are all finished, by the accuracy that chooses; null without one.</summary>
    public SweepRow? Best => Rows.Where(row => row.Finished == Settings.Seeds).MaxBy(row => row.BestAccuracy!.Value.Mean);

    /// <summary>Reads the folder of a sweep, whose runs may be missing or unfinished.</summary>
    /// <exception cref="RecipeException">It is none, or a run cannot be read.</exception>
    public static SweepResult Read(string folder)
    {
        SweepSettings settings = SweepSettings.Read(folder);
        return new(settings, folder, [.. settings.Arms.Select(arm => new SweepRow(arm, [.. settings.AllSeeds
            .Select(seed => Path.Combine(folder, arm.FolderOf(seed))).Where(RunFolder.IsBegun).Select(RunSummary.Read)
            .Where(run => run.Epochs.Count > 0)]))]);
    }

    /// <summary>Writes the table, the chart and the JSON.</summary>
    /// <exception cref="FileWriteException">One cannot be written.</exception>
    public void Write()
    {
        AtomicFile.WriteText(Path.Combine(Folder, CsvFileName), ToCsv());
        AtomicFile.WriteText(Path.Combine(Folder, ChartFileName), SweepChart.Of(this).ToSvg());
        AtomicFile.WriteText(Path.Combine(Folder, JsonFileName), ToJson().ToJsonString(Indented) + "\n");
    }

    /// <summary>A line for each arm: its values, and each figure's mean and half of its 95 % interval over the seeds.</summary>
    public string ToCsv()
    {
        List<string> head = [.. Settings.Axes, "seeds", "epochs"];
        foreach ((string name, _) in Figures(Rows[0]))
            head.AddRange([name, $"{name}_half_interval"]);
        return CsvRow.Of(head) + string.Concat(Rows.Select(row => CsvRow.Of([.. row.Arm.Values, Text(row.Finished), Text(row.Epochs),
            .. Figures(row).SelectMany(figure => new[] { Text(figure.Value?.Mean), Text(figure.Value?.Half) })])));

        static string Text(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";
    }

    /// <summary>All of it as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["folder"] = Path.GetFullPath(Folder),
        ["command"] = Settings.Command,
        ["date"] = Settings.Date,
        ["accuracy"] = AccuracyName,
        ["same_images"] = SameImages,
        ["same_seconds"] = SameSeconds,
        ["best"] = Best?.Arm.Name,
        ["arms"] = new JsonArray([.. Rows.Select(row => (JsonNode)ToJson(row))]),
    };

    private JsonObject ToJson(SweepRow row)
    {
        JsonObject json = new()
        {
            ["name"] = row.Arm.Name,
            ["values"] = new JsonObject(row.Arm.Axes.Zip(row.Arm.Values, (axis, value) => KeyValuePair.Create(axis, (JsonNode?)value))),
            ["finished_runs"] = row.Finished,
            ["epochs"] = row.Epochs,
            ["runs"] = new JsonArray([.. row.Runs.Select(run => (JsonNode)Path.GetFileName(run.Folder))]),
        };
        foreach ((string name, MeanInterval? value) in Figures(row))
        {
            json[name] = value?.Mean;
            json[$"{name}_half_interval"] = value?.Half;
        }
        return json;
    }

    private (string Name, MeanInterval? Value)[] Figures(SweepRow row) =>
    [
        ("images_per_second", row.ImagesPerSecond), ("training_seconds", row.Seconds),
        ("estimated_memory_bytes", row.EstimatedMemoryBytes), ("measured_memory_bytes", row.MeasuredMemoryBytes),
        ("accuracy_after_same_images", SameImages is { } images ? row.AfterImages(images) : null),
        ("accuracy_after_same_time", SameSeconds is { } seconds ? row.AfterSeconds(seconds) : null),
        ("best_accuracy", row.BestAccuracy), ("test_accuracy", row.TestAccuracy),
    ];
}
