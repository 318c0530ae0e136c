using System.Globalization;

namespace Convolve;

/// <summary>What a classifier says of one picture: the probability of each class.</summary>
public sealed class Prediction
{
    private readonly float[] _probabilities;
    private readonly int _best;

    internal Prediction(IReadOnlyList<string> labels, float[] probabilities) => (Labels, _probabilities, _best) =
        (labels, probabilities, Array.IndexOf(probabilities, probabilities.Max()));

    /// <summary>The most probable class; of equals, the first.</summary>
    public string Label => Labels[_best];

    /// <summary>The probability of <see cref="Label"/>, in [0, 1].</summary>
    public float Confidence => _probabilities[_best];

    /// <summary>The names of all classes, in the order of the network's outputs.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The probability of each class, in the order of <see cref="Labels"/>; their sum is 1.</summary>
    public IReadOnlyList<float> Probabilities => _probabilities;

    /// <summary>The most probable classes, the first one first.</summary>
    /// <param name="count">How many; all where there are fewer.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public IReadOnlyList<(string Label, float Probability)> Top(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return [.. _probabilities.Select((probability, i) => (Labels[i], probability))
            .OrderByDescending(p => p.probability).Take(count)];
    }

    /// <summary>Such as "sandal 93.1 %".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Label} {Confidence * 100:F1} %");
}

/// <summary>What a classifier says of a file.</summary>
/// <param name="File">Its path, as it was given.</param>
/// <param name="Prediction">Null where the file could not be read.</param>
/// <param name="Problem">Why it could not; null where it could.</param>
public sealed record FilePrediction(string File, Prediction? Prediction, string? Problem);
