using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each group, each row of the pooled output:  the rows of the convolution that its windows need;  pool them
//
// src, dst, activations  [group][channel][row][column][16]  float32; weights OIHW, bias O; positions bytes, as dst
// L1 or L2: the convolution's rows of one window, where windows don't overlap. Bound: the multiply-adds of CorrelationTile.

/// <summary>
/// Convolution, activation and pooling in one pass over each group of images, so that what is between them stays in the cache.
/// </summary>
/// <remarks>Threads share work out as in <see cref="InterleavedConvolution"/>.</remarks>
internal static unsafe class InterleavedStages
{
    /// <summary>One thread's scratch for <see cref="Forward"/>.</summary>
    public static long ForwardScratchBytes(in InterleavedStage stage) =>
        InterleavedForward.ScratchBytes(stage.Conv) + InterleavedArena.Bytes<float>((long)stage.Conv.OutFeatures * Width);

    /// <summary>The stage's output from its input.</summary>
    /// <param name="activations">
    /// Receives the activations before the pooling, for <see cref="Backward"/>; may be null in inference, and is null unless
    /// <see cref="InterleavedStage.KeepsActivations"/>.
    /// </param>
    /// <param name="dst">Receives the output: pooled, if there is a pooling.</param>
    /// <param name="argmax">Receives where the maxima are, <see cref="InterleavedPool.ArgmaxBytes"/>; may be null in inference.</param>
    public static void Forward(
        in InterleavedStage stage, float* src, float* weights, float* bias, float* activations, float* dst, byte* argmax, byte* scratch,
        int first, int count)
    {
        if (stage.Pool is not { } pool)
        {
            InterleavedConvolution.Forward(stage.Conv, stage.Activation, stage.Slope, src, weights, bias, dst, scratch, first, count);
            return;
        }
        InterleavedConv conv = stage.Conv;
        InterleavedArena arena = new(scratch);
        InterleavedForward forward = new(ref arena, conv, weights, bias);
        int outHeight = conv.OutHeight, outWidth = conv.OutWidth;
        bool keeps = activations != null, rings = !keeps && pool.StrideH >= pool.KernelHeight && pool.PadTop == 0;
        InterleavedActivation before = stage.PoolsFirst ? InterleavedActivation.None : stage.Activation;
        InterleavedActivation after = stage.PoolsFirst ? stage.Activation : InterleavedActivation.None;
        // Where windows do not overlap, the rows of one window are all the room that is needed.
        int height = rings ? pool.KernelHeight : outHeight;
        float* room = keeps ? null : arena.Take<float>((long)conv.Filters * height * outWidth * Width);
        for (int group = first; group < first + count; group++)
        {
            InterleavedView between = InterleavedView.Dense(keeps ? activations : room, keeps ? group : 0, conv.Filters, height, outWidth);
            InterleavedView output = InterleavedView.Dense(dst, group, pool.Channels, pool.OutHeight, pool.OutWidth);
            byte* positions = InterleavedPooling.Positions(pool, argmax, group);
            forward.Start(src, group);
            int ready = 0;
            for (int row = 0; row < pool.OutHeight; row++)
            {
                int top = row * pool.StrideH - pool.PadTop, end = Math.Min(top + pool.KernelHeight, outHeight);
                InterleavedView window = rings ? new InterleavedView(between.Origin - top * between.Row, between.Row, between.Plane)
                    : between;
                for (ready = keeps ? ready : Math.Max(ready, top); ready < end; ready++)
                    forward.Row(ready, window.Origin + ready * window.Row, window.Plane, before, stage.Slope);
                InterleavedPooling.ForwardRow(pool, after, stage.Slope, window, output, positions, row);
            }
            for (; keeps && ready < outHeight; ready++)
                forward.Row(ready, between.Origin + ready * between.Row, between.Plane, before, stage.Slope);
        }
    }

    /// <summary>One thread's scratch for <see cref="Backward"/>.</summary>
    public static long BackwardScratchBytes(in InterleavedStage stage)
    {
        InterleavedConv conv = stage.Conv;
        (int left, int right) = InterleavedBackwardData.Sides(conv);
        return PaddedPlanes.Bytes(conv.Filters, conv.OutHeight, left + conv.OutWidth + right)
            + InterleavedBackwardWeights.ScratchBytes(conv) + InterleavedBackwardData.ScratchBytes(conv);
    }

    /// <summary>
    /// The gradients of weights, bias and input from the gradient of the output. The gradient before pooling and activation is made for
    /// one group at a time, in scratch.
    /// </summary>
    /// <param name="src">The stage's input.</param>
    /// <param name="activations">What <see cref="Forward"/> kept, or null.</param>
    /// <param name="dst">The stage's output.</param>
    /// <param name="diffDst">The gradient of the output, zero in the lanes that hold no image.</param>
    /// <param name="sums">
    /// Receives the thread's sums, <see cref="InterleavedConvolution.WeightSumsBytes"/>, for
    /// <see cref="InterleavedConvolution.ReduceWeights"/>.
    /// </param>
    /// <param name="diffSrc">Receives the gradient of the input; null where nobody asks, as for the first layer.</param>
    public static void Backward(
        in InterleavedStage stage, float* src, float* weights, float* activations, float* dst, byte* argmax, float* diffDst, byte* sums,
        float* diffSrc, byte* scratch, int first, int count)
    {
        InterleavedConv conv = stage.Conv;
        int outHeight = conv.OutHeight, outWidth = conv.OutWidth;
        InterleavedArena arena = new(scratch);
        (int left, int right) = diffSrc == null ? (0, 0) : InterleavedBackwardData.Sides(conv);
        int width = left + outWidth + right;
        InterleavedView diff = new PaddedPlanes(ref arena, conv.Filters, outHeight, outWidth, top: 0, left, outHeight, width).View;
        InterleavedBackwardWeights backwardWeights = new(ref arena, conv, sums);
        InterleavedBackwardData backwardData = diffSrc == null ? default : new(ref arena, conv, weights, diff);
        for (int group = first; group < first + count; group++)
        {
            if (stage.Pool is { } pool)
                InterleavedPooling.BackwardGroup(
                    pool, stage.Activation, stage.Slope, InterleavedView.Dense(activations, group, conv.Filters, outHeight, outWidth),
                    InterleavedView.Dense(dst, group, pool.Channels, pool.OutHeight, pool.OutWidth),
                    InterleavedPooling.Positions(pool, argmax, group),
                    InterleavedView.Dense(diffDst, group, pool.Channels, pool.OutHeight, pool.OutWidth), diff);
            else
                ActivationBackward(stage, InterleavedView.Dense(dst, group, conv.Filters, outHeight, outWidth),
                    InterleavedView.Dense(diffDst, group, conv.Filters, outHeight, outWidth), diff);
            backwardWeights.Add(InterleavedView.Dense(src, group, conv.Channels, conv.Height, conv.Width), diff);
            if (diffSrc == null)
                continue;
            InterleavedView result = InterleavedView.Dense(diffSrc, group, conv.Channels, conv.Height, conv.Width);
            for (int row = 0; row < conv.Height; row++)
                backwardData.Row(row, diff, result);
        }
    }

    private static void ActivationBackward(in InterleavedStage stage, InterleavedView output, InterleavedView diffDst, InterleavedView diff)
    {
        for (int f = 0; f < stage.Conv.Filters; f++)
            for (int row = 0; row < stage.Conv.OutHeight; row++)
                InterleavedElementwise.Backward(
                    stage.Activation, (float*)(diffDst.Origin + f * diffDst.Plane + row * diffDst.Row),
                    (float*)(output.Origin + f * output.Plane + row * output.Row),
                    (float*)(diff.Origin + f * diff.Plane + row * diff.Row), stage.Conv.OutWidth, stage.Slope);
    }
}
