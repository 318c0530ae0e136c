namespace Convolve.Evaluations;

/// <summary>
/// What a network said of every picture of a split, each with its sample id; all measures of an evaluation are functions of it.
/// </summary>
public sealed class Predictions
{
    private readonly float[] _logits;
    private readonly SamplePrediction[] _all;
    private readonly int _top5;

    /// <param name="classNames">The name of each class number.</param>
    /// <param name="samples">The pictures.</param>
    /// <param name="labels">The true class of each.</param>
    /// <param name="logits">[pictures, classes].</param>
    /// <exception cref="ArgumentException">The lengths don't fit together, there are no pictures, or a label isn't a class.</exception>
    public Predictions(IReadOnlyList<string> classNames, IReadOnlyList<SampleId> samples, ReadOnlySpan<int> labels, float[] logits)
    {
        ArgumentNullException.ThrowIfNull(classNames);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(logits);
        if (samples.Count == 0 || labels.Length != samples.Count || logits.Length != (long)samples.Count * classNames.Count)
            throw new ArgumentException(
                $"The {labels.Length} labels and {logits.Length} logits don't fit {samples.Count} pictures of {classNames.Count} classes.",
                nameof(logits));
        if (labels.IndexOfAnyExceptInRange(0, classNames.Count - 1) is var bad and >= 0)
            throw new ArgumentException($"The label of picture {bad} is {labels[bad]}, but there are only {classNames.Count} classes.",
                nameof(labels));
        (ClassNames, _logits, _all) = ([.. classNames], logits, new SamplePrediction[samples.Count]);
        for (int i = 0; i < _all.Length; i++)
        {
            LogitScore score = LogitScore.Of(LogitsOf(i), labels[i]);
            _all[i] = new(samples[i], labels[i], score.Predicted, score.Confidence, score.Loss);
            Correct += score.Rank == 0 ? 1 : 0;
            _top5 += score.Rank < 5 ? 1 : 0;
        }
        Loss = _all.Average(prediction => prediction.Loss);
    }

    /// <summary>The name of each class number.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>One for each picture, in the order of the split.</summary>
    public IReadOnlyList<SamplePrediction> All => _all;

    /// <summary>How many pictures there are.</summary>
    public int Count => _all.Length;

    /// <summary>How many are right.</summary>
    public int Correct { get; }

    /// <summary>Share of right ones, in [0, 1].</summary>
    public double Accuracy => (double)Correct / Count;

    /// <summary>The confidence interval of the accuracy on other pictures of the same kind, given the number of pictures.</summary>
    internal Interval AccuracyInterval => Interval.Wilson(Accuracy, Count);

    /// <summary>
    /// Share of pictures whose true class is among the five most likely ones, in [0, 1]; null with five classes or fewer, where it would be
    /// 1 whatever is predicted.
    /// </summary>
    public double? Top5Accuracy => TopFive.Share(_top5, Count, ClassNames.Count);

    /// <summary>Mean softmax cross-entropy.</summary>
    public double Loss { get; }

    /// <summary>What the network gave for a picture, by its place in <see cref="All"/>.</summary>
    public ReadOnlySpan<float> LogitsOf(int i) => _logits.AsSpan(i * ClassNames.Count, ClassNames.Count);

    /// <summary>The probability of each class for a picture: the softmax of its logits.</summary>
    public double[] ProbabilitiesOf(int i) => Probabilities.Of(LogitsOf(i));

    /// <summary>The pictures with the largest losses, largest first: wrong labels and hard cases are at the top.</summary>
    public IEnumerable<SamplePrediction> LargestLosses(int most) =>
        _all.Where(p => double.IsFinite(p.Loss)).OrderByDescending(p => p.Loss).Take(most);

    /// <summary>Right or wrong pictures, the most confident one first.</summary>
    public IEnumerable<SamplePrediction> MostConfident(bool correct, int most) =>
        _all.Where(p => p.Predicted >= 0 && p.IsCorrect == correct).OrderByDescending(p => p.Confidence).Take(most);

    /// <summary>The pictures whose most likely class is least likely, the least one first.</summary>
    public IEnumerable<SamplePrediction> LeastCertain(int most) => _all.Where(p => p.Predicted >= 0).OrderBy(p => p.Confidence).Take(most);
}
