using Convolve.Execution;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;

namespace Convolve.Training.Optimizers;

/// <summary>
/// RMSprop, as PyTorch's: with g += decay w and the running mean v of g^2, the step is g / (sqrt(v) + eps), which momentum gathers;
/// centered, the mean gradient's square is taken from v first.
/// </summary>
/// <remarks>Source: Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013.</remarks>
public sealed record RmsProp() : OptimizerSettings(0.01f)
{
    /// <summary>The share of the mean squared gradient that is kept, in [0, 1).</summary>
    public float Alpha { get; init; } = 0.99f;

    /// <summary>What keeps the quotient finite, above 0.</summary>
    public float Eps { get; init; } = 1e-8f;

    /// <summary>The share of the last step that is kept, in [0, 1).</summary>
    public float Momentum { get; init; }

    /// <summary>Whether the gradient's variance is used, and not its mean square.</summary>
    public bool Centered { get; init; }

    internal override IReadOnlyList<string> States =>
        ["mean_square", .. Momentum != 0 ? ["velocity"] : (string[])[], .. Centered ? ["mean"] : (string[])[]];

    internal override UpdateKernel CreateKernel(ParameterStore store, IReadOnlyList<NativeBuffer> states) =>
        store.CreateUpdate<RmsPropRule>(states, (step, role) => new(step, Alpha, Eps, DecayOf(role), Momentum, Centered));

    internal override void Validate()
    {
        base.Validate();
        Require(Alpha is >= 0 and < 1, "alpha", Alpha, "at least 0 and below 1, such as 0.99");
        Require(Eps is > 0 and < float.PositiveInfinity, "eps", Eps, "above 0, such as 1e-8");
        Require(Momentum is >= 0 and < 1, "momentum", Momentum, "at least 0 and below 1, such as 0.9");
    }
}
