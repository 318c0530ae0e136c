using Convolve.Kernels.Threads;

namespace Convolve.Kernels.BatchInterleaved;

/// <summary>Plain rows to lanes, or back.</summary>
internal sealed unsafe class InterleavedCopyKernel(int batch, int features, bool isInterleaving, nint source, nint target) : ITeamWork
{
    public void Run(int thread, int threads)
    {
        var (first, count) = Interleaving.Share(Interleaving.Groups(batch), thread, threads);
        if (isInterleaving)
            InterleavedLayout.Interleave((float*)source, features, batch, features, (float*)target, first, count);
        else
            InterleavedLayout.ToPlain((float*)source, batch, features, (float*)target, features, first, count);
    }
}

/// <summary>What the kernels of a stage share: the groups of a thread and its scratch space.</summary>
/// <param name="groups">Of 16 images.</param>
/// <param name="scratchBytes">Of each thread.</param>
internal abstract class InterleavedKernel(int groups, long scratchBytes) : ITeamWork
{
    /// <summary>Room for the scratch space of all threads, or 0 where they need none.</summary>
    public nint Scratch { get; init; }

    public nint Source { get; init; }

    public nint Weights { get; init; }

    /// <summary>What the convolution left before the activation and the pooling; 0 where nobody asks.</summary>
    public nint Activations { get; init; }

    /// <summary>Where in each window the largest is, a byte each; 0 where nobody asks.</summary>
    public nint Places { get; init; }

    public nint Target { get; init; }

    public void Run(int thread, int threads)
    {
        ThreadTeam.RequireWhole(threads);
        var (first, count) = Interleaving.Share(groups, thread, threads);
        Run(thread, Scratch + (nint)(thread * scratchBytes), first, count);
    }

    protected abstract void Run(int thread, nint scratch, int first, int count);
}

/// <summary>Convolution, activation and pooling.</summary>
internal sealed unsafe class InterleavedForwardKernel(InterleavedStage stage, int groups)
    : InterleavedKernel(groups, InterleavedStages.ForwardScratchBytes(stage))
{
    public nint Bias { get; init; }

    protected override void Run(int thread, nint scratch, int first, int count) => InterleavedStages.Forward(stage, (float*)Source,
        (float*)Weights, (float*)Bias, (float*)Activations, (float*)Target, (byte*)Places, (byte*)scratch, first, count);
}

/// <summary>The gradients of convolution, activation and pooling.</summary>
internal sealed unsafe class InterleavedBackwardKernel(InterleavedStage stage, int groups)
    : InterleavedKernel(groups, InterleavedStages.BackwardScratchBytes(stage))
{
    private readonly nint _sumsBytes = (nint)InterleavedConvolution.WeightSumsBytes(stage.Conv);

    public nint DiffTarget { get; init; }

    /// <summary>Room for the sums of the gradients of the weights, for each thread.</summary>
    public nint Sums { get; init; }

    /// <summary>0 for a first layer, which needs none.</summary>
    public nint DiffSource { get; init; }

    protected override void Run(int thread, nint scratch, int first, int count) => InterleavedStages.Backward(stage, (float*)Source,
        (float*)Weights, (float*)Activations, (float*)Target, (byte*)Places, (float*)DiffTarget, (byte*)(Sums + thread * _sumsBytes),
        (float*)DiffSource, (byte*)scratch, first, count);
}

/// <summary>Adds up the threads' sums, in their order.</summary>
internal sealed unsafe class InterleavedReduceKernel(InterleavedConv convolution, nint sums, nint diffWeights, nint diffBias) : ITeamWork
{
    public void Run(int thread, int threads) => InterleavedConvolution.ReduceWeights(convolution, (byte*)sums, ThreadTeam.Threads,
        (float*)diffWeights, (float*)diffBias, 0, convolution.Filters);
}
