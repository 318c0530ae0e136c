using System.Globalization;
using System.Text.Json.Serialization;
using Convolve.Execution;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;
using Convolve.Layers;

namespace Convolve.Training.Optimizers;

/// <summary>The rule by which gradients change weights, with its numbers; <see cref="Optimizer"/> applies it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "rule")]
[JsonDerivedType(typeof(Sgd), "sgd")]
[JsonDerivedType(typeof(Lars), "lars")]
[JsonDerivedType(typeof(Adam), "adam")]
[JsonDerivedType(typeof(AdamW), "adamw")]
[JsonDerivedType(typeof(RmsProp), "rmsprop")]
public abstract record OptimizerSettings
{
    private protected OptimizerSettings(float learningRate) => LearningRate = learningRate;

    /// <summary>The highest learning rate; the schedule scales it.</summary>
    [JsonPropertyOrder(-1)]
    public float LearningRate { get; init; }

    /// <summary>The penalty's factor: L2, but decoupled from the gradient in <see cref="AdamW"/>.</summary>
    public float WeightDecay { get; init; }

    /// <summary>
    /// Whether the penalty also holds for all else that is learned (biases, scales and shifts of normalizations, slopes), as in PyTorch's
    /// default.
    /// </summary>
    public bool DecaysBiases { get; init; }

    /// <summary>The names of what is kept for each weight, such as "velocity"; as many floats as there are names.</summary>
    internal abstract IReadOnlyList<string> States { get; }

    /// <summary>The loop that applies it.</summary>
    internal abstract UpdateKernel CreateKernel(ParameterStore store, IReadOnlyList<NativeBuffer> states);

    /// <exception cref="RecipeException">A value is out of range.</exception>
    internal virtual void Validate()
    {
        Require(LearningRate is > 0 and < float.PositiveInfinity, "learning rate", LearningRate, "above 0, such as 0.01");
        Require(WeightDecay is >= 0 and < float.PositiveInfinity, "weight decay", WeightDecay, "at least 0, such as 0.0005");
    }

    private protected float DecayOf(ParameterRole role) => role == ParameterRole.Weight || DecaysBiases ? WeightDecay : 0;

    private protected static void Require(bool holds, string name, float value, string expected)
    {
        if (!holds)
            throw new RecipeException(string.Create(CultureInfo.InvariantCulture, $"The {name} must be {expected}, got {value}."));
    }
}
