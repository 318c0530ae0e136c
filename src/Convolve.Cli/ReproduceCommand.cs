using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Graphs;
using Convolve.OneDnn;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Cli;

/// <summary>convolve reproduce [NAME]</summary>
internal sealed class ReproduceCommand
{
    // What --quick leaves of a network by its cost, so that it ends in a minute or two.
    private const long LargeMultiplyAdds = 50_000_000;

    private readonly Argument<string?> _name = new("NAME")
    {
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "NAME",
        Description = $"The experiment: {string.Join(", ", Experiments.All.Select(e => e.Name))}. Without it they are listed.",
    };

    private readonly Option<bool> _quick = Inputs.Flag("--quick", "Few images and epochs, so that it ends in a minute or two; the result says so.");

    private readonly Option<int?> _seeds = Inputs.Integer("--seeds", "Train each arm with so many seeds, from 0 on, and give mean and 95 % interval. Default: 1.", least: 1);

    private readonly Option<Precision?> _precision = Inputs.Precision("The kernels' number format. Default: auto.");

    private readonly Option<int?> _threads = Inputs.Integer("--threads", "Threads of the kernels; 0 means OMP_NUM_THREADS, or all cores. Default: 0.");

    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();

    private readonly Option<string?> _out = Inputs.Word("--out", "DIR",
        "Where the run folders of the arms and result.json go. Default: runs/NAME-yyyyMMdd-HHmmss (UTC) under the current folder.");

    private readonly Option<bool> _json = Inputs.Json();

    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print the result only.");

    public static Command Create()
    {
        ReproduceCommand reproduce = new();
        Command command = new("reproduce", "Run an experiment of the teaching material, and put the published result beside the measured one.") { reproduce._name };
        foreach (Option option in (Option[])[reproduce._quick, reproduce._seeds, reproduce._precision, reproduce._threads, reproduce._dataDirectory,
            reproduce._out, reproduce._json, reproduce._quiet])
            command.Add(option);
        command.SetAction(reproduce.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json), line.GetValue(_quiet));
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        using Interruption interruption = new("ending the step ...");
        if (line.GetValue(_name) is not { } name)
            return List(output, interruption.Token);
        Experiment experiment = Experiments.Find(name);
        string folder = line.GetValue(_out) ?? Path.Combine("runs", $"{name}-{DateTimeOffset.UtcNow.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new UsageException($"{folder} is not empty, and runs are not overwritten. Choose another folder with --out, or delete it.");
        bool quick = line.GetValue(_quick);
        int seeds = line.GetValue(_seeds) ?? 1;
        output.Line();
        output.Line($"{experiment.Name}: {experiment.Purpose}");
        output.Line($"source: {experiment.Source}");
        if (quick)
            output.Line("quick: few images and epochs; the figures are not those of the experiment");

        Dictionary<string, LoadedData> loaded = [];
        List<ArmResult> results = [];
        foreach (ExperimentArm arm in experiment.Arms)
        {
            List<TrainingResult> runs = [];
            for (int seed = 0; seed < seeds; seed++)
            {
                Recipe recipe = Prepared(arm, quick, line, (ulong)seed);
                if (!loaded.TryGetValue(recipe.Dataset, out LoadedData? data))
                {
                    using DataScreen reading = new(output);
                    loaded[recipe.Dataset] = data = Datasets.Load(recipe.Dataset, Inputs.DataOptions(line.GetValue(_dataDirectory)), reading, interruption.Token);
                }
                string run = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{FileName(arm.Name)}-seed{seed}"));
                output.Line();
                output.Line($"{arm.Name}, seed {seed}: {TrainScreen.Words(recipe, recipe.BatchSize, Math.Min(data.Train.Count, recipe.Limit ?? int.MaxValue))}");
                TrainingResult result = Train(arm, recipe, data, run, output, interruption.Token);
                if (result.Interrupted)
                {
                    Failures.Say($"interrupted: {folder} has the runs so far, and no result.json");
                    return Failures.Interrupted;
                }
                runs.Add(result);
            }
            results.Add(new(arm, runs));
        }
        JsonObject json = Json(experiment, results, quick, folder);
        AtomicFile.WriteText(Path.Combine(folder, "result.json"), json.ToJsonString(Indented) + "\n");
        Show(output, experiment, results, quick, folder);
        if (output.IsJson)
            Output.Json(json);
        return Failures.Success;
    }

    private static System.Text.Json.JsonSerializerOptions Indented { get; } = new() { WriteIndented = true };

    private Recipe Prepared(ExperimentArm arm, bool quick, ParseResult line, ulong seed)
    {
        Recipe recipe = arm.Recipe with { Seed = seed, Precision = line.GetValue(_precision) ?? arm.Recipe.Precision, Threads = line.GetValue(_threads) ?? arm.Recipe.Threads };
        if (!quick)
            return recipe;
        bool isLarge = NetworkCatalog.Create(recipe.Network, options: arm.NetworkOptions).MultiplyAdds > LargeMultiplyAdds;
        return recipe with { Epochs = isLarge ? 1 : Math.Min(recipe.Epochs, 2), Limit = isLarge ? 1024 : 10_000 };
    }

    private static TrainingResult Train(ExperimentArm arm, Recipe recipe, LoadedData loaded, string folder, Output output, CancellationToken cancellation)
    {
        Graph graph = NetworkCatalog.Create(recipe.Network, loaded.Train.ClassNames.Count, arm.NetworkOptions);
        DataSplits data = DataSplits.Create(loaded.Train, loaded.Test, recipe.ValidationFraction, recipe.Seed, recipe.Limit);
        MemoryCheck.Require(graph, Math.Min(recipe.BatchSize, data.Train.Count), size => Trainer.Estimate(graph, data, recipe with { BatchSize = size }));
        using Trainer trainer = new(graph, data, recipe, folder);
        TrainScreen screen = new(output);
        screen.BeginRows();
        try
        {
            return trainer.Fit(new Reporter<TrainingProgress>(screen.Show), cancellation);
        }
        finally
        {
            screen.ClearBar();
        }
    }

    // The names, what they take here, and what is known of them. ----------------------------------------------------------------------------

    private static int List(Output output, CancellationToken cancellation)
    {
        JsonArray all = [];
        Spectre.Console.Table table = Output.Columns("experiment", "network", "data", "epochs#", "time#", "memory#", "published#", "what it shows");
        foreach (Experiment experiment in Experiments.All)
        {
            cancellation.ThrowIfCancellationRequested();
            (TimeSpan time, long memory) = Cost(experiment);
            ExperimentArm first = experiment.Arms[0];
            double? published = experiment.Arms.Select(a => a.Published.TestAccuracy).FirstOrDefault(a => a is not null);
            Output.Row(table, experiment.Name, first.Recipe.Network, first.Recipe.Dataset,
                experiment.Arms.Count == 1 ? $"{first.Recipe.Epochs}" : $"{experiment.Arms.Count} x {first.Recipe.Epochs}",
                Format.Duration(time), Format.Bytes(memory), published is { } accuracy ? Format.Fraction(accuracy) : "-", experiment.Purpose);
            all.Add(new JsonObject
            {
                ["name"] = experiment.Name,
                ["purpose"] = experiment.Purpose,
                ["source"] = experiment.Source,
                ["arms"] = new JsonArray([.. experiment.Arms.Select(a => (JsonNode)a.Name)]),
                ["expected_seconds"] = time.TotalSeconds,
                ["expected_memory_bytes"] = memory,
                ["published_test_accuracy"] = published,
            });
        }
        output.Table(table);
        output.Line();
        output.Line("Times are those of a few steps on this machine, times the steps of the experiment; memory is that of the plans.");
        output.Line("next:  convolve reproduce NAME [--quick] [--seeds N]");
        if (output.IsJson)
            Output.Json(new() { ["experiments"] = all });
        return Failures.Success;
    }

    /// <summary>The time by a few steps on noise, and the memory of the largest arm.</summary>
    private static (TimeSpan Time, long Memory) Cost(Experiment experiment)
    {
        double seconds = 0;
        long memory = 0;
        Dictionary<(string, string, int), (double PerImage, long Memory)> known = [];
        foreach (ExperimentArm arm in experiment.Arms)
        {
            Recipe recipe = arm.Recipe;
            var key = (recipe.Network, string.Join(',', arm.NetworkOptions), recipe.BatchSize);
            if (!known.TryGetValue(key, out (double PerImage, long Memory) cost))
                known[key] = cost = Measure(NetworkCatalog.Create(recipe.Network, options: arm.NetworkOptions), recipe);
            int images = (int)(TrainingImages * (1 - recipe.ValidationFraction));
            seconds += cost.PerImage * images * recipe.Epochs;
            memory = Math.Max(memory, cost.Memory);
        }
        return (TimeSpan.FromSeconds(seconds), memory);
    }

    // Of MNIST and Fashion-MNIST.
    private const int TrainingImages = 60_000;

    private static (double PerImage, long Memory) Measure(Graph graph, Recipe recipe)
    {
        using Model model = new(graph, new() { Precision = recipe.Precision, Exact = recipe.Exact, Threads = recipe.Threads }, recipe.BatchSize);
        using Optimizer optimizer = new(model, recipe.Optimizer);
        Executor pass = model.Training(recipe.BatchSize);
        double best = double.MaxValue;
        ThreadTeam.Invoke(() =>
        {
            long start = Stopwatch.GetTimestamp();
            for (uint step = 0; step < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < 0.2; step++)
            {
                long before = Stopwatch.GetTimestamp();
                pass.Run(step);
                optimizer.Step(0);
                best = Math.Min(best, Stopwatch.GetElapsedTime(before).TotalSeconds);
            }
        });
        return (best / recipe.BatchSize, model.MemoryBytes + optimizer.MemoryBytes);
    }

    // What it came to. ------------------------------------------------------------------------------------------------------------------------

    private static void Show(Output output, Experiment experiment, List<ArmResult> results, bool quick, string folder)
    {
        output.Line();
        Spectre.Console.Table table = Output.Columns("arm", "figure", "published#", "measured#", "difference#");
        foreach (ArmResult result in results)
            foreach ((string figure, double? published, double measured, string spread) in result.Figures())
                Output.Row(table, result.Arm.Name, figure, published is { } p ? Format.Fraction(p) : "-", Format.Fraction(measured) + spread,
                    published is { } q && !quick ? (measured - q).ToString("+0.0000;-0.0000", CultureInfo.InvariantCulture) : "-");
        output.Table(table);
        output.Line();
        output.Line(results[0].Runs.Count > 1
            ? "The spread is the 95 % interval of the mean over seeds (Student's t)."
            : "The range is Wilson's 95 % interval for so many test images; other seeds add to it: --seeds N.");
        output.Line($"differences: {(quick ? "--quick trains on few images for few epochs. " : "")}{experiment.Differences}");
        foreach (ArmResult result in results.Where(_ => output.IsQuiet))
            output.Last($"{experiment.Name}, {result.Arm.Name}: test accuracy {Format.Fraction(result.TestAccuracy.Mean)}");
        output.Last($"result        {Path.Combine(folder, "result.json")}");
    }

    private static JsonObject Json(Experiment experiment, List<ArmResult> results, bool quick, string folder) => new()
    {
        ["experiment"] = experiment.Name,
        ["source"] = experiment.Source,
        ["quick"] = quick,
        ["folder"] = Path.GetFullPath(folder),
        ["date"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ["command"] = $"convolve reproduce {experiment.Name}{(quick ? " --quick" : "")}{(results[0].Runs.Count > 1 ? $" --seeds {results[0].Runs.Count}" : "")}",
        ["machine"] = $"{Machine.Threads} threads, {Machine.InstructionSetName}, {Machine.KernelLibraryName}",
        ["differences"] = experiment.Differences,
        ["arms"] = new JsonArray([.. results.Select(r => (JsonNode)r.Json())]),
    };

    private static string FileName(string arm) => string.Concat(arm.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));

    /// <summary>The runs of an arm.</summary>
    private sealed record ArmResult(ExperimentArm Arm, IReadOnlyList<TrainingResult> Runs)
    {
        public (double Mean, double? Half) TestAccuracy => Of(r => r.Test!.Accuracy);

        public IEnumerable<(string Figure, double? Published, double Measured, string Spread)> Figures()
        {
            Published published = Arm.Published;
            (double accuracy, double? half) = TestAccuracy;
            (double low, double high) = Interval.Wilson(accuracy, Runs[0].Test!.Images);
            yield return ("test accuracy", published.TestAccuracy, accuracy, half is { } h ? $" ± {Format.Fraction(h)}" : $" ({Format.Fraction(low)} to {Format.Fraction(high)})");
            yield return ("test loss", published.TestLoss, Of(r => r.Test!.Loss).Mean, Words(Of(r => r.Test!.Loss).Half));
            yield return ("train accuracy", published.TrainAccuracy, Of(Train).Mean, Words(Of(Train).Half));
            yield return ("train loss", published.TrainLoss, Of(r => r.Epochs[r.BestEpoch - 1].TrainLoss).Mean, Words(Of(r => r.Epochs[r.BestEpoch - 1].TrainLoss).Half));

            static double Train(TrainingResult result) => result.Epochs[result.BestEpoch - 1].TrainAccuracy;
            static string Words(double? half) => half is { } h ? $" ± {Format.Fraction(h)}" : "";
        }

        public JsonObject Json() => new()
        {
            ["name"] = Arm.Name,
            ["network"] = Arm.Recipe.Network,
            ["dataset"] = Arm.Recipe.Dataset,
            ["published_test_accuracy"] = Arm.Published.TestAccuracy,
            ["published_test_loss"] = Arm.Published.TestLoss,
            ["published_train_accuracy"] = Arm.Published.TrainAccuracy,
            ["published_train_loss"] = Arm.Published.TrainLoss,
            ["test_accuracy"] = TestAccuracy.Mean,
            ["test_accuracy_half_interval"] = TestAccuracy.Half,
            ["runs"] = new JsonArray([.. Runs.Select(r => (JsonNode)new JsonObject
            {
                ["seed"] = r.Recipe.Seed,
                ["epochs"] = r.Epochs.Count,
                ["best_epoch"] = r.BestEpoch,
                ["test_accuracy"] = r.Test!.Accuracy,
                ["test_loss"] = r.Test.Loss,
                ["test_images"] = r.Test.Images,
                ["train_accuracy"] = r.Epochs[r.BestEpoch - 1].TrainAccuracy,
                ["train_loss"] = r.Epochs[r.BestEpoch - 1].TrainLoss,
                ["seconds"] = r.Elapsed.TotalSeconds,
                ["images_per_second"] = r.ImagesPerSecond,
            })]),
        };

        // Mean, and half of the 95 % interval of the mean by Student's t; null for one run.
        private (double Mean, double? Half) Of(Func<TrainingResult, double> figure)
        {
            double[] values = [.. Runs.Select(figure)];
            double mean = values.Average();
            if (values.Length < 2)
                return (mean, null);
            double deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
            return (mean, Quantile(values.Length - 1) * deviation / Math.Sqrt(values.Length));
        }

        // Student's t at 97.5 %.
        private static double Quantile(int freedom)
        {
            double[] table = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131];
            return freedom <= table.Length ? table[freedom - 1] : 1.96 + 2.4 / freedom;
        }
    }
}
