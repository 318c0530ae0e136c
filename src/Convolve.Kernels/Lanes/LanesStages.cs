using static Convolve.Kernels.Lanes.Lanes;

namespace Convolve.Kernels.Lanes;

/// <summary>
/// Convolution, activation and pooling in one pass over each group of images, so that what lies between them stays in the cache.
/// </summary>
/// <remarks>Threads share work out as in <see cref="LanesConvolution"/>.</remarks>
internal static unsafe class LanesStages
{
    /// <summary>One thread's scratch for <see cref="Forward"/>.</summary>
    public static long ForwardScratchBytes(in LanesStage stage) =>
        LanesForward.ScratchBytes(stage.Conv) + LanesArena.Bytes<float>((long)stage.Conv.OutFeatures * Width);

    /// <summary>The stage's output from its input.</summary>
    /// <param name="activations">
    /// Receives the activations before the pooling, for <see cref="Backward"/>; may be null in inference, and is null unless
    /// <see cref="LanesStage.KeepsActivations"/>.
    /// </param>
    /// <param name="dst">Receives the output: pooled, if there is a pooling.</param>
    /// <param name="argmax">Receives where the maxima are, <see cref="LanesPool.ArgmaxBytes"/>; may be null in inference.</param>
    public static void Forward(
        in LanesStage stage, float* src, float* weights, float* bias, float* activations, float* dst, byte* argmax, byte* scratch,
        int first, int count)
    {
        if (stage.Pool is not { } pool)
        {
            LanesConvolution.Forward(stage.Conv, stage.Activation, stage.Slope, src, weights, bias, dst, scratch, first, count);
            return;
        }
        LanesConv conv = stage.Conv;
        LanesArena arena = new(scratch);
        LanesForward forward = new(ref arena, conv, weights, bias);
        int outHeight = conv.OutHeight, outWidth = conv.OutWidth;
        bool keeps = activations != null, rings = !keeps && pool.StrideH >= pool.KernelHeight && pool.PadTop == 0;
        LanesActivation before = stage.PoolsFirst ? LanesActivation.None : stage.Activation;
        LanesActivation after = stage.PoolsFirst ? stage.Activation : LanesActivation.None;
        // Where windows do not overlap, the rows of one window are all the room that is needed.
        int height = rings ? pool.KernelHeight : outHeight;
        float* room = keeps ? null : arena.Take<float>((long)conv.Filters * height * outWidth * Width);
        for (int group = first; group < first + count; group++)
        {
            LanesView between = LanesView.Dense(keeps ? activations : room, keeps ? group : 0, conv.Filters, height, outWidth);
            LanesView output = LanesView.Dense(dst, group, pool.Channels, pool.OutHeight, pool.OutWidth);
            byte* positions = LanesPooling.Positions(pool, argmax, group);
            forward.Start(src, group);
            int ready = 0;
            for (int row = 0; row < pool.OutHeight; row++)
            {
                int top = row * pool.StrideH - pool.PadTop, end = Math.Min(top + pool.KernelHeight, outHeight);
                LanesView window = rings ? new LanesView(between.Origin - top * between.Row, between.Row, between.Plane) : between;
                for (ready = keeps ? ready : Math.Max(ready, top); ready < end; ready++)
                    forward.Row(ready, window.Origin + ready * window.Row, window.Plane, before, stage.Slope);
                LanesPooling.ForwardRow(pool, after, stage.Slope, window, output, positions, row);
            }
            for (; keeps && ready < outHeight; ready++)
                forward.Row(ready, between.Origin + ready * between.Row, between.Plane, before, stage.Slope);
        }
    }

    /// <summary>One thread's scratch for <see cref="Backward"/>.</summary>
    public static long BackwardScratchBytes(in LanesStage stage)
    {
        LanesConv conv = stage.Conv;
        (int left, int right) = LanesBackwardData.Sides(conv);
        return PaddedPlanes.Bytes(conv.Filters, conv.OutHeight, left + conv.OutWidth + right)
            + LanesBackwardWeights.ScratchBytes(conv) + LanesBackwardData.ScratchBytes(conv);
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
    /// Receives the thread's sums, <see cref="LanesConvolution.WeightSumsBytes"/>, for <see cref="LanesConvolution.ReduceWeights"/>.
    /// </param>
    /// <param name="diffSrc">Receives the gradient of the input; null where nobody asks, as for the first layer.</param>
    public static void Backward(
        in LanesStage stage, float* src, float* weights, float* activations, float* dst, byte* argmax, float* diffDst, byte* sums,
        float* diffSrc, byte* scratch, int first, int count)
    {
        LanesConv conv = stage.Conv;
        int outHeight = conv.OutHeight, outWidth = conv.OutWidth;
        LanesArena arena = new(scratch);
        (int left, int right) = diffSrc == null ? (0, 0) : LanesBackwardData.Sides(conv);
        int width = left + outWidth + right;
        LanesView diff = new PaddedPlanes(ref arena, conv.Filters, outHeight, outWidth, top: 0, left, outHeight, width).View;
        LanesBackwardWeights backwardWeights = new(ref arena, conv, sums);
        LanesBackwardData backwardData = diffSrc == null ? default : new(ref arena, conv, weights, diff);
        for (int group = first; group < first + count; group++)
        {
            if (stage.Pool is { } pool)
                LanesPooling.BackwardGroup(
                    pool, stage.Activation, stage.Slope, LanesView.Dense(activations, group, conv.Filters, outHeight, outWidth),
                    LanesView.Dense(dst, group, pool.Channels, pool.OutHeight, pool.OutWidth),
                    LanesPooling.Positions(pool, argmax, group),
                    LanesView.Dense(diffDst, group, pool.Channels, pool.OutHeight, pool.OutWidth), diff);
            else
                ActivationBackward(stage, LanesView.Dense(dst, group, conv.Filters, outHeight, outWidth),
                    LanesView.Dense(diffDst, group, conv.Filters, outHeight, outWidth), diff);
            backwardWeights.Add(LanesView.Dense(src, group, conv.Channels, conv.Height, conv.Width), diff);
            if (diffSrc == null)
                continue;
            LanesView result = LanesView.Dense(diffSrc, group, conv.Channels, conv.Height, conv.Width);
            for (int row = 0; row < conv.Height; row++)
                backwardData.Row(row, diff, result);
        }
    }

    private static void ActivationBackward(in LanesStage stage, LanesView output, LanesView diffDst, LanesView diff)
    {
        for (int f = 0; f < stage.Conv.Filters; f++)
            for (int row = 0; row < stage.Conv.OutHeight; row++)
                LanesElementwise.Backward(
                    stage.Activation, (float*)(diffDst.Origin + f * diffDst.Plane + row * diffDst.Row),
                    (float*)(output.Origin + f * output.Plane + row * output.Row),
                    (float*)(diff.Origin + f * diff.Plane + row * diff.Row), stage.Conv.OutWidth, stage.Slope);
    }
}
