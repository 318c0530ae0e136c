using Convolve.Execution;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;

namespace Convolve.Training.Optimizers;

/// <summary>
/// Stochastic gradient descent, as PyTorch's SGD: v = momentum v + g + decay w; w -= rate v (Nesterov: rate (g + decay w + momentum v)).
/// </summary>
/// <remarks>Source: Sutskever et al. 2013; Krizhevsky et al. 2012, section 5 (there the rate is inside the velocity).</remarks>
public sealed record Sgd() : OptimizerSettings(0.01f)
{
    /// <summary>The share of the last step's velocity that is kept, in [0, 1).</summary>
    public float Momentum { get; init; }

    /// <summary>Looks ahead along the velocity; needs momentum.</summary>
    public bool Nesterov { get; init; }

    internal override IReadOnlyList<string> States => Momentum != 0 ? ["velocity"] : [];

    internal override UpdateKernel CreateKernel(ParameterStore store, IReadOnlyList<NativeBuffer> states) =>
        store.CreateUpdate<SgdRule>(states, (step, role) => new(step, DecayOf(role), Momentum, Nesterov));

    internal override void Validate()
    {
        base.Validate();
        Require(Momentum is >= 0 and < 1, "momentum", Momentum, "at least 0 and below 1, such as 0.9");
        if (Nesterov && Momentum == 0)
            throw new RecipeException("Nesterov needs a momentum above 0, such as 0.9.");
    }
}
