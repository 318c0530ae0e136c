using Convolve.Data;
using Convolve.Data.Inputs;
using Convolve.Execution;
using Convolve.Graphs;
using Convolve.Inspection;
using Convolve.Tests.Training;

namespace Convolve.Tests.Inspection;

/// <summary>Pictures that are alike are found by features, copies by their pixels, and contradictions by their labels.</summary>
public sealed class FeatureTableTests : IDisposable
{
    private const int Count = 600, Original = 100, Copy = 333, Relabeled = 512;
    private readonly Model _model = new(TrainingData.Network, new() { Precision = Convolve.Planning.Precision.Float32 }, seed: 1);
    private readonly Split _split;
    private readonly Preprocessing _preprocessing;
    private readonly FeatureTable _table;

    // Two copies of one picture, of which one has another label.
    public FeatureTableTests()
    {
        Dataset patterns = TrainingData.Patterns(Count, 8);
        byte[] pixels = new byte[Count * TrainingData.Size.Length], labels = new byte[Count];
        for (int i = 0; i < Count; i++)
        {
            patterns.PixelsOf(i is Copy or Relabeled ? Original : i).CopyTo(pixels.AsSpan(i * TrainingData.Size.Length));
            labels[i] = (byte)patterns.LabelOf(i is Copy or Relabeled ? Original : i);
        }
        labels[Relabeled] = (byte)((labels[Original] + 1) % TrainingData.Classes);
        MemoryDataset set = new("patterns", TrainingData.Size, pixels, labels, patterns.ClassNames);
        _split = new("train", set, [.. Enumerable.Range(0, Count)]);
        _preprocessing = Preprocessing.Fit(_split, TrainingData.Size, Normalization.TrainingSplit);
        _table = FeatureTable.Create(_model, _preprocessing, [_split], 64, null, default);
    }

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Features_are_the_last_hidden_layers_of_length_one()
    {
        Node hidden = LayerNames.LastHidden(TrainingData.Network);
        Assert.Equal("relu2", hidden.Name);
        Assert.Equal(20, _table.Length);
        float[] input = new float[TrainingData.Size.Length];
        new ImagePipeline(_preprocessing, 1).Write(_split.Dataset.PixelsOf(7), TrainingData.Size, input);
        float[] features = [];
        _model.Invoke(() =>
        {
            using Executor pass = _model.Probe(1, new([hidden.Index]));
            pass.Write(input);
            pass.Run();
            features = pass.Kept(pass.Plan.Probe.Outputs[0]).ToArray();
        });
        double length = Math.Sqrt(features.Sum(f => (double)f * f));
        Assert.Equal(features.Select(f => f / length), _table.Features(7).ToArray().Select(f => (double)f),
            (x, y) => Math.Abs(x - y) < 1e-5);
        Assert.Equal((7, _split.Dataset.LabelOf(7)), (_table.Rows[7].Image, _table.Rows[7].Label));
    }

    [Fact]
    public void A_copy_is_the_nearest()
    {
        (int Row, float Similarity)[] nearest = [.. _table.Nearest(_table.Features(Copy), 4)];
        Assert.Equal([Original, Copy, Relabeled], nearest[..3].Select(n => n.Row).Order());
        Assert.All(nearest[..3], n => Assert.Equal(1, n.Similarity, 1e-5));
        Assert.True(nearest[3].Similarity < .9999f);
    }

    [Fact]
    public void Every_pair_is_compared_as_one_by_one()
    {
        NearPairs pairs = NearPairs.Find(_table, 0, null, default);
        NearPair first = pairs.Contradictions[0];
        Assert.True(first.First is Original or Copy && first.Second == Relabeled, $"{first}");
        Assert.Equal([(Original, Copy), (Original, Relabeled), (Copy, Relabeled)], pairs.Copies.Select(p => (p.First, p.Second)).Order());
        Assert.All(pairs.Copies, pair => Assert.Equal(1, pair.Correlation, 1e-5));

        HashSet<(int, int)> all = [];
        for (int row = 0; row < Count; row++)
        {
            int other = Enumerable.Range(0, Count).Where(i => _table.Rows[i].Label != _table.Rows[row].Label)
                .MaxBy(i => Cosine(row, i));
            all.Add((Math.Min(row, other), Math.Max(row, other)));
        }
        HashSet<int> seen = [];
        (int, int)[] alone = [.. all.OrderByDescending(p => Cosine(p.Item1, p.Item2)).Where(p => !seen.Contains(p.Item1)
            && !seen.Contains(p.Item2) && seen.Add(p.Item1) && seen.Add(p.Item2))];
        Assert.Equal(alone.Length, pairs.Contradictions.Count);
        Assert.Equal(alone[1..50], pairs.Contradictions.Take(50).Skip(1).Select(p => (p.First, p.Second))); // the copies are equally near
        Assert.All(pairs.Contradictions, pair => Assert.Equal(Cosine(pair.First, pair.Second), pair.Similarity, 1e-5));
    }

    private double Cosine(int first, int second)
    {
        double sum = 0;
        for (int i = 0; i < _table.Length; i++)
            sum += (double)_table.Features(first)[i] * _table.Features(second)[i];
        return sum;
    }
}
