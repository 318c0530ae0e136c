using System.Text.Json.Nodes;
using Convolve.Cli.Options;
using Convolve.Cli.Terminal;
using Convolve.Data;
using Convolve.Evaluations;

namespace Convolve.Cli.Screens;

/// <summary>
/// An evaluation for people and for machines: classes, what is confused, the hardest pictures, calibration, and the means.
/// </summary>
internal sealed class EvaluationScreen(Split split, IReadOnlyList<string> remarks, Predictions predictions,
    TestTimeAugmentation augmentation, double imagesPerSecond)
{
    private const int ShownPairs = 8, ShownLosses = 5, MostPairs = 100, MostLosses = 100;
    private readonly ConfusionMatrix _matrix = new(predictions);
    private readonly Calibration _calibration = new(predictions);

    /// <summary>What speaks against the way of the evaluation; null for nothing.</summary>
    public string? Warning { get; init; }

    /// <summary>Whether the confusion matrix is shown.</summary>
    public bool HasMatrix { get; init; }

    /// <summary>For people, the most important last: it stays on the screen.</summary>
    public void Show(Output output)
    {
        if (HasMatrix)
            ConfusionScreen.Show(output, _matrix);
        output.Table(Classes());
        output.Line();
        if (predictions.Correct < predictions.Count)
        {
            output.Table(Confused());
            output.Line();
            output.Table(Losses());
            output.Line();
        }
        output.Fact("calibration",
            $"expected error {Format.Fraction(_calibration.ExpectedError)}, largest {Format.Fraction(_calibration.LargestError)}, over " +
            $"{_calibration.Bins.Count} confidence bins");
        if (augmentation != TestTimeAugmentation.None)
            output.Fact("views",
                $"{Inputs.NameOf(augmentation)}: logits averaged over {(augmentation == TestTimeAugmentation.Mirror ? 2 : 6)} views of " +
                $"each picture");
        output.Line();
        output.Table(Means());
        if (output.IsQuiet)
            output.Last(
                $"{split.Name} accuracy {Format.Fraction(predictions.Accuracy)}, 95 % interval {predictions.AccuracyInterval}, loss " +
                $"{Format.Fraction(predictions.Loss)} on {Format.Count(predictions.Count)} images");
    }

    /// <summary>For machines, all of it but the single predictions.</summary>
    public JsonObject Json(string run, string dataset) => new()
    {
        ["run"] = Path.GetFullPath(run),
        ["split"] = split.Name,
        ["images"] = predictions.Count,
        ["loss"] = Output.Finite(predictions.Loss),
        ["accuracy"] = predictions.Accuracy,
        ["top5_accuracy"] = predictions.Top5Accuracy,
        ["images_per_second"] = imagesPerSecond,
        ["dataset"] = dataset,
        ["test_time_augmentation"] = Inputs.NameOf(augmentation),
        ["accuracy_interval"] = Output.Pair(predictions.AccuracyInterval),
        ["macro_precision"] = _matrix.Macro.Precision,
        ["macro_recall"] = _matrix.Macro.Recall,
        ["macro_f1"] = _matrix.Macro.F1,
        ["classes"] = new JsonArray([.. _matrix.Classes.Select(c => new JsonObject
        {
            ["name"] = c.Name,
            ["images"] = c.Support,
            ["predicted"] = c.Predicted,
            ["correct"] = c.Correct,
            ["precision"] = c.Precision,
            ["recall"] = c.Recall,
            ["f1"] = c.F1,
        })]),
        ["confusion_matrix"] =
        new JsonArray([.. _matrix.Classes.Select((_, label) =>
        new JsonArray([.. _matrix.Classes.Select((_, predicted) => (JsonNode)_matrix[label, predicted])]))]),
        ["most_confused"] = new JsonArray([.. _matrix.MostConfused(MostPairs).Select(pair => new JsonObject
        {
            ["true"] = NameOf(pair.Label),
            ["predicted"] = NameOf(pair.Predicted),
            ["images"] = pair.Count,
            ["share"] = pair.Share,
        })]),
        ["expected_calibration_error"] = _calibration.ExpectedError,
        ["largest_calibration_error"] = _calibration.LargestError,
        ["calibration"] = new JsonArray([.. _calibration.Bins.Select(bin => new JsonObject
        {
            ["low"] = bin.Low,
            ["high"] = bin.High,
            ["images"] = bin.Count,
            ["confidence"] = bin.Count == 0 ? null : bin.Confidence,
            ["accuracy"] = bin.Count == 0 ? null : bin.Accuracy,
        })]),
        ["largest_losses"] = new JsonArray([.. predictions.LargestLosses(MostLosses).Select(p => new JsonObject
        {
            ["sample"] = p.Sample.Index,
            ["file"] = p.Sample.File,
            ["true"] = NameOf(p.Label),
            ["predicted"] = NameOf(p.Predicted),
            ["confidence"] = Output.Finite(p.Confidence),
            ["loss"] = p.Loss,
        })]),
        ["data_remarks"] = new JsonArray([.. remarks.Select(remark => (JsonNode)remark)]),
        ["warning"] = Warning,
    };

    private string? NameOf(int label) => label < 0 ? null : predictions.ClassNames[label];

    private Table Means()
    {
        double? top5 = predictions.Top5Accuracy;
        Table table = Output.Columns(["split", "images#", "loss#", "accuracy#", "95 % interval", .. top5 is null ? (Column[])[]
            : [new("top-5 accuracy#") { Rank = 2 }],
            new("images/s#") { Rank = 3 }]);
        Output.Row(table, [split.Name, Format.Count(predictions.Count), Format.Fraction(predictions.Loss),
            Format.Fraction(predictions.Accuracy),
            $"{predictions.AccuracyInterval}", .. top5 is { } share ? (string[])[Format.Fraction(share)] : [],
            Format.Count(imagesPerSecond)]);
        return table;
    }

    private Table Classes()
    {
        Table table = Output.Columns(new("class") { Folds = true }, "images#", "precision#", "recall#", "F1#");
        foreach (ClassScore score in _matrix.Classes)
            Output.Row(table, score.Name, Format.Count(score.Support), Format.Fraction(score.Precision), Format.Fraction(score.Recall),
                Format.Fraction(score.F1));
        Output.Row(table, "mean", "", Format.Fraction(_matrix.Macro.Precision), Format.Fraction(_matrix.Macro.Recall),
            Format.Fraction(_matrix.Macro.F1));
        return table;
    }

    private Table Confused()
    {
        Table table = Output.Columns(new("most confused") { Folds = true }, new("predicted") { Folds = true }, "images#", "of class#");
        foreach (ConfusedPair pair in _matrix.MostConfused(ShownPairs))
            Output.Row(table, NameOf(pair.Label)!, NameOf(pair.Predicted)!, Format.Count(pair.Count), Format.Percent(pair.Share));
        return table;
    }

    private Table Losses()
    {
        Table table = Output.Columns(new("largest losses") { Folds = true }, new("class") { Folds = true },
            new("predicted") { Folds = true }, "confidence#", "loss#");
        foreach (SamplePrediction p in predictions.LargestLosses(ShownLosses))
            Output.Row(table, $"{p.Sample}", NameOf(p.Label)!, NameOf(p.Predicted) ?? "-", Format.Fraction(p.Confidence),
                Format.Fraction(p.Loss));
        return table;
    }
}
