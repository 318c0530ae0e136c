namespace Convolve.Profiling;

/// <summary>A step of training on some nodes, predicted.</summary>
/// <param name="Nodes">How many.</param>
/// <param name="BatchSize">Images of all of them.</param>
/// <param name="ImagesPerNode">Of the node that has most.</param>
/// <param name="ComputeSeconds">Of that node, with the update.</param>
/// <param name="ExchangeSeconds">That the network works.</param>
/// <param name="StepSeconds">Of the whole step.</param>
/// <param name="Efficiency">Of as many nodes as fast as one: what is left of their speed.</param>
/// <param name="UsefulBatchSize">From which on a larger batch makes a step of these nodes hardly faster for each image.</param>
internal sealed record StepForecast(int Nodes, int BatchSize, int ImagesPerNode, double ComputeSeconds, double ExchangeSeconds,
    double StepSeconds, double Efficiency, long UsefulBatchSize)
{
    /// <summary>Of all nodes.</summary>
    public double ImagesPerSecond => BatchSize / StepSeconds;

    /// <summary>The share of the exchange that computing hides; 0 without an exchange.</summary>
    public double HiddenShare => ExchangeSeconds > 0 ? Math.Clamp(1 - (StepSeconds - ComputeSeconds) / ExchangeSeconds, 0, 1) : 0;
}

/// <summary>
/// Predicts data-parallel training: every node computes its images, and gradients are added up over the network while the backward pass
/// goes on.
/// </summary>
/// <remarks>
/// Gradients leave in the order in which the backward pass makes them, joined to buckets of at least 4 MiB; the network exchanges a bucket
/// as soon as it is there and the one before is done. In which order buckets that wait are sent changes nothing: the network is busy as
/// long. The update begins when all are done. Not in the model: nodes that are slower than others, loading images, and what the exchange
/// takes of the processor and its memory.
/// </remarks>
/// <param name="compute">Of a node.</param>
/// <param name="interconnect">Between the nodes.</param>
internal sealed class ScalingModel(ComputeModel compute, Interconnect interconnect)
{
    private const long BucketBytes = 4 << 20;
    private const double Useful = 0.95;
    private const int MostImages = 1 << 24;

    /// <summary>Whether exchange and backward pass overlap; else it begins when the backward pass is done.</summary>
    public bool Overlaps { get; init; } = true;

    /// <summary>Bytes of a number that is exchanged: 2 in bfloat16.</summary>
    public int BytesPerNumber { get; init; } = sizeof(float);

    /// <summary>A batch on some nodes.</summary>
    /// <param name="nodes">At least 1.</param>
    /// <param name="batchSize">Of all nodes: at least one image for each.</param>
    /// <param name="isWeak">Whether one node, with which they are compared, has only its own images; else it has all.</param>
    public StepForecast Predict(int nodes, int batchSize, bool isWeak)
    {
        int images = (int)(((long)batchSize + nodes - 1) / nodes);
        StepCompute step = compute.Of(images);
        (double exchange, double seconds) = Exchange(step, nodes);
        double alone = compute.Of(isWeak ? images : batchSize).Seconds;
        return new(nodes, batchSize, images, step.Seconds, exchange, seconds, isWeak ? alone / seconds : alone / (nodes * seconds),
            (long)nodes * UsefulImages(nodes));
    }

    /// <summary>The time that the network works, and that of the step.</summary>
    internal (double Exchange, double Step) Exchange(StepCompute step, int nodes)
    {
        double now = step.ForwardSeconds, free = 0, exchange = 0;
        double end = now + step.Backward.Sum(layer => layer.Seconds);
        long waiting = 0;
        for (int i = 0; i < step.Backward.Count; i++)
        {
            now += step.Backward[i].Seconds;
            waiting += step.Backward[i].GradientBytes;
            if (waiting == 0 || (waiting < BucketBytes && i < step.Backward.Count - 1))
                continue;
            double seconds = interconnect.AllReduceSeconds((double)waiting / sizeof(float) * BytesPerNumber, nodes);
            free = Math.Max(free, Overlaps ? now : end) + seconds;
            (exchange, waiting) = (exchange + seconds, 0);
        }
        return (exchange, Math.Max(end, free) + step.UpdateSeconds);
    }

    // The fewest images of a node at which it has most of the speed that no number of images exceeds.
    private int UsefulImages(int nodes)
    {
        double least = Useful * compute.LimitImagesPerSecond;
        int low = 0, high = 1;
        while (high < MostImages && !IsUseful(high))
            (low, high) = (high, 2 * high);
        while (high - low > 1)
        {
            int middle = low + (high - low) / 2;
            (low, high) = IsUseful(middle) ? (low, middle) : (middle, high);
        }
        return high;

        bool IsUseful(int images) => images / Exchange(compute.Of(images), nodes).Step >= least;
    }
}
