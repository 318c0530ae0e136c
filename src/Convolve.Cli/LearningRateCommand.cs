using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Convolve.Data;
using Convolve.Drawing.Charts;
using Convolve.Execution;
using Convolve.Formats;
using Convolve.Training;

namespace Convolve.Cli;

/// <summary>convolve lr-find NET --data SET</summary>
internal sealed class LearningRateCommand
{
    private const int WidestChart = 100;
    private readonly TrainingTaskArguments _task = new();
    private readonly Option<double?> _from = Inputs.Number("--from-lr", "The first learning rate, above 0. Default: 1e-6.");
    private readonly Option<double?> _to = Inputs.Number("--to-lr", "The last learning rate; the sweep ends before it where the loss is left far behind. Default: 10.");
    private readonly Option<int?> _steps = Inputs.Integer("--steps", "Steps of the sweep, at least 10. Default: 120.", least: 10);
    private readonly Option<string?> _svg = Inputs.Word("--svg", "FILE", "Write the chart into an SVG file, which is replaced if it is there.");
    private readonly Option<string?> _dataDirectory = Inputs.DataDirectory();
    private readonly Option<bool> _json = Inputs.Json();
    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print the result only.");

    public static Command Create()
    {
        LearningRateCommand find = new();
        Command command = new("lr-find", "Train some steps with a rising learning rate, draw the loss against it, and suggest one. Nothing is kept of the training.");
        find._task.AddTo(command);
        foreach (Option option in (Option[])[find._from, find._to, find._steps, find._svg, find._dataDirectory, find._json, find._quiet])
            command.Add(option);
        command.Validators.Add(find._task.RequireAll);
        command.SetAction(find.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json), line.GetValue(_quiet));
        GivenOptions.Refuse(line, "The learning rate is what is looked for", _task.LearningRate);
        TrainingTask task = _task.Read(line);
        (string network, Graphs.Graph graph, Recipe recipe) = task;
        LearningRateSweep usual = new(), sweep = new()
        {
            From = line.GetValue(_from) ?? usual.From,
            To = line.GetValue(_to) ?? usual.To,
            Steps = line.GetValue(_steps) ?? usual.Steps,
        };
        string? drawing = line.GetValue(_svg) is { } svg ? OutputPath.File(svg, _svg.Name) : null;
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        using Interruption interruption = new("ending the step ...");
        DataSplits data = task.LoadData(line.GetValue(_dataDirectory), output, interruption.Token);
        MemoryCheck.Require(graph, data, recipe);
        LearningRateCurve curve = Find(graph, data, recipe, sweep, output, interruption.Token);
        Chart chart = ChartOf(curve, $"{network} on {recipe.Dataset}: loss against learning rate");
        if (drawing is not null)
            AtomicFile.WriteText(drawing, chart.ToSvg());
        Show(curve, chart, $"{Format.Quoted(network)}{GivenOptions.Of(line, _from.Name, _to.Name, _steps.Name, _svg.Name, _json.Name, _quiet.Name)}", output);
        if (output.IsJson)
            Output.Json(Json(curve));
        return Failures.Success;
    }

    private static LearningRateCurve Find(Graphs.Graph graph, DataSplits data, Recipe recipe, LearningRateSweep sweep, Output output, CancellationToken cancellation)
    {
        using Trainer trainer = new(graph, data, recipe);
        if (trainer.Transfer is { } transfer)
            TrainScreen.Show(transfer, output);
        ProgressLine bar = new(output);
        try
        {
            return trainer.FindLearningRate(sweep, new Throttle<double>(share => bar.Show(share, "rising rate", "")), cancellation);
        }
        finally
        {
            bar.Clear();
        }
    }

    private static Chart ChartOf(LearningRateCurve curve, string title)
    {
        (double X, double Y)[] Points(IReadOnlyList<double> losses) => [.. curve.Rates.Zip(losses)];
        List<ChartEvent> events = [];
        if (curve.Valley is { } valley)
            events.Add(new(valley, "valley"));
        if (curve.Steepest is { } steepest && steepest != curve.Valley)
            events.Add(new(steepest, "steepest"));
        // What comes after the lowest loss can be out of all proportion.
        double? most = curve.Bottom is { } bottom ? 1.25 * curve.Smoothed.Take(bottom).Max() : null;
        return new(title, new("learning rate") { Scale = AxisScale.Log }, new("training loss", "nats") { Max = most },
            [Series.Line("each batch", Points(curve.Losses)) with { Style = SeriesStyle.Faint, Color = 0 }, Series.Line("smoothed", Points(curve.Smoothed)) with { Color = 0 }])
        { Events = events };
    }

    private static void Show(LearningRateCurve curve, Chart chart, string task, Output output)
    {
        output.Line();
        output.Line((chart with { Series = [chart.Series[1]] }).ToText(Math.Min(output.Width, WidestChart), isUnicode: output.HasUnicode));
        output.Line();
        if (curve.Valley is not { } valley)
        {
            output.Last($"no suggestion: the loss never fell. Try --from-lr and --to-lr further apart, or see whether the network can learn at all: {ProgramName.Current} train {task} --overfit-one-batch");
            return;
        }
        output.Last($"suggested     {Rate(valley)} (valley: half way down){(curve.Steepest is { } steepest ? $", {Rate(steepest)} (where it fell fastest)" : "")}");
        if (!curve.Diverged)
            output.Line("The loss was still in sight at the last rate: try a higher --to-lr to see where it is too fast.");
        output.Next(($"{ProgramName.Current} train {task} --lr {Rate(valley)}", ""));
    }

    // Two digits: more would be pretence.
    private static string Rate(double rate) => double.Parse(rate.ToString("G2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);

    private static JsonObject Json(LearningRateCurve curve) => new()
    {
        ["valley"] = curve.Valley,
        ["steepest"] = curve.Steepest,
        ["diverged"] = curve.Diverged,
        ["rates"] = new JsonArray([.. curve.Rates.Select(r => (JsonNode)r)]),
        ["losses"] = new JsonArray([.. curve.Losses.Select(l => (JsonNode)l)]),
        ["smoothed"] = new JsonArray([.. curve.Smoothed.Select(l => (JsonNode)l)]),
    };
}
