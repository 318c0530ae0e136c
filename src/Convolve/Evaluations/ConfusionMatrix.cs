namespace Convolve.Evaluations;

/// <summary>How often each class was predicted as each class, and the scores of each class.</summary>
internal sealed class ConfusionMatrix
{
    private readonly int[] _counts;

    /// <summary>Counts predictions. A picture without one (a logit is NaN) counts in its class's support alone.</summary>
    public ConfusionMatrix(Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ClassNames = predictions.ClassNames;
        int classes = ClassNames.Count;
        _counts = new int[classes * classes];
        int[] support = new int[classes];
        foreach (SamplePrediction prediction in predictions.All)
        {
            support[prediction.Label]++;
            if (prediction.Predicted >= 0)
                _counts[prediction.Label * classes + prediction.Predicted]++;
        }
        Classes =
            [.. ClassNames.Select((name, k) => new ClassScore(name, support[k], Enumerable.Range(0, classes).Sum(label => this[label, k]),
            this[k, k]))];
        Macro = MacroScore.Of(Classes);
    }

    /// <summary>The name of each class number.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>How many pictures of a class were predicted as a class.</summary>
    /// <param name="label">The true class.</param>
    /// <param name="predicted">The predicted class.</param>
    public int this[int label, int predicted] => _counts[label * ClassNames.Count + predicted];

    /// <summary>Precision, recall, F1 and support of each class.</summary>
    public IReadOnlyList<ClassScore> Classes { get; }

    /// <summary>The plain means of these over the classes.</summary>
    public MacroScore Macro { get; }

    /// <summary>Pairs of a class and the class it was wrongly predicted as, most frequent first.</summary>
    public IEnumerable<ConfusedPair> MostConfused(int most)
    {
        int classes = ClassNames.Count;
        return Enumerable.Range(0, _counts.Length).Where(i => i / classes != i % classes && _counts[i] > 0)
            .OrderByDescending(i => _counts[i]).Take(most)
            .Select(i => new ConfusedPair(i / classes, i % classes, _counts[i], (double)_counts[i] / Classes[i / classes].Support));
    }
}

/// <summary>A class that was predicted as another.</summary>
/// <param name="Label">The true class.</param>
/// <param name="Predicted">The predicted class.</param>
/// <param name="Count">How often.</param>
/// <param name="Share">Of the class's pictures, in [0, 1].</param>
internal readonly record struct ConfusedPair(int Label, int Predicted, int Count, double Share);

/// <summary>How good a network is on one class. A measure that would divide by 0 is 0, as in scikit-learn.</summary>
/// <param name="Name">The class.</param>
/// <param name="Support">Pictures of the class.</param>
/// <param name="Predicted">Pictures that were predicted as it.</param>
/// <param name="Correct">Pictures of it that were.</param>
internal sealed record ClassScore(string Name, int Support, int Predicted, int Correct)
{
    /// <summary>Share of the pictures predicted as the class that belong to it.</summary>
    public double Precision => Predicted == 0 ? 0 : (double)Correct / Predicted;

    /// <summary>Share of right ones among those of the class.</summary>
    public double Recall => Support == 0 ? 0 : (double)Correct / Support;

    /// <summary>The harmonic mean of precision and recall.</summary>
    public double F1 => Support + Predicted == 0 ? 0 : 2.0 * Correct / (Support + Predicted);
}

/// <summary>
/// Means over classes, in which a rare class counts as much as a frequent one. Classes that neither occur nor were predicted don't count,
/// as in scikit-learn.
/// </summary>
internal readonly record struct MacroScore(double Precision, double Recall, double F1)
{
    internal static MacroScore Of(IReadOnlyList<ClassScore> classes)
    {
        ClassScore[] present = [.. classes.Where(c => c.Support + c.Predicted > 0)];
        return new(present.Average(c => c.Precision), present.Average(c => c.Recall), present.Average(c => c.F1));
    }
}
