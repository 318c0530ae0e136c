using System.Globalization;
using Convolve.Evaluations;
using Convolve.Imaging;

namespace Convolve.Reporting;

/// <summary>The confusion matrix, and how good the network is on each class.</summary>
internal static class ClassesSection
{
    // More classes than that are pixels, not numbers.
    private const int MostNumbers = 20, MostRows = 30, ShownPairs = 12;

    public static Html Of(Predictions predictions)
    {
        ConfusionMatrix matrix = new(predictions);
        MacroScore macro = matrix.Macro;
        IReadOnlyList<RankingCurve> curves = RankingCurve.Of(predictions);
        Html classes = Html.Table(["class", "pictures#", "precision#", "recall#", "F1#", "AP#", "ROC area#"], matrix.Classes
            .Zip(curves, (c, curve) => new Html[] { c.Name, Format.Count(c.Support), Format.Fraction(c.Precision),
            Format.Fraction(c.Recall), Format.Fraction(c.F1), OrDash(curve.AveragePrecision), OrDash(curve.Area) })
            .Append(["mean of the classes", "", Format.Fraction(macro.Precision), Format.Fraction(macro.Recall),
            Format.Fraction(macro.F1), OrDash(Mean(curves, curve => curve.AveragePrecision)), OrDash(Mean(curves, curve => curve.Area))]));
        Html pairs = Html.Table(["class", "predicted", "pictures#", "of class#"], matrix.MostConfused(ShownPairs)
            .Select(p => new Html[] { matrix.ClassNames[p.Label], matrix.ClassNames[p.Predicted], Format.Count(p.Count),
            Format.Percent(p.Share) }));
        bool isSmall = matrix.ClassNames.Count <= MostNumbers;
        return Html.Of($"""
            <p class="soft">Rows of the confusion matrix are the true classes, columns the predictions{(isSmall ? "; pictures, colored " +
                "by their share of the row" : ", in the order of the table below; colored by their share of the row, blue if right, red " +
                "if wrong")}.</p>
            <div class="side">
            <div><h3>Confusion matrix</h3>
            {(isSmall ? Numbers(matrix) : Pixels(matrix))}</div>
            {(predictions.Correct == predictions.Count ? Html.None : Html.Of($"<div><h3>Most confused</h3>\n{pairs}</div>"))}
            <div><h3>Each class</h3>
            {(matrix.ClassNames.Count > MostRows ? Html.Of($"<div class=\"tall\">{classes}</div>") : classes)}</div>
            </div>
            <h3>If the decision were a threshold</h3>
            <p class="soft">Each class against all others, for every threshold on its probability. AP is the average precision,
            the area under the left curve; the area under the right one is how often a picture of the class gets a higher probability than
            another picture.</p>
            {ReportPage.Charts(RankingCharts.PrecisionRecall(curves), RankingCharts.Roc(curves))}
            """);
    }

    private static double Mean(IEnumerable<RankingCurve> curves, Func<RankingCurve, double> of) =>
        curves.Select(of).Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Average();

    private static string OrDash(double value) => double.IsNaN(value) ? "-" : Format.Fraction(value);

    private static Html Numbers(ConfusionMatrix matrix)
    {
        int classes = matrix.ClassNames.Count;
        return Html.Of($"""
            <div class="wide"><table class="confusion"><thead><tr><td></td>{Html.Join(matrix.ClassNames.Select(name => Html.Of($"<th><span title=\"{name}\">{name}</span></th>")))}</tr></thead><tbody>
            {Html.Join(Enumerable.Range(0, classes).Select(label => Html.Of($"<tr><th title=\"{matrix.ClassNames[label]}\">{matrix.ClassNames[label]}</th>{Html.Join(Enumerable.Range(0, classes).Select(predicted => Cell(matrix, label, predicted)))}</tr>\n")))}</tbody></table></div>
            """);
    }

    private static Html Cell(ConfusionMatrix matrix, int label, int predicted)
    {
        int count = matrix[label, predicted];
        if (count == 0)
            return Html.Of($"<td class=\"zero\">0</td>");
        (string color, double strength) = Shade(matrix, label, predicted);
        string words =
            $"{matrix.ClassNames[label]} classified as {matrix.ClassNames[predicted]}: " +
            $"{Format.Percent((double)count / matrix.Classes[label].Support)}";
        return Html.Of($"<td style=\"background:rgba({color},{0.6 * strength:F2})\" title=\"{words}\">{count}</td>");
    }

    // The few that are wrong would not be seen beside the many that are right.
    private static (string Color, double Strength) Shade(ConfusionMatrix matrix, int label, int predicted)
    {
        double share = matrix.Classes[label].Support == 0 ? 0 : (double)matrix[label, predicted] / matrix.Classes[label].Support;
        return label == predicted ? ("0,114,178", share) : ("213,94,0", Math.Min(1, 1.4 * Math.Sqrt(share)));
    }

    private static Html Pixels(ConfusionMatrix matrix)
    {
        int classes = matrix.ClassNames.Count;
        byte[] planes = new byte[3 * classes * classes];
        for (int i = 0; i < classes * classes; i++)
        {
            (string color, double strength) = Shade(matrix, i / classes, i % classes);
            int[] full = [.. color.Split(',').Select(c => int.Parse(c, CultureInfo.InvariantCulture))];
            for (int c = 0; c < 3; c++)
                planes[c * classes * classes + i] = (byte)(255 + (full[c] - 255) * strength);
        }
        return Html.Of(
            $"<img class=\"pixels heat\" alt=\"confusion matrix of {classes} classes\" " +
            $"src=\"{Thumbnail.Uri(PngEncoder.Encode(planes, 3, classes, classes))}\">");
    }
}
