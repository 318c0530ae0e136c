using Convolve.Kernels.BatchInterleaved;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Copies;
using Convolve.Kernels.Elementwise;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Normalization;
using Convolve.Kernels.Passes;
using Convolve.Kernels.Pooling;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Winograd;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>The one place that knows what runs each kind of work. Own kernels take shapes and addresses, and don't know plans.</summary>
internal sealed class Runnables
{
    private readonly Step _step;
    private readonly Binder _binder;

    private Runnables(Step step, Binder binder) => (_step, _binder) = (step, binder);

    // The first tensor that an own kernel works on is images or their gradient; weights are float32 in both precisions.
    private bool IsBFloat16 => _step.Uses[0].Tensor.Layout.Type == ElementType.BFloat16;

    private long Batch => _step.Uses[0].Tensor.Layout.Sizes[0];

    private nint Scratch => _step.Scratchpad is { } scratchpad ? _binder.Arena.At(scratchpad.Offset, scratchpad.Bytes) : 0;

    /// <summary>Binds a step to memory.</summary>
    public static Runnable Create(Step step, Binder binder)
    {
        Runnables own = new(step, binder);
        return step.Work switch
        {
            NativeWork native => new NativeRunnable(step, native, binder),
            SharesWork shares => new SharesRunnable(step, shares, binder),
            GatherPartsWork gather => new GatherPartsRunnable(step, gather, binder),
            WeightsCopyWork => new WeightsCopyRunnable(step, binder),
            UnseenTapsWork taps => new UnseenTapsRunnable(step, taps, binder),
            WinogradWork winograd => own.Winograd(winograd),
            BatchNormWork norm => own.BatchNorm(norm),
            BatchNormBackwardWork norm => own.BatchNorm(norm),
            PReLUWork prelu => own.PReLU(prelu),
            WeightsToDepthWork depth => new InlineRunnable(own.WeightsToDepth(depth)),
            InterleavedReduceWork reduce => new InlineRunnable(own.Lanes(reduce)),
            LossWork loss => new InlineRunnable(own.Loss(loss)),
            _ => new TeamRunnable(own.Team(step.Work)),
        };
    }

    private ITeamWork Team(Work work) => work switch
    {
        DropoutWork dropout => new DropoutKernel(_step[Argument.Source].Layout, At(Argument.Source), At(Argument.Target),
            dropout.Probability, dropout.Layer, _binder.State),
        ConcatWork concat => new ConcatKernel(_step[concat.IsSplit ? Argument.Source : Argument.Target].Layout.Sizes[0],
            At(concat.IsSplit ? Argument.Source : Argument.Target),
            [.. concat.PartBytes.Select((bytes, i) => (At(Argument.FirstSource + i), bytes))], concat.IsSplit),
        SpaceToDepthWork depth => new SpaceToDepthKernel(depth.Shape, _step[Argument.Source].Layout.Sizes[0], At(Argument.Source),
            At(Argument.Target)),
        InterleavedCopyWork copy =>
        new InterleavedCopyKernel((int)_step[copy.IsInterleaving ? Argument.Source : Argument.Target].Layout.Sizes[0],
            copy.Features, copy.IsInterleaving, At(Argument.Source), At(Argument.Target)),
        InterleavedForwardWork forward => Lanes(forward),
        InterleavedBackwardWork backward => Lanes(backward),
        WinogradGradientWork gradient => Winograd(gradient),
        SoftmaxWork softmax => Softmax(softmax),
        ResponseNormWork norm => ResponseNorm(norm),
        BlockedPoolingWork pooling => Pooling(pooling),
        RectifierWork => new RectifierKernel(IsBFloat16, At(Argument.Source), At(Argument.Target), _step[Argument.Source].Layout.Bytes),
        PoolingNaNWork pooling => new PoolingNaNKernel(pooling.Pool, pooling.Block, IsBFloat16, At(Argument.Source), At(Argument.Target)),
        PadChannelsWork pad => new PadChannelsKernel(Batch, At(Source(pad.IsBack, Argument.DiffSource)), pad.SourceBytes,
            At(pad.IsBack ? Argument.DiffTarget : Argument.Target), pad.TargetBytes, pad.IsBack),
        AdaptiveAverageWork average => new AdaptiveAverageKernel(average.Shape, average.IsBack, IsBFloat16,
            At(Source(average.IsBack, Argument.DiffTarget)), At(Target(average.IsBack))),
        _ => throw new NotSupportedException($"{_step.Label}: no kernel runs {work}."),
    };

    private WeightsToDepthKernel WeightsToDepth(WeightsToDepthWork work)
    {
        nint source = At(Argument.Source), target = At(Argument.Target);
        return new(work.Shape, work.IsBack ? target : source, work.IsBack ? source : target, work.IsBack);
    }

    private InterleavedForwardKernel Lanes(InterleavedForwardWork work) => new(work.Stage, Groups)
    {
        Source = At(Argument.Source),
        Weights = At(Argument.Weights),
        Bias = At(Argument.Bias),
        Activations = Optional(Argument.FirstSource),
        Places = Optional(Argument.Workspace),
        Target = At(Argument.Target),
        Scratch = Scratch,
    };

    private InterleavedBackwardKernel Lanes(InterleavedBackwardWork work) => new(work.Stage, Groups)
    {
        Source = At(Argument.Source),
        Weights = At(Argument.Weights),
        Activations = Optional(Argument.FirstSource),
        Places = Optional(Argument.Workspace),
        Target = At(Argument.Target),
        DiffTarget = At(Argument.DiffTarget),
        Sums = At(Argument.DiffWeights),
        DiffSource = Optional(Argument.DiffSource),
        Scratch = Scratch,
    };

    private InterleavedReduceKernel Lanes(InterleavedReduceWork work) =>
        new(work.Convolution, At(Argument.Source), At(Argument.DiffWeights), At(Argument.DiffBias));

    private WinogradRunnable Winograd(WinogradWork work) => new(new(work.Shape, work.IsTransposed, work.Slope, IsBFloat16)
    {
        Source = At(Argument.Source),
        Target = At(Argument.Target),
        Weights = At(Argument.Weights),
        Bias = Optional(Argument.Bias),
        Scratch = Scratch,
    });

    private WinogradGradientKernel Winograd(WinogradGradientWork work) => new(work.Shape, IsBFloat16)
    {
        Source = At(Argument.Source),
        DiffTarget = At(Argument.DiffTarget),
        DiffWeights = At(Argument.DiffWeights),
        DiffBias = Optional(Argument.DiffBias),
        Scratch = Scratch,
    };

    private BatchNormForward BatchNorm(BatchNormWork work) => new(work.Shape, IsBFloat16)
    {
        IsTraining = work.IsTraining,
        Eps = work.Eps,
        Momentum = work.Momentum,
        Slope = work.Slope,
        Source = At(Argument.Source),
        Target = At(Argument.Target),
        Weight = At(Argument.Weights),
        Bias = At(Argument.Bias),
        Mean = At(Argument.FirstSource),
        Variance = At(Argument.FirstSource + 1),
        Statistics = Optional(Argument.Workspace),
        Partials = Scratch,
    };

    private BatchNormBackward BatchNorm(BatchNormBackwardWork work) => new(work.Shape, IsBFloat16)
    {
        IsTraining = work.IsTraining,
        Slope = work.Slope,
        Source = At(Argument.Source),
        Target = At(Argument.DiffSource),
        Diff = At(Argument.DiffTarget),
        DiffWeight = Optional(Argument.DiffWeights),
        DiffBias = Optional(Argument.DiffBias),
        Statistics = Optional(Argument.Workspace),
        Partials = Scratch,
    };

    private PReLURunnable PReLU(PReLUWork work) => new(work.Shape, work.IsBack, IsBFloat16)
    {
        Source = At(Argument.Source),
        Slopes = At(Argument.Weights),
        Target = At(Target(work.IsBack)),
        Diff = Optional(Argument.DiffTarget),
        DiffSlopes = Optional(Argument.DiffWeights),
        Sums = Scratch,
    };

    private ResponseNormKernel ResponseNorm(ResponseNormWork work) => new(work.Shape, work.IsBack, IsBFloat16)
    {
        Source = At(Argument.Source),
        Diff = Optional(Argument.DiffTarget),
        Target = At(Target(work.IsBack)),
        Scratch = Scratch,
        Slope = work.Slope,
    };

    private BlockedPoolingKernel Pooling(BlockedPoolingWork work) => new(work.Pool, IsBFloat16)
    {
        IsBack = work.IsBack,
        IsMin = work.IsMin,
        TakesReLU = work.TakesReLU,
        From = At(Source(work.IsBack, Argument.DiffTarget)),
        To = At(Target(work.IsBack)),
        Places = Optional(Argument.Workspace),
    };

    private SoftmaxKernel Softmax(SoftmaxWork work)
    {
        return work.IsBack
            ? new(Batch, work.Features, Numbers(Argument.Target), Numbers(Argument.DiffTarget), Numbers(Argument.DiffSource))
            : new(Batch, work.Features, Numbers(Argument.Source), Numbers(Argument.Target));

        SoftmaxKernel.Numbers Numbers(Argument argument) =>
            new(At(argument), _step[argument].Layout.Type == ElementType.BFloat16);
    }

    private LossKernel Loss(LossWork work)
    {
        Layout target = _step[Argument.Target].Layout;
        return new((int)target.Sizes[0], work.Classes, work.Smoothing, At(Argument.Source), At(Argument.Target),
            target.Type == ElementType.BFloat16, _binder.State);
    }

    private int Groups => (int)_step[Argument.Source].Layout.Sizes[0];

    private static Argument Source(bool isBack, Argument back) => isBack ? back : Argument.Source;

    private static Argument Target(bool isBack) => isBack ? Argument.DiffSource : Argument.Target;

    private nint At(Argument argument) => _binder.Address(_step[argument]);

    /// <summary>The address of a tensor, or 0 where the step has none.</summary>
    private nint Optional(Argument argument) =>
        _step.Uses.FirstOrDefault(use => use.Argument == argument) is { } found ? _binder.Address(found.Tensor) : 0;
}
