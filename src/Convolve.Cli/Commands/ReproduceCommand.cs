using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;
using Convolve.Runs;
using Convolve.Training;
using Convolve.Zoo;
using Convolve.Zoo.Experiments;

namespace Convolve.Cli.Commands;

/// <summary>convolve reproduce [NAME]</summary>
internal sealed class ReproduceCommand
{
    private const string DefaultPage = "results.md";

    private readonly Argument<string?> _name = new("NAME")
    {
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "NAME",
        Description = $"The experiment: {string.Join(", ", ExperimentCatalog.All.Select(e => e.Name))}. Without NAME, list them.",
    };

    private readonly Option<bool> _quick =
        Inputs.Flag("--quick", "Use few images and epochs, to finish in a minute or two; the result says so.");

    private readonly Option<int?> _seeds = Inputs.Integer("--seeds",
        $"Train each arm with N seeds, starting at 0, and report the mean and its 95 % interval. Default: 1, or for ablations the number " +
        $"that `{ProgramName.Current} reproduce` lists.", least: 1);

    private readonly Option<int?> _epochs = Inputs.Integer("--epochs",
        "Train each run for at most N epochs; the result says so. Default: the experiment's own.", least: 1);

    private readonly Option<Precision?> _precision = Inputs.Precision("Number format of the kernels. Default: auto.");

    private readonly Option<int?> _threads =
        Inputs.Integer("--threads", "Kernel threads; 0 means OMP_NUM_THREADS, or all cores. Default: 0.");

    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();

    private readonly Option<string?> _out = Inputs.Word("--out", "PATH",
        "Folder for result.json and the run folders of the arms. Default: runs/NAME-yyyyMMdd-HHmmss (UTC) under the current folder. With " +
        "--results, the page to write; default: results.md.");

    private readonly Option<string?> _resume = Inputs.Word("--resume", "DIR",
        "Resume the interrupted experiment in this folder. Finished runs are kept.");

    private readonly Option<string?> _results = Inputs.Word("--results", "DIR",
        "Write a Markdown page of all finished experiments in folders under DIR, with published and measured results side by side. What " +
        "the page already says of other experiments is kept.");

    private readonly Option<bool> _json = Inputs.Json();

    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print only the result.");

    public static Command Create()
    {
        ReproduceCommand reproduce = new();
        Command command = new("reproduce",
            "Run an experiment from the teaching material and compare its result with the published one.") { reproduce._name };
        foreach (Option option in (Option[])[reproduce._quick, reproduce._seeds, reproduce._epochs, reproduce._precision,
            reproduce._threads, reproduce._dataDirectory,
            reproduce._out, reproduce._resume, reproduce._results, reproduce._json, reproduce._quiet])
            command.Add(option);
        command.SetAction(reproduce.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json), line.GetValue(_quiet));
        using Interruption interruption = new("finishing the step ...");
        string? name = line.GetValue(_name), resumed = line.GetValue(_resume), results = line.GetValue(_results);
        if (results is not null)
        {
            GivenOptions.Refuse(line, "--results only writes a page of finished " +
                "experiments", _name, _quick, _seeds, _epochs, _precision, _threads,
                _dataDirectory, _resume);
            return WritePage(results, OutputPath.File(line.GetValue(_out) ?? DefaultPage, _out.Name), output);
        }
        if (resumed is not null)
            GivenOptions.Refuse(line, "--resume uses the settings that the experiment was started " +
                "with", _name, _quick, _seeds, _epochs, _precision,
                _threads, _out);
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        if (resumed is null && name is null)
        {
            GivenOptions.Refuse(line, "without NAME, the experiments are only listed", _quick, _seeds, _epochs, _precision, _threads,
                _dataDirectory, _out);
            return ReproduceScreen.List(output, interruption.Token);
        }
        if (resumed is null && ExperimentCatalog.Find(name!) is CostExperiment)
            GivenOptions.Refuse(line, $"{name} only counts and measures, without training", _seeds, _epochs, _precision, _threads,
                _dataDirectory);
        (string folder, ExperimentSettings settings) = resumed is not null ? (resumed, ExperimentSettings.Read(resumed))
            : Begin(line, name!);
        settings.Write(folder);
        Experiment experiment = ExperimentCatalog.Find(settings.Experiment);
        return experiment is CostExperiment cost ? Measure(cost, settings, folder, output)
            : Train((TrainingExperiment)experiment, settings, folder, line.GetValue(_dataDirectory), output, interruption.Token);
    }

    private static int Measure(CostExperiment experiment, ExperimentSettings settings, string folder, Output output)
    {
        ReproduceScreen.Head(experiment, output);
        CostResult result = CostResult.Measure(experiment, settings, folder);
        result.Write();
        ReproduceScreen.Show(result, output);
        if (output.IsJson)
            Output.Json(result.ToJson());
        return Failures.Success;
    }

    private static int Train(TrainingExperiment experiment, ExperimentSettings settings, string folder, string? dataDirectory,
        Output output, CancellationToken cancellation)
    {
        ReproduceScreen.Begin(experiment, settings, output);
        int status = TrainAll(experiment, settings, folder, dataDirectory, output, cancellation);
        if (status == Failures.Interrupted)
        {
            string data = dataDirectory is null ? "" : $" --data-dir {Format.Quoted(dataDirectory)}";
            Failures.Say(
                $"interrupted: {folder} has the runs so far. To resume: {ProgramName.Current} reproduce --resume " +
                $"{Format.Quoted(folder)}{data}");
            return status;
        }
        ExperimentResult result = ExperimentResult.Read(folder);
        result.Write();
        ReproduceScreen.Show(result, output);
        if (output.IsJson)
            Output.Json(result.ToJson());
        return status;
    }

    // A new folder, and how the experiment is run.
    private (string Folder, ExperimentSettings Settings) Begin(ParseResult line, string name)
    {
        Experiment experiment = ExperimentCatalog.Find(name);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        string folder = line.GetValue(_out)
            ?? Path.Combine("runs", $"{name}-{now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
        OutputPath.Folder(folder, _out.Name);
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new UsageException(
                $"{folder} is not empty, and runs are not overwritten. Choose another folder with --out, delete it, or resume the " +
                $"experiment in it: --resume {Format.Quoted(folder)}.");
        // What trains nothing takes seconds, and is not cut short.
        bool isQuick = line.GetValue(_quick) && experiment is TrainingExperiment;
        ExperimentSettings settings = new()
        {
            Experiment = name,
            // Where the data are and where the result goes are matters of this machine.
            Command = $"convolve reproduce {name}{GivenOptions.Of(line, _dataDirectory.Name, _out.Name, _json.Name, _quiet.Name)}",
            Date = now.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
            Quick = isQuick,
            Seeds = line.GetValue(_seeds) ?? (isQuick ? 1 : (experiment as TrainingExperiment)?.Seeds ?? 1),
            Epochs = line.GetValue(_epochs),
            Precision = line.GetValue(_precision),
            Threads = line.GetValue(_threads),
        };
        DurableFolder.Create(Path.GetFullPath(folder));
        return (folder, settings);
    }

    // Every seed of every arm that is not done yet; the exit code. A report that cannot be written is not the end of the others.
    private static int TrainAll(TrainingExperiment experiment, ExperimentSettings settings, string folder, string? dataDirectory,
        Output output, CancellationToken cancellation)
    {
        Dictionary<string, LoadedData> loaded = [];
        int status = Failures.Success;
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
                    try
                    {
                        loaded[recipe.Dataset] = data = Datasets.Load(recipe.Dataset, Inputs.DataOptions(dataDirectory), reading,
                            cancellation);
                    }
                    catch (OperationCanceledException)
                    {
                        return Failures.Interrupted;
                    }
                }
                output.Line();
                output.Line(
                    $"{arm.Name}, seed {seed}: " +
                    $"{TrainScreen.Words(recipe, recipe.BatchSize, Math.Min(data.Train.Count, recipe.Limit ?? int.MaxValue))}");
                status = Math.Max(status, Train(arm, recipe, data, run, dataDirectory, output, cancellation));
                if (status == Failures.Interrupted)
                    return status;
            }
        }
        return status;
    }

    private static bool IsDone(string run) => RunFolder.IsBegun(run) && RunSummary.Read(run).Test is not null;

    private static int Train(ExperimentArm arm, Recipe recipe, LoadedData loaded, string folder, string? dataDirectory, Output output,
        CancellationToken cancellation)
    {
        Graph graph = NetworkCatalog.Create(recipe.Network, loaded.Train.ClassNames.Count, arm.NetworkOptions);
        DataSplits data = recipe.Split(loaded);
        MemoryCheck.Require(graph, data, recipe, with: null);
        return new TrainingTask(recipe.Network, graph, recipe).TrainInto(folder, data, dataDirectory, output, null, cancellation);
    }

    private static IExperimentResult Read(string folder) =>
        ExperimentCatalog.Find(ExperimentSettings.Read(folder).Experiment) is CostExperiment
        ? CostResult.Read(folder) : ExperimentResult.Read(folder);

    private static int WritePage(string folder, string file, Output output)
    {
        if (!Directory.Exists(folder))
            throw new UsageException($"{folder} is not a folder. Pass the folder that contains the experiments, such as runs.");
        List<IExperimentResult> results = [];
        List<string> unread = [];
        foreach (string found in Directory.EnumerateDirectories(folder).Append(folder).Order(StringComparer.Ordinal)
            .Where(d => File.Exists(Path.Combine(d, ExperimentResult.FileName))
                && File.Exists(Path.Combine(d, ExperimentSettings.FileName))))
        {
            try
            {
                results.Add(Read(found));
            }
            catch (Exception e) when (e is RecipeException or NetworkException)
            {
                string resume = e is RecipeException { Remedy: Remedy.Experiment }
                    ? $" To resume it: {ProgramName.Current} reproduce --resume {Format.Quoted(found)}" : "";
                Failures.Say($"skipped {found}: {e.Message}{resume}");
                unread.Add(found);
            }
        }
        if (results.Count == 0)
            throw new UsageException(
                $"No finished experiment found under {folder}. Run one with: {ProgramName.Current} reproduce NAME --out " +
                $"{Format.Quoted(Path.Combine(folder, "NAME"))}");
        (IReadOnlyList<string> written, IReadOnlyList<string> kept) = ResultsPage.Write(results, file);
        string stayed = kept.Count == 0 ? "" : $"; unchanged: {string.Join(", ", kept)}";
        output.Last($"{written.Count} {(written.Count == 1 ? "experiment" : "experiments")}, {file}{stayed}");
        if (output.IsJson)
            Output.Json(new()
            {
                ["page"] = Path.GetFullPath(file),
                ["unread"] = new JsonArray([.. unread.Select(name => (JsonNode)name)]),
                ["kept"] = new JsonArray([.. kept.Select(name => (JsonNode)name)]),
                ["results"] = new JsonArray([.. results.Select(r => (JsonNode)r.ToJson())])
            });
        return unread.Count == 0 ? Failures.Success : Failures.Failed;
    }
}
