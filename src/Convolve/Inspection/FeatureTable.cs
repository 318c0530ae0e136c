using Convolve.Data;
using Convolve.Data.Caching;
using Convolve.Data.Inputs;
using Convolve.Evaluations;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Inference;
using Convolve.Kernels.Threads;

namespace Convolve.Inspection;

/// <summary>A picture of a <see cref="FeatureTable"/>.</summary>
/// <param name="Split">The split that it is from.</param>
/// <param name="Image">Its number in the split's data set.</param>
/// <param name="Label">Its class.</param>
/// <param name="Predicted">The class that the network gives it; -1 where a logit is NaN.</param>
internal readonly record struct TableRow(Split Split, int Image, int Label, int Predicted)
{
    /// <summary>Its file, or else split and number, such as "test:17".</summary>
    public string Name => Split.Dataset.FileOf(Image) ?? $"{Split.Name}:{Image}";
}

/// <summary>
/// The features of many pictures: what the last hidden layer gives for each, scaled to length 1, so that the product of two rows is the
/// cosine of their angle. Beside it, each picture made small, without its mean and of length 1: products of these are correlations.
/// </summary>
internal sealed class FeatureTable
{
    /// <summary>The most rows and columns of the small pictures.</summary>
    public const int SmallSide = 16;

    private readonly float[] _features, _small;
    private readonly TableRow[] _rows;

    private FeatureTable(Graph graph, int count)
    {
        Length = checked((int)LayerNames.LastHidden(graph).Output.Elements);
        SmallLength = graph.Input.Channels * Math.Min(SmallSide, graph.Input.Height) * Math.Min(SmallSide, graph.Input.Width);
        (_features, _small, _rows) = (new float[(long)count * Length], new float[(long)count * SmallLength], new TableRow[count]);
    }

    /// <summary>Features of a picture.</summary>
    public int Length { get; }

    /// <summary>Values of a small picture.</summary>
    public int SmallLength { get; }

    public IReadOnlyList<TableRow> Rows => _rows;

    /// <summary>The memory of a table.</summary>
    public static long BytesOf(Graph graph, int count) => count * sizeof(float) * (LayerNames.LastHidden(graph).Output.Elements
        + graph.Input.Channels * Math.Min(SmallSide, graph.Input.Height) * Math.Min(SmallSide, graph.Input.Width));

    /// <summary>The features of a row, of length 1.</summary>
    public ReadOnlySpan<float> Features(int row) => _features.AsSpan(row * Length, Length);

    /// <summary>The features of consecutive rows.</summary>
    public ReadOnlySpan<float> FeaturesOf(int row, int count) => _features.AsSpan(row * Length, count * Length);

    /// <summary>The correlation of the pixels of two rows, both made small, in [-1, 1].</summary>
    public float Correlation(int first, int second) =>
        Dot(_small.AsSpan(first * SmallLength, SmallLength), _small.AsSpan(second * SmallLength, SmallLength));

    /// <summary>The rows with the largest cosine to some features, largest first; of equal ones, the first.</summary>
    /// <param name="features">Of any length but 0.</param>
    /// <param name="count">How many.</param>
    public IEnumerable<(int Row, float Similarity)> Nearest(ReadOnlySpan<float> features, int count)
    {
        float[] own = features.ToArray();
        Normalize(own, centers: false);
        float[] similarities = new float[_rows.Length];
        Parallel.For(0, similarities.Length, row => similarities[row] = Dot(own, Features(row)));
        return [.. Enumerable.Range(0, similarities.Length).OrderByDescending(row => similarities[row]).Take(count)
            .Select(row => (row, similarities[row]))];
    }

    /// <summary>Runs splits through a network.</summary>
    /// <param name="model">Computes in float32.</param>
    /// <param name="preprocessing">Of the network.</param>
    /// <param name="splits">The pictures; empty ones are passed over.</param>
    /// <param name="batchSize">Pictures of a batch.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1].</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    public static FeatureTable Create(Model model, Preprocessing preprocessing, IReadOnlyList<Split> splits, int batchSize,
        IProgress<double>? progress, CancellationToken cancellation)
    {
        FeatureTable table = new(model.Graph, splits.Sum(split => split.Count));
        progress = CallerProgress.Of(progress);
        model.Invoke(() =>
        {
            int done = 0;
            foreach (Split split in splits.Where(split => split.Count > 0))
                done = table.Add(model, preprocessing, split, batchSize, done, progress, cancellation);
        }, JobKind.Evaluation);
        return table;
    }

    private int Add(Model model, Preprocessing preprocessing, Split split, int batchSize, int done, IProgress<double>? progress,
        CancellationToken cancellation)
    {
        ImagePipeline pipeline = new(preprocessing, split.Dataset.Channels);
        pipeline.Check(split);
        BatchSampler sampler = new(split, Math.Min(batchSize, split.Count), 0, shuffle: false);
        using BatchLoader loader = new(split.Dataset, pipeline, sampler.BatchSize,
            cache: PictureCaches.ForTest(split, preprocessing.Steps, preprocessing.Size));
        Dictionary<int, Executor> passes = [];
        try
        {
            for (int step = 0; step < sampler.BatchCount; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                ReadOnlySpan<int> batch = sampler.Batch(0, step);
                if (!passes.TryGetValue(batch.Length, out Executor? pass))
                    passes[batch.Length] = pass = model.Probe(batch.Length, new([LayerNames.LastHidden(model.Graph).Index]));
                loader.Load(batch, pass);
                KeepSmall(pass, model.Graph, done);
                pass.Run();
                Keep(pass, split, batch, done);
                done += batch.Length;
                progress?.Report((double)done / _rows.Length);
                ThreadTeam.ServeQueued();
            }
        }
        finally
        {
            foreach (Executor pass in passes.Values)
                pass.Dispose();
        }
        return done;
    }

    private void Keep(Executor pass, Split split, ReadOnlySpan<int> batch, int first)
    {
        pass.Kept(pass.Plan.Probe.Outputs[0]).CopyTo(_features.AsSpan(first * Length));
        int classes = pass.Logits.Length / batch.Length;
        for (int i = 0; i < batch.Length; i++)
        {
            Normalize(_features.AsSpan((first + i) * Length, Length), centers: false);
            // The set may have other classes than the network.
            _rows[first + i] = new(split, batch[i], split.Dataset.LabelOf(batch[i]),
                LogitScore.Of(pass.Logits.Slice(i * classes, classes), 0).Predicted);
        }
    }

    // The mean of each cell of a raster over the input as it was loaded; the pass may use its memory for something else.
    private void KeepSmall(Executor pass, Graph graph, int first)
    {
        (int channels, int height, int width) = (graph.Input.Channels, graph.Input.Height, graph.Input.Width);
        int rows = Math.Min(SmallSide, height), columns = Math.Min(SmallSide, width);
        ReadOnlySpan<float> input = pass.InputFloat32;
        for (int i = 0; i < pass.BatchSize; i++)
        {
            Span<float> small = _small.AsSpan((first + i) * SmallLength, SmallLength);
            small.Clear();
            for (int row = 0; row < channels * height; row++)
            {
                ReadOnlySpan<float> from = input.Slice((i * channels * height + row) * width, width);
                Span<float> to = small.Slice((row / height * rows + row % height * rows / height) * columns, columns);
                for (int x = 0; x < width; x++)
                    to[x * columns / width] += from[x];
            }
            Normalize(small, centers: true);
        }
    }

    private static void Normalize(Span<float> values, bool centers)
    {
        double mean = 0, squares = 0;
        if (centers)
            foreach (float value in values)
                mean += value;
        mean /= values.Length;
        foreach (float value in values)
            squares += (value - mean) * (value - mean);
        double scale = squares > 0 ? 1 / Math.Sqrt(squares) : 0;
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)((values[i] - mean) * scale);
    }

    private static float Dot(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        double sum = 0;
        for (int i = 0; i < first.Length; i++)
            sum += (double)first[i] * second[i];
        return (float)sum;
    }
}
