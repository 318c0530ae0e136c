using Convolve.Evaluations;

namespace Convolve.Tests.Evaluations;

/// <summary>The measures of an evaluation against scikit-learn's and SciPy's, and by hand where those say nothing.</summary>
public class EvaluationTests
{
    private static readonly Predictions Golden = new([.. Enumerable.Range(0, EvaluationGolden.Classes).Select(k => $"class {k}")],
        [.. Enumerable.Range(0, EvaluationGolden.Labels.Length).Select(i => new SampleId(100 + i))], EvaluationGolden.Labels,
        EvaluationGolden.Logits);

    private static void RequireClose(IEnumerable<double> expected, IEnumerable<double> actual) =>
        Assert.Equal(expected, actual, (a, b) => Math.Abs(a - b) < 1e-12);

    private static Predictions Of(int classes, int[] labels, params float[] logits) =>
        new([.. Enumerable.Range(0, classes).Select(k => $"c{k}")], [.. labels.Select((_, i) => new SampleId(i))], labels, logits);

    [Fact]
    public void Means_are_those_of_scikit_learn()
    {
        RequireClose([EvaluationGolden.Accuracy, EvaluationGolden.Loss, EvaluationGolden.Top5],
            [Golden.Accuracy, Golden.Loss, Golden.Top5Accuracy!.Value]);
        Assert.Equal(Golden.All.Count(p => p.IsCorrect), Golden.Correct);
        RequireClose([Golden.Loss], [Golden.All.Average(p => p.Loss)]);
    }

    [Fact]
    public void Confusion_and_classes_are_those_of_scikit_learn()
    {
        ConfusionMatrix matrix = new(Golden);
        int classes = EvaluationGolden.Classes;
        Assert.Equal(EvaluationGolden.Confusion, Enumerable.Range(0, classes * classes).Select(i => matrix[i / classes, i % classes]));
        Assert.Equal(EvaluationGolden.Support, matrix.Classes.Select(c => c.Support));
        RequireClose(EvaluationGolden.Precision, matrix.Classes.Select(c => c.Precision));
        RequireClose(EvaluationGolden.Recall, matrix.Classes.Select(c => c.Recall));
        RequireClose(EvaluationGolden.F1, matrix.Classes.Select(c => c.F1));
        RequireClose(EvaluationGolden.Macro, [matrix.Macro.Precision, matrix.Macro.Recall, matrix.Macro.F1]);
    }

    [Fact]
    public void Calibration_is_that_of_scikit_learn()
    {
        Calibration calibration = new(Golden);
        CalibrationBin[] filled = [.. calibration.Bins.Where(b => b.Count > 0)];
        RequireClose(EvaluationGolden.BinAccuracy, filled.Select(b => b.Accuracy));
        RequireClose(EvaluationGolden.BinConfidence, filled.Select(b => b.Confidence));
        RequireClose([EvaluationGolden.ExpectedCalibrationError, EvaluationGolden.LargestCalibrationError],
            [calibration.ExpectedError, calibration.LargestError]);
        Assert.Equal(EvaluationGolden.Bins, calibration.Bins.Count);
        Assert.Equal(Golden.Count, calibration.Bins.Sum(b => b.Count));
    }

    [Fact]
    public void Wilson_is_that_of_scipy()
    {
        foreach (var (count, of, low, high) in EvaluationGolden.Wilson)
            RequireClose([low, high], [Interval.Wilson((double)count / of, of).Low, Interval.Wilson((double)count / of, of).High]);
        Assert.Equal(new Interval(0, 1), Interval.Wilson(0.5, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Interval.Wilson(1.1, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Interval.Wilson(double.NaN, 3));
    }

    [Fact]
    public void Ranking_is_that_of_scikit_learn()
    {
        IReadOnlyList<RankingCurve> curves =
            RankingCurve.Of(Of(EvaluationGolden.Classes, EvaluationGolden.Labels, EvaluationGolden.Logits));
        Assert.Equal(EvaluationGolden.Classes, curves.Count);
        RequireClose(EvaluationGolden.AveragePrecision, [.. curves.Take(EvaluationGolden.Classes - 1).Select(c => c.AveragePrecision)]);
        RequireClose(EvaluationGolden.RocArea, [.. curves.Take(EvaluationGolden.Classes - 1).Select(c => c.Area)]);
        Assert.Equal((double.NaN, double.NaN, 0), (curves[^1].AveragePrecision, curves[^1].Area, curves[^1].Points.Count)); // never occurs
        Assert.All(curves.SkipLast(1), c => Assert.Equal((1.0, 1.0), (c.Points[^1].Recall, c.Points[^1].FalseAlarms)));
    }

    [Fact]
    public void Equal_probabilities_are_one_threshold_and_missing_ones_come_last()
    {
        RankingCurve curve = RankingCurve.Of(Of(2, [0, 1, 0, 0], 1, 0, 1, 0, 2, 0, float.NaN, 0))[0];
        Assert.Equal([new(1 / 3.0, 1, 0), new(2 / 3.0, 2 / 3.0, 1), new(1, .75, 1)], curve.Points);
        RankingCurve alone = RankingCurve.Of(Of(2, [0, 0], 1, 0, 2, 0))[0];
        Assert.Equal((1.0, double.NaN), (alone.AveragePrecision, alone.Area));
    }

    [Fact]
    public void McNemar_is_that_of_scipy()
    {
        foreach (var (one, other, p) in EvaluationGolden.McNemar)
        {
            // As many pictures of which only one is right, and some of which both are.
            int[] labels = new int[one + other + 7];
            float[] Logits(Func<int, bool> isRight) =>
                [.. Enumerable.Range(0, labels.Length).SelectMany(i => isRight(i) ? new float[] { 1, 0 } : [0, 1])];
            PairedTest test = new(Of(2, labels, Logits(i => i < one || i >= one + other)), Of(2, labels, Logits(i => i >= one)));
            Assert.Equal((one, other), (test.OnlyFirst, test.OnlySecond));
            Assert.Equal(p, test.PValue, p * 1e-9);
            RequireClose([(double)(other - one) / labels.Length], [test.Difference]);
            // The mean of the differences picture by picture, and its standard error.
            double[] differences = [.. Enumerable.Repeat(-1.0, one), .. Enumerable.Repeat(1.0, other), .. Enumerable.Repeat(0.0, 7)];
            double mean = differences.Average(), error = Math.Sqrt(differences.Average(d => (d - mean) * (d - mean)) / differences.Length);
            RequireClose([Math.Max(-1, mean - 1.959963984540054 * error), Math.Min(1, mean + 1.959963984540054 * error)],
                [test.DifferenceInterval.Low, test.DifferenceInterval.High]);
        }
    }

    [Fact]
    public void Pairs_are_found_by_their_sample_ids()
    {
        Predictions first = new(["a", "b"], [new(5), new(9, "x.png")], [0, 1], [1, 0, 1, 0]),
            second = new(["a", "b"], [new(9, "x.png"), new(5)], [1, 0], [0, 1, 0, 1]);
        PairedTest test = new(first, second);
        Assert.Equal((1, 1, 1.0), (test.OnlyFirst, test.OnlySecond, test.PValue));
    }

    [Fact]
    public void Other_pictures_cannot_be_paired()
    {
        Predictions one = Of(2, [0, 1], 1, 0, 0, 1);
        Predictions[] others = [Of(2, [0, 0], 1, 0, 0, 1), Of(2, [0, 1, 1], 1, 0, 0, 1, 0, 1), Of(3, [0, 1], 1, 0, 0, 0, 1, 0),
            new(["c0", "c1"], [new(0), new(2)], [0, 1], [1, 0, 0, 1]), new(["c0", "c1"], [new(0), new(1, "f")], [0, 1], [1, 0, 0, 1]),
            new(["c0", "c1"], [new(0), new(0)], [0, 0], [1, 0, 0, 1]), new(["c1", "c0"], [new(0), new(1)], [0, 1], [1, 0, 0, 1])];
        Assert.All(others, other =>
        {
            Assert.False(PairedTest.IsPossible(one, other));
            Assert.Throws<ArgumentException>(() => new PairedTest(one, other));
        });
    }

    [Fact]
    public void Equal_logits_go_to_the_first_class()
    {
        Predictions tied = Of(2, [0, 1], 3, 3, 3, 3);
        Assert.Equal([0, 0], tied.All.Select(p => p.Predicted));
        Assert.Equal((0.5, 0.5), (tied.Accuracy, tied.All[0].Confidence));
        // 0.5 is the end of the first of two bins, not the beginning of the second
        Assert.Equal(1, new Calibration(tied, 2).Bins[0].Count * 0.5);
    }

    // Of five classes the label is always among the first five.
    [Theory]
    [InlineData(2, null)]
    [InlineData(5, null)]
    [InlineData(6, 0.5)]
    public void Top_5_is_told_where_it_says_something(int classes, double? expected)
    {
        float[] logits = [.. Enumerable.Range(0, 2 * classes).Select(i => (float)(i % classes))]; // the first class is the last choice
        Assert.Equal(expected, Of(classes, [0, classes - 1], logits).Top5Accuracy);
        Convolve.Inference.Metrics metrics = new();
        metrics.AddLogits(logits.AsSpan(0, classes), 0);
        metrics.AddLogits(logits.AsSpan(classes), classes - 1);
        Assert.Equal(expected, metrics.Top5Accuracy(classes));
    }

    [Fact]
    public void What_is_no_number_is_never_right()
    {
        Predictions broken = Of(2, [0, 1, 1], float.NaN, 0, 0, float.NaN, 0, 1);
        Assert.Equal(1, broken.Correct);
        Assert.True(double.IsNaN(broken.Loss));
        Assert.Equal([-1, -1, 1], broken.All.Select(p => p.Predicted));
        ConfusionMatrix matrix = new(broken);
        Assert.Equal([1, 2], matrix.Classes.Select(c => c.Support));
        Assert.Equal([0, .5], matrix.Classes.Select(c => c.Recall));
        Assert.Equal(1, new Calibration(broken).Bins.Sum(b => b.Count));
        Assert.Single(broken.LargestLosses(5));
    }

    [Fact]
    public void Large_logits_overflow_nothing()
    {
        Predictions large = Of(3, [1], 3e38f, -3e38f, 0);
        Assert.Equal((0, 1.0), (large.All[0].Predicted, large.All[0].Confidence));
        Assert.Equal(6e38, large.All[0].Loss, 1e33);
        Assert.Equal([1, 0, 0], large.ProbabilitiesOf(0));
    }

    [Fact]
    public void Lists_are_in_the_order_of_what_they_are_for()
    {
        Predictions some = Of(2, [0, 0, 0, 0], 5, 0, 0, 4, 1, 0, 0, 9);
        Assert.Equal([0, 2], some.MostConfident(correct: true, 9).Select(p => p.Sample.Index));
        Assert.Equal([3, 1], some.MostConfident(correct: false, 9).Select(p => p.Sample.Index));
        Assert.Equal([2, 1], some.LeastCertain(2).Select(p => p.Sample.Index));
        Assert.Equal([3, 1, 2], some.LargestLosses(3).Select(p => p.Sample.Index));
    }

    [Fact]
    public void Confused_pairs_are_ordered_and_have_shares()
    {
        Predictions some = Of(3, [0, 0, 1, 1, 2], 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1);
        Assert.Equal([new(0, 1, 2, 1), new(1, 0, 1, .5)], new ConfusionMatrix(some).MostConfused(5));
    }

    [Fact]
    public void Classes_that_nobody_has_seen_count_in_no_mean() =>
        Assert.Equal(new(1, 1, 1), new ConfusionMatrix(Of(3, [0, 1], 1, 0, 0, 0, 1, 0)).Macro);

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Predictions(["a"], [], [], []));
        Assert.Throws<ArgumentException>(() => new Predictions(["a", "b"], [new(0)], [0], [1]));
        Assert.Throws<ArgumentException>(() => new Predictions(["a", "b"], [new(0)], [2], [1, 2]));
        Assert.Throws<ArgumentException>(() => new Predictions(["a", "b"], [new(0)], [0, 1], [1, 2]));
    }
}
