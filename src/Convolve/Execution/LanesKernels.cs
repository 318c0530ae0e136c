using Convolve.Kernels.Contract;
using Convolve.Kernels.Lanes;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>Plain rows to lanes, or back.</summary>
internal sealed unsafe class LanesCopyKernel(Step step, LanesCopyWork work, Binder binder) : ITeamWork
{
    private readonly nint _source = binder.Address(step[Argument.Source]), _target = binder.Address(step[Argument.Target]);
    private readonly int _batch = (int)step[work.IsToLanes ? Argument.Source : Argument.Target].Layout.Sizes[0];

    public void Run(int thread, int threads)
    {
        var (first, count) = Lanes.Share(Lanes.Groups(_batch), thread, threads);
        if (work.IsToLanes)
            LanesLayout.ToLanes((float*)_source, work.Features, _batch, work.Features, (float*)_target, first, count);
        else
            LanesLayout.ToPlain((float*)_source, _batch, work.Features, (float*)_target, work.Features, first, count);
    }
}

/// <summary>What the kernels of a stage share: the groups of a thread and its scratch space.</summary>
internal abstract class LanesKernel(Step step, Binder binder, long scratchBytes) : ITeamWork
{
    private readonly nint _scratch = step.Scratchpad is { } storage ? binder.Arena.At(storage.Offset, storage.Bytes) : 0;
    private readonly int _groups = (int)step[Argument.Source].Layout.Sizes[0];

    public void Run(int thread, int threads)
    {
        if (threads != ThreadTeam.Threads)
            throw new InvalidOperationException(
                $"{threads} of {ThreadTeam.Threads} threads came. Raise OMP_THREAD_LIMIT, or ask for fewer threads.");
        var (first, count) = Lanes.Share(_groups, thread, threads);
        Run(thread, _scratch + (nint)(thread * scratchBytes), first, count);
    }

    protected abstract void Run(int thread, nint scratch, int first, int count);

    /// <summary>The address of a tensor, or 0 where the step has none.</summary>
    protected static nint Optional(Step step, Argument argument, Binder binder) =>
        step.Uses.FirstOrDefault(u => u.Argument == argument) is { } use ? binder.Address(use.Tensor) : 0;
}

/// <summary>Convolution, activation and pooling.</summary>
internal sealed unsafe class LanesForwardKernel(Step step, LanesForwardWork work, Binder binder)
    : LanesKernel(step, binder, LanesStages.ForwardScratchBytes(work.Stage))
{
    private readonly nint _source = binder.Address(step[Argument.Source]), _weights = binder.Address(step[Argument.Weights]);
    private readonly nint _bias = binder.Address(step[Argument.Bias]), _target = binder.Address(step[Argument.Target]);
    private readonly nint _activations = Optional(step, Argument.FirstSource, binder), _argmax = Optional(step, Argument.Workspace, binder);

    protected override void Run(int thread, nint scratch, int first, int count) =>
        LanesStages.Forward(work.Stage, (float*)_source, (float*)_weights,
        (float*)_bias, (float*)_activations, (float*)_target, (byte*)_argmax, (byte*)scratch, first, count);
}

/// <summary>The gradients of convolution, activation and pooling.</summary>
internal sealed unsafe class LanesBackwardKernel(Step step, LanesBackwardWork work, Binder binder)
    : LanesKernel(step, binder, LanesStages.BackwardScratchBytes(work.Stage))
{
    private readonly nint _source = binder.Address(step[Argument.Source]), _weights = binder.Address(step[Argument.Weights]);
    private readonly nint _target = binder.Address(step[Argument.Target]), _diffTarget = binder.Address(step[Argument.DiffTarget]);
    private readonly nint _sums = binder.Address(step[Argument.DiffWeights]), _diffSource = Optional(step, Argument.DiffSource, binder);
    private readonly nint _activations = Optional(step, Argument.FirstSource, binder), _argmax = Optional(step, Argument.Workspace, binder);
    private readonly nint _sumsBytes = (nint)LanesConvolution.WeightSumsBytes(work.Stage.Conv);

    protected override void Run(int thread, nint scratch, int first, int count) =>
        LanesStages.Backward(work.Stage, (float*)_source, (float*)_weights,
        (float*)_activations, (float*)_target, (byte*)_argmax, (float*)_diffTarget, (byte*)(_sums + thread * _sumsBytes),
        (float*)_diffSource,
        (byte*)scratch, first, count);
}

/// <summary>Adds up the threads' sums, in their order.</summary>
internal sealed unsafe class LanesReduceKernel(Step step, LanesReduceWork work, Binder binder) : ITeamWork
{
    private readonly nint _sums = binder.Address(step[Argument.Source]);
    private readonly nint _diffWeights = binder.Address(step[Argument.DiffWeights]), _diffBias = binder.Address(step[Argument.DiffBias]);

    public void Run(int thread, int threads) =>
        LanesConvolution.ReduceWeights(work.Convolution, (byte*)_sums, ThreadTeam.Threads, (float*)_diffWeights, (float*)_diffBias, 0,
            work.Convolution.Filters);
}
