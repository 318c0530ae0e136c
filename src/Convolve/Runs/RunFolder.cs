using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.Training;

namespace Convolve.Runs;

/// <summary>
/// The folder of one run: recipe.json, environment.json, metrics.jsonl and .csv, event files for TensorBoard (of the run, in train/ and in
/// validation/), model.safetensors, checkpoint/ with what it takes to resume, and for a run on a folder of pictures pictures.bin, which
/// says which these were. Every file is whole at every moment. Only one process at a time can have it open.
/// </summary>
/// <example><code>
/// using RunFolder run = RunFolder.Open("runs/first");
/// DataSplits splits = run.Recipe.Split(Datasets.Load(run.Recipe.Dataset));
/// using Trainer trainer = run.Resume(splits);
/// TrainingResult result = trainer.Fit();
/// </code></example>
public sealed partial class RunFolder : IDisposable
{
    internal const string CommandKey = "command";

    private const string LockFile = ".lock", ResumedKey = "resumed";
    private readonly FileLock _lock;
    private readonly MetricsLog _metrics;

    private RunFolder(string path, FileLock held, Recipe recipe, Graph graph)
    {
        (FullPath, _lock, Recipe, Graph) = (path, held, recipe, graph);
        Checkpoints = new(Path.Combine(path, CheckpointsFolder));
        _metrics = new(Path.Combine(path, MetricsFile));
    }

    /// <summary>The folder's whole path.</summary>
    public string FullPath { get; }

    /// <summary>The recipe.</summary>
    public Recipe Recipe { get; private set; }

    /// <summary>The network.</summary>
    public Graph Graph { get; private set; }

    internal string RecipePath => Path.Combine(FullPath, RecipeFile);

    /// <summary>Where the weights are.</summary>
    public string ModelPath => Path.Combine(FullPath, ModelFile);

    /// <summary>
    /// The outcome of the run; null if nothing was tested yet. A run that reached its time limit has an outcome, and can be resumed.
    /// </summary>
    /// <exception cref="InvalidDataException">metrics.jsonl is not a log.</exception>
    public RunOutcome? Outcome => RunOutcome.Of(MetricsLog.Read(Path.Combine(FullPath, MetricsFile)));

    /// <summary>Whether the run has done everything that a recipe asks for: then it is finished.</summary>
    public bool IsFinished(Recipe recipe) =>
        Outcome is { } outcome && (outcome.Epochs >= recipe.Epochs || (outcome.IsEarly && recipe.EarlyStopping == Recipe.EarlyStopping));

    /// <summary>Whether there is a checkpoint, so that the run can be resumed.</summary>
    public bool HasCheckpoint => Checkpoints.Exists && Checkpoints.Files.Count > 0;

    internal CheckpointFolder Checkpoints { get; }

    /// <summary>Lines of metrics.jsonl.</summary>
    internal int MetricsLines => _metrics.Count;

    /// <summary>Creates the folder and writes what is known before the first step.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="graph">The network.</param>
    /// <param name="dataRemarks">Remarks on the data, one or more sentences each; they go into environment.json.</param>
    /// <param name="options">Whether the run can be resumed; null for yes.</param>
    /// <param name="pictures">The pictures of a folder that are trained on; null for other data.</param>
    /// <exception cref="RecipeException">The folder already holds a run, or is not a folder.</exception>
    /// <exception cref="FileWriteException">The folder or a file cannot be written.</exception>
    internal static RunFolder Create(string path, Recipe recipe, Graph graph, IReadOnlyList<string> dataRemarks,
        RunFolderOptions? options = null, TrainedPictures? pictures = null)
    {
        string full = Path.GetFullPath(path);
        if (File.Exists(full))
            throw new RecipeException($"Can't create the run folder {full}: it is a file. Choose another " +
                $"folder.")
            { Remedy = Remedy.Output };
        RequireUnused(full);
        DurableFolder.Create(full);
        return Locked(full, held =>
        {
            RequireUnused(full); // somebody may have been quicker
            if (options?.HasCheckpoints != false)
                new CheckpointFolder(Path.Combine(full, CheckpointsFolder)).Create();
            JsonObject environment = DescribeEnvironment(recipe, graph);
            if (options?.Command is { } command)
                environment.Insert(0, CommandKey, command);
            if (dataRemarks.Count > 0)
                environment["data_remarks"] = new JsonArray([.. dataRemarks]);
            AtomicFile.WriteText(Path.Combine(full, EnvironmentFile), Text(environment));
            pictures?.Write(Path.Combine(full, PicturesFile));
            AtomicFile.WriteText(Path.Combine(full, RecipeFile), RecipeJson.Write(recipe, graph)); // the last: with it, this is a run
            return new(full, held, recipe, graph);
        });
    }

    /// <summary>Opens the folder of a run that was interrupted or killed, for <see cref="Resume"/>.</summary>
    /// <exception cref="RecipeException">The folder is not a run folder, a training has it open, or it has no checkpoint to resume
    /// from.</exception>
    /// <exception cref="FileWriteException">The folder cannot be written to.</exception>
    /// <exception cref="InvalidDataException">metrics.jsonl is not a log.</exception>
    public static RunFolder Open(string path)
    {
        string full = Path.GetFullPath(path);
        _ = ReadRecipe(path); // names the folder as the caller does
        return Locked(full, held =>
        {
            (Recipe recipe, Graph graph) = ReadRecipe(path);
            RunFolder run = new(full, held, recipe, graph);
            try
            {
                if (run.Outcome is null && ResumePlan.NoCheckpoint(run) is { } refusal)
                    throw new RecipeException(refusal.Message);
            }
            catch
            {
                run.Dispose();
                throw;
            }
            AtomicFile.DeleteLeftovers(full);
            run.Checkpoints.Clear();
            run.KeepKernels();
            return run;
        });
    }

    /// <summary>The pictures of a folder that a run was trained on; null for other data, and for runs that did not record them.</summary>
    /// <exception cref="DatasetException">The file is damaged, or cannot be read.</exception>
    internal static TrainedPictures? ReadPictures(string path) => TrainedPictures.Read(Path.Combine(path, PicturesFile));

    /// <summary>
    /// Whether data are, picture by picture and split by split, those that the newest checkpoint of a run was trained on.
    /// </summary>
    internal static bool IsTrainedOn(string path, DataSplits data)
    {
        ArgumentNullException.ThrowIfNull(data);
        CheckpointFolder checkpoints = new(Path.Combine(Path.GetFullPath(path), CheckpointsFolder));
        foreach (string file in checkpoints.Exists ? checkpoints.Files : [])
        {
            try
            {
                using SealedTensors sealedFile = SealedTensors.Open(file);
                return Checkpoint.Describe(file, sealedFile).Data == data.Digest();
            }
            catch (SafeTensorsException)
            {
                // The one before says it as well.
            }
        }
        return false;
    }

    /// <summary>The recipe and the graph of a run.</summary>
    /// <exception cref="RecipeException">The folder is not a run folder, or its recipe cannot be read.</exception>
    public static (Recipe Recipe, Graph Graph) ReadRecipe(string path)
    {
        string file = Path.Combine(path, RecipeFile);
        try
        {
            return RecipeJson.Read(File.ReadAllText(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException(
                $"{path} is not a run folder: can't read {file} ({e.Message.TrimEnd('.')}). Pass the folder that `{ProgramName.Current} " +
                $"train` " +
                $"printed when it finished.");
        }
        catch (RecipeException e)
        {
            throw new RecipeException($"{file}: {e.Message}");
        }
    }

    /// <summary>Goes on by another recipe.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    internal void Change(Recipe recipe, Graph graph)
    {
        if (recipe == Recipe && graph.Equals(Graph))
            return;
        AtomicFile.WriteText(RecipePath, RecipeJson.Write(recipe, graph));
        (Recipe, Graph) = (recipe, graph);
    }

    /// <summary>Gives the best weights another name, so that others can take their place.</summary>
    /// <returns>It.</returns>
    /// <exception cref="FileWriteException">They cannot be renamed.</exception>
    internal string SetBestAside(int epoch)
    {
        string aside = Path.Combine(FullPath, string.Create(CultureInfo.InvariantCulture, $"model-epoch-{epoch}.safetensors"));
        FileOperation.Run(FileStep.Rename, aside, () => Renaming.Replace(ModelPath, aside));
        FileOperation.Run(FileStep.SyncFolder, aside, () => FolderSync.Sync(FullPath));
        return aside;
    }

    /// <summary>Deletes the report of an end that the run goes beyond.</summary>
    /// <exception cref="FileWriteException">It cannot be deleted.</exception>
    internal void DeleteReport()
    {
        string path = Path.Combine(FullPath, ReportFile);
        if (File.Exists(path))
            FileOperation.Run(FileStep.Delete, path, () => File.Delete(path));
    }

    /// <summary>Brings the log back to what a checkpoint knows of it.</summary>
    /// <param name="lines">The lines it had.</param>
    /// <param name="epochs">The finished epochs, from which a log that has lost lines is rewritten.</param>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    internal void RestoreLog(int lines, IReadOnlyList<EpochProgress> epochs)
    {
        bool isWhole = _metrics.Count >= lines;
        _metrics.Truncate(isWhole ? lines : 0);
        foreach (EpochProgress epoch in isWhole ? [] : epochs)
            Log(epoch);
    }

    /// <summary>Adds to environment.json where the run resumes, on which machine, and what changed in its recipe.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    internal void LogResumption(int epochs, int step, int stepsPerEpoch, IReadOnlyList<RecipeDifference> changes)
    {
        string path = Path.Combine(FullPath, EnvironmentFile);
        JsonObject environment = ReadObject(path) ?? DescribeEnvironment(Recipe, Graph);
        JsonObject now = DescribeEnvironment(Recipe, Graph);
        if (changes.Count > 0)
            now.Insert(0, "changed", new JsonArray([.. changes.Select(change => (JsonNode)$"{change}")]));
        now.Insert(0, "steps_per_epoch", stepsPerEpoch);
        now.Insert(0, "step", step);
        now.Insert(0, "epochs", epochs);
        if (environment[ResumedKey] is not JsonArray resumed)
            environment[ResumedKey] = resumed = [];
        resumed.Add((JsonNode)now);
        AtomicFile.WriteText(path, Text(environment));
    }

    /// <summary>Adds a line to metrics.jsonl.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public void Log(EpochProgress epoch)
    {
        JsonObject line = [];
        foreach ((string name, Func<EpochProgress, JsonNode?> value) in EpochColumns.All)
            line[name] = value(epoch);
        _metrics.Append(line);
    }

    /// <summary>Rewrites metrics.csv.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    internal void WriteTable(IReadOnlyList<EpochProgress> epochs) => MetricsCsv.Write(Path.Combine(FullPath, TableFile), epochs);

    /// <summary>Adds the end of the run to metrics.jsonl: its test, and what it took.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public void Log(TrainingResult result)
    {
        Evaluation test = result.Test;
        JsonObject line = new()
        {
            [RunSummary.TestKey] = result.BestEpoch,
            ["test_images"] = test.Images,
            ["test_loss"] = test.Loss,
            ["test_accuracy"] = test.Accuracy,
            ["test_top5_accuracy"] = test.Top5Accuracy,
            ["end"] = RunOutcome.NameOf(result.End),
            ["seconds"] = result.Elapsed.TotalSeconds,
            ["images_per_second"] = result.ImagesPerSecond,
            ["estimated_memory_bytes"] = result.EstimatedMemoryBytes,
            ["measured_memory_bytes"] = result.MeasuredMemoryBytes,
            ["estimated_growth_bytes"] = result.Memory?.GrowthBytes,
        };
        if (result.Notes is { Count: > 0 } notes)
            line["notes"] =
                new JsonArray([.. notes.Select(n => new JsonObject { ["kind"] = n.KindName, ["epoch"] = n.Epoch, ["text"] = n.Text })]);
        _metrics.Append(line);
    }

    /// <summary>Closes the log and lets other processes open the folder.</summary>
    public void Dispose()
    {
        _metrics.Dispose();
        _lock.Dispose();
    }

    private static void RequireUnused(string full)
    {
        if (File.Exists(Path.Combine(full, RecipeFile)) || File.Exists(Path.Combine(full, ModelFile)))
            throw new RecipeException(
                $"The folder {full} already holds a run, and runs are not overwritten. Choose another folder, or delete it.")
            { Remedy = Remedy.Output };
    }

    private static RunFolder Locked(string full, Func<FileLock, RunFolder> open)
    {
        string path = Path.Combine(full, LockFile);
        FileLock held = FileOperation.Run(FileStep.Create, path, () => FileLock.TryAcquire(path))
            ?? throw new RecipeException($"A training is running in {full}. Wait for it to finish, or stop it.");
        try
        {
            return open(held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>A file as a JSON object; null where it is none, or cannot be read.</summary>
    internal static JsonObject? ReadObject(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(path)) as JsonObject;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static string Text(JsonObject json) => json.ToJsonString(RecipeJsonContext.Default.Options) + "\n";

    private static JsonObject DescribeEnvironment(Recipe recipe, Graph graph) => new()
    {
        ["convolve"] = typeof(RunFolder).Assembly.GetName().Version?.ToString(3),
        ["started"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ["dotnet"] = Environment.Version.ToString(),
        ["system"] = RuntimeInformation.OSDescription,
        ["processor"] = Machine.ProcessorName,
        ["cores"] = Environment.ProcessorCount,
        ["threads"] = Machine.Threads,
        ["instruction_set"] = Machine.InstructionSetName,
        ["kernel_library"] = Machine.KernelLibraryName,
        ["precision"] = Model.ChoosePrecision(graph, recipe.Precision).Precision == Planning.Precision.BFloat16 ? "bfloat16" : "float32",
        ["memory_bytes"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
    };
}
