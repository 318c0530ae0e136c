using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Inference;
using Convolve.Planning;

namespace Convolve.Cli.Commands;

/// <summary>convolve predict RUN FILE...</summary>
internal sealed class PredictCommand
{
    private const int UsualTop = 3;

    private readonly Argument<string> _run = new("RUN") { HelpName = "RUN", Description = RunArgument.Description };

    private readonly Argument<string[]> _files = new("FILE")
    {
        HelpName = "FILE",
        Description = "Pictures, folders of pictures (on all levels), patterns such as 'photos/*.jpg', or - for one picture on standard " +
            "input.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<int?> _top = Inputs.Integer("--top", $"Show the N most probable classes, at least 1. Default: {UsualTop}.",
        least: 1);

    private readonly Option<bool> _csv = Inputs.Flag("--csv", "Print comma-separated values (RFC 4180), with a line of names first.");

    private readonly Option<TestTimeAugmentation?> _augmentation = Inputs.OneOf("--tta",
        "Test-time augmentation: average the logits over several views of each picture: mirror (2 views), or mirror-translate (6). " +
        "Default: none.", Inputs.TestTimeAugmentations);

    private readonly Option<int?> _batchSize = Inputs.Integer("--batch-size",
        $"Pictures per batch, at least 1. Default: {ImageClassifier.UsualBatchSize}.", least: 1);

    private readonly Option<Precision?> _precision =
        Inputs.Precision("Number format of the kernels: f32, bf16 or auto, the faster of the two. Default: f32.");

    private readonly Option<int?> _threads =
        Inputs.Integer("--threads", "Kernel threads; 0 means OMP_NUM_THREADS, or all cores. Default: 0.", least: 0);

    private readonly Option<bool> _json = Inputs.Flag("--json", "Print a JSON object on each line, one for each picture.");

    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print the result alone: no progress and no summary.");

    public static Command Create()
    {
        PredictCommand predict = new();
        Command command = new("predict", "Classify pictures with the weights of a run.") { predict._run, predict._files };
        foreach (Option option in (Option[])[predict._top, predict._json, predict._csv, predict._augmentation, predict._batchSize,
            predict._precision, predict._threads, predict._quiet])
            command.Add(option);
        command.SetAction(predict.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        bool isJson = line.GetValue(_json), isCsv = line.GetValue(_csv);
        if (isJson && isCsv)
            throw new UsageException("--json and --csv exclude each other. Remove one.");
        if (line.GetValue(_threads) > Machine.MostThreads)
            throw new UsageException($"--threads: expected at most {Machine.MostThreads}, got {line.GetValue(_threads)}.");
        RunArgument run = new(line.GetRequiredValue(_run));
        PictureArguments pictures = new(line.GetRequiredValue(_files));

        using Interruption interruption = new("stopping ...");
        using ModelFile model = ModelFile.Open(run.Typed);
        Output output = new(json: true, line.GetValue(_quiet)); // standard output is for results alone
        using BatchPredictor predictor = new(model.CreateModel(new()
        {
            Precision = line.GetValue(_precision) ?? Precision.Float32,
            Exact = run.HasRecipe && run.ReadRecipe().Exact,
            Threads = line.GetValue(_threads) ?? 0,
        }), model.Preprocessing);
        TestTimeAugmentation augmentation = line.GetValue(_augmentation) ?? TestTimeAugmentation.None;
        if (EvaluateCommand.WarningOf(augmentation, model.TrainingTransforms) is { } warning)
            Failures.Say(warning);
        PredictionLines lines = new(Console.Out, model.Preprocessing.ClassNames, line.GetValue(_top) ?? UsualTop,
            isJson ? PredictionFormat.Json : isCsv ? PredictionFormat.Csv : PredictionFormat.Text);
        ProgressLine bar = new(output);
        int done = 0, unread = 0;
        long start = Stopwatch.GetTimestamp();
        Throttle<int> progress = new(count => bar.Show((double)count / pictures.Count, "pictures", Format.Count(count)));
        lines.Begin();
        foreach (PicturePrediction picture in predictor.Run(pictures.Read(), line.GetValue(_batchSize) ?? ImageClassifier.UsualBatchSize,
            augmentation))
        {
            interruption.Token.ThrowIfCancellationRequested();
            lines.Add(picture);
            if (picture.Problem is not null)
            {
                unread++;
                bar.Clear();
                Failures.Say($"{picture.Name}: {picture.Problem}");
            }
            if (Console.IsOutputRedirected)
                progress.Report(++done);
        }
        bar.Clear();
        if (pictures.LeftOut > 0)
            output.Line(pictures.LeftOut == 1 ? "1 file in the folders is not named like a picture and was left out."
                : $"{Format.Count(pictures.LeftOut)} files in the folders are not named like pictures and were left out.");
        if (pictures.Count - unread > 1)
            output.Line(Summary(pictures.Count - unread, unread, Stopwatch.GetElapsedTime(start)));
        return unread > 0 ? Failures.Failed : Failures.Success;
    }

    private static string Summary(int read, int unread, TimeSpan elapsed) => string.Create(CultureInfo.InvariantCulture,
        $"{Format.Count(read)} pictures in {elapsed.TotalSeconds:F1} s, {Format.Count(read / elapsed.TotalSeconds)} a second" +
        $"{(unread > 0 ? $"; {Format.Count(unread)} could not be read" : "")}");
}
