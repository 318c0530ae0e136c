using Convolve.Graphs;
using Convolve.Planning;
using Convolve.Training;

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
        PassTimes times = PassTimes.Measure(graph, recipe, isTraining, time, cancellation);
        return new(graph, times.Plan, ceilings, [.. Figures(times.Plan, ceilings, step => times.Seconds[step], times.UpdateSeconds,
            isTraining ? UpdateBytes(graph, recipe) : 0)], times.Passes);
    }

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
}
