using System.CommandLine;
using System.Diagnostics;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Data.Folders;
using Convolve.Data.Transforms;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Inference;
using Convolve.Planning;
using Convolve.Reporting;
using Convolve.Runs;
using Convolve.Training;

namespace Convolve.Cli.Commands;

/// <summary>convolve evaluate RUN</summary>
internal sealed partial class EvaluateCommand
{
    private const int UsualBatchSize = 128;
    private const string Unvalidated = "The run was trained without a validation split. Use --split test or --split train.";

    private readonly Argument<string> _run = new("RUN")
    {
        HelpName = "RUN",
        Description = $"{RunArgument.Description[..^1]}; or, with --data, an ONNX file of any origin.",
    };

    private readonly Option<SplitPart?> _split = Inputs.OneOf("--split",
        "Which split of the run's images: test (never seen in training), validation (chose the best epoch) or train. Default: test.",
        ("test", SplitPart.Test), ("validation", SplitPart.Validation), ("train", SplitPart.Train));

    private readonly Option<string?> _data =
        Inputs.Word("--data", "SET",
        "Evaluate on the test images of another data set with the same classes; a folder without a test split is used whole. Default: " +
        "the data set of the run.");

    private readonly Option<bool> _skipBad =
        Inputs.Flag("--skip-bad", "With a folder of pictures: leave out bad files and list them. Default: as in training.");

    private readonly Option<TestTimeAugmentation?> _augmentation = Inputs.OneOf("--tta",
        "Test-time augmentation: average the logits over several views of each picture: mirror (2 views), or mirror-translate (6: also " +
        "shifted by one pixel of the network's input, up and left or down and right). Default: none.",
        Inputs.TestTimeAugmentations);

    private readonly Option<string?> _predictions =
        Inputs.Word("--predictions", "FILE",
        "Write every prediction, with its sample id, file and probabilities, to a CSV file; replaced if it exists.");

    private readonly Option<bool> _confusion = Inputs.Flag("--confusion",
        "Also show the confusion matrix: true classes by predictions.");

    private readonly CacheOption _cache = new("disk (up to 20 GiB in the user's cache folder, for later evaluations and runs) or nowhere " +
        "(memory, none: each picture is needed once). Default: memory.");

    private readonly PreprocessingOptions _preprocessing = new("for an ONNX file, what its metadata say, or pixel / 255");
    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();
    private readonly Option<int?> _batchSize = Inputs.Integer("--batch-size", $"Images per batch, at least 1. Default: {UsualBatchSize}.",
        least: 1);
    private readonly Option<Precision?> _precision = Inputs.Precision("Number format of the kernels. Default: as in training.");
    private readonly Option<int?> _threads =
        Inputs.Integer("--threads", "Kernel threads; 0 means OMP_NUM_THREADS, or all cores. Default: 0.", least: 0);
    private readonly Option<bool> _json = Inputs.Json();
    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print only the result.");

    public static Command Create()
    {
        EvaluateCommand evaluate = new();
        Command command = new("evaluate", "Evaluate the weights of a run on one of its splits.") { evaluate._run };
        foreach (Option option in (Option[])[evaluate._split, evaluate._data, evaluate._skipBad, evaluate._augmentation,
            evaluate._predictions, evaluate._confusion, .. evaluate._preprocessing.All, evaluate._dataDirectory, evaluate._cache.Option,
            evaluate._batchSize, evaluate._precision, evaluate._threads, evaluate._json, evaluate._quiet])
            command.Add(option);
        command.SetAction(evaluate.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json), line.GetValue(_quiet));
        if (line.GetValue(_threads) > Machine.MostThreads)
            throw new UsageException($"--threads: expected at most {Machine.MostThreads}, got {line.GetValue(_threads)}.");
        if (line.GetRequiredValue(_run).EndsWith(OnnxExtension, StringComparison.OrdinalIgnoreCase))
            return RunOnnx(line, HomePath.Expand(line.GetRequiredValue(_run)), output);
        if (_preprocessing.Typed(line) is { } option)
            throw new UsageException($"{option} is for ONNX files. A run has its own preprocessing and classes.");
        RunArgument run = new(line.GetRequiredValue(_run));
        SplitPart part = line.GetValue(_split) ?? SplitPart.Test;
        (Recipe recipe, bool isOther) = RecipeOf(run, line.GetValue(_data), part);
        int batchSize = line.GetValue(_batchSize) ?? UsualBatchSize;
        string? file = line.GetValue(_predictions) is { } csv ? OutputPath.File(csv, _predictions.Name) : null;
        ExecutionOptions options = new()
        {
            Precision = line.GetValue(_precision) ?? recipe.Precision,
            Exact = recipe.Exact,
            Threads = line.GetValue(_threads) ?? 0,
        };

        using Interruption interruption = new("stopping the evaluation ...");
        using ModelFile model = run.Open();
        DatasetOptions places = Inputs.DataOptions(line.GetValue(_dataDirectory), model.Graph,
            recipe with { SkipBad = recipe.SkipBad || line.GetValue(_skipBad) });
        places = _cache.Set(line, places);
        if (ImageFolder.IsName(recipe.Dataset))
            places = places with { ClassNames = model.Preprocessing.ClassNames };
        DataSplits splits;
        using (DataScreen reading = new(output))
            splits = line.GetValue(_data) is not null ? Load(run, recipe, places, isOther, part, reading, interruption.Token)
                : Advice.IfMoved(() => Load(run, recipe, places, isOther, part, reading, interruption.Token), "--data folder:PATH");
        Split split = SplitOf(splits, part);
        Dictionary<int, IReadOnlyList<Plan>> plans = [];
        MemoryCheck.Require(model.Graph, Math.Min(batchSize, split.Count), size =>
            MemoryEstimate.Of(plans[size] = Evaluator.PlansFor(model.Graph, options, split.Count, size)));
        using Classifier classifier = Classifier.Load(model, options, plans[Math.Min(batchSize, split.Count)]);
        TestTimeAugmentation augmentation = line.GetValue(_augmentation) ?? TestTimeAugmentation.None;
        ProgressLine bar = new(output);
        Predictions predictions;
        long start = Stopwatch.GetTimestamp();
        try
        {
            predictions = classifier.PredictAll(split, batchSize, augmentation,
                new Throttle<double>(share => bar.Show(share, split.Name, "")), interruption.Token);
        }
        finally
        {
            bar.Clear();
        }
        string? warning = WarningOf(augmentation, run.HasRecipe ? run.ReadRecipe().Transforms : classifier.TrainingTransforms);
        EvaluationScreen screen = new(split, splits.Remarks, predictions, augmentation,
            predictions.Count / Stopwatch.GetElapsedTime(start).TotalSeconds)
        { Warning = warning, HasMatrix = line.GetValue(_confusion) };
        if (warning is not null)
            Failures.Say(warning);
        if (file is not null)
            PredictionsCsv.Write(file, predictions);
        if (output.IsJson)
            Output.Json(screen.Json(run.Typed, recipe.Dataset));
        else
            screen.Show(output);
        return Failures.Success;
    }

    /// <summary>What speaks against views; null where nothing does, or where nobody knows how the weights came to be.</summary>
    public static string? WarningOf(TestTimeAugmentation augmentation, TransformList? trained) =>
        augmentation == TestTimeAugmentation.None || trained is null || trained.Any(t => t is HorizontalFlip) ? null
            : $"warning: the network was trained without flips, so mirrored views (--tta {Inputs.NameOf(augmentation)}) usually lower " +
                $"its accuracy. Evaluate without --tta, or train with --augment horizontal-flip.";

    // The recipe with the data to take, and whether nothing of these was trained on.
    private static (Recipe Recipe, bool IsOther) RecipeOf(RunArgument run, string? data, SplitPart part)
    {
        if (data is null)
            return (run.ReadRecipe(), false);
        string name = ImageFolder.IsName(data) ? ImageFolder.FullName(data) : Datasets.Find(data).Name;
        if (part != SplitPart.Test)
            throw new UsageException("--data evaluates the test images of another data set, which has no other splits here. Use --split " +
                "test.");
        Recipe own = run.HasRecipe ? run.ReadRecipe() : new() { Network = "", Dataset = "" };
        return (own with { Dataset = name, Limit = null, ValidationFraction = 0 }, name != own.Dataset);
    }

    // Which pictures of a folder may be tested on, their bytes say, wherever they are now.
    private static DataSplits Load(RunArgument run, Recipe recipe, DatasetOptions places, bool isOther, SplitPart part,
        DataScreen reading, CancellationToken cancellation)
    {
        TrainedPictures? trained = ImageFolder.IsName(recipe.Dataset) ? RunFolder.ReadPictures(run.Folder) : null;
        if (trained is not null && part != SplitPart.Test && trained.Of(part).Count == 0)
            throw new UsageException(Unvalidated);
        if (trained is not null && part != SplitPart.Test)
            return recipe.Split(Datasets.Load(recipe.Dataset, places with { Recorded = new(trained, part, recipe.Split) }, reading,
                cancellation));
        if (!isOther || trained is not null || !ImageFolder.IsName(recipe.Dataset))
            return recipe.Split(Datasets.Load(recipe.Dataset, places with { TestsAll = isOther, Trained = trained }, reading,
                cancellation));
        // A run of an older version did not record them: they are where they were, or these are they.
        Recipe? own = run.HasRecipe ? run.ReadRecipe() : null;
        if (own is null || !ImageFolder.IsName(own.Dataset))
            return recipe.Split(Datasets.Load(recipe.Dataset, places with { TestsAll = true }, reading, cancellation));
        if (Directory.Exists(own.Dataset[(own.Dataset.IndexOf(':', StringComparison.Ordinal) + 1)..]))
        {
            trained = TrainedPictures.Of(own.Split(Datasets.Load(own.Dataset, places, reading, cancellation)));
            return recipe.Split(Datasets.Load(recipe.Dataset, places with { TestsAll = true, Trained = trained }, reading, cancellation));
        }
        LoadedData same = Datasets.Load(recipe.Dataset, places, null, cancellation);
        if (RunFolder.IsTrainedOn(run.Folder, own.Split(same)))
            return recipe.Split(Datasets.Load(recipe.Dataset,
                places with { TestsAll = true, Trained = TrainedPictures.Of(own.Split(same)) }, reading, cancellation));
        DataSplits other = recipe.Split(Datasets.Load(recipe.Dataset, places with { TestsAll = true }, reading, cancellation));
        const string Unknown = "The run doesn't record which pictures it was trained on: some of these may be among them.";
        reading.Report(new(Unknown));
        return other with { Remarks = [.. other.Remarks, Unknown] };
    }

    private static Split SplitOf(DataSplits data, SplitPart part)
    {
        Split split = part switch { SplitPart.Train => data.Train, SplitPart.Validation => data.Validation, _ => data.Test };
        return split.Count > 0 ? split
            : throw new UsageException(part == SplitPart.Validation
            ? Unvalidated : $"The data has no {split.Name} images. Use another split.");
    }
}
