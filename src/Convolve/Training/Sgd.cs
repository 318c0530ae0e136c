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
}
