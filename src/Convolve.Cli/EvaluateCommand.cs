using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Execution;
using Convolve.OneDnn;
using Convolve.Planning;
using Convolve.Training;
using Spectre.Console;

namespace Convolve.Cli;

/// <summary>convolve evaluate RUN</summary>
internal sealed class EvaluateCommand
{
    private const int UsualBatchSize = 128;

    private readonly Argument<string> _run = new("RUN") { HelpName = "RUN", Description = "A run folder, or the model.safetensors in it." };

    private readonly Option<PartOfSet?> _split = Inputs.OneOf("--split",
        "Which images, drawn as in the training: those it never saw, those that chose the best epoch, or those it learned from. Default: test.",
        ("test", PartOfSet.Test), ("validation", PartOfSet.Validation), ("train", PartOfSet.Train));

    private readonly Option<string?> _data =
        Inputs.Word("--data", "SET", "Another data set of the same classes, whose test images are taken: all of them, of a folder without a split to test on. Default: the one of the training.");

    private readonly Option<bool> _skipBad =
        Inputs.Flag("--skip-bad", "With a folder of pictures: leave bad files out and name them. Default: as in the training.");

    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();
    private readonly Option<int?> _batchSize = Inputs.Integer("--batch-size", $"Images at a time, at least 1. Default: {UsualBatchSize}.", least: 1);
    private readonly Option<Precision?> _precision = Inputs.Precision("The kernels' number format. Default: that of the training.");
    private readonly Option<int?> _threads = Inputs.Integer("--threads", "Threads of the kernels; 0 means OMP_NUM_THREADS, or all cores. Default: 0.", least: 0);
    private readonly Option<bool> _json = Inputs.Json();

    private enum PartOfSet
    {
        Test,
        Validation,
        Train,
    }

    public static Command Create()
    {
        EvaluateCommand evaluate = new();
        Command command = new("evaluate", "Say how good the weights of a run are on one of its splits.") { evaluate._run };
        foreach (Option option in (Option[])[evaluate._split, evaluate._data, evaluate._skipBad, evaluate._dataDirectory, evaluate._batchSize, evaluate._precision,
            evaluate._threads, evaluate._json])
            command.Add(option);
        command.SetAction(evaluate.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json));
        string run = line.GetRequiredValue(_run);
        (Recipe recipe, bool isOther) = RecipeOf(run, line.GetValue(_data), line.GetValue(_split) ?? PartOfSet.Test);
        int batchSize = line.GetValue(_batchSize) ?? UsualBatchSize;
        if (line.GetValue(_threads) > ThreadTeam.MostThreads)
            throw new UsageException($"{line.GetValue(_threads)} threads were asked for, and there may be 1 to {ThreadTeam.MostThreads}.");
        ExecutionOptions options = new()
        {
            Precision = line.GetValue(_precision) ?? recipe.Precision,
            Exact = recipe.Exact,
            Threads = line.GetValue(_threads) ?? 0,
        };

        using Interruption interruption = new("ending the evaluation ...");
        using Classifier classifier = Classifier.Load(run, options);
        DatasetOptions places = Inputs.DataOptions(line.GetValue(_dataDirectory), classifier.Graph, recipe with { SkipBad = recipe.SkipBad || line.GetValue(_skipBad) });
        LoadedData loaded = Datasets.Load(recipe.Dataset, places with { TestsAll = isOther },
            new Reporter<string>(output.Line), interruption.Token);
        Split split = SplitOf(loaded.Split(recipe.ValidationFraction, recipe.Seed, recipe.Limit), line.GetValue(_split) ?? PartOfSet.Test);
        Model model = classifier.Model;
        MemoryCheck.Require(model.Graph, Math.Min(batchSize, split.Count), size =>
            MemoryEstimate.Of([Model.PlanFor(model.Graph, options, size, training: false)]));
        ProgressLine bar = new(output);
        Evaluation result;
        try
        {
            result = classifier.Evaluate(split, batchSize, new Throttle<double>(share => bar.Show(share, split.Name, "")), interruption.Token);
        }
        finally
        {
            bar.Clear();
        }
        if (output.IsJson)
            Output.Json(Json(run, split, result));
        else
            output.Table(TableOf(split, result));
        return Failures.Success;
    }

    // The recipe with the data to take, and whether nothing of these was trained on.
    private static (Recipe Recipe, bool IsOther) RecipeOf(string run, string? data, PartOfSet part)
    {
        if (!Path.Exists(run))
            throw new UsageException($"{run} does not exist. Give the folder that 'convolve train' named at its end.");
        if (data is not null)
        {
            string name = Datasets.Find(data).Name;
            if (part != PartOfSet.Test)
                throw new UsageException("--data takes the test images of another set: there is no training or validation split of it.");
            Recipe own = HasRecipe(run) ? RunFolder.ReadRecipe(FolderOf(run)).Recipe : new() { Network = "", Dataset = "" };
            return (own with { Dataset = name, Limit = null, ValidationFraction = 0 }, name != own.Dataset);
        }
        return (RunFolder.ReadRecipe(FolderOf(run)).Recipe, false);
    }

    private static string FolderOf(string run) => Directory.Exists(run) ? run : Path.GetDirectoryName(Path.GetFullPath(run))!;

    private static bool HasRecipe(string run) => File.Exists(Path.Combine(FolderOf(run), RunFolder.RecipeFile));

    private static Split SplitOf(DataSplits data, PartOfSet part)
    {
        Split split = part switch { PartOfSet.Train => data.Train, PartOfSet.Validation => data.Validation, _ => data.Test };
        return split.Count > 0 ? split
            : throw new UsageException("The run was trained without a validation split. Use --split test or --split train.");
    }

    private static JsonObject Json(string run, Split split, Evaluation result) => new()
    {
        ["run"] = Path.GetFullPath(run),
        ["split"] = split.Name,
        ["images"] = result.Images,
        ["loss"] = Output.Finite(result.Loss),
        ["accuracy"] = result.Accuracy,
        ["top5_accuracy"] = result.Top5Accuracy,
        ["images_per_second"] = result.ImagesPerSecond,
    };

    private static Table TableOf(Split split, Evaluation result)
    {
        Table table = Output.Columns("split", "images#", "loss#", "accuracy#", "top-5 accuracy#", "images/s#");
        Output.Row(table, split.Name, Format.Count(result.Images), Format.Fraction(result.Loss), Format.Fraction(result.Accuracy),
            Format.Fraction(result.Top5Accuracy), Format.Count(result.ImagesPerSecond));
        return table;
    }
}
