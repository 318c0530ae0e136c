using Convolve.Evaluations;

namespace Convolve.Diagnosis;

/// <summary>An activation layer in a trial: shares in [0, 1].</summary>
/// <param name="Layer">Its name.</param>
/// <param name="DeadAtFirst">Units that are 0 for every picture before the first step.</param>
/// <param name="DeadAtLast">The same after the last one.</param>
/// <param name="SaturatedAtFirst">Values of a sigmoid or tanh within a hundredth of their limits before the first step.</param>
internal sealed record LayerFigures(string Layer, double DeadAtFirst, double DeadAtLast, double SaturatedAtFirst);

/// <summary>The weights of a layer at the first step of a trial.</summary>
/// <param name="Parameter">Such as "conv1.weight".</param>
/// <param name="Weight">Root mean square of the weights.</param>
/// <param name="Gradient">Root mean square of their gradients.</param>
/// <param name="Update">Median over the looks at the trial of the length of a step's update by that of the weights.</param>
internal sealed record GradientFigures(string Parameter, double Weight, double Gradient, double Update);

/// <summary>What a network says of some pictures in evaluation.</summary>
/// <param name="Count">Pictures.</param>
/// <param name="Loss">Mean softmax cross-entropy.</param>
/// <param name="Accuracy">Share that is right.</param>
/// <param name="Majority">Share of the largest class among the labels.</param>
/// <param name="MostPredicted">Share of the class that is predicted most often.</param>
/// <param name="MostPredictedClass">That class.</param>
/// <param name="SurestTenth">Accuracy among the tenth whose largest probability is largest.</param>
/// <param name="NextFifth">Accuracy among the fifth behind that.</param>
internal sealed record SplitFigures(int Count, double Loss, double Accuracy, double Majority, double MostPredicted,
    string MostPredictedClass, double SurestTenth, double NextFifth)
{
    /// <summary>How much of the way from guessing to knowing is done: 0 for the largest class always, 1 for no error.</summary>
    public double Skill => Majority < 1 ? Math.Max(0, (Accuracy - Majority) / (1 - Majority)) : 1;

    public static SplitFigures Of(Predictions predictions)
    {
        SamplePrediction[] sure = [.. predictions.All.OrderByDescending(p => p.Confidence)];
        int tenth = sure.Length / 10;
        var most = predictions.All.GroupBy(p => p.Predicted).MaxBy(g => g.Count())!;
        return new(predictions.Count, predictions.Loss, predictions.Accuracy,
            (double)predictions.All.GroupBy(p => p.Label).Max(g => g.Count()) / predictions.Count, (double)most.Count() / predictions.Count,
            most.Key < 0 ? "none" : predictions.ClassNames[most.Key], Right(sure[..tenth]), Right(sure[tenth..(3 * tenth)]));

        static double Right(SamplePrediction[] some) => some.Length == 0 ? double.NaN : some.Average(p => p.Label == p.Predicted ? 1.0 : 0);
    }
}

/// <summary>What a short training came to.</summary>
internal sealed record TrialFigures
{
    /// <summary>Steps that were done.</summary>
    public required int Steps { get; init; }

    /// <summary>Images of a step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Entropy of the labels: the loss of guessing.</summary>
    public required double Entropy { get; init; }

    /// <summary>Mean loss of the first step.</summary>
    public required double FirstLoss { get; init; }

    /// <summary>Mean loss of the last tenth of the steps; NaN where it diverged.</summary>
    public required double LastLoss { get; init; }

    /// <summary>Accuracy in training over the last tenth of the steps.</summary>
    public required double LastAccuracy { get; init; }

    /// <summary>The step at which loss or weights were not finite any more, from 1; null if they stayed finite.</summary>
    public int? DivergedAt { get; init; }

    /// <summary>Some of the pictures it was trained on; null where it diverged.</summary>
    public SplitFigures? Fit { get; init; }

    /// <summary>Pictures that it wasn't trained on; null where it diverged, or where there are none.</summary>
    public SplitFigures? Held { get; init; }

    public IReadOnlyList<LayerFigures> Layers { get; init; } = [];

    public IReadOnlyList<GradientFigures> Gradients { get; init; } = [];

    /// <summary>Standard deviation of the logits before the first step.</summary>
    public double FirstLogits { get; init; }

    /// <summary>Time of a step.</summary>
    public TimeSpan StepTime { get; init; }

    /// <summary>Of pictures it wasn't trained on where there are enough of them, else of those it was.</summary>
    public double Skill => DivergedAt is not null ? 0 : (Held is { Count: >= 100 } held ? held : Fit)?.Skill ?? 0;

    /// <summary>The share of the loss of guessing that is gone, on the pictures it was trained on.</summary>
    public double Gain => Fit is null || Entropy == 0 || double.IsNaN(Fit.Loss) ? 0 : 1 - Fit.Loss / Entropy;

    /// <summary>Whether it learns: a tenth of the loss is gone, or a quarter of the way from guessing to knowing is done.</summary>
    public bool Learns => DivergedAt is null && (Gain >= 0.1 || Skill >= 0.25);

    /// <summary>Accuracy for people.</summary>
    public string Words => DivergedAt is { } step ? Finding.Text($"not a number at step {step}")
        : Finding.Text($"accuracy {(Held is { Count: >= 100 } held ? held : Fit)?.Accuracy:F3} after {Steps} steps");
}
