using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Zoo;
using Convolve.Zoo.Experiments;

namespace Convolve.Cli;

/// <summary>convolve reproduce [NAME]</summary>
internal sealed class ReproduceCommand
{
    private const string DefaultPage = "results.md";

    private readonly Argument<string?> _name = new("NAME")
    {
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "NAME",
        Description = $"The experiment: {string.Join(", ", ExperimentCatalog.All.Select(e => e.Name))}. Without it they are listed.",
    };

    private readonly Option<bool> _quick = Inputs.Flag("--quick", "Few images and epochs, so that it ends in a minute or two; the result says so.");

    private readonly Option<int?> _seeds = Inputs.Integer("--seeds",
        "Train each arm with so many seeds, from 0 on, and give mean and 95 % interval. Default: 1, or for experiments of one switch as many as 'convolve reproduce' lists.", least: 1);

    private readonly Option<int?> _epochs = Inputs.Integer("--epochs", "At most so many epochs of each run; the result says so. Default: the experiment's own.", least: 1);

    private readonly Option<Precision?> _precision = Inputs.Precision("The kernels' number format. Default: auto.");

    private readonly Option<int?> _threads = Inputs.Integer("--threads", "Threads of the kernels; 0 means OMP_NUM_THREADS, or all cores. Default: 0.");

    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();

    private readonly Option<string?> _out = Inputs.Word("--out", "PATH",
        "Where the run folders of the arms and result.json go. Default: runs/NAME-yyyyMMdd-HHmmss (UTC) under the current folder. With --results, the page: results.md.");

    private readonly Option<string?> _resume = Inputs.Word("--resume", "DIR", "Go on with an experiment that was interrupted: the folder that it named. Runs that are done are kept.");

    private readonly Option<string?> _results = Inputs.Word("--results", "DIR", "Write a page of Markdown of all experiments that are done in folders under DIR, published beside measured.");

    private readonly Option<bool> _json = Inputs.Json();

    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print the result only.");

    public static Command Create()
    {
        ReproduceCommand reproduce = new();
        Command command = new("reproduce", "Run an experiment of the teaching material, and put the published result beside the measured one.") { reproduce._name };
        foreach (Option option in (Option[])[reproduce._quick, reproduce._seeds, reproduce._epochs, reproduce._precision, reproduce._threads, reproduce._dataDirectory,
            reproduce._out, reproduce._resume, reproduce._results, reproduce._json, reproduce._quiet])
            command.Add(option);
        command.SetAction(reproduce.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json), line.GetValue(_quiet));
        using Interruption interruption = new("ending the step ...");
        string? name = line.GetValue(_name), resumed = line.GetValue(_resume), results = line.GetValue(_results);
        if (results is not null)
        {
            Refuse(line, "--results makes a page of what is done", _name, _quick, _seeds, _epochs, _precision, _threads, _dataDirectory, _resume);
            return WritePage(results, line.GetValue(_out) ?? DefaultPage, output);
        }
        if (resumed is not null)
            Refuse(line, "--resume goes on as the experiment was started", _name, _quick, _seeds, _epochs, _precision, _threads, _out);
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        if (resumed is null && name is null)
            return ReproduceScreen.List(output, interruption.Token);
        if (resumed is null && ExperimentCatalog.Find(name!) is CostExperiment cost)
            return ReproduceScreen.Show(cost, output);
        (string folder, ExperimentSettings settings) = resumed is not null ? (resumed, ExperimentSettings.Read(resumed)) : Begin(line, name!);
        if (ExperimentCatalog.Find(settings.Experiment) is not TrainingExperiment experiment)
            throw new UsageException($"{folder} is of {settings.Experiment}, which trains nothing.");
        ReproduceScreen.Begin(experiment, settings, output);
        settings.Write(folder);
        if (!TrainAll(experiment, settings, folder, line.GetValue(_dataDirectory), output, interruption.Token))
        {
            Failures.Say($"interrupted: {folder} has the runs so far. Go on with: convolve reproduce --resume {folder}");
            return Failures.Interrupted;
        }
        ExperimentResult result = ExperimentResult.Read(folder);
        result.Write();
        ReproduceScreen.Show(result, output);
        if (output.IsJson)
            Output.Json(result.ToJson());
        return Failures.Success;
    }

    // A folder of its own, made anew, and how the experiment is run.
    private (string Folder, ExperimentSettings Settings) Begin(ParseResult line, string name)
    {
        TrainingExperiment experiment = (TrainingExperiment)ExperimentCatalog.Find(name);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        string folder = line.GetValue(_out) ?? Path.Combine("runs", $"{name}-{now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new UsageException($"{folder} is not empty, and runs are not overwritten. Choose another folder with --out, delete it, or go on with what it holds: --resume {folder}.");
        bool isQuick = line.GetValue(_quick);
        int? seeds = line.GetValue(_seeds), epochs = line.GetValue(_epochs);
        ExperimentSettings settings = new()
        {
            Experiment = name,
            Command = string.Create(CultureInfo.InvariantCulture, $"convolve reproduce {name}{(isQuick ? " --quick" : "")}{(seeds is null ? "" : $" --seeds {seeds}")}{(epochs is null ? "" : $" --epochs {epochs}")}"),
            Date = now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            Quick = isQuick,
            Seeds = seeds ?? (isQuick ? 1 : experiment.Seeds),
            Epochs = epochs,
            Precision = line.GetValue(_precision),
            Threads = line.GetValue(_threads),
        };
        Directory.CreateDirectory(folder);
        return (folder, settings);
    }

    // Every seed of every arm that is not done yet; false where it was interrupted.
    private static bool TrainAll(TrainingExperiment experiment, ExperimentSettings settings, string folder, string? dataDirectory, Output output, CancellationToken cancellation)
    {
        Dictionary<string, LoadedData> loaded = [];
        foreach (ExperimentArm arm in experiment.Arms)
        {
            for (int seed = 0; seed < settings.Seeds; seed++)
            {
                string run = Path.Combine(folder, ExperimentSettings.FolderOf(arm, seed));
                if (IsDone(run))
                    continue;
                Recipe recipe = settings.For(arm, seed);
                if (!loaded.TryGetValue(recipe.Dataset, out LoadedData? data))
                {
                    using DataScreen reading = new(output);
                    loaded[recipe.Dataset] = data = Datasets.Load(recipe.Dataset, Inputs.DataOptions(dataDirectory), reading, cancellation);
                }
                output.Line();
                output.Line($"{arm.Name}, seed {seed}: {TrainScreen.Words(recipe, recipe.BatchSize, Math.Min(data.Train.Count, recipe.Limit ?? int.MaxValue))}");
                if (!Train(arm, recipe, data, run, output, cancellation))
                    return false;
            }
        }
        return true;
    }

    private static bool IsDone(string run) => IsBegun(run) && RunSummary.Read(run).Test is not null;

    private static bool IsBegun(string run) => File.Exists(Path.Combine(run, RunFolder.RecipeFile));

    private static bool Train(ExperimentArm arm, Recipe recipe, LoadedData loaded, string folder, Output output, CancellationToken cancellation)
    {
        Graph graph = NetworkCatalog.Create(recipe.Network, loaded.Train.ClassNames.Count, arm.NetworkOptions);
        DataSplits data = loaded.Split(recipe.ValidationFraction, recipe.Seed, recipe.Limit);
        MemoryCheck.Require(graph, Math.Min(recipe.BatchSize, data.Train.Count), size => Trainer.Estimate(graph, data, recipe with { BatchSize = size }));
        using Trainer trainer = IsBegun(folder) ? Trainer.Resume(RunFolder.Open(folder), data) : new(graph, data, recipe, folder);
        TrainScreen screen = new(output);
        screen.BeginRows();
        try
        {
            return !trainer.Fit(new Reporter<TrainingProgress>(screen.Show), cancellation).Interrupted;
        }
        finally
        {
            screen.ClearBar();
        }
    }

    private static int WritePage(string folder, string file, Output output)
    {
        if (!Directory.Exists(folder))
            throw new UsageException($"{folder} is no folder. Give the one under which experiments are, such as runs.");
        ExperimentResult[] results = [.. Directory.EnumerateDirectories(folder).Append(folder).Order(StringComparer.Ordinal)
            .Where(d => File.Exists(Path.Combine(d, ExperimentResult.FileName))).Select(ExperimentResult.Read)];
        if (results.Length == 0)
            throw new UsageException($"No folder under {folder} has an experiment that is done. Run one with 'convolve reproduce NAME --out {folder}/NAME'.");
        ResultsPage.Write(results, file);
        output.Last($"{results.Length} {(results.Length == 1 ? "result" : "results")}, {file}");
        if (output.IsJson)
            Output.Json(new() { ["page"] = Path.GetFullPath(file), ["results"] = new JsonArray([.. results.Select(r => (JsonNode)r.ToJson())]) });
        return Failures.Success;
    }

    private static void Refuse(ParseResult line, string reason, params ReadOnlySpan<Symbol> others)
    {
        foreach (Symbol other in others)
        {
            (bool isGiven, string? name) = other is Argument argument ? (line.GetResult(argument) is { Tokens.Count: > 0 }, argument.HelpName)
                : (line.GetResult((Option)other) is { Implicit: false }, other.Name);
            if (isGiven)
                throw new UsageException($"{reason}: leave {name} away.");
        }
    }
}
