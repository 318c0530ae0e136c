using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Layers;
using Convolve.Planning;

namespace Convolve.Inspection;

/// <summary>Two pictures that a network can hardly tell apart.</summary>
/// <param name="First">A row of the table.</param>
/// <param name="Second">A later row.</param>
/// <param name="Similarity">The cosine of their features.</param>
/// <param name="Correlation">That of their pixels, both made small.</param>
internal readonly record struct NearPair(int First, int Second, float Similarity, float Correlation);

/// <summary>The nearest others of every picture of a table.</summary>
/// <param name="Contradictions">Pairs with different labels, the most similar first: one of the two labels may be wrong. Each picture is in
/// one pair at most, whose other one is nearest to it, or it to the other one, among those of other classes.</param>
/// <param name="Copies">Pairs whose pixels are as good as the same, the most similar first, whatever their labels.</param>
internal sealed record NearPairs(IReadOnlyList<NearPair> Contradictions, IReadOnlyList<NearPair> Copies)
{
    /// <summary>The least correlation of pixels of a copy.</summary>
    public const float CopyCorrelation = 0.99f;

    // Candidates for copies of each picture. Where more than that are nearer, they are copies of each other.
    private const int Candidates = 8;

    // Rows that are compared with all others at once, and columns: their products are a matrix of 16 MiB.
    private const int Rows = 512, Columns = 8192;

    /// <summary>Compares every picture with every other.</summary>
    /// <param name="table">The pictures.</param>
    /// <param name="threads">Of the products.</param>
    /// <param name="progress">Gets the share that is done, in [0, 1].</param>
    /// <param name="cancellation">Ends it with an <see cref="OperationCanceledException"/>.</param>
    public static NearPairs Find(FeatureTable table, int threads, IProgress<double>? progress, CancellationToken cancellation)
    {
        int count = table.Rows.Count;
        Nearest[] nearest = [.. Enumerable.Range(0, count).Select(_ => new Nearest(Candidates))];
        long all = 0, done = 0;
        for (int column = 0; column < count; column += Columns)
            all += (long)Math.Min(Columns, count - column) * Math.Min(count, column + Columns);
        for (int column = 0; column < count; column += Columns)
        {
            // Cosines are a fully connected layer whose weights are the features: the kernels for those are the fastest there are.
            int columns = Math.Min(Columns, count - column);
            using Model products = new(Graph.Sequential("cosines", Shape.Vector(table.Length), [new Linear(columns, bias: false)]),
                new() { Precision = Precision.Float32, Threads = threads });
            products.WriteParameter(products.ParameterNames[0], table.FeaturesOf(column, columns));
            for (int row = 0; row < column + columns; row += Rows)
            {
                cancellation.ThrowIfCancellationRequested();
                int rows = Math.Min(Rows, Math.Min(count, column + columns) - row);
                float[] cosines = new float[rows * columns];
                products.Forward(table.FeaturesOf(row, rows), cosines);
                Take(table, nearest, cosines, row, rows, column, columns);
                done += (long)rows * columns;
                progress?.Report((double)done / all);
            }
        }
        return Of(table, nearest);
    }

    // Each row is one thread's, and then each column: nothing is shared.
    private static void Take(FeatureTable table, Nearest[] nearest, float[] cosines, int firstRow, int rows, int firstColumn, int columns)
    {
        Parallel.For(0, rows, r =>
        {
            Nearest own = nearest[firstRow + r];
            int label = table.Rows[firstRow + r].Label;
            for (int c = Math.Max(0, firstRow + r + 1 - firstColumn); c < columns; c++)
                own.Add(firstColumn + c, cosines[r * columns + c], table.Rows[firstColumn + c].Label != label);
        });
        Parallel.For(0, columns, c =>
        {
            Nearest own = nearest[firstColumn + c];
            int label = table.Rows[firstColumn + c].Label;
            for (int r = 0; r < Math.Min(rows, firstColumn + c - firstRow); r++)
                own.Add(firstRow + r, cosines[r * columns + c], table.Rows[firstRow + r].Label != label);
        });
    }

    private static NearPairs Of(FeatureTable table, Nearest[] nearest)
    {
        NearPair Pair(int row, (int Row, float Similarity) other) => new(Math.Min(row, other.Row), Math.Max(row, other.Row),
            other.Similarity, table.Correlation(row, other.Row));
        HashSet<int> seen = [];
        return new(
            [.. nearest.SelectMany((own, row) => own.Other is { Row: >= 0 } other ? (NearPair[])[Pair(row, other)] : []).Distinct()
                .OrderByDescending(pair => pair.Similarity).ThenBy(pair => pair.First).ThenBy(pair => pair.Second)
                .Where(pair => !seen.Contains(pair.First) && !seen.Contains(pair.Second) && seen.Add(pair.First) && seen.Add(pair.Second))],
            [.. nearest.SelectMany((own, row) => own.All.Select(other => Pair(row, other))).Distinct()
                .Where(pair => pair.Correlation >= CopyCorrelation)
                .OrderByDescending(pair => pair.Correlation).ThenBy(pair => pair.First).ThenBy(pair => pair.Second)]);
    }

    /// <summary>The nearest of one picture: the earlier ones of those that are equally near.</summary>
    private sealed class Nearest(int most)
    {
        private readonly (int Row, float Similarity)[] _all = new (int, float)[most];
        private int _count;

        /// <summary>The nearest of another class; row -1 for none.</summary>
        public (int Row, float Similarity) Other { get; private set; } = (-1, float.NegativeInfinity);

        /// <summary>The nearest ones, in order.</summary>
        public IEnumerable<(int Row, float Similarity)> All => _all.Take(_count);

        public void Add(int row, float similarity, bool isOther)
        {
            if (isOther && IsBefore((row, similarity), Other))
                Other = (row, similarity);
            if (_count == _all.Length && !IsBefore((row, similarity), _all[^1]))
                return;
            int at = _count < _all.Length ? _count++ : _count - 1;
            for (; at > 0 && IsBefore((row, similarity), _all[at - 1]); at--)
                _all[at] = _all[at - 1];
            _all[at] = (row, similarity);
        }

        private static bool IsBefore((int Row, float Similarity) one, (int Row, float Similarity) other) =>
            one.Similarity > other.Similarity || (one.Similarity == other.Similarity && one.Row < other.Row);
    }
}
