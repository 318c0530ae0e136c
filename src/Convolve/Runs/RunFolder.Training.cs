using System.Text.Json;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Graphs;
using Convolve.Kernels.Threads;
using Convolve.Layers;
using Convolve.Training;

namespace Convolve.Runs;

// Trainers that keep their run in a folder.
public sealed partial class RunFolder
{
    /// <summary>Plans a new run that is kept in a folder.</summary>
    /// <param name="path">The folder, which is made.</param>
    /// <param name="graph">Its input channels must be the data's (or 3 for gray images), its outputs the data's classes.</param>
    /// <param name="data">Training, validation and test split.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="options">What the folder gets: how often what it takes to resume the run, whether histograms; null for the end of every
    /// epoch, and none.</param>
    /// <exception cref="RecipeException">The recipe has a value out of range, the folder holds a run already, or its disk has no room for
    /// one.</exception>
    /// <exception cref="FileWriteException">The folder cannot be written to.</exception>
    /// <inheritdoc cref="Trainer(Graph, DataSplits, Recipe)" path="/exception"/>
    public static Trainer Begin(string path, Graph graph, DataSplits data, Recipe recipe, RunFolderOptions? options = null) =>
        BeginAsFirst(path, graph, data, recipe, options, null);

    /// <summary>The same, for the first process of a run of several.</summary>
    internal static Trainer BeginAsFirst(string path, Graph graph, DataSplits data, Recipe recipe, RunFolderOptions? options,
        IGradientExchange? exchange)
    {
        options ??= new();
        (TrainingParts parts, WeightTransfer? transfer) = TrainingParts.Begin(graph, data, recipe, exchange);
        RunFolder? run = null;
        try
        {
            DiskCheck.Require(path, parts, options);
            run = Create(path, parts.Recipe, parts.Graph, data.Remarks, options, TrainedPictures.Of(data));
            return new(parts, Joining(parts, new RunRecord(parts, run, options)), new(), transfer);
        }
        catch
        {
            run?.Dispose();
            parts.Dispose();
            throw;
        }
    }

    private static ITrainingRecord Joining(TrainingParts parts, RunRecord record) =>
        parts.Whole is { } whole ? new JoiningRecord(record, whole) : record;

    /// <summary>Whether a folder holds a run, finished or not.</summary>
    internal static bool IsBegun(string path) => File.Exists(Path.Combine(path, RecipeFile));

    /// <summary>A run that is kept in a folder: a new one, or the one that was begun there.</summary>
    /// <inheritdoc cref="Begin" path="/param"/>
    internal static Trainer BeginOrResume(string path, Graph graph, DataSplits data, Recipe recipe) =>
        IsBegun(path) ? Open(path).Resume(data) : Begin(path, graph, data, recipe);

    // Computed as its last steps were, it resumes with the same bits.
    private void KeepKernels()
    {
        JsonObject? begun = ReadObject(Path.Combine(FullPath, EnvironmentFile));
        JsonNode? last = begun?[ResumedKey] is JsonArray { Count: > 0 } resumed ? resumed[^1] : begun;
        if (last is JsonObject machine && machine["kernel_library"]?.GetValueKind() == JsonValueKind.String)
            Backend.Keep((string)machine["kernel_library"]!);
    }

    /// <summary>
    /// Resumes a run that was interrupted or killed, from its newest checkpoint that is whole. The result is bit-identical to an
    /// uninterrupted run.
    /// </summary>
    /// <remarks>The trainer, once created, owns the run. Null values below keep what the run was started with.</remarks>
    /// <param name="data">Its data, split as its recipe says.</param>
    /// <param name="recipe">A recipe to resume with, which is then the run's, whatever its checkpoint was saved by: more epochs, another
    /// learning rate. What the weights, the optimizer's state or the splits depend on cannot change.</param>
    /// <param name="graph">Another network of the same parameters, such as one with less dropout.</param>
    /// <param name="options">What the folder gets: how often what it takes to resume the run, whether histograms; null for the end of every
    /// epoch, and none.</param>
    /// <exception cref="RecipeException">The run is finished, has no checkpoint that can be used, or one that does not go with what is
    /// asked for.</exception>
    /// <exception cref="NetworkException">The network and the data don't fit together.</exception>
    /// <exception cref="DatasetException">A split is empty, or the channels or the transforms do not fit.</exception>
    /// <exception cref="FileWriteException">The folder cannot be written to.</exception>
    public Trainer Resume(DataSplits data, Recipe? recipe = null, Graph? graph = null, RunFolderOptions? options = null) =>
        ResumeAsFirst(data, recipe, graph, options, null);

    /// <summary>The same, for the first process of a run of several.</summary>
    internal Trainer ResumeAsFirst(DataSplits data, Recipe? recipe, Graph? graph, RunFolderOptions? options, IGradientExchange? exchange)
    {
        options ??= new();
        ResumePlan plan = new(this, recipe ?? Recipe, graph ?? Graph, isOverriding: recipe is not null || graph is not null);
        plan.Recipe.Validate();
        plan.Require();
        TrainingParts parts = new(plan.Graph, data, plan.Recipe, exchange);
        try
        {
            RunRecord record = new(parts, this, options);
            DiskCheck.Require(FullPath, parts, options);
            Resumption resumption = new(parts, this, record, plan);
            TrainingState? state = null;
            ThreadTeam.Invoke(() => state = resumption.Restore());
            return new(parts, Joining(parts, record), state!, resumedFrom: resumption.Point);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }
}
