using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Normalization;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;
using Convolve.Planning;

namespace Convolve.Execution;

/// <summary>The passes of a batch normalisation over the batch, with what one thread does between them.</summary>
internal abstract unsafe class BatchNormRunnable : Runnable
{
    private readonly TeamTask _measure, _apply;
    private readonly bool _isBFloat16;

    protected BatchNormRunnable(Step step, BatchNormShape shape, Binder binder)
    {
        (Shape, _isBFloat16) = (shape, step[Argument.Source].Layout.Type == ElementType.BFloat16);
        Source = binder.Address(step[Argument.Source]);
        Weight = binder.Address(step[Argument.Weights]);
        Statistics = step.Uses.FirstOrDefault(u => u.Argument == Argument.Workspace) is { } use ? binder.Address(use.Tensor) : 0;
        Partials = step.Scratchpad is { } scratchpad ? binder.Arena.At(scratchpad.Offset, scratchpad.Bytes) : 0;
        (_measure, _apply) = (new(new Share(this, measures: true)), new(new Share(this, measures: false)));
    }

    protected BatchNormShape Shape { get; }

    protected nint Source { get; }

    protected nint Weight { get; }

    protected nint Statistics { get; init; }

    protected nint Partials { get; }

    protected virtual bool Measures => true;

    public override void Run()
    {
        if (Measures)
            ThreadTeam.Run(_measure);
        Conclude(ThreadTeam.Threads);
        ThreadTeam.Run(_apply);
    }

    public override void Dispose()
    {
        _measure.Dispose();
        _apply.Dispose();
    }

    protected abstract void Measure<TPixel>(float* partial, int firstImage, int endImage) where TPixel : struct, IPixel;

    protected abstract void Conclude(int threads);

    protected abstract void Apply<TPixel>(int firstImage, int endImage) where TPixel : struct, IPixel;

    private sealed class Share(BatchNormRunnable owner, bool measures) : ITeamWork
    {
        public void Run(int thread, int threads)
        {
            WinogradRunnable.Whole(threads);
            int batch = owner.Shape.Batch, first = (int)((long)batch * thread / threads), end = (int)((long)batch * (thread + 1) / threads);
            float* partial = (float*)owner.Partials + (nint)thread * owner.Shape.PartialFloats;
            if (owner._isBFloat16)
                Run<BFloat16Pixel>(partial, first, end);
            else
                Run<SinglePixel>(partial, first, end);
        }

        private void Run<TPixel>(float* partial, int first, int end) where TPixel : struct, IPixel
        {
            if (measures)
                owner.Measure<TPixel>(partial, first, end);
            else
                owner.Apply<TPixel>(first, end);
        }
    }
}

/// <summary>
/// Batch normalisation forward: of training, which measures the batch, or of evaluation, which takes the running averages.
/// </summary>
internal sealed unsafe class BatchNormForward(Step step, BatchNormWork work, Binder binder) : BatchNormRunnable(step, work.Shape, binder)
{
    private readonly nint _target = binder.Address(step[Argument.Target]), _bias = binder.Address(step[Argument.Bias]);
    private readonly nint _mean = binder.Address(step[Argument.FirstSource]), _variance = binder.Address(step[Argument.FirstSource + 1]);

    protected override bool Measures => work.IsTraining;

    protected override void Measure<TPixel>(float* partial, int firstImage, int endImage) =>
        BatchNormKernels.Measure<TPixel>(Shape, (byte*)Source, partial, firstImage, endImage);

    protected override void Conclude(int threads)
    {
        if (work.IsTraining)
            BatchNormKernels.Conclude(Shape, (float*)Partials, threads, (float*)Weight, (float*)_bias, work.Eps, work.Momentum,
                (float*)_mean, (float*)_variance, (float*)Statistics);
        else
            BatchNormKernels.Recall(Shape, (float*)Weight, (float*)_bias, work.Eps, (float*)_mean, (float*)_variance, (float*)Statistics);
    }

    protected override void Apply<TPixel>(int firstImage, int endImage) =>
        BatchNormKernels.Apply<TPixel>(Shape, (byte*)Source, (float*)Statistics, work.Slope, (byte*)_target, firstImage, endImage);
}

/// <summary>The gradients of a batch normalisation and of the activation behind it.</summary>
internal sealed unsafe class BatchNormBackward(Step step, BatchNormBackwardWork work, Binder binder)
    : BatchNormRunnable(step, work.Shape, binder)
{
    private readonly nint _diff = binder.Address(step[Argument.DiffTarget]), _target = binder.Address(step[Argument.DiffSource]);
    private readonly nint _diffWeight = binder.Address(step[Argument.DiffWeights]), _diffBias = binder.Address(step[Argument.DiffBias]);

    protected override void Measure<TPixel>(float* partial, int firstImage, int endImage) =>
        BatchNormKernels.MeasureDiff<TPixel>(Shape, (byte*)Source, (byte*)_diff, (float*)Statistics, work.Slope, partial, firstImage,
            endImage);

    protected override void Conclude(int threads) =>
        BatchNormKernels.ConcludeDiff(Shape, (float*)Partials, threads, (float*)_diffWeight, (float*)_diffBias);

    protected override void Apply<TPixel>(int firstImage, int endImage) =>
        BatchNormKernels.ApplyDiff<TPixel>(Shape, (byte*)Source, (byte*)_diff, (float*)Statistics, work.Slope, (float*)Partials,
            (byte*)_target, firstImage, endImage);
}
