using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Cli;

/// <summary>convolve train NET --data SET</summary>
internal sealed class TrainCommand
{
    private const int LongestName = 60;

    private readonly Argument<string> _network = new("NET")
    {
        HelpName = "NET",
        Description = NetworkArgument.Description,
    };

    private readonly Option<string> _data = new("--data")
    {
        HelpName = "SET",
        Required = true,
        Description = $"The data set: {Inputs.Sets}.",
    };

    private readonly TrainOptions _options = new();
    private readonly Option<string?> _input = Inputs.ImageShape();
    private readonly Option<string[]> _networkOptions = Inputs.NetworkOptions();
    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();

    private readonly Option<string?> _out = Inputs.Word("--out", "DIR",
        "The run folder: recipe, environment, metrics and the best weights. Default: runs/NET-SET-yyyyMMdd-HHmmss (UTC) under the current folder.");

    private readonly Option<bool> _json = Inputs.Flag("--json",
        "Print one JSON object on standard output, and everything else on standard error. Its training and validation figures are those of the best epoch, whose weights are kept.");

    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print the result only.");

    public static Command Create()
    {
        TrainCommand train = new();
        Command command = new("train", "Train a network, keep the weights of the epoch that was best on the validation split, and test them once.")
        {
            train._network, train._data,
        };
        train._options.AddTo(command);
        foreach (Option option in (Option[])[train._input, train._networkOptions, train._dataDirectory, train._out, train._json, train._quiet])
            command.Add(option);
        command.SetAction(train.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json), line.GetValue(_quiet));
        NetworkArgument network = new(line.GetRequiredValue(_network));
        if (!network.IsFile)
            NetworkCatalog.Find(network.Typed);
        DatasetInfo info = Datasets.Find(line.GetRequiredValue(_data));
        Graph graph = network.Create(network.IsFile ? null : info.ClassNames.Count, Inputs.Pairs(line.GetValue(_networkOptions)), line.GetValue(_input));
        if (graph.Output.Channels != info.ClassNames.Count)
            throw new UsageException($"{network.Typed} gives {graph.Output} outputs, and {info.Name} has {info.ClassNames.Count} classes. Give its last layer {info.ClassNames.Count} units.");
        Recipe recipe = _options.Read(line, network.RecipeFor(graph, info.Name));
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        string folder = line.GetValue(_out) ?? DefaultFolder(recipe);
        RefuseUsed(folder);

        using Interruption interruption = new("ending the step and saving the weights ...");
        LoadedData loaded;
        using (DataScreen reading = new(output))
            loaded = Datasets.Load(info.Name, Inputs.DataOptions(line.GetValue(_dataDirectory), graph, recipe), reading, interruption.Token);
        DataSplits data = loaded.Split(recipe.ValidationFraction, recipe.Seed, recipe.Limit);
        MemoryEstimate memory = MemoryCheck.Require(graph, Math.Min(recipe.BatchSize, data.Train.Count),
            size => Trainer.Estimate(graph, data, recipe with { BatchSize = size }));
        interruption.Token.ThrowIfCancellationRequested();

        using Trainer trainer = new(graph, data, recipe, folder);
        TrainScreen screen = new(output);
        screen.Begin(trainer, data, memory, folder);
        TrainingResult result;
        try
        {
            result = trainer.Fit(new Reporter<TrainingProgress>(screen.Show), interruption.Token);
        }
        finally
        {
            screen.ClearBar();
        }
        int status = result.Interrupted ? Failures.Interrupted : ReportCommand.WriteAfter(output, trainer, data, folder, interruption.Token);
        screen.End(result, folder, network.Typed, line.GetValue(_dataDirectory));
        if (output.IsJson && !result.Interrupted)
            Output.Json(Json(trainer, result, folder));
        return status;
    }

    private static JsonObject Json(Trainer trainer, TrainingResult result, string folder)
    {
        EpochProgress best = result.Epochs[result.BestEpoch - 1];
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
            ["train_loss"] = best.TrainLoss,
            ["train_accuracy"] = best.TrainAccuracy,
            ["validation_accuracy"] = best.ValidationAccuracy,
            ["test_loss"] = result.Test!.Loss,
            ["test_accuracy"] = result.Test.Accuracy,
            ["seconds"] = result.Elapsed.TotalSeconds,
            ["images_per_second"] = result.ImagesPerSecond,
            ["estimated_memory_bytes"] = result.EstimatedMemoryBytes,
            ["peak_memory_bytes"] = result.PeakMemoryBytes,
            ["measured_memory_growth_bytes"] = trainer.MeasuredMemoryBytes,
            ["best_epoch"] = result.BestEpoch,
            ["validation_loss"] = best.ValidationLoss,
            ["test_top5_accuracy"] = result.Test.Top5Accuracy,
        };
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
    private static string FileName(string network)
    {
        string name = string.Concat(network.Take(LongestName).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-')).TrimStart('.', '-');
        return name.Length > 0 ? name : "network";
    }

    // Known before the data is read, and again, by the library, when the folder is made.
    private static void RefuseUsed(string folder)
    {
        if (folder.Length == 0)
            throw new UsageException("--out is \"\", and a folder was expected.");
        if (File.Exists(folder))
            throw new UsageException($"--out {folder} is a file, and a folder was expected.");
        if (File.Exists(Path.Combine(folder, RunFolder.RecipeFile)))
            throw new UsageException($"{folder} holds a run already, and runs are not overwritten. Choose another folder with --out, or delete it.");
    }
}
