using Convolve.Execution;
using Convolve.Kernels.Memory;
using Convolve.Kernels.Parameters;
using Convolve.Layers;
using Convolve.Planning;

namespace Convolve.Training.Optimizers;

/// <summary>
/// LARS, layer-wise adaptive rate scaling for large batches: v = momentum v + rate local (g + decay w); w -= v. The local rate of each
/// weight tensor is trust ||w|| / (||g|| + decay ||w|| + eps), so that a step changes it by a share of its length, however large its
/// gradient is.
/// </summary>
/// <remarks>
/// Source: You, Gitman, Ginsburg 2017 (arXiv 1708.03888), equation 6 and algorithm 1, whose velocity has the rate in it, unlike
/// <see cref="Sgd"/>'s. Biases and the scales and shifts of normalizations have the local rate 1 and no decay, as in MLPerf's and
/// TensorFlow's LARS; algorithm 1 and NVIDIA's Caffe and LARC adapt them as well. Weights that are all 0 have the local rate 1, too: the
/// formula would keep them there. Only the product of rate and trust coefficient matters to weights, only the rate to biases.
/// </remarks>
public sealed record Lars : OptimizerSettings
{
    public Lars() : base(10f) => WeightDecay = 0.0005f;

    /// <summary>The share of the last step's velocity that is kept, in [0, 1).</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>The local rate's factor, above 0: how far a layer trusts its gradient.</summary>
    public float TrustCoefficient { get; init; } = 0.001f;

    /// <summary>What keeps the quotient finite, above 0; the paper has none.</summary>
    public float Eps { get; init; } = 1e-8f;

    internal override IReadOnlyList<string> States => Momentum != 0 ? ["velocity"] : [];

    internal override UpdateKernel CreateKernel(ParameterStore store, IReadOnlyList<NativeBuffer> states)
    {
        ParameterNormsKernel norms = new(store.Weights, store.Gradients, store.Plan.RangesOf(IsAdapted));
        return new UpdateKernel<LarsRule>(new(store.Weights, store.Gradients, states), store.Plan.RangesOf(slot => slot.IsLearned),
            store.InterleavedCopyOf, RuleOf)
        { Norms = norms };

        LarsRule RuleOf(UpdateStep step, int i)
        {
            float decay = DecayOf(store.Plan.Slots[i].Spec.Role);
            return new(step, IsAdapted(store.Plan.Slots[i]) ? LocalRate(norms.WeightNorm(i), norms.GradientNorm(i), decay) : 1, decay,
                Momentum);
        }
    }

    /// <summary>The local rate of a weight tensor.</summary>
    /// <param name="weights">Its length.</param>
    /// <param name="gradients">The length of its gradient.</param>
    /// <param name="decay">Its weight decay.</param>
    internal float LocalRate(double weights, double gradients, double decay) =>
        weights == 0 || (gradients == 0 && decay == 0) ? 1 : (float)(TrustCoefficient * weights / (gradients + decay * weights + Eps));

    internal override void Validate()
    {
        base.Validate();
        Require(Momentum is >= 0 and < 1, "momentum", Momentum, "at least 0 and below 1, such as 0.9");
        Require(TrustCoefficient is > 0 and < float.PositiveInfinity, "trust coefficient", TrustCoefficient, "above 0, such as 0.001");
        Require(Eps is > 0 and < float.PositiveInfinity, "eps", Eps, "above 0, such as 1e-8");
    }

    private static bool IsAdapted(ParameterSlot slot) => slot.IsLearned && slot.Spec.Role == ParameterRole.Weight;
}
