using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Graphs;

namespace Convolve.Training;

/// <summary>The folder of one run: recipe.json, environment.json, metrics.jsonl, model.safetensors. Every file is whole at every moment.</summary>
public sealed class RunFolder : IDisposable
{
    public const string RecipeFile = "recipe.json", EnvironmentFile = "environment.json", MetricsFile = "metrics.jsonl", ModelFile = "model.safetensors";
    private readonly MetricsLog _metrics;

    private RunFolder(string path, MetricsLog metrics) => (FullPath, _metrics) = (path, metrics);

    public string FullPath { get; }

    /// <summary>Where the weights are.</summary>
    public string ModelPath => Path.Combine(FullPath, ModelFile);

    /// <summary>
    /// Makes the folder and writes what is known before the first step: the recipe, and the machine with what is remarkable of the data.
    /// </summary>
    /// <exception cref="RecipeException">The folder holds a run already, or cannot be made.</exception>
    /// <exception cref="FileWriteException">A file cannot be written.</exception>
    public static RunFolder Create(string path, Recipe recipe, Graph graph, IReadOnlyList<string> dataRemarks)
    {
        string full = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException($"The run folder {full} cannot be made: {e.Message} Choose another one with --out.");
        }
        if (File.Exists(Path.Combine(full, RecipeFile)) || File.Exists(Path.Combine(full, ModelFile)))
            throw new RecipeException($"The folder {full} holds a run already, and runs are not overwritten. Choose another one with --out, or delete it.");
        AtomicFile.WriteText(Path.Combine(full, RecipeFile), RecipeJson.Write(recipe, graph));
        AtomicFile.WriteText(Path.Combine(full, EnvironmentFile), DescribeEnvironment(dataRemarks));
        return new(full, new(Path.Combine(full, MetricsFile)));
    }

    /// <summary>The recipe and the graph of a run.</summary>
    /// <exception cref="RecipeException">The folder is no run, or its recipe cannot be read.</exception>
    public static (Recipe Recipe, Graph Graph) ReadRecipe(string path)
    {
        string file = Path.Combine(path, RecipeFile);
        try
        {
            return RecipeJson.Read(File.ReadAllText(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException($"{path} is no run folder: {file} cannot be read ({e.Message}) Give the folder that 'convolve train' named at its end.");
        }
        catch (RecipeException e)
        {
            throw new RecipeException($"{file}: {e.Message}");
        }
    }

    /// <summary>Adds a line to metrics.jsonl.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public void Log(EpochProgress epoch)
    {
        JsonObject line = new()
        {
            ["epoch"] = epoch.Epoch,
            ["train_loss"] = epoch.TrainLoss,
            ["train_accuracy"] = epoch.TrainAccuracy,
            ["validation_loss"] = epoch.ValidationLoss,
            ["validation_accuracy"] = epoch.ValidationAccuracy,
            ["learning_rate"] = epoch.LearningRate,
            ["images_per_second"] = epoch.ImagesPerSecond,
            ["seconds"] = epoch.Elapsed.TotalSeconds,
            ["data_seconds"] = epoch.DataWait.TotalSeconds,
            ["is_best"] = epoch.IsBest,
        };
        _metrics.Append(line);
    }

    /// <summary>Adds the test result to metrics.jsonl.</summary>
    /// <exception cref="FileWriteException">It cannot be written.</exception>
    public void Log(Evaluation test, int bestEpoch)
    {
        JsonObject line = new()
        {
            ["test_of_epoch"] = bestEpoch,
            ["test_images"] = test.Images,
            ["test_loss"] = test.Loss,
            ["test_accuracy"] = test.Accuracy,
            ["test_top5_accuracy"] = test.Top5Accuracy,
        };
        _metrics.Append(line);
    }

    public void Dispose() => _metrics.Dispose();

    private static string DescribeEnvironment(IReadOnlyList<string> dataRemarks)
    {
        JsonObject json = new()
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
            ["memory_bytes"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        };
        if (dataRemarks.Count > 0)
            json["data_remarks"] = new JsonArray([.. dataRemarks]);
        return json.ToJsonString(RecipeJsonContext.Default.Options) + "\n";
    }
}
