namespace Convolve.Layers;

/// <summary>What a tensor is to its layer.</summary>
public enum ParameterRole
{
    /// <summary>
    /// What inputs are multiplied by and summed: a convolution's kernels, a fully connected layer's matrix. Weight decay is for these.
    /// </summary>
    Weight,

    /// <summary>What is added to such a sum.</summary>
    Bias,

    /// <summary>What a normalization multiplies its result by.</summary>
    Scale,

    /// <summary>What a normalization adds to its result.</summary>
    Shift,

    /// <summary>What an activation multiplies negative values by.</summary>
    Slope,

    /// <summary>A running mean: not learned by gradients, as the following.</summary>
    RunningMean,

    /// <summary>A running variance.</summary>
    RunningVariance,
}

/// <summary>A tensor that a layer learns or keeps: its name, role, shape and first values.</summary>
/// <param name="Name">As in PyTorch's state dict, such as "weight", "bias" or "running_mean".</param>
/// <param name="Role">What it is to the layer, whatever its name and its number of dimensions.</param>
/// <param name="Shape">Weights of a convolution are OIHW: filters, channels of a group, kernel height and width; of a Linear: out,
/// in.</param>
/// <param name="FanIn">Inputs of one output unit.</param>
/// <param name="FanOut">Outputs that one input unit feeds.</param>
/// <param name="Initializer">How it starts.</param>
public sealed record ParameterSpec(
    string Name, ParameterRole Role, IReadOnlyList<int> Shape, long FanIn, long FanOut, Initializer Initializer)
{
    /// <summary>The number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));
}
