using System.CommandLine;
using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Drawing.Charts;
using Convolve.Execution;
using Convolve.Files;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Profiling;
using Convolve.Training;

namespace Convolve.Cli.Commands;

/// <summary>convolve analyze NET</summary>
internal sealed class AnalyzeCommand
{
    private const int UsualClasses = 10;
    private static readonly TimeSpan MeasureTime = TimeSpan.FromSeconds(2), TrialTime = TimeSpan.FromSeconds(1);

    private readonly Argument<string> _network = new("NET") { HelpName = "NET", Description = NetworkArgument.Description };

    private readonly Option<int?> _batchSize =
        Inputs.Integer("--batch-size", "Images per pass, at least 1. Default: the recipe's.", least: 1);

    private readonly Option<Precision?> _precision = Inputs.Precision("Number format of the kernels. Default: auto.");

    private readonly Option<bool> _inference =
        Inputs.Flag("--inference", "Analyze a forward pass as in prediction, instead of a training step.");

    private readonly Option<int?> _classes =
        Inputs.Integer("--classes", $"Outputs of the last layer, at least 1. Default: {UsualClasses}.", least: 1);

    private readonly Option<string?> _input = Inputs.ImageShape();
    private readonly Option<string[]> _networkOptions = Inputs.NetworkOptions();

    private readonly Option<int?> _threads =
        Inputs.Integer("--threads", "Kernel threads; 0 means OMP_NUM_THREADS, or all cores. Default: 0.");

    private readonly Option<bool> _noTrial = Inputs.Flag("--no-trial",
        "Only suggest changes. Otherwise the three that promise most are run for a second each, to see what they gain.");

    private readonly Option<bool> _again = Inputs.Flag("--measure-again",
        "Measure the ceilings of this machine again. Otherwise they are measured once and kept in the user's cache folder.");

    private readonly Option<long?> _memoryLimit = Inputs.MemoryLimit("weights, gradients, optimizer and activations");

    private readonly Option<string?> _svg =
        Inputs.Word("--svg", "FILE", "Write the roofline to an SVG file; replaced if it exists.");

    private readonly Option<bool> _json = Inputs.Json();
    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print only the result.");

    public static Command Create()
    {
        AnalyzeCommand analyze = new();
        Command command = new("analyze",
            "Time each layer of a network against what this machine can do at most (its roofline), say what bounds it, and try what " +
            "would make it faster.") { analyze._network };
        foreach (Option option in (Option[])[analyze._batchSize, analyze._precision, analyze._inference, analyze._classes,
            analyze._input, analyze._networkOptions, analyze._threads, analyze._noTrial, analyze._again, analyze._memoryLimit,
            analyze._svg, analyze._json, analyze._quiet])
            command.Add(option);
        command.SetAction(analyze.Run);
        return command;
    }

    private int Run(ParseResult line)
    {
        Output output = new(line.GetValue(_json), line.GetValue(_quiet));
        NetworkArgument network = new(line.GetRequiredValue(_network));
        Graph graph = network.Create(line.GetValue(_classes), Inputs.Pairs(line.GetValue(_networkOptions)), line.GetValue(_input));
        Recipe usual = network.RecipeFor(graph, ""), recipe = usual with
        {
            BatchSize = line.GetValue(_batchSize) ?? usual.BatchSize,
            Precision = line.GetValue(_precision) ?? usual.Precision,
            Threads = line.GetValue(_threads) ?? usual.Threads,
        };
        recipe.Validate();
        string? drawing = line.GetValue(_svg) is { } svg ? OutputPath.File(svg, _svg.Name) : null;
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        bool isTraining = !line.GetValue(_inference);
        MemoryCheck.Require(graph, recipe.BatchSize, "batch size", size => isTraining
            ? Trainer.Estimate(graph, recipe with { BatchSize = size })
            : MemoryEstimate.Of([Model.PlanFor(graph, PassTimes.OptionsOf(recipe), size, training: false)]),
            line.GetValue(_memoryLimit));
        using Interruption interruption = new("finishing the pass ...");
        Ceilings? kept = line.GetValue(_again) ? null : CeilingsFile.Read(CeilingsFile.Usual, recipe.Threads);
        Ceilings ceilings = kept ?? MeasureCeilings(recipe.Threads, output, interruption.Token);
        ProgressLine bar = new(output);
        bar.Show(null, "timing", network.Typed);
        NetworkAnalysis analysis;
        List<(Suggestion Suggestion, double? Measured)> suggestions;
        try
        {
            analysis = NetworkAnalysis.Measure(graph, recipe, isTraining, ceilings, MeasureTime, interruption.Token);
            if (kept is not null && analysis.Layers.Any(layer => layer.IsAboveCeiling))
            {
                output.Line("a layer is faster than the kept ceilings allow: they were measured while the machine was busy");
                ceilings = MeasureCeilings(recipe.Threads, output, interruption.Token);
                analysis = NetworkAnalysis.Measure(graph, recipe, isTraining, ceilings, MeasureTime, interruption.Token);
            }
            suggestions = [.. Suggestion.For(analysis, recipe).Select(suggestion =>
            {
                bar.Show(null, "trying", suggestion.Words);
                return (suggestion, line.GetValue(_noTrial) ? (double?)null : NetworkAnalysis.Measure(suggestion.Graph, suggestion.Recipe,
                    isTraining, ceilings, TrialTime, interruption.Token).ImagesPerSecond);
            })];
        }
        finally
        {
            bar.Clear();
        }
        Chart chart = RooflineChart.Of(analysis, $"{graph.Name} at batch size {Format.Count(recipe.BatchSize)}");
        if (drawing is not null)
            AtomicFile.WriteText(drawing, chart.ToSvg());
        AnalyzeScreen.Show(analysis, suggestions, chart, output);
        if (drawing is not null)
            output.Last($"chart         {drawing}");
        if (output.IsJson)
        {
            JsonObject json = AnalyzeScreen.Json(analysis, suggestions);
            json["svg"] = drawing is null ? null : Path.GetFullPath(drawing);
            Output.Json(json);
        }
        return Failures.Success;
    }

    // Once on a machine, unless that went wrong.
    private static Ceilings MeasureCeilings(int threads, Output output, CancellationToken cancellation)
    {
        output.Line("measuring this machine's ceilings, once ...");
        ProgressLine bar = new(output);
        Ceilings ceilings;
        try
        {
            ceilings = CeilingMeasurement.Measure(threads, new Throttle<double>(share => bar.Show(share, "ceilings", "")), cancellation);
        }
        finally
        {
            bar.Clear();
        }
        try
        {
            CeilingsFile.Write(CeilingsFile.Usual, ceilings);
        }
        catch (FileWriteException e)
        {
            Failures.Say($"{e.Message} The ceilings are measured again next time.");
        }
        return ceilings;
    }
}
