using System.Diagnostics;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Kernels;
using Convolve.Kernels.Threads;
using Convolve.Planning;
using Convolve.Training;
using Convolve.Training.Batches;
using Convolve.Training.Optimizers;

namespace Convolve.Profiling;

/// <summary>What a layer does in one direction, and how long it takes.</summary>
/// <param name="Layer">Its name; "update" for the optimizer's pass over all weights.</param>
/// <param name="Phase">Forward or backward.</param>
/// <param name="Flops">Of the batch, as executed.</param>
/// <param name="Bytes">What its steps must move at least.</param>
/// <param name="Seconds">Measured: the median of the passes.</param>
/// <param name="LeastSeconds">By the ceilings of this machine.</param>
/// <param name="ComputeSeconds">The part of it in which computing is the bound.</param>
/// <param name="LargestBytes">What its largest step moves, which decides where the data can be.</param>
internal sealed record LayerFigures(string Layer, Phase Phase, double Flops, long Bytes, double Seconds, double LeastSeconds,
    double ComputeSeconds, long LargestBytes)
{
    private const double Tolerance = 1.05;

    /// <summary>The optimizer's row.</summary>
    public const string Update = "update";

    /// <summary>FLOPs for each byte; 0 where there are none.</summary>
    public double FlopsPerByte => Bytes > 0 ? Flops / Bytes : 0;

    /// <summary>As executed.</summary>
    public double FlopsPerSecond => Flops / Seconds;

    /// <summary>The share of its ceiling: 1 is as fast as this machine can.</summary>
    public double Share => LeastSeconds / Seconds;

    /// <summary>Whether the ceiling can't be right: it was measured while the machine was busy.</summary>
    public bool IsAboveCeiling => Share > Tolerance;

    /// <summary>Whether computing bounds more of it than moving data.</summary>
    public bool IsComputeBound => ComputeSeconds > LeastSeconds / 2;
}

/// <summary>A network on the roofline of this machine.</summary>
/// <param name="Graph">The network.</param>
/// <param name="Plan">What was measured.</param>
/// <param name="Ceilings">Of this machine.</param>
/// <param name="Layers">In the order of the plan, forward and backward, and the update; those that take no time are left out.</param>
/// <param name="Passes">That were timed.</param>
internal sealed record NetworkAnalysis(Graph Graph, Plan Plan, Ceilings Ceilings, IReadOnlyList<LayerFigures> Layers, int Passes)
{
    private const int LeastPasses = 3, MostPasses = 1000;
    private const int UpdateReadsAndWrites = 3; // the gradient read, the weight read and written

    /// <summary>The time of a pass, with the update where it trains.</summary>
    public double Seconds => Layers.Sum(layer => layer.Seconds);

    /// <summary>Images each second, without loading them.</summary>
    public double ImagesPerSecond => Plan.Options.BatchSize / Seconds;

    /// <summary>Times a network.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="recipe">Its batch size, number format, threads and optimizer.</param>
    /// <param name="isTraining">A training step, or else an evaluation.</param>
    /// <param name="ceilings">Of this machine.</param>
    /// <param name="time">How long it measures at least.</param>
    /// <param name="cancellation">Ends it after a pass.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    public static NetworkAnalysis Measure(Graph graph, Recipe recipe, bool isTraining, Ceilings ceilings, TimeSpan time,
        CancellationToken cancellation = default)
    {
        using Model model = new(graph, OptionsOf(recipe), isTraining ? recipe.BatchSize : 0);
        using Optimizer? optimizer = isTraining ? new(model, recipe.Optimizer) : null;
        Executor pass = isTraining ? model.Training(recipe.BatchSize) : model.Evaluation(recipe.BatchSize);
        StepTimes times = new(pass.Plan.Steps.Count);
        List<double> updates = [];
        ThreadTeam.Invoke(() =>
        {
            Fill(pass);
            pass.Run();
            optimizer?.Step(0);
            pass.Observer = times;
            long start = Stopwatch.GetTimestamp();
            for (uint step = 1; step <= LeastPasses || (step <= MostPasses && Stopwatch.GetElapsedTime(start) < time); step++)
            {
                cancellation.ThrowIfCancellationRequested();
                pass.Run(step);
                long before = Stopwatch.GetTimestamp();
                optimizer?.Step(0);
                updates.Add(Stopwatch.GetElapsedTime(before).TotalSeconds);
            }
            pass.Observer = null;
        });
        return new(graph, pass.Plan, ceilings, [.. Figures(pass.Plan, ceilings, times.Median, StepTimes.MedianOf(updates),
            optimizer is null ? 0 : UpdateBytes(graph, recipe))], updates.Count);
    }

    /// <summary>How a recipe has a model run.</summary>
    internal static ExecutionOptions OptionsOf(Recipe recipe) =>
        new() { Precision = recipe.Precision, Exact = recipe.Exact, Threads = recipe.Threads };

    /// <summary>What an update moves: gradients, weights, and the optimizer's state read and written.</summary>
    internal static long UpdateBytes(Graph graph, Recipe recipe) =>
        graph.ParameterCount * sizeof(float) * (UpdateReadsAndWrites + 2L * RecipePasses.StatesOf(recipe, recipe.BatchSize));

    /// <summary>Layer by layer, from the time of each step.</summary>
    internal static IEnumerable<LayerFigures> Figures(Plan plan, Ceilings ceilings, Func<int, double> seconds, double updateSeconds,
        long updateBytes)
    {
        Dictionary<(string, Phase), LayerFigures> rows = [];
        foreach ((int i, Step step) in plan.Steps.Index())
        {
            StepWork work = StepWork.Of(step, plan.Options.BatchSize);
            Floor floor = Roofline.FloorOf(work, ceilings);
            (string, Phase) key = (step.Node, step.Phase);
            LayerFigures row = rows.GetValueOrDefault(key) ?? new(step.Node, step.Phase, 0, 0, 0, 0, 0, 0);
            rows[key] = row with
            {
                Flops = row.Flops + work.Flops,
                Bytes = row.Bytes + work.Bytes,
                Seconds = row.Seconds + seconds(i),
                LeastSeconds = row.LeastSeconds + floor.Seconds,
                ComputeSeconds = row.ComputeSeconds + (floor.IsCompute ? floor.Seconds : 0),
                LargestBytes = Math.Max(row.LargestBytes, work.Bytes),
            };
        }
        foreach (LayerFigures row in rows.Values.Where(row => row.Seconds > 0))
            yield return row;
        if (updateBytes > 0)
            yield return new(LayerFigures.Update, Phase.Backward, updateBytes / sizeof(float), updateBytes, updateSeconds,
                updateBytes / ceilings.BytesPerSecond(updateBytes), 0, updateBytes);
    }

    // Zeros would be no work for some kernels.
    private static void Fill(Executor pass)
    {
        CounterRandom random = new(0, RandomPurpose.Noise);
        foreach (ref float value in pass.InputFloat32)
            value = random.NextSingle();
        foreach (ref ushort value in pass.InputBFloat16)
            value = (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle()) >> 16);
    }

    private sealed class StepTimes(int steps) : IPassObserver
    {
        private readonly List<double>[] _seconds = [.. Enumerable.Range(0, steps).Select(_ => new List<double>())];

        public double Median(int step) => MedianOf(_seconds[step]);

        public void Ran(Plan plan, int step, long start, long end) =>
            _seconds[step].Add(Stopwatch.GetElapsedTime(start, end).TotalSeconds);

        public static double MedianOf(List<double> values)
        {
            values.Sort();
            return values.Count == 0 ? 0 : (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
        }
    }
}
