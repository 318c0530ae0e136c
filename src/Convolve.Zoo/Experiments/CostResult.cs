using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Files;

namespace Convolve.Zoo.Experiments;

/// <summary>The result of an experiment without training.</summary>
/// <param name="Experiment">What was run.</param>
/// <param name="Settings">How.</param>
/// <param name="Folder">Where.</param>
/// <param name="Machine">In words.</param>
/// <param name="Figures">Counted and measured, next to the published ones.</param>
internal sealed record CostResult(CostExperiment Experiment, ExperimentSettings Settings, string Folder, string Machine,
    IReadOnlyList<Figure> Figures) : IExperimentResult
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    Experiment IExperimentResult.Experiment => Experiment;

    /// <summary>Counts and measures; takes a few seconds.</summary>
    public static CostResult Measure(CostExperiment experiment, ExperimentSettings settings, string folder) =>
        new(experiment, settings, folder, ExperimentResult.MachineOf(Execution.Machine.ProcessorName, Execution.Machine.Threads,
            Execution.Machine.InstructionSetName, Execution.Machine.KernelLibraryName, "float32"),
            CostFigures.Of(NetworkCatalog.Create(experiment.Network), experiment.Published));

    /// <summary>Reads result.json of a folder.</summary>
    /// <exception cref="RecipeException">It cannot be read, or is of something else.</exception>
    /// <exception cref="Layers.NetworkException">It is of an experiment that is not known.</exception>
    public static CostResult Read(string folder)
    {
        ExperimentSettings settings = ExperimentSettings.Read(folder);
        string file = Path.Combine(folder, ExperimentResult.FileName);
        if (ExperimentCatalog.Find(settings.Experiment) is not CostExperiment experiment)
            throw new RecipeException($"{folder}: {settings.Experiment} trains networks, so its results are in its runs.");
        try
        {
            JsonNode? json = JsonNode.Parse(File.ReadAllText(file));
            return new(experiment, settings, folder, (string)Of(json, "machine")!, [.. Of(json, "figures").AsArray().Select(f =>
                new Figure((string)Of(f, "name")!, (double?)f!["published"], new((double)Of(f, "measured"), null),
                    (string)Of(f, "format")!))]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            or FormatException)
        {
            throw new RecipeException($"Can't read {file} ({e.Message.TrimEnd('.')}). Run the experiment again.");
        }
    }

    private static JsonNode Of(JsonNode? node, string name) => node?[name] ?? throw new JsonException($"{name} is missing");

    /// <summary>Writes result.json.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public void Write() => AtomicFile.WriteText(Path.Combine(Folder, ExperimentResult.FileName), ToJson().ToJsonString(Indented) + "\n");

    /// <inheritdoc/>
    public JsonObject ToJson() => new()
    {
        ["experiment"] = Experiment.Name,
        ["source"] = Experiment.Source,
        ["network"] = Experiment.Network,
        ["folder"] = Path.GetFullPath(Folder),
        ["date"] = Settings.Date,
        ["command"] = Settings.Command,
        ["machine"] = Machine,
        ["differences"] = Experiment.Differences,
        ["figures"] = new JsonArray([.. Figures.Select(f => (JsonNode)new JsonObject
        {
            ["name"] = f.Name,
            ["published"] = f.Published,
            ["measured"] = f.Measured.Mean,
            ["format"] = f.Format,
        })]),
    };
}
