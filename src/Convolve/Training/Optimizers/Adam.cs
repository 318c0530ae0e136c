using Convolve.Execution;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;

namespace Convolve.Training.Optimizers;

/// <summary>
/// Adam, as PyTorch's: with g += decay w, running means m of g and v of g^2, w -= rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) +
/// eps) at step t.
/// </summary>
/// <remarks>Source: Kingma and Ba 2015. Keras's default eps is 1e-7.</remarks>
public sealed record Adam() : OptimizerSettings(0.001f)
{
    /// <summary>The share of the mean gradient that is kept, in [0, 1).</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>The share of the mean squared gradient that is kept, in [0, 1).</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>What keeps the quotient finite, above 0.</summary>
    public float Eps { get; init; } = 1e-8f;

    internal override IReadOnlyList<string> States => AdamRule.States;

    internal override UpdateKernel CreateKernel(ParameterStore store, IReadOnlyList<NativeBuffer> states) =>
        store.CreateUpdate<AdamRule>(states, (step, role) => new(step, Beta1, Beta2, Eps, DecayOf(role), isDecoupled: false));

    internal override void Validate()
    {
        base.Validate();
        ValidateMeans(Beta1, Beta2, Eps);
    }

    internal static void ValidateMeans(float beta1, float beta2, float eps)
    {
        Require(beta1 is >= 0 and < 1, "beta1", beta1, "at least 0 and below 1, such as 0.9");
        Require(beta2 is >= 0 and < 1, "beta2", beta2, "at least 0 and below 1, such as 0.999");
        Require(eps is > 0 and < float.PositiveInfinity, "eps", eps, "above 0, such as 1e-8");
    }
}

/// <summary>
/// Adam whose decay is apart from the gradient, as PyTorch's AdamW: w -= rate decay w first, then Adam's step without decay.
/// </summary>
/// <remarks>
/// Source: Loshchilov and Hutter 2019. PyTorch's default decay is 0.01 on all parameters; here, as elsewhere, biases are left out unless
/// asked.
/// </remarks>
public sealed record AdamW : OptimizerSettings
{
    public AdamW() : base(0.001f) => WeightDecay = 0.01f;

    /// <summary>The share of the mean gradient that is kept, in [0, 1).</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>The share of the mean squared gradient that is kept, in [0, 1).</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>What keeps the quotient finite, above 0.</summary>
    public float Eps { get; init; } = 1e-8f;

    internal override IReadOnlyList<string> States => AdamRule.States;

    internal override UpdateKernel CreateKernel(ParameterStore store, IReadOnlyList<NativeBuffer> states) =>
        store.CreateUpdate<AdamRule>(states, (step, role) => new(step, Beta1, Beta2, Eps, DecayOf(role), isDecoupled: true));

    internal override void Validate()
    {
        base.Validate();
        Adam.ValidateMeans(Beta1, Beta2, Eps);
    }
}
