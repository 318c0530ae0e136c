using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Runs;
using Convolve.Sweeps;
using Convolve.Training;

namespace Convolve.Cli.Commands;

/// <summary>convolve sweep NET --data SET --batch-size 16,32,64</summary>
internal sealed class SweepCommand
{
    private const string Seed = "--seed", Data = "--data";

    private readonly Command _training = new("sweep");
    private readonly TrainingTaskArguments _task = new();
    private readonly SweepOptions _options;

    private readonly Option<int?> _seeds = Inputs.Integer("--seeds",
        "Train each arm with N seeds, from --seed on, and report means and their 95 % intervals. Default: 1.", least: 1);

    private readonly Option<int?> _random = Inputs.Integer("--random",
        "Draw N arms at random instead of training every combination. Numbers can then be ranges, such as --lr 0.001..0.1.", least: 1);

    private readonly Option<bool> _halving = Inputs.Flag("--halving",
        "Successive halving: train all arms for a few epochs, the half with the best validation accuracy for twice as many, and so on.");

    private readonly Option<long?> _memoryLimit = Inputs.MemoryLimit("each arm's weights, gradients, optimizer and activations");
    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();

    private readonly Option<string?> _out = Inputs.Word("--out", "DIR",
        "Folder for the table, the chart and the run folder of each arm and seed. Default: runs/sweep-NET-SET-yyyyMMdd-HHmmss (UTC) " +
        "under the current folder.");

    private readonly Option<string?> _resume = Inputs.Word("--resume", "DIR",
        "Resume the interrupted or killed sweep in this folder: finished runs are kept, a run that was cut off continues.");

    private readonly Option<bool> _json = Inputs.Json();
    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print only the result.");

    private readonly List<(string Run, string Message)> _failures = [];

    private SweepCommand()
    {
        _task.AddTo(_training);
        _options = new(_training, Seed, Data);
    }

    public static Command Create()
    {
        SweepCommand sweep = new();
        Command command = new("sweep",
            "Train a network once for each combination of options and compare speed, memory and accuracy. Options of train take several " +
            "values here, separated by commas; repeat an option whose values are lists.") { sweep._task.Network };
        foreach (Option option in (Option[])[sweep._seeds, sweep._random, sweep._halving, sweep._memoryLimit])
            command.Add(option);
        sweep._options.AddTo(command);
        foreach (Option option in (Option[])[sweep._dataDirectory, sweep._out, sweep._resume, sweep._json, sweep._quiet])
            command.Add(option);
        command.Validators.Add(line =>
        {
            if (line.GetResult(sweep._resume) is null)
                sweep._task.RequireAll(line);
        });
        command.SetAction(sweep.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json), line.GetValue(_quiet));
        using Interruption interruption = new("finishing the step and saving the run ...");
        string? resumed = line.GetValue(_resume), dataDirectory = line.GetValue(_dataDirectory);
        if (resumed is not null)
            GivenOptions.Refuse(line, "--resume uses the settings that the sweep was started with", [_task.Network, _seeds, _random,
                _halving, _out, .. line.CommandResult.Command.Options.Where(option => _training.Options.Any(o => o.Name == option.Name))]);
        SweepSettings settings = resumed is null ? Plan(line) : SweepSettings.Read(resumed);
        TrainingTask[] tasks = [.. settings.Arms.Select(arm => TaskOf(settings, arm, settings.FirstSeed))];
        string folder = resumed ?? FolderOf(line, tasks[0].Recipe);
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        int status;
        try
        {
            status = TrainAll(settings, tasks, folder, resumed is null, line.GetValue(_memoryLimit), dataDirectory, output,
                interruption.Token);
        }
        catch (OperationCanceledException) when (SweepIsBegun(folder))
        {
            status = Failures.Interrupted;
        }
        if (status == Failures.Interrupted)
        {
            string data = dataDirectory is null ? "" : $" --data-dir {Format.Quoted(dataDirectory)}";
            Failures.Say($"interrupted: {folder} has the runs so far. To resume: {ProgramName.Current} sweep --resume " +
                $"{Format.Quoted(folder)}{data}");
            return status;
        }
        SweepResult result = SweepResult.Read(folder);
        result.Write();
        SweepScreen.Show(result, output, _failures, result.Best is { } best
            ? $"{ProgramName.Current} train {string.Join(' ', TokensOf(settings, best.Arm).Select(Format.Quoted))}" : null);
        if (output.IsJson)
        {
            JsonObject json = result.ToJson();
            json["failed"] = new JsonArray([.. _failures.Select(failure =>
                (JsonNode)new JsonObject { ["run"] = failure.Run, ["message"] = failure.Message })]);
            Output.Json(json);
        }
        return _failures.Count > 0 ? Failures.Failed : status;
    }

    private static bool SweepIsBegun(string folder) => File.Exists(Path.Combine(folder, SweepSettings.FileName));

    // What is typed, with every arm.
    private SweepSettings Plan(ParseResult line)
    {
        (IReadOnlyList<string> common, IReadOnlyList<SweepAxis> axes) = _options.Read(line);
        int seeds = line.GetValue(_seeds) ?? 1;
        if (axes.Count == 0 && seeds == 1)
            throw new UsageException("Nothing varies. Give an option several values, such as --batch-size 16,32,64, or use --seeds.");
        if (axes.FirstOrDefault(axis => axis.IsRange) is { } range && line.GetValue(_random) is null)
            throw new UsageException($"--{range.Name} is a range. Add --random N to draw N arms, or list values: " +
                $"--{range.Name} {range.At(0)},{range.At(1)}.");
        if (line.GetValue(_halving) && axes.Any(axis => axis.Name == "epochs"))
            throw new UsageException("--halving decides how many epochs an arm trains. Give --epochs one value.");
        // What is no number is refused where the arms are read.
        ulong first = ulong.TryParse(common.SkipWhile(token => token != Seed).ElementAtOrDefault(1), NumberStyles.None,
            CultureInfo.InvariantCulture, out ulong typed) ? typed : 0;
        IReadOnlyList<SweepArm> arms = line.GetValue(_random) is { } count ? SweepArm.Drawn(axes, count, first) : SweepArm.Grid(axes);
        return new()
        {
            Command = $"convolve sweep {Format.Quoted(line.GetValue(_task.Network)!)}" +
                GivenOptions.Of(line, _dataDirectory.Name, _out.Name, _json.Name, _quiet.Name),
            Date = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
            Common = [line.GetValue(_task.Network)!, .. common],
            Axes = [.. axes.Select(axis => axis.Name)],
            Values = [.. arms.Select(arm => arm.Values)],
            Seeds = seeds,
            FirstSeed = first,
            Halves = line.GetValue(_halving),
        };
    }

    private IEnumerable<string> TokensOf(SweepSettings settings, SweepArm arm) => [.. settings.Common, .. _options.TokensOf(arm)];

    // An arm, understood as a training is.
    private TrainingTask TaskOf(SweepSettings settings, SweepArm arm, ulong seed)
    {
        try
        {
            ParseResult line = _training.Parse([.. TokensOf(settings, arm)], new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (line.Errors is [{ } error, ..])
                throw new UsageException(error.Message);
            TrainingTask task = _task.Read(line);
            return task with { Recipe = task.Recipe with { Seed = seed } };
        }
        catch (Exception e) when (settings.Axes.Count > 0 && e is ConvolveException or UsageException)
        {
            throw new UsageException($"{arm.Name}: {Advice.Message(e)}");
        }
    }

    private string FolderOf(ParseResult line, Recipe recipe)
    {
        string folder = line.GetValue(_out) ?? Path.Combine("runs", $"sweep-{TrainCommand.FileName(recipe.Network)}-" +
            $"{Path.GetFileName(recipe.Dataset)}-{DateTimeOffset.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
        OutputPath.Folder(folder, _out.Name);
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new UsageException(
                $"{folder} is not empty, and runs are not overwritten. Choose another folder with --out, delete it, or resume the sweep " +
                $"in it: --resume {Format.Quoted(folder)}.");
        return folder;
    }

    // Every run that is not done yet; the exit code. A run that fails is not the end of the others.
    private int TrainAll(SweepSettings settings, TrainingTask[] tasks, string folder, bool isNew, long? limit, string? dataDirectory,
        Output output, CancellationToken cancellation)
    {
        SweepData data = new(dataDirectory, output, cancellation);
        List<SweepArm> arms = [];
        string? first = null;
        foreach ((SweepArm arm, TrainingTask task) in settings.Arms.Zip(tasks))
        {
            try
            {
                MemoryCheck.Require(task.Graph, data.Of(task), task.Recipe, limit: limit);
                arms.Add(arm);
            }
            catch (Exception e) when (IsOfOneRun(e))
            {
                first ??= Advice.Message(e);
                Fail(arm.Name, e);
            }
        }
        if (arms.Count == 0)
            throw new UsageException(first!);
        if (isNew)
        {
            DurableFolder.Create(Path.GetFullPath(folder));
            settings.Write(folder);
        }
        SweepScreen.Begin(settings, tasks[0].Recipe, arms.Count, folder, output);
        IReadOnlyList<HalvingRound> rounds = settings.Halves ? Halving.Rounds(arms.Count, tasks[0].Recipe.Epochs)
            : [new(arms.Count, int.MaxValue)];
        int status = Failures.Success;
        HashSet<int> failed = [];
        foreach ((int count, int epochs) in rounds)
        {
            if (count < arms.Count)
                arms = Survivors(settings, folder, [.. arms.Where(arm => !failed.Contains(arm.Number))], count, rounds);
            foreach ((ulong seed, SweepArm arm) in settings.AllSeeds.SelectMany(seed => arms.Select(arm => (seed, arm))))
            {
                string run = Path.Combine(folder, arm.FolderOf(seed)), name = SweepScreen.NameOf(settings, arm, seed);
                try
                {
                    TrainingTask task = TaskOf(settings, arm, seed);
                    if (IsDone(run, epochs < task.Recipe.Epochs ? epochs : null))
                        continue;
                    SweepScreen.Next(name, task.Recipe, data.Of(task), output);
                    status = Math.Max(status, task.TrainInto(run, data.Of(task), dataDirectory, output,
                        epochs < task.Recipe.Epochs ? epochs : null, cancellation));
                }
                catch (Exception e) when (IsOfOneRun(e))
                {
                    Fail(name, e);
                    failed.Add(arm.Number);
                }
                if (status == Failures.Interrupted)
                    return status;
            }
        }
        return status;
    }

    // The best of a round, by what its runs had when it ended.
    private static List<SweepArm> Survivors(SweepSettings settings, string folder, List<SweepArm> arms, int count,
        IReadOnlyList<HalvingRound> rounds)
    {
        int epochs = rounds.Last(round => round.Arms > count).Epochs;
        IReadOnlyList<SweepRow> rows = SweepResult.Read(folder).Rows;
        return [.. arms.Where(arm => rows[arm.Number - 1].Runs.Count == settings.Seeds)
            .OrderByDescending(arm => rows[arm.Number - 1].BestWithin(epochs)).Take(count).OrderBy(arm => arm.Number)];
    }

    /// <summary>The data of the arms, read once for all that read it in the same way.</summary>
    private sealed class SweepData(string? directory, Output output, CancellationToken cancellation)
    {
        private readonly Dictionary<(int? Channels, bool SkipBad), LoadedData> _loaded = [];

        public DataSplits Of(TrainingTask task)
        {
            DatasetOptions options = Inputs.DataOptions(directory, task.Graph, task.Recipe);
            if (!_loaded.TryGetValue((options.Channels, options.SkipBad), out LoadedData? data))
            {
                using DataScreen reading = new(output);
                _loaded[(options.Channels, options.SkipBad)] = data = Datasets.Load(task.Recipe.Dataset, options, reading, cancellation);
            }
            return task.Recipe.Split(data);
        }
    }

    private static bool IsDone(string run, int? epochs) =>
        RunFolder.IsBegun(run) && RunSummary.Read(run) is var summary && (summary.Test is not null || summary.Epochs.Count >= epochs);

    private static bool IsOfOneRun(Exception e) =>
        e is ConvolveException or UsageException or FileWriteException or InsufficientMemoryException or InvalidDataException;

    private void Fail(string run, Exception e)
    {
        Failures.Say($"{run} failed: {Advice.Message(e)}");
        _failures.Add((run, Advice.Message(e)));
    }
}
