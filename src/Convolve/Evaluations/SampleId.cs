namespace Convolve.Evaluations;

/// <summary>Which picture of a data set.</summary>
/// <param name="Index">Its number in the set, from 0.</param>
/// <param name="File">Its file; null if the data set isn't made of files.</param>
public readonly record struct SampleId(int Index, string? File = null)
{
    /// <summary>Its file, or else its number, such as "#17".</summary>
    public override string ToString() => File ?? $"#{Index}";
}

/// <summary>What a network said of one picture.</summary>
/// <param name="Sample">Which picture.</param>
/// <param name="Label">Its true class.</param>
/// <param name="Predicted">The class of the largest logit, the first of equal ones; -1 where a logit is NaN.</param>
/// <param name="Confidence">The probability of that class, in [0, 1]; NaN where a logit is NaN.</param>
/// <param name="Loss">Softmax cross-entropy: minus the logarithm of the true class's probability.</param>
public readonly record struct SamplePrediction(SampleId Sample, int Label, int Predicted, double Confidence, double Loss)
{
    /// <summary>Whether the network was right.</summary>
    public bool IsCorrect => Label == Predicted;
}
