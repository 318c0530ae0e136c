namespace Convolve.Planning;

/// <summary>
/// The memory that plans over the same parameters need together, in addition to the program and the data. Exact: execution allocates
/// nothing else.
/// </summary>
/// <param name="WeightBytes">Master weights, float32.</param>
/// <param name="GradientBytes">As much again where one of the plans trains, else 0.</param>
/// <param name="OptimizerBytes">State of the optimizer, such as the velocities of momentum.</param>
/// <param name="CopyBytes">Weights in another layout or type.</param>
/// <param name="ActivationBytes">The arena of the largest plan: activations, their gradients, workspaces, scratchpads.</param>
public sealed record MemoryEstimate(long WeightBytes, long GradientBytes, long OptimizerBytes, long CopyBytes, long ActivationBytes)
{
    /// <summary>The sum of all parts.</summary>
    public long TotalBytes => WeightBytes + GradientBytes + OptimizerBytes + CopyBytes + ActivationBytes + PictureBytes
        + ExchangeBytes + WholeBytes;

    /// <summary>Decoded pictures of a folder that are kept, once each was needed; 0 if they are kept elsewhere.</summary>
    public long PictureBytes { get; init; }

    /// <summary>Gradients that come from the other processes of a run; 0 in one process.</summary>
    internal long ExchangeBytes { get; init; }

    /// <summary>The whole network, which the first process keeps for files where each has a part of it; 0 elsewhere.</summary>
    internal long WholeBytes { get; init; }

    /// <summary>What some plans need.</summary>
    /// <param name="plans">At least one; all over the parameters of the first.</param>
    /// <param name="optimizerStates">Values that the optimizer keeps for each weight: 1 for momentum, 0 without.</param>
    /// <param name="shards">How many have gradients of their own.</param>
    /// <param name="workers">How many passes run at the same time.</param>
    internal static MemoryEstimate Of(IReadOnlyList<Plan> plans, int optimizerStates = 0, int shards = 1, int workers = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(optimizerStates);
        ArgumentOutOfRangeException.ThrowIfZero(plans.Count);
        long weights = plans[0].Parameters.Bytes;
        return new(weights, plans.Any(p => p.Options.IsTraining) ? weights * shards : 0, weights * optimizerStates,
            plans.SelectMany(p => p.WeightCopies).DistinctBy(t => (t.Storage.Parameter, t.Layout)).Sum(t => t.Layout.Bytes),
            plans.Max(p => p.ArenaBytes) * workers);
    }
}
