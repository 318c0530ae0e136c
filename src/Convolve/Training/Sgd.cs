namespace Convolve.Training;

/// <summary>Stochastic gradient descent, as PyTorch's SGD: v = momentum v + g + decay w; w -= rate v (Nesterov: rate (g + decay w + momentum v)).</summary>
/// <remarks>Source: Sutskever et al. 2013; Krizhevsky et al. 2012, section 5 (there the rate is inside the velocity).</remarks>
public sealed record Sgd
{
    /// <summary>The highest learning rate; the schedule scales it.</summary>
    public float LearningRate { get; init; } = 0.01f;

    /// <summary>The share of the last step's velocity that is kept, in [0, 1).</summary>
    public float Momentum { get; init; }

    /// <summary>Looks ahead along the velocity; needs momentum.</summary>
    public bool Nesterov { get; init; }

    /// <summary>The L2 penalty's factor.</summary>
    public float WeightDecay { get; init; }

    /// <summary>Whether the penalty also holds for biases, as in PyTorch's default.</summary>
    public bool DecaysBiases { get; init; }

    internal void Validate()
    {
        Require(LearningRate is > 0 and < float.PositiveInfinity, "learning rate", LearningRate, "above 0, such as 0.01");
        Require(Momentum is >= 0 and < 1, "momentum", Momentum, "at least 0 and below 1, such as 0.9");
        Require(WeightDecay is >= 0 and < float.PositiveInfinity, "weight decay", WeightDecay, "at least 0, such as 0.0005");
        if (Nesterov && Momentum == 0)
            throw new RecipeException("Nesterov looks ahead along the momentum, and the momentum is 0. Set a momentum such as 0.9.");
    }

    private static void Require(bool holds, string name, float value, string expected)
    {
        if (!holds)
            throw new RecipeException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The {name} is {value}, and must be {expected}."));
    }
}
