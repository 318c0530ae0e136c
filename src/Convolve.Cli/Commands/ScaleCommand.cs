using System.CommandLine;
using Convolve.Cli.Options;
using Convolve.Cli.Screens;
using Convolve.Cli.Terminal;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Profiling;
using Convolve.Training;

namespace Convolve.Cli.Commands;

/// <summary>convolve scale NET --batch-size 4096 --nodes 1,2,4 --bandwidth 10Gb</summary>
internal sealed class ScaleCommand
{
    private const int UsualClasses = 10;
    private const double UsualLatency = 20e-6, LongestPass = 2;
    private static readonly int[] UsualNodes = [1, 2, 4, 8, 16];
    private static readonly TimeSpan MeasureTime = TimeSpan.FromSeconds(1);

    private readonly Argument<string> _network = new("NET") { HelpName = "NET", Description = NetworkArgument.Description };

    private readonly Option<int?> _batchSize = Inputs.Integer("--batch-size",
        "Images per step: of all nodes together, or with --weak of each. Default: the recipe's.", least: 1);

    private readonly Option<int[]?> _nodes =
        Inputs.Integers("--nodes", $"Numbers of nodes, at least 1 each. Default: {string.Join(',', UsualNodes)}.");

    private readonly Option<double?> _bandwidth = Inputs.Bandwidth("--bandwidth",
        "What a node can send, and at the same time receive, in a second, such as 10Gb or 1.25GB.");

    private readonly Option<double?> _latency =
        Inputs.Latency("--latency", "Of a message between two nodes, such as 1us or 0.1ms. Default: 20us.");

    private readonly Option<bool> _strong =
        Inputs.Flag("--strong", "The batch stays as it is, and more nodes have fewer images each. This is the default.");

    private readonly Option<bool> _weak = Inputs.Flag("--weak", "Each node keeps its --batch-size images, and the batch grows.");

    private readonly Option<double?> _imagesPerSecond = Inputs.Number("--images-per-second",
        "Training speed of one node, above 0, instead of measuring this machine: for a machine that isn't here.");

    private readonly Option<Precision?> _exchangePrecision = Inputs.OneOf("--exchange-precision",
        "Number format in which gradients are exchanged: f32, or bf16 for half the bytes. Default: f32.", ("f32", Precision.Float32),
        ("bf16", Precision.BFloat16));

    private readonly Option<bool> _noOverlap = Inputs.Flag("--no-overlap",
        "Exchange after the backward pass and not during it: as where the processor has no core to spare for it.");

    private readonly Option<Precision?> _precision = Inputs.Precision("Number format of the kernels. Default: auto.");

    private readonly Option<int?> _threads =
        Inputs.Integer("--threads", "Kernel threads of a node; 0 means OMP_NUM_THREADS, or all cores. Default: 0.");

    private readonly Option<int?> _classes =
        Inputs.Integer("--classes", $"Outputs of the last layer, at least 1. Default: {UsualClasses}.", least: 1);

    private readonly Option<string?> _input = Inputs.ImageShape();
    private readonly Option<string[]> _networkOptions = Inputs.NetworkOptions();
    private readonly Option<bool> _json = Inputs.Json();
    private readonly Option<bool> _quiet = Inputs.Flag("--quiet", "Print only the result.");

    public static Command Create()
    {
        ScaleCommand scale = new();
        Command command = new("scale",
            "Predict how fast a network would train on a cluster: measure this machine, or take its speed as given, and compute what the " +
            "network between the nodes leaves of it.") { scale._network };
        foreach (Option option in (Option[])[scale._batchSize, scale._nodes, scale._bandwidth, scale._latency, scale._strong, scale._weak,
            scale._imagesPerSecond, scale._exchangePrecision, scale._noOverlap, scale._precision, scale._threads, scale._classes,
            scale._input, scale._networkOptions, scale._json, scale._quiet])
            command.Add(option);
        command.Validators.Add(line =>
        {
            if (line.GetValue(scale._network) is not null && line.GetResult(scale._bandwidth) is null)
                line.AddError($"--bandwidth is missing. {scale._bandwidth.Description}");
        });
        command.SetAction(scale.Run);
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
        int[] nodes = line.GetValue(_nodes) ?? UsualNodes;
        bool isWeak = line.GetValue(_weak);
        if (isWeak && line.GetValue(_strong))
            throw new UsageException("--strong and --weak exclude each other. Use only one of them.");
        double? speed = line.GetValue(_imagesPerSecond);
        if (speed is not (null or (> 0 and < double.PositiveInfinity)))
            throw new UsageException($"--images-per-second must be above 0, such as 150, got {Format.Number(speed.Value)}.");
        if (speed is not null)
            GivenOptions.Refuse(line, "--images-per-second is the speed of a machine that isn't here", _threads);
        (int Nodes, int BatchSize)[] batches = [.. nodes.Select(count => (count, BatchOf(recipe.BatchSize, count, isWeak)))];
        _ = Machine.KernelLibraryName; // a missing library should be known before anything else is done
        using Interruption interruption = new("finishing the pass ...");
        ComputeModel compute = speed is { } given ? ComputeModel.OfSpeed(graph, given)
            : Measure(graph, recipe, [.. batches.Select(b => PerNode(b.BatchSize, b.Nodes)).Distinct().Order()], output,
            interruption.Token);
        Interconnect interconnect = new(line.GetRequiredValue(_bandwidth)!.Value, line.GetValue(_latency) ?? UsualLatency);
        Precision exchange = line.GetValue(_exchangePrecision) ?? Precision.Float32;
        ScalingModel model = new(compute, interconnect)
        {
            Overlaps = !line.GetValue(_noOverlap),
            BytesPerNumber = exchange == Precision.BFloat16 ? sizeof(ushort) : sizeof(float),
        };
        ScaleScreen screen = new(graph, recipe, isWeak, speed, compute, interconnect, exchange,
            [.. batches.Select(b => (model.Predict(b.Nodes, b.BatchSize, isWeak),
                NodeMemory.Of(graph, recipe, PerNode(b.BatchSize, b.Nodes), b.Nodes)))]);
        screen.Show(output);
        if (output.IsJson)
            Output.Json(screen.Json());
        return Failures.Success;
    }

    private static int PerNode(int batchSize, int nodes) => (int)(((long)batchSize + nodes - 1) / nodes);

    private static int BatchOf(int batchSize, int nodes, bool isWeak)
    {
        if (!isWeak && nodes > batchSize)
            throw new UsageException(
                $"--nodes {nodes} is more than the {batchSize} images of a batch, and each node needs one. Use at most " +
                $"{batchSize} nodes, a larger --batch-size, or --weak.");
        long all = isWeak ? (long)batchSize * nodes : batchSize;
        return all <= int.MaxValue ? (int)all
            : throw new UsageException($"--nodes {nodes} with {batchSize} images each are {all} images in a step. Use fewer.");
    }

    // The fewest images first, and more as long as a pass doesn't take too long, or too much memory: beyond, time is proportional to them.
    private static ComputeModel Measure(Graph graph, Recipe recipe, int[] sizes, Output output, CancellationToken cancellation)
    {
        Dictionary<int, StepCompute> measured = [];
        ProgressLine bar = new(output);
        try
        {
            foreach ((int i, int size) in sizes.Index())
            {
                BatchFit fit = new(graph, size, images => Trainer.Estimate(graph, recipe with { BatchSize = images }));
                bool isTooLarge = size > fit.LargestCountable || !fit.HasMemory;
                if (measured.Count > 0 && (isTooLarge || measured.Last() is var (images, last)
                    && last.Seconds * size / images > LongestPass))
                    break;
                if (isTooLarge)
                    MemoryCheck.Require(graph, size, "batch size", n => Trainer.Estimate(graph, recipe with { BatchSize = n }), null);
                bar.Show((double)i / sizes.Length, "timing", $"{Format.Count(size)} images");
                measured[size] = StepCompute.FromMeasurement(PassTimes.Measure(graph, recipe with { BatchSize = size }, isTraining: true,
                    MeasureTime, cancellation));
            }
        }
        finally
        {
            bar.Clear();
        }
        return ComputeModel.Measured(measured);
    }
}
