using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Files;
using Convolve.Reporting;
using Convolve.Training;

namespace Convolve.Cli.Commands;

/// <summary>convolve report RUN</summary>
internal sealed class ReportCommand
{
    private readonly Argument<string> _run = new("RUN") { HelpName = "RUN", Description = RunArgument.Description };
    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();
    private readonly Option<string?> _out = Inputs.Word("--out", "FILE",
        $"The HTML file to write; replaced if it exists. Default: {RunReport.FileName} in the run folder.");
    private readonly Option<bool> _json = Inputs.Json();

    public static Command Create()
    {
        ReportCommand report = new();
        Command command =
            new("report",
            "Write the report of a run as one HTML file: curves, classes, calibration, pictures, filters, network, memory, " +
            "recipe.") { report._run };
        foreach (Option option in (Option[])[report._dataDirectory, report._out, report._json])
            command.Add(option);
        command.SetAction(report.Run);
        return command;
    }

    /// <summary>Writes the report at the end of a training, whose result is safe whatever comes of it.</summary>
    /// <returns>The file, null where it was not written, and the exit code; what went wrong has been said.</returns>
    public static (string? File, int Status) WriteAfter(Output output, Trainer trainer, DataSplits data, string folder,
        string? dataDirectory, CancellationToken cancellation)
    {
        string again = CommandFor(folder, dataDirectory);
        string? written = null;
        ProgressLine bar = new(output);
        try
        {
            EvaluatedRun run = EvaluatedRun.Of(folder, trainer.Classifier, data, Progress(bar), cancellation);
            RunReport.Write(folder, run);
            written = Path.Combine(folder, RunReport.FileName);
            PredictionGrid.Log(folder, run, trainer.Steps);
            return (written, Failures.Success);
        }
        catch (OperationCanceledException)
        {
            Failures.Say($"interrupted: the run is complete. To write its report: {again}");
            return (null, Failures.Interrupted);
        }
        catch (Exception e) when (e is FileWriteException or DatasetException or RecipeException or InsufficientMemoryException)
        {
            Failures.Say(written is null
                ? $"{e.Message} The run is complete; only its report is missing, or not yet safely on disk. To write it: {again}"
                : $"{e.Message} The run and its report are complete; only TensorBoard's grid of predictions is missing.");
            return (written, Failures.Failed);
        }
        finally
        {
            bar.Clear();
        }
    }

    /// <summary>The command that writes a report.</summary>
    public static string CommandFor(string folder, string? dataDirectory) =>
        $"{ProgramName.Current} report " +
            $"{Format.Quoted(folder)}{(dataDirectory is null ? "" : $" --data-dir {Format.Quoted(dataDirectory)}")}";

    private static Throttle<double> Progress(ProgressLine bar) => new(share => bar.Show(share, "report", ""));

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json));
        RunArgument run = new(line.GetRequiredValue(_run));
        string file = OutputPath.File(line.GetValue(_out) ?? Path.Combine(run.Folder, RunReport.FileName), _out.Name);
        using Interruption interruption = new("stopping ...");
        EvaluatedRun evaluated = Load(run, line.GetValue(_dataDirectory), output, interruption.Token);
        AtomicFile.WriteText(file, RunReport.ToHtml(evaluated));
        if (evaluated.Problem is { } problem)
            Failures.Say($"the report has no predictions or pictures: {problem}");
        if (output.IsJson)
        {
            Output.Json(new JsonObject
            {
                ["run"] = Path.GetFullPath(run.Folder),
                ["report"] = Path.GetFullPath(file),
                ["split"] = evaluated.Split?.Name,
                ["accuracy"] = evaluated.Predictions?.Accuracy,
                ["problem"] = evaluated.Problem,
            });
        }
        else
        {
            output.Line(file);
        }
        return Failures.Success;
    }

    /// <summary>Reads and evaluates a run, showing how far it is. Data that are not here are not fetched for it.</summary>
    public static EvaluatedRun Load(RunArgument run, string? dataDirectory, Output output, CancellationToken cancellation)
    {
        ProgressLine bar = new(output);
        using DataScreen reading = new(output);
        try
        {
            return EvaluatedRun.Load(run.Folder, Inputs.DataOptions(dataDirectory) with { AllowDownload = false }, reading, Progress(bar),
                cancellation);
        }
        finally
        {
            bar.Clear();
        }
    }
}
