using Convolve.Kernels.Contract;
using Convolve.Kernels.Threads;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>A step that can run: bound once, without allocation afterwards.</summary>
internal abstract class Runnable : IDisposable
{
    public abstract void Run();

    public abstract void Dispose();

    /// <summary>The one place that knows what runs each kind of work.</summary>
    public static Runnable Create(Step step, Binder binder) => step.Work switch
    {
        NativeWork native => new NativeRunnable(step, native, binder),
        SharesWork shares => new SharesRunnable(step, shares, binder),
        DropoutWork dropout => new TeamRunnable(new DropoutKernel(step, dropout, binder)),
        ConcatWork concat => new TeamRunnable(new ConcatKernel(step, concat, binder)),
        SpaceToDepthWork depth => new TeamRunnable(new SpaceToDepthKernel(step, depth, binder)),
        WeightsToDepthWork depth => new InlineRunnable(new WeightsToDepthKernel(step, depth, binder)),
        LanesCopyWork copy => new TeamRunnable(new LanesCopyKernel(step, copy, binder)),
        LanesForwardWork forward => new TeamRunnable(new LanesForwardKernel(step, forward, binder)),
        LanesBackwardWork backward => new TeamRunnable(new LanesBackwardKernel(step, backward, binder)),
        LanesReduceWork reduce => new InlineRunnable(new LanesReduceKernel(step, reduce, binder)),
        WinogradWork winograd => new WinogradRunnable(step, winograd, binder),
        WinogradGradientWork winograd => new TeamRunnable(new WinogradGradientKernel(step, winograd, binder)),
        BatchNormWork norm => new BatchNormForward(step, norm, binder),
        BatchNormBackwardWork norm => new BatchNormBackward(step, norm, binder),
        SoftmaxWork softmax => new TeamRunnable(new SoftmaxKernel(step, softmax, binder)),
        ResponseNormWork norm => new TeamRunnable(new ResponseNormKernel(step, norm, binder)),
        BlockedPoolingWork pooling => new TeamRunnable(new BlockedPoolingKernel(step, pooling, binder)),
        RectifierWork => new TeamRunnable(new RectifierKernel(step, binder)),
        PReLUWork prelu => new PReLURunnable(step, prelu, binder),
        PoolingNaNWork pooling => new TeamRunnable(new PoolingNaNKernel(step, pooling, binder)),
        PadChannelsWork pad => new TeamRunnable(new PadChannelsKernel(step, pad, binder)),
        AdaptiveAverageWork average => new TeamRunnable(new AdaptiveAverageKernel(step, average, binder)),
        WeightsCopyWork => new WeightsCopyRunnable(step, binder),
        UnseenTapsWork taps => new UnseenTapsRunnable(step, taps, binder),
        LossWork loss => new InlineRunnable(new LossKernel(step, loss, binder)),
        _ => throw new NotSupportedException($"{step.Label}: nothing runs {step.Work}."),
    };
}

/// <summary>A kernel of the library.</summary>
internal sealed class NativeRunnable : Runnable
{
    private readonly Kernel _kernel;

    public NativeRunnable(Step step, NativeWork work, Binder binder)
    {
        _kernel = KernelLibrary.Current.Compile(work.Operation, step.Label);
        foreach (Use use in step.Uses)
        {
            var (buffer, offset) = binder.Locate(use.Tensor);
            _kernel.Bind(use.Argument, use.Tensor.Layout, buffer, offset);
        }
        if (step.Scratchpad is { } scratchpad)
            _kernel.BindScratchpad(binder.Arena, scratchpad.Offset, scratchpad.Bytes);
    }

    public override void Run() => _kernel.Execute();

    public override void Dispose() => _kernel.Dispose();
}

/// <summary>An own kernel, on all threads of the team.</summary>
internal sealed class TeamRunnable(ITeamWork work) : Runnable
{
    private readonly TeamTask _task = new(work);

    public override void Run() => ThreadTeam.Run(_task);

    public override void Dispose() => _task.Dispose();
}

/// <summary>An own kernel that is too small for a team.</summary>
internal sealed class InlineRunnable(ITeamWork work) : Runnable
{
    public override void Run() => work.Run(0, 1);

    public override void Dispose()
    {
    }
}
