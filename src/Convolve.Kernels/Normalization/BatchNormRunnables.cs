using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Kernels.Normalization;

/// <summary>The passes of a batch normalization over the batch, with what one thread does between them.</summary>
internal abstract unsafe class BatchNormRunnable : Runnable
{
    private readonly TeamTask _measure, _apply;
    private readonly bool _isBFloat16;

    protected BatchNormRunnable(BatchNormShape shape, bool isBFloat16)
    {
        (Shape, _isBFloat16) = (shape, isBFloat16);
        (_measure, _apply) = (new(new Share(this, measures: true)), new(new Share(this, measures: false)));
    }

    public nint Source { get; init; }

    /// <summary>The images, or their gradient.</summary>
    public nint Target { get; init; }

    /// <summary>What the forward pass leaves for the backward pass.</summary>
    public nint Statistics { get; init; }

    /// <summary>Room for the shape's partial sums, for each thread.</summary>
    public nint Partials { get; init; }

    protected BatchNormShape Shape { get; }

    protected virtual bool Measures => true;

    /// <summary>The sums of a batch that one thread measures.</summary>
    public Span<float> Sums => new((float*)Partials, Shape.PartialFloats);

    public override void Run()
    {
        if (Measures)
            ThreadTeam.Run(_measure);
        Conclude(Shape, (float*)Partials, ThreadTeam.Threads);
        ThreadTeam.Run(_apply);
    }

    /// <summary>The first half of a run in which shards of a batch share their sums; in a team of one thread.</summary>
    public void RunFirstHalf() => ThreadTeam.Run(_measure);

    /// <summary>The second half, with the sums of all shards.</summary>
    /// <param name="sums">Of each shard, one behind the other; those of shards without images are 0. They are overwritten.</param>
    /// <param name="shards">How many: each has its share of the images, as threads would.</param>
    /// <param name="images">Of all shards.</param>
    public void RunSecondHalf(Span<float> sums, int shards, int images)
    {
        fixed (float* all = sums)
            Conclude(Shape with { Batch = images }, all, shards);
        ThreadTeam.Run(_apply);
    }

    public override void Dispose()
    {
        _measure.Dispose();
        _apply.Dispose();
    }

    protected abstract void Measure<TPixel>(float* partial, int firstImage, int endImage) where TPixel : struct, IPixel;

    protected abstract void Conclude(in BatchNormShape batch, float* partials, int parts);

    protected abstract void Apply<TPixel>(int firstImage, int endImage) where TPixel : struct, IPixel;

    private sealed class Share(BatchNormRunnable owner, bool measures) : ITeamWork
    {
        public void Run(int thread, int threads)
        {
            ThreadTeam.RequireWhole(threads);
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
/// Batch normalization forward: of training, which measures the batch, or of evaluation, which takes the running averages.
/// </summary>
internal sealed unsafe class BatchNormForward(BatchNormShape shape, bool isBFloat16) : BatchNormRunnable(shape, isBFloat16)
{
    public bool IsTraining { get; init; }

    public float Eps { get; init; }

    /// <summary>The share of a batch in the running averages.</summary>
    public float Momentum { get; init; }

    /// <summary>Of the activation behind: 1 for none, 0 for ReLU.</summary>
    public float Slope { get; init; }

    public nint Weight { get; init; }

    public nint Bias { get; init; }

    /// <summary>The running average of the mean of each channel.</summary>
    public nint Mean { get; init; }

    /// <summary>The running average of the variance of each channel.</summary>
    public nint Variance { get; init; }

    protected override bool Measures => IsTraining;

    protected override void Measure<TPixel>(float* partial, int firstImage, int endImage) =>
        BatchNormKernels.Measure<TPixel>(Shape, (byte*)Source, partial, firstImage, endImage);

    protected override void Conclude(in BatchNormShape batch, float* partials, int parts)
    {
        if (IsTraining)
            BatchNormKernels.Conclude(batch, partials, parts, (float*)Weight, (float*)Bias, Eps, Momentum, (float*)Mean,
                (float*)Variance, (float*)Statistics);
        else
            BatchNormKernels.Recall(Shape, (float*)Weight, (float*)Bias, Eps, (float*)Mean, (float*)Variance, (float*)Statistics);
    }

    protected override void Apply<TPixel>(int firstImage, int endImage) =>
        BatchNormKernels.Apply<TPixel>(Shape, (byte*)Source, (float*)Statistics, Slope, (byte*)Target, firstImage, endImage);
}

/// <summary>The gradients of a batch normalization and of the activation behind it.</summary>
internal sealed unsafe class BatchNormBackward(BatchNormShape shape, bool isBFloat16) : BatchNormRunnable(shape, isBFloat16)
{
    /// <summary>Whether the statistics are those of the batch; else they are constants, and only the input has a gradient.</summary>
    public bool IsTraining { get; init; }

    /// <summary>Of the activation behind: 1 for none, 0 for ReLU.</summary>
    public float Slope { get; init; }

    /// <summary>The gradient of what is behind.</summary>
    public nint Diff { get; init; }

    public nint DiffWeight { get; init; }

    public nint DiffBias { get; init; }

    protected override bool Measures => IsTraining;

    protected override void Measure<TPixel>(float* partial, int firstImage, int endImage) =>
        BatchNormKernels.MeasureDiff<TPixel>(Shape, (byte*)Source, (byte*)Diff, (float*)Statistics, Slope, partial, firstImage,
            endImage);

    // Of a shard, the gradients of weight and bias are the sums of its own images, which the other shards' are added to later.
    protected override void Conclude(in BatchNormShape batch, float* partials, int parts)
    {
        if (!IsTraining)
        {
            Sums.Clear(); // the means that a batch would have taken off
            return;
        }
        bool isShard = partials != (float*)Partials;
        if (isShard)
            BatchNormKernels.ConcludeDiff(Shape, (float*)Partials, 1, (float*)DiffWeight, (float*)DiffBias);
        BatchNormKernels.ConcludeDiff(batch, partials, parts, isShard ? null : (float*)DiffWeight, isShard ? null : (float*)DiffBias);
        if (isShard)
            new Span<float>(partials, Shape.PartialFloats).CopyTo(Sums);
    }

    protected override void Apply<TPixel>(int firstImage, int endImage) =>
        BatchNormKernels.ApplyDiff<TPixel>(Shape, (byte*)Source, (byte*)Diff, (float*)Statistics, Slope, (float*)Partials,
            (byte*)Target, firstImage, endImage);
}
