using System.CommandLine;
using System.Diagnostics;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Data.Folders;
using Convolve.Data.Inputs;
using Convolve.Evaluations;
using Convolve.OnnxRuntime;
using Convolve.Reporting;
using Convolve.Training;

namespace Convolve.Cli.Commands;

/// <content>convolve evaluate FILE.onnx</content>
internal sealed partial class EvaluateCommand
{
    private const string OnnxExtension = ".onnx";

    private int RunOnnx(ParseResult line, string path, Output output)
    {
        foreach (Option option in (Option[])[_split, _augmentation, _precision])
            if (line.GetResult(option) is { Implicit: false })
                throw new UsageException($"{option.Name} is for runs. Remove it: an ONNX file is evaluated on test images, in its own " +
                    $"precision.");
        string data = line.GetValue(_data)
            ?? throw new UsageException($"Which pictures? Add --data with a data set: {Inputs.Sets}.");
        string name = ImageFolder.IsName(data) ? ImageFolder.FullName(data) : Datasets.Find(data).Name;
        string? file = line.GetValue(_predictions) is { } csv ? OutputPath.File(csv, _predictions.Name) : null;
        using Interruption interruption = new("stopping the evaluation ...");
        using OnnxClassifier network = OnnxClassifier.Load(path, line.GetValue(_threads) ?? 0);
        IReadOnlyList<string>? names = _preprocessing.ClassNames(line, network.ClassNames?.Count) ?? network.ClassNames;
        DatasetOptions places = _cache.Set(line, Inputs.DataOptions(line.GetValue(_dataDirectory)) with
        {
            Channels = network.Input.Channels,
            SkipBad = line.GetValue(_skipBad),
            TestsAll = true,
        });
        if (ImageFolder.IsName(name) && names is not null)
            places = places with { ClassNames = names };
        DataSplits splits;
        using (DataScreen reading = new(output))
            splits = new Recipe { Network = "", Dataset = name, ValidationFraction = 0 }
                .Split(Datasets.Load(name, places, reading, interruption.Token));
        Split split = SplitOf(splits, SplitPart.Test);
        names ??= split.Dataset.ClassNames;
        Preprocessing preprocessing = _preprocessing.Apply(line,
            network.Preprocessing is { } own ? own with { ClassNames = names } : OnnxPreprocessing.For(network.Input, names));
        ProgressLine bar = new(output);
        Predictions predictions;
        long start = Stopwatch.GetTimestamp();
        try
        {
            predictions = network.PredictAll(split, preprocessing, line.GetValue(_batchSize) ?? UsualBatchSize,
                new Throttle<double>(share => bar.Show(share, split.Name, "")), interruption.Token);
        }
        finally
        {
            bar.Clear();
        }
        double speed = predictions.Count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        EvaluationScreen screen = new(split, splits.Remarks, predictions, TestTimeAugmentation.None, speed)
        {
            HasMatrix = line.GetValue(_confusion),
        };
        if (file is not null)
            PredictionsCsv.Write(file, predictions);
        if (network.Preprocessing is null)
            Failures.Say($"warning: {path} says nothing of its preprocessing. Used: {preprocessing}. Choose it with --steps, --mean, " +
                $"--std and --class-names.");
        if (output.IsJson)
        {
            Output.Json(screen.Json(path, name));
            return Failures.Success;
        }
        screen.Show(output);
        return Failures.Success;
    }
}
