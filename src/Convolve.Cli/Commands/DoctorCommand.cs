using System.CommandLine;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Diagnosis;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Runs;
using Convolve.Training;
using Convolve.Zoo;

namespace Convolve.Cli.Commands;

/// <summary>convolve doctor NET --data SET, convolve doctor RUN</summary>
internal sealed class DoctorCommand
{
    private static readonly TimeSpan UsualLimit = TimeSpan.FromMinutes(1);
    private readonly TrainingTaskArguments _task = new();
    private readonly Option<TimeSpan?> _timeLimit = Inputs.Duration("--time-limit",
        "About how long the trial may take, such as 30s or 5m; large networks need more. Default: 1m.");
    private readonly Option<bool> _strict = Inputs.Flag("--strict", "Exit with code 1 if anything is found. Default: 0.");
    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();
    private readonly Option<bool> _json = Inputs.Json();

    public static Command Create()
    {
        DoctorCommand doctor = new();
        Command command = new("doctor",
            "Find out why a network doesn't learn or a run went wrong: check network, recipe and data, try changes in a short training, " +
            "and name the cause. RUN is a run folder; for a NET, pass --data and the options of train.");
        doctor._task.AddTo(command);
        doctor._task.Network.HelpName = "NET|RUN";
        doctor._task.Network.Description = $"A run folder; or a network. {doctor._task.Network.Description}";
        foreach (Option option in (Option[])[doctor._timeLimit, doctor._strict, doctor._dataDirectory, doctor._json])
            command.Add(option);
        command.Validators.Add(line =>
        {
            if (line.GetValue(doctor._timeLimit) == TimeSpan.Zero)
                line.AddError("--time-limit 0s leaves no time for a trial. Use 30s or more.");
            string? typed = line.GetValue(doctor._task.Network);
            if (IsRun(typed))
                return;
            if (typed is not null && Unknown(typed) is { } unknown)
                line.AddError(unknown);
            else
                doctor._task.RequireAll(line);
        });
        command.SetAction(doctor.Run);
        return command;
    }

    private static bool IsRun(string? typed) => typed is not null && HomePath.Expand(typed) is var path
        && (Directory.Exists(path) || path.EndsWith(".safetensors", StringComparison.Ordinal));

    // What is neither a run nor a network; null for what is one. A network's name is the likelier slip than a folder's.
    private static string? Unknown(string typed)
    {
        NetworkArgument network = new(typed);
        string[] names = [.. NetworkCatalog.All.Select(n => n.Name)];
        if (network.IsFile ? Path.Exists(HomePath.Expand(typed)) : names.Contains(typed))
            return null;
        string what = network.IsFile ? $"{typed} does not exist."
            : $"\"{typed}\" is neither a run folder nor a network.{NearestName.Guess(typed, names)}";
        return $"{what} Pass the run folder that " +
            $"`{ProgramName.Current} train` printed, a network file ({NetworkArgument.FormatGuide}), or one of {string.Join(", ", names)}.";
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json));
        string typed = line.GetValue(_task.Network)!;
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        using Interruption interruption = new("stopping ...");
        TimeSpan limit = line.GetValue(_timeLimit) ?? UsualLimit;
        DoctorResult result = IsRun(typed) ? OfRun(line, typed, limit, output, interruption.Token)
            : OfNetwork(line, limit, output, interruption.Token);
        if (output.IsJson)
            Output.Json(DoctorScreen.Json(typed, result));
        else
            DoctorScreen.Show(typed, result, output);
        return line.GetValue(_strict) && result.Findings.Count > 0 ? Failures.Failed : Failures.Success;
    }

    private DoctorResult OfNetwork(ParseResult line, TimeSpan limit, Output output, CancellationToken cancellation)
    {
        TrainingTask task = _task.Read(line);
        (_, Graph graph, Recipe recipe) = task;
        DataSplits data = task.LoadData(line.GetValue(_dataDirectory), output, cancellation);
        if (_task.IsBatchSizeFree(line))
            recipe = MemoryCheck.Fit(graph, data, recipe, limit: null);
        MemoryCheck.Require(graph, data, recipe);
        return With(data, limit, output, doctor => doctor.Examine(graph, recipe), cancellation);
    }

    private DoctorResult OfRun(ParseResult line, string typed, TimeSpan limit, Output output, CancellationToken cancellation)
    {
        Option[] own = [_timeLimit, _strict, _dataDirectory, _json];
        GivenOptions.Refuse(line, $"{typed} is a run, which has its own recipe", [.. line.CommandResult.Command.Options.Except(own)]);
        RunArgument argument = new(typed);
        RunSummary run = RunSummary.Read(argument.Folder);
        DataSplits data;
        try
        {
            data = new TrainingTask(run.Recipe.Network, run.Graph, run.Recipe).LoadData(
                Inputs.DataOptions(line.GetValue(_dataDirectory), run.Graph, run.Recipe) with { AllowDownload = false }, output,
                cancellation);
        }
        catch (DatasetException e)
        {
            Failures.Say($"only network, recipe and epochs are checked, because the data can't be read: {Advice.Message(e)}");
            return Doctor.ExamineWithoutData(run);
        }
        MemoryCheck.Require(run.Graph, data, run.Recipe);
        return With(data, limit, output, doctor => doctor.Examine(run), cancellation);
    }

    private static DoctorResult With(DataSplits data, TimeSpan limit, Output output, Func<Doctor, DoctorResult> examine,
        CancellationToken cancellation)
    {
        ProgressLine bar = new(output);
        try
        {
            return examine(new(data, limit, new Throttle<double>(share => bar.Show(share, "trial", "")), cancellation));
        }
        finally
        {
            bar.Clear();
        }
    }
}
