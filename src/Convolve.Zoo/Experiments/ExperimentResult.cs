using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Evaluations;
using Convolve.Files;
using Convolve.Graphs;
using Convolve.Reporting;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Zoo.Experiments;

/// <summary>The result of an experiment, read from its run folders.</summary>
/// <param name="Experiment">What was run.</param>
/// <param name="Settings">How.</param>
/// <param name="Folder">Where.</param>
/// <param name="Arms">What was compared.</param>
internal sealed record ExperimentResult(TrainingExperiment Experiment, ExperimentSettings Settings, string Folder,
    IReadOnlyList<ArmResult> Arms) : IExperimentResult
{
    /// <summary>The file's name in the folder of an experiment, once all of it is done.</summary>
    public const string FileName = "result.json";

    /// <summary>The file's name of the curves.</summary>
    public const string CurvesFileName = "curves.svg";

    /// <summary>The file's name of the first layer's filters, where the experiment is about them.</summary>
    public const string FiltersFileName = "filters.png";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The machine in words, by the first run's environment.</summary>
    public string Machine
    {
        get
        {
            JsonObject environment = Arms[0].Runs[0].Environment;
            return MachineOf($"{environment["processor"]}", environment["threads"] is System.Text.Json.Nodes.JsonValue threads
                && threads.TryGetValue(out int count) ? count : null, $"{environment["instruction_set"]}",
                $"{environment["kernel_library"]}",
                string.Join(" and ", Arms.Select(a => a.Runs[0].Environment["precision"]?.ToString()).OfType<string>().Distinct()));
        }
    }

    Experiment IExperimentResult.Experiment => Experiment;

    internal static string MachineOf(string processor, int? threads, string instructions, string library, string precision) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{processor}, {threads?.ToString(CultureInfo.InvariantCulture) ?? "?"} {(threads == 1 ? "thread" : "threads")}, " +
            $"{instructions}, {library}{(precision.Length > 0 ? $", {precision}" : "")}");

    /// <summary>Notes on the data from the runs' environments, such as that files differ from the published ones.</summary>
    public IReadOnlyList<string> DataRemarks =>
        [.. Arms.SelectMany(a => a.Runs).SelectMany(r => r.Environment["data_remarks"] as JsonArray ?? []).Select(r => $"{r}").Distinct()];

    /// <summary>
    /// In what the runs differ from the experiment as the catalog has it today, such as <c>optimizer.learning_rate: 0.01, then 0.04</c>;
    /// empty where they do not.
    /// </summary>
    public IReadOnlyList<string> Changed =>
        [.. Arms.SelectMany(a => a.Runs.SelectMany((run, seed) => RecipeDifference.Between((run.Recipe, run.Graph), Today(a, run, seed))))
        .Select(d => d.ToString()).Distinct()];

    private (Recipe Recipe, Graph Graph) Today(ArmResult arm, RunSummary run, int seed)
    {
        Recipe recipe = Settings.For(arm.Arm, seed);
        Graph graph = NetworkCatalog.Create(recipe.Network, run.Graph.Output.Channels, arm.Arm.NetworkOptions);
        return (recipe, recipe.Initialization is { } start ? graph.WithInitialization(start) : graph);
    }

    /// <summary>Reads the folder of an experiment.</summary>
    /// <exception cref="RecipeException">It is none, or one of its runs is missing or not finished.</exception>
    /// <exception cref="Layers.NetworkException">It is of an experiment that is not known.</exception>
    public static ExperimentResult Read(string folder)
    {
        ExperimentSettings settings = ExperimentSettings.Read(folder);
        if (ExperimentCatalog.Find(settings.Experiment) is not TrainingExperiment experiment)
            throw new RecipeException($"{folder}: {settings.Experiment} doesn't train, so its folder has no runs.");
        List<ArmResult> arms = [];
        foreach (ExperimentArm arm in experiment.Arms)
        {
            RunSummary[] runs = [.. Enumerable.Range(0, settings.Seeds)
                .Select(seed => RunSummary.Read(Path.Combine(folder, ExperimentSettings.FolderOf(arm, seed))))];
            if (runs.FirstOrDefault(r => r.Test is null) is { } unfinished)
                throw new RecipeException(
                    $"{unfinished.Folder} is not finished: it has {unfinished.Epochs.Count} of {unfinished.Recipe.Epochs} epochs. Resume " +
                    $"the experiment first.")
                { Remedy = Remedy.Experiment };
            arms.Add(new(arm, runs, experiment.TargetTrainAccuracy));
        }
        return new(experiment, settings, folder, arms);
    }

    /// <summary>
    /// The difference of the test accuracies of two arms, second minus first, each seed with its own; null for other numbers of arms.
    /// </summary>
    public MeanInterval? TestDifference => Arms.Count != 2 ? null
        : MeanInterval.Of([.. Arms[1].TestAccuracies.Zip(Arms[0].TestAccuracies, (second, first) => second - first)]);

    /// <summary>
    /// Whether differences mean something: between arms, and to what was published. Those of an experiment that was cut short do not.
    /// </summary>
    public bool IsComparable => !Settings.Quick && Arms.All(a => Settings.Epochs is not { } most || most >= a.Arm.Recipe.Epochs);

    /// <summary>Writes result.json and the pictures.</summary>
    /// <exception cref="FileWriteException">One cannot be written.</exception>
    public void Write()
    {
        if (DrawFilters() is { } filters)
            AtomicFile.WriteBytes(Path.Combine(Folder, FiltersFileName), filters);
        AtomicFile.WriteText(Path.Combine(Folder, CurvesFileName), ExperimentChart.Of(this).ToSvg());
        AtomicFile.WriteText(Path.Combine(Folder, FileName), ToJson().ToJsonString(Indented) + "\n");
    }

    /// <summary>The filters of the first arm's first run as a PNG file, where the experiment is about them; else null.</summary>
    internal byte[]? DrawFilters()
    {
        if (!Experiment.DrawsFilters)
            return null;
        using Classifier classifier = Classifier.Load(Arms[0].Runs[0].Folder);
        return FilterSheet.Create(classifier.Model)?.ToPng();
    }

    /// <summary>All of it as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["experiment"] = Experiment.Name,
        ["source"] = Experiment.Source,
        ["quick"] = Settings.Quick,
        ["epochs_at_most"] = Settings.Epochs,
        ["folder"] = Path.GetFullPath(Folder),
        ["date"] = Settings.Date,
        ["command"] = Settings.Command,
        ["machine"] = Machine,
        ["differences"] = Experiment.Differences,
        ["changed"] = new JsonArray([.. Changed.Select(c => (JsonNode)c)]),
        ["data_remarks"] = new JsonArray([.. DataRemarks.Select(r => (JsonNode)r)]),
        ["test_difference"] = TestDifference?.Mean,
        ["test_difference_half_interval"] = TestDifference?.Half,
        ["arms"] = new JsonArray([.. Arms.Select(a => (JsonNode)a.ToJson())]),
    };
}
