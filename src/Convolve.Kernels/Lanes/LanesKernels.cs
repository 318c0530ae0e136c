using Convolve.Kernels.Threads;

namespace Convolve.Kernels.Lanes;

/// <summary>Plain rows to lanes, or back.</summary>
internal sealed unsafe class LanesCopyKernel(int batch, int features, bool isToLanes, nint source, nint target) : ITeamWork
{
    public void Run(int thread, int threads)
    {
        var (first, count) = Lanes.Share(Lanes.Groups(batch), thread, threads);
        if (isToLanes)
            LanesLayout.ToLanes((float*)source, features, batch, features, (float*)target, first, count);
        else
            LanesLayout.ToPlain((float*)source, batch, features, (float*)target, features, first, count);
    }
}

/// <summary>What the kernels of a stage share: the groups of a thread and its scratch space.</summary>
/// <param name="groups">Of 16 images.</param>
/// <param name="scratchBytes">Of each thread.</param>
internal abstract class LanesKernel(int groups, long scratchBytes) : ITeamWork
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
        var (first, count) = Lanes.Share(groups, thread, threads);
        Run(thread, Scratch + (nint)(thread * scratchBytes), first, count);
    }

    protected abstract void Run(int thread, nint scratch, int first, int count);
}

/// <summary>Convolution, activation and pooling.</summary>
internal sealed unsafe class LanesForwardKernel(LanesStage stage, int groups)
    : LanesKernel(groups, LanesStages.ForwardScratchBytes(stage))
{
    public nint Bias { get; init; }

    protected override void Run(int thread, nint scratch, int first, int count) => LanesStages.Forward(stage, (float*)Source,
        (float*)Weights, (float*)Bias, (float*)Activations, (float*)Target, (byte*)Places, (byte*)scratch, first, count);
}

/// <summary>The gradients of convolution, activation and pooling.</summary>
internal sealed unsafe class LanesBackwardKernel(LanesStage stage, int groups)
    : LanesKernel(groups, LanesStages.BackwardScratchBytes(stage))
{
    private readonly nint _sumsBytes = (nint)LanesConvolution.WeightSumsBytes(stage.Conv);

    public nint DiffTarget { get; init; }

    /// <summary>Room for the sums of the gradients of the weights, for each thread.</summary>
    public nint Sums { get; init; }

    /// <summary>0 for a first layer, which needs none.</summary>
    public nint DiffSource { get; init; }

    protected override void Run(int thread, nint scratch, int first, int count) => LanesStages.Backward(stage, (float*)Source,
        (float*)Weights, (float*)Activations, (float*)Target, (byte*)Places, (float*)DiffTarget, (byte*)(Sums + thread * _sumsBytes),
        (float*)DiffSource, (byte*)scratch, first, count);
}

/// <summary>Adds up the threads' sums, in their order.</summary>
internal sealed unsafe class LanesReduceKernel(LanesConv convolution, nint sums, nint diffWeights, nint diffBias) : ITeamWork
{
    public void Run(int thread, int threads) => LanesConvolution.ReduceWeights(convolution, (byte*)sums, ThreadTeam.Threads,
        (float*)diffWeights, (float*)diffBias, 0, convolution.Filters);
}
