using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Drawing.Charts;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Training;
using Convolve.Training.Optimizers;
using Spectre.Console;
using Table = Convolve.Cli.Terminal.Table;

namespace Convolve.Cli.Commands;

/// <summary>convolve lr-find NET --data SET</summary>
internal sealed class LearningRateCommand
{
    private const int WidestChart = 100;
    private const double LarsTo = 100;

    // Of one trial, and those after which no further rate is tried, and no rate again.
    private static readonly TimeSpan TrialTime = TimeSpan.FromMinutes(1), SearchTime = TimeSpan.FromMinutes(2),
        RepeatTime = TimeSpan.FromMinutes(4);
    private readonly TrainingTaskArguments _task = new();
    private readonly Option<double?> _from = Inputs.Number("--from-lr", "First learning rate of the sweep, above 0. Default: 1e-6.");
    private readonly Option<double?> _to = Inputs.Number("--to-lr",
        "Last learning rate of the sweep, which stops early if the loss diverges. Default: 10, with --optimizer lars 100.");
    private readonly Option<int?> _steps = Inputs.Integer("--steps", "Steps of the sweep, at least 10. Default: 120.", least: 10);
    private readonly Option<bool> _noTrial = Inputs.Flag("--no-trial",
        "Only suggest a rate. Otherwise the suggested rate, the recipe's, and neighbors of the better one each train for an epoch (at " +
        "least 200 steps, at most a minute), close ones three times, and the best on the validation split goes into the next command.");
    private readonly Option<string?> _svg =
        Inputs.Word("--svg", "FILE", "Write the chart to an SVG file; replaced if it exists.");
    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();
    private readonly Option<bool> _json = Inputs.Json();
    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print only the result.");

    public static Command Create()
    {
        LearningRateCommand find = new();
        Command command =
            new("lr-find",
            "Find a learning rate: raise it over a short training, plot the loss, suggest a rate, and try it against the recipe's. The " +
            "trained weights are discarded.");
        find._task.AddTo(command);
        foreach (Option option in (Option[])[find._from, find._to, find._steps, find._noTrial, find._svg, find._dataDirectory, find._json,
            find._quiet])
            command.Add(option);
        command.Validators.Add(find._task.RequireAll);
        command.SetAction(find.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json), line.GetValue(_quiet));
        GivenOptions.Refuse(line, "lr-find looks for the learning rate", _task.LearningRate, _task.BaseBatchSize);
        TrainingTask task = _task.Read(line);
        (string network, Graphs.Graph graph, Recipe recipe) = task;
        LearningRateSweep usual = new(), sweep = new()
        {
            From = line.GetValue(_from) ?? usual.From,
            To = line.GetValue(_to) ?? (recipe.Optimizer is Lars ? LarsTo : usual.To),
            Steps = line.GetValue(_steps) ?? usual.Steps,
        };
        string? drawing = line.GetValue(_svg) is { } svg ? OutputPath.File(svg, _svg.Name) : null;
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        using Interruption interruption = new("finishing the step ...");
        DataSplits data = task.LoadData(line.GetValue(_dataDirectory), output, interruption.Token);
        if (_task.IsBatchSizeFree(line))
            recipe = MemoryCheck.Fit(graph, data, recipe, limit: null);
        MemoryCheck.Require(graph, data, recipe);
        (LearningRateCurve curve, IReadOnlyList<LearningRateTrial> trials) = Find(graph, data, recipe, sweep, !line.GetValue(_noTrial),
            output, interruption.Token);
        Chart chart = ChartOf(curve, recipe, $"{network} on {recipe.Dataset}: loss against learning rate");
        if (drawing is not null)
            AtomicFile.WriteText(drawing, chart.ToSvg());
        Show(curve, recipe, trials, chart,
            $"{Format.Quoted(network)}" +
            $"{GivenOptions.Of(line, _from.Name, _to.Name, _steps.Name, _noTrial.Name, _svg.Name, _json.Name, _quiet.Name)}", output);
        if (output.IsJson)
            Output.Json(Json(curve, recipe, trials));
        return Failures.Success;
    }

    private static (LearningRateCurve, IReadOnlyList<LearningRateTrial>) Find(Graphs.Graph graph, DataSplits data, Recipe recipe,
        LearningRateSweep sweep, bool hasTrial, Output output, CancellationToken cancellation)
    {
        using Trainer trainer = new(graph, data, recipe);
        if (trainer.Transfer is { } transfer)
            TrainScreen.Show(transfer, output);
        ProgressLine bar = new(output);
        try
        {
            LearningRateCurve curve = trainer.FindLearningRate(sweep, new Throttle<double>(share => bar.Show(share, "rising rate", "")),
                cancellation);
            if (!hasTrial || Suggested(curve, recipe) is not { } suggested)
                return (curve, []);
            int steps = LearningRateTrial.StepsWithin(TrialTime, curve.StepTime, trainer.StepsPerEpoch);
            long start = Stopwatch.GetTimestamp();
            return (curve, LearningRateSearch.Run([suggested, RecipeRate(recipe)],
                (rate, run) => trainer.TryLearningRate(rate, steps, run,
                new Throttle<double>(share => bar.Show(share, $"trying {Format.Number(rate)}", "")), cancellation),
                () => Stopwatch.GetElapsedTime(start) < SearchTime, () => Stopwatch.GetElapsedTime(start) < RepeatTime));
        }
        finally
        {
            bar.Clear();
        }
    }

    // As it is printed, and so tried.
    private static double? Suggested(LearningRateCurve curve, Recipe recipe) => curve.Suggested(recipe.Schedule.Kind) is { } rate
        ? LearningRateSearch.Rounded(rate) : null;

    private static double RecipeRate(Recipe recipe) =>
        double.Parse(Format.Number(recipe.Optimizer.LearningRate), CultureInfo.InvariantCulture);

    // Null where there is nothing to choose.
    private static double? Best(LearningRateCurve curve, Recipe recipe, IReadOnlyList<LearningRateTrial> trials) =>
        trials.Count == 0 ? Suggested(curve, recipe) : LearningRateSearch.Chosen(trials, RecipeRate(recipe));

    private static Chart ChartOf(LearningRateCurve curve, Recipe recipe, string title)
    {
        (double X, double Y)[] Points(IReadOnlyList<double> losses) => [.. curve.Rates.Zip(losses)];
        List<ChartEvent> events = [];
        if (Suggested(curve, recipe) is { } suggested)
            events.Add(new(suggested, "suggested"));
        double own = RecipeRate(recipe);
        if (curve.Rates.Count > 0 && own >= curve.Rates[0] && own <= curve.Rates[^1])
            events.Add(new(own, "recipe"));
        // What comes after the lowest loss can be out of all proportion.
        double? most = curve.Bottom is { } bottom ? 1.25 * curve.Smoothed.Take(bottom).Max() : null;
        return new(title, new("learning rate") { Scale = AxisScale.Log }, new("training loss", "nats") { Max = most },
            [Series.Line("each batch", Points(curve.Losses)) with { Style = SeriesStyle.Faint, Color = 0 },
            Series.Line("smoothed", Points(curve.Smoothed)) with { Color = 0 }])
        { Events = events };
    }

    private static void Show(LearningRateCurve curve, Recipe recipe, IReadOnlyList<LearningRateTrial> trials, Chart chart, string task,
        Output output)
    {
        output.Line();
        output.Line((chart with { Series = [chart.Series[1]] }).ToText(Math.Min(output.Width, WidestChart), isUnicode: output.HasUnicode));
        output.Line();
        if (Best(curve, recipe, trials) is not { } best)
        {
            output.Last(
                $"no suggestion: the loss never fell. Try --from-lr and --to-lr further apart, or check that the network can learn at " +
                $"all: {ProgramName.Current} train {task} --overfit-one-batch");
            return;
        }
        string schedule = TrainOptions.NameOf(recipe.Schedule.Kind);
        output.Line(
            $"suggested     {Format.Number(Suggested(curve, recipe)!.Value)} as the peak rate of {schedule}: the loss was lowest at " +
            $"{Format.Number(LearningRateSearch.Rounded(curve.Rates[curve.Bottom!.Value]))}");
        output.Line($"recipe        {Format.Number(RecipeRate(recipe))}");
        if (!curve.Diverged)
            output.Line("The loss had not diverged at the last rate: try a higher --to-lr to see where it does.");
        if (trials.Count > 0)
        {
            output.Line();
            output.Table(TableOf(trials, curve, recipe));
            output.Line();
            if (!LearningRateSearch.AreTelling(trials))
                output.Line($"Only {Format.Count(trials.Max(t => t.Steps))} steps fit into a minute, too few to compare rates, so the " +
                    $"recipe's rate is kept. Try again with a smaller batch, or when the machine is less busy.");
            else if (LearningRateSearch.Best(trials).Rate != best)
                output.Line($"Differences within {Format.Number(Math.Round(100 * LearningRateSearch.Margin(trials), 1))} points of the " +
                    "best are noise, so the " +
                    $"recipe's rate is kept.");
        }
        output.Last(trials.Count > 0 ? $"best          {Format.Number(best)} in the trials" : $"not tried     {Format.Number(best)}");
        output.Next(($"{ProgramName.Current} train {task} --lr {Format.Number(best)}", ""));
    }

    private static Table TableOf(IReadOnlyList<LearningRateTrial> trials, LearningRateCurve curve, Recipe recipe)
    {
        bool isValidated = trials.Any(t => t.Accuracy is not null), isRepeated = trials.Any(t => t.Runs > 1);
        Table table = Output.Columns(["rate#", "from", "steps#", .. isRepeated ? (string[])["runs#"] : [],
            .. isValidated ? ["validation loss#", "validation accuracy#"] : (string[])["training loss#"]]);
        foreach (LearningRateTrial trial in trials.OrderBy(t => t.Rate))
        {
            string from = trial.Rate == RecipeRate(recipe) ? "recipe" : trial.Rate == Suggested(curve, recipe) ? "suggested" : "neighbor";
            string loss = double.IsNaN(trial.Loss) ? "NaN" : Format.Fraction(trial.Loss);
            Output.Row(table, [Format.Number(trial.Rate), from, Format.Count(trial.Steps),
                .. isRepeated ? (string[])[Format.Count(trial.Runs)] : [], loss,
                .. isValidated ? [trial.Accuracy is { } accuracy ? Format.Fraction(accuracy) : "-"] : Array.Empty<string>()]);
        }
        return table;
    }

    private static JsonObject Json(LearningRateCurve curve, Recipe recipe, IReadOnlyList<LearningRateTrial> trials) => new()
    {
        ["valley"] = curve.Valley,
        ["steepest"] = curve.Steepest,
        ["diverged"] = curve.Diverged,
        ["rates"] = new JsonArray([.. curve.Rates.Select(r => (JsonNode)r)]),
        ["losses"] = new JsonArray([.. curve.Losses.Select(l => (JsonNode)l)]),
        ["smoothed"] = new JsonArray([.. curve.Smoothed.Select(l => (JsonNode)l)]),
        ["suggested"] = Suggested(curve, recipe),
        ["recipe"] = RecipeRate(recipe),
        ["trials"] = new JsonArray([.. trials.Select(t => new JsonObject
        {
            ["rate"] = t.Rate,
            ["steps"] = t.Steps,
            ["loss"] = Output.Finite(t.Loss),
            ["accuracy"] = t.Accuracy,
            ["runs"] = t.Runs,
            ["deviation"] = t.Runs > 1 ? t.Deviation : null,
        })]),
        ["best"] = Best(curve, recipe, trials),
    };
}
