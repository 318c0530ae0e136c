using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Ranks;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Reporting;
using Convolve.Runs;
using Convolve.Training;
using Convolve.Training.Checks;
using Convolve.Training.Profiles;

namespace Convolve.Cli.Commands;

/// <summary>convolve train NET --data SET, convolve train --resume RUN</summary>
internal sealed class TrainCommand
{
    private const int LongestName = 60;
    private const string Promise = "finishing the step and saving the run ...";

    private readonly TrainingTaskArguments _task = new();
    private readonly ResumeOptions _resumption = new();
    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();

    private readonly CacheOption _cache = new("memory (up to 1 GiB, the rest on disk), disk (up to 20 GiB in the user's cache folder, " +
        "for later runs too) or none (decoded again in every epoch). Default: memory.");

    private readonly Option<string?> _out = Inputs.Word("--out", "DIR",
        "The run folder, for the recipe, environment, metrics, best weights and checkpoints. Default: runs/NET-SET-yyyyMMdd-HHmmss (UTC) " +
        "under the current folder.");

    private readonly Option<TimeSpan?> _timeLimit = Inputs.Duration("--time-limit",
        "Stop after this time, such as 30m, and test the best weights so far. The run is saved, and --resume resumes it. Default: no " +
        "limit.");

    private readonly Option<bool> _overfit = Inputs.Flag("--overfit-one-batch",
        "Train on the first batch alone (16 images of it if steps are slow), again and again, to check that the network can learn at " +
        "all; nothing is saved. Tries the recipe's optimizer first, then Adam. The exit code is 1 if it can't learn.");

    private readonly Option<long?> _memoryLimit =
        Inputs.MemoryLimit("weights, gradients, optimizer, activations and kept pictures");

    private readonly RankOptions _ranks = new();

    private readonly Option<bool> _profile = Inputs.Flag("--profile",
        $"Measure every step, and print where the time went: each layer, barriers, data loading. {ProfileTrace.FileName} in the run " +
        $"folder has the first steps (up to {TrainingProfile.MostSpans} pieces of work) for Perfetto or chrome://tracing.");

    private readonly Option<bool> _json = Inputs.Flag("--json",
        "Print one JSON object to standard output and everything else to standard error. Its training and validation figures are from " +
        "the best epoch, whose weights are kept.");

    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print only the result.");

    public static Command Create()
    {
        TrainCommand train = new();
        Command command =
            new("train", "Train a network, keep the weights of the best epoch on the validation split, and test them once.");
        train._task.AddTo(command);
        train._resumption.AddTo(command);
        train._ranks.AddTo(command);
        foreach (Option option in (Option[])[train._timeLimit, train._overfit, train._memoryLimit, train._profile, train._dataDirectory,
            train._cache.Option, train._out, train._json, train._quiet])
            command.Add(option);
        command.Validators.Add(line =>
        {
            if (!train._resumption.IsGiven(line))
                train._task.RequireAll(line);
        });
        command.SetAction(train.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        if (_ranks.IsGiven(line))
            return Launch(line);
        return RankRun.Run(ranks => ranks is { IsFirst: false } ? Follow(line, ranks)
            : Run(ranks?.Resumed is { } folder ? Resuming(line, folder) : line, ranks));
    }

    // What goes on with what is left of a run's processes: how it is kept and shown is as typed, the rest is in its folder.
    private ParseResult Resuming(ParseResult line, string folder) => line.RootCommandResult.Command.Parse([line.CommandResult.Command.Name,
        .. _resumption.WordsFor(line, folder), .. GivenOptions.WordsOf(line, _timeLimit, _memoryLimit, _profile, _dataDirectory,
        _cache.Option, _json, _quiet)]);

    // What is wrong with the command line is known before anything is started.
    private int Launch(ParseResult line)
    {
        if (line.GetValue(_overfit))
            throw new UsageException("--overfit-one-batch trains in one process: remove --ranks.");
        Recipe recipe;
        bool areShardsFree;
        using (RunFolder? run = _resumption.Open(line))
        {
            recipe = Read(line, run).Recipe;
            RankOptions.RequireParts(recipe, _ranks.RanksOf(line), run is null, _ranks.IsElastic(line), _resumption.FolderOptions(line));
            if (run is null)
                RefuseUsed(FolderOf(line, run, recipe));
            areShardsFree = recipe.ModelParallel > 1 || (run is null && (recipe.Shards == 1 || _task.AreShardsFree(line)));
        }
        using Interruption interruption = new(Promise);
        return _ranks.Run(line, areShardsFree ? null : recipe.Shards, recipe.ModelParallel > 1 ? int.MaxValue : recipe.BatchSize,
            interruption.Token);
    }

    private TrainingTask Read(ParseResult line, RunFolder? run) =>
        (run is null ? _task.Read(line, measuresShards: true) : _task.Read(line, run)).Divided(_ranks.PartsOf(line));

    private int Run(ParseResult line, RankRun? ranks)
    {
        Output output = new(line.GetValue(_json), line.GetValue(_quiet));
        string network = line.GetValue(_task.Network) is { } typed ? $" {Format.Quoted(typed)}" : "";
        RunFolderOptions options = _resumption.FolderOptions(line) with
        {
            Command = $"{ProgramName.Current} train{network}{GivenOptions.Of(line, RankProcess.Elastic)}{ProgramName.Ranks}",
            SavesStart = RankProcess.IsElastic,
        };
        using RunFolder? run = _resumption.Open(line);
        TrainingTask task = Read(line, run);
        (_, Graph graph, Recipe recipe) = task;
        RankOptions.RequireParts(recipe, ranks?.Exchange.Ranks ?? 1, run is null, RankProcess.IsElastic, options);
        if (ranks is not null)
            recipe = ranks.WithShards(recipe, isNew: run is null, isFree: _task.AreShardsFree(line));
        if (line.GetValue(_overfit) && ranks is not null)
            throw new UsageException("--overfit-one-batch trains in one process: start one.");
        if (line.GetValue(_overfit))
            _resumption.RefuseAll(line, "--overfit-one-batch doesn't save or resume a run", _out, _timeLimit, _profile);
        string folder = FolderOf(line, run, recipe);
        if (run is null)
            RefuseUsed(folder);
        ResumePlan? plan = run is null ? null : _resumption.Plan(line, run, recipe, graph);
        if (run is not null && plan!.Refusal?.Obstacle == ResumeObstacle.Finished)
        {
            ranks?.Dismiss();
            return TellFinished(output, run, run.Outcome!, folder, line.GetValue(_dataDirectory));
        }
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        bool isBatchSizeFree = run is null && _task.IsBatchSizeFree(line);
        if (!isBatchSizeFree)
            ranks?.Share(recipe, graph); // while this one reads the images, the others can

        using Interruption interruption = new(Promise);
        DataSplits data = task.LoadData(_cache.Set(line, Inputs.DataOptions(line.GetValue(_dataDirectory), graph, recipe)), output,
            interruption.Token);
        long? limit = line.GetValue(_memoryLimit);
        if (isBatchSizeFree)
        {
            recipe = MemoryCheck.Fit(graph, data, recipe, limit);
            ranks?.Share(recipe, graph);
        }
        if (run is null && ranks is null && _task.AreShardsFree(line))
            recipe = WithShards(graph, data, recipe, output, interruption.Token);
        MemoryEstimate memory = MemoryCheck.Require(graph, data, line.GetValue(_overfit) ? OverfitCheck.Largest(graph, data, recipe)
            : recipe, run is null ? "" : " --override", limit, ranks?.Exchange.Ranks ?? 1);
        interruption.Token.ThrowIfCancellationRequested();
        ranks?.Agree(graph, data, recipe, memory);
        if (line.GetValue(_overfit))
            return OverfitScreen.Run(graph, data, recipe, output, interruption.Token);

        using Trainer trainer = run is null ? RunFolder.BeginAsFirst(folder, graph, data, recipe, options, ranks?.Exchange)
            : plan!.IsOverriding ? run.ResumeAsFirst(data, recipe, graph, options, ranks?.Exchange)
            : run.ResumeAsFirst(data, null, null, options, ranks?.Exchange);
        ranks?.OpenLogs(folder);
        TrainScreen screen = new(output);
        if (line.GetValue(_profile))
            trainer.Profile = new();
        if (ranks?.Resumed is null)
            screen.Begin(trainer, data, memory, folder, ranks?.WordsFor(recipe));
        else
            screen.GoOn(trainer);
        TrainingResult? result;
        try
        {
            result = trainer.TryFit(new Reporter<TrainingProgress>(screen.Show), line.GetValue(_timeLimit), interruption.Token);
        }
        finally
        {
            screen.ClearBar();
        }
        if (ranks is not null)
            output.Line(ranks.Compare(trainer));
        ProfileScreen? profile = ProfileScreen.Write(trainer, folder);
        profile?.Show(output);
        string? goOn = !options.HasCheckpoints ? null : ResumeOptions.CommandFor(folder, options, line.GetValue(_dataDirectory));
        if (result is null)
        {
            TrainScreen.EndInterrupted(trainer, folder, goOn);
            return Failures.Interrupted;
        }
        (string? report, int status) = ReportCommand.WriteAfter(output, trainer, data, folder, line.GetValue(_dataDirectory),
            interruption.Token);
        screen.End(result, folder, report, run is null ? WithNextSeed(line, task) : null, line.GetValue(_dataDirectory), goOn);
        if (output.IsJson)
        {
            JsonObject json = Json(trainer, result, folder);
            if (profile is not null)
                json["profile"] = profile.Json();
            if (ranks is not null)
                json["sent_bytes_per_step"] = trainer.SentBytesPerStep;
            Output.Json(json);
        }
        return status;
    }

    // A rank other than 0 trains what that one says, and has no folder.
    private int Follow(ParseResult line, RankRun ranks)
    {
        Output output = new(json: false);
        _ = Machine.KernelLibraryName;
        if (ranks.Receive() is not var (recipe, graph))
            return Failures.Success;
        using Interruption interruption = new(Promise);
        DataSplits data = new TrainingTask(recipe.Network, graph, recipe)
            .LoadData(_cache.Set(line, Inputs.DataOptions(line.GetValue(_dataDirectory), graph, recipe)), output, interruption.Token);
        MemoryEstimate memory = MemoryCheck.Require(graph, data, recipe, "", line.GetValue(_memoryLimit), ranks.Exchange.Ranks);
        interruption.Token.ThrowIfCancellationRequested();
        ranks.Agree(graph, data, recipe, memory);
        using Trainer trainer = Trainer.Following(graph, data, recipe, ranks.Exchange);
        ranks.OpenLogs("");
        TrainScreen screen = new(output);
        screen.Begin(trainer, data, memory, "of rank 0");
        return trainer.TryFit(new Reporter<TrainingProgress>(screen.Show), line.GetValue(_timeLimit), interruption.Token) is null
            ? Failures.Interrupted : Failures.Success;
    }

    private static Recipe WithShards(Graph graph, DataSplits data, Recipe recipe, Output output, CancellationToken cancellation)
    {
        ShardSearch search = ShardSearch.Run(graph, data, recipe, cancellation);
        output.Line(search.WhyNot is { } why ? $"Whole batches instead of shards: {why}." : string.Create(CultureInfo.InvariantCulture,
            $"{(search.Shards > 1 ? $"{search.Shards} shards" : "Whole batches instead of shards")}: a step in {search.Tried} shards " +
            $"takes {1 / search.Ratio:F2} times as long as one of the whole batch."));
        return recipe with { Shards = search.Shards, SyncBatchNorm = recipe.SyncBatchNorm && search.Shards > 1 };
    }

    // As it was typed, into another folder.
    private string WithNextSeed(ParseResult line, TrainingTask task) => string.Create(CultureInfo.InvariantCulture,
        $"{ProgramName.Current} train " +
        $"{Format.Quoted(task.Network)}{GivenOptions.Of(line, "--seed", _out.Name, _json.Name, _quiet.Name, RankProcess.Elastic)} --seed " +
        $"{task.Recipe.Seed + 1}{ProgramName.Ranks}");

    // What was asked for is there already.
    private static int TellFinished(Output output, RunFolder run, RunOutcome outcome, string folder, string? dataDirectory)
    {
        if (output.IsJson)
        {
            Output.Json(new()
            {
                ["run"] = run.FullPath,
                ["network"] = run.Recipe.Network,
                ["dataset"] = run.Recipe.Dataset,
                ["epochs"] = outcome.Epochs,
                ["best_epoch"] = outcome.BestEpoch,
                ["test_loss"] = Output.Finite(outcome.TestLoss),
                ["test_accuracy"] = outcome.TestAccuracy,
            });
        }
        output.Last(string.Create(CultureInfo.InvariantCulture,
            $"{folder} is finished: test accuracy {outcome.TestAccuracy:F4}, loss {outcome.TestLoss:F4}, " +
            $"{Format.WeightsOf(outcome.BestEpoch, outcome.Epochs)}"));
        if (!File.Exists(Path.Combine(folder, RunReport.FileName)))
            output.Line($"no report     {ReportCommand.CommandFor(folder, dataDirectory)}");
        string more = outcome.IsEarly ? string.Create(CultureInfo.InvariantCulture,
            $"--early-stop {2 * run.Recipe.EarlyStopping!.Patience}")
            : string.Create(CultureInfo.InvariantCulture, $"--epochs {2 * outcome.Epochs}");
        if (run.HasCheckpoint)
            output.Line($"to continue   {ResumeOptions.CommandFor(folder, new(), dataDirectory)} {more} --override");
        return Failures.Success;
    }

    private static JsonObject Json(Trainer trainer, TrainingResult result, string folder)
    {
        EpochProgress? best = result.BestEpoch > 0 ? result.Epochs[result.BestEpoch - 1] : null;
        return new()
        {
            ["run"] = Path.GetFullPath(folder),
            ["network"] = trainer.Recipe.Network,
            ["dataset"] = trainer.Recipe.Dataset,
            ["parameters"] = trainer.Graph.ParameterCount,
            ["epochs"] = result.Epochs.Count,
            ["batch_size"] = trainer.Recipe.BatchSize,
            ["precision"] = Inputs.NameOf(trainer.Precision),
            ["threads"] = Machine.Threads,
            ["seed"] = trainer.Recipe.Seed,
            ["train_loss"] = best?.TrainLoss,
            ["train_accuracy"] = best?.TrainAccuracy,
            ["validation_accuracy"] = best?.ValidationAccuracy,
            ["test_loss"] = result.Test.Loss,
            ["test_accuracy"] = result.Test.Accuracy,
            ["seconds"] = result.Elapsed.TotalSeconds,
            ["images_per_second"] = result.ImagesPerSecond,
            ["estimated_memory_bytes"] = result.EstimatedMemoryBytes,
            ["peak_memory_bytes"] = result.PeakMemoryBytes,
            ["measured_memory_growth_bytes"] = trainer.MeasuredMemoryBytes,
            ["memory"] = result.Memory is { } memory ? MemoryCheck.Json(memory) : null,
            ["best_epoch"] = result.BestEpoch,
            ["end"] = RunOutcome.NameOf(result.End),
            ["taken"] = trainer.Transfer is { } transfer ? new JsonArray([.. transfer.Taken]) : null,
            ["skipped"] = trainer.Transfer is { } skipped ? new JsonArray([.. skipped.Skipped]) : null,
            ["validation_loss"] = best?.ValidationLoss,
            ["test_top5_accuracy"] = result.Test.Top5Accuracy,
            ["notes"] =
            new JsonArray([.. result.Notes.Select(n => new JsonObject { ["kind"] = n.KindName, ["epoch"] = n.Epoch, ["text"] = n.Text })]),
        };
    }

    private string FolderOf(ParseResult line, RunFolder? run, Recipe recipe)
    {
        string? given = line.GetValue(_out);
        if (run is null)
            return given ?? DefaultFolder(recipe);
        if (given is not null)
            throw new UsageException("--out and --resume both name the run folder. Use --resume alone.");
        return Path.GetRelativePath(Environment.CurrentDirectory, run.FullPath) is var near
            && !near.StartsWith("..", StringComparison.Ordinal) ? near : run.FullPath;
    }

    private static string DefaultFolder(Recipe recipe)
    {
        string time = DateTimeOffset.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string folder = Path.Combine("runs", $"{FileName(recipe.Network)}-{Path.GetFileName(recipe.Dataset)}-{time}"), free = folder;
        for (int i = 2; Path.Exists(free); i++)
            free = string.Create(CultureInfo.InvariantCulture, $"{folder}-{i}");
        return free;
    }

    // A network of one's own may be called anything.
    internal static string FileName(string network)
    {
        string name = string.Concat(network.Take(LongestName).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-'))
            .TrimStart('.', '-');
        return name.Length > 0 ? name : "network";
    }

    // Known before the data is read, and again, by the library, when the folder is made.
    private static void RefuseUsed(string folder)
    {
        OutputPath.Folder(folder, "--out");
        if (File.Exists(Path.Combine(folder, RunFolder.RecipeFile)))
            throw new UsageException(
                $"{folder} already holds a run, and runs are not overwritten. Choose another folder with --out, resume it with --resume, " +
                $"or delete it.");
    }
}
