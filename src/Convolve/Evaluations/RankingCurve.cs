namespace Convolve.Evaluations;

/// <summary>
/// How well the probability of a class ranks its pictures before the others: what each threshold on the probability would find, and what it
/// would find wrongly.
/// </summary>
/// <remarks>Where a measure isn't defined, as for a class without pictures, it is NaN, and a curve has no points.</remarks>
internal sealed class RankingCurve
{
    private RankingCurve(string name, IReadOnlyList<RankingPoint> points, int positives, int negatives)
    {
        (Name, Points) = (name, positives > 0 ? points : []);
        HasNegatives = negatives > 0;
        if (positives == 0)
            return;
        (double found, double alarms, double area, double precision) = (0, 0, 0, 0);
        foreach (RankingPoint point in points)
        {
            area += (point.FalseAlarms - alarms) * (point.Recall + found) / 2;
            precision += (point.Recall - found) * point.Precision;
            (found, alarms) = (point.Recall, point.FalseAlarms);
        }
        AveragePrecision = precision;
        if (HasNegatives)
            Area = area;
    }

    /// <summary>The class.</summary>
    public string Name { get; }

    /// <summary>From the highest threshold to the lowest; pictures of the same probability are one step.</summary>
    public IReadOnlyList<RankingPoint> Points { get; }

    /// <summary>Whether there are pictures of other classes.</summary>
    public bool HasNegatives { get; }

    /// <summary>
    /// The area under the ROC curve: how often a picture of the class has a higher probability than one of another class.
    /// </summary>
    public double Area { get; } = double.NaN;

    /// <summary>The area under the precision-recall curve as a sum of steps, as scikit-learn's average_precision_score.</summary>
    public double AveragePrecision { get; } = double.NaN;

    /// <summary>One for each class, against all others.</summary>
    public static IReadOnlyList<RankingCurve> Of(Predictions predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        int classes = predictions.ClassNames.Count;
        double[][] all = [.. Enumerable.Range(0, predictions.Count).Select(predictions.ProbabilitiesOf)];
        return [.. Enumerable.Range(0, classes).Select(k => Of(predictions, all, k))];
    }

    private static RankingCurve Of(Predictions predictions, double[][] probabilities, int label)
    {
        int[] order = [.. Enumerable.Range(0, probabilities.Length)];
        double[] keys = Array.ConvertAll(probabilities, p => double.IsNaN(p[label]) ? 1 : -p[label]); // without a number, the last
        Array.Sort(keys, order);
        int positives = predictions.All.Count(p => p.Label == label), negatives = order.Length - positives, found = 0;
        List<RankingPoint> points = [];
        for (int i = 0; i < order.Length; i++)
        {
            found += predictions.All[order[i]].Label == label ? 1 : 0;
            if (i + 1 == order.Length || keys[i + 1] != keys[i])
                points.Add(new(Share(found, positives), (double)found / (i + 1), Share(i + 1 - found, negatives)));
        }
        return new(predictions.ClassNames[label], points, positives, negatives);
    }

    private static double Share(int count, int all) => all == 0 ? 0 : (double)count / all;
}

/// <summary>What a threshold finds.</summary>
/// <param name="Recall">The share of the class's pictures that are found.</param>
/// <param name="Precision">The share of the class among what is found.</param>
/// <param name="FalseAlarms">The share of the other classes' pictures that are found.</param>
internal readonly record struct RankingPoint(double Recall, double Precision, double FalseAlarms);
