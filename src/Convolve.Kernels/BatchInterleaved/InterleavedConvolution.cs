namespace Convolve.Kernels.BatchInterleaved;

//     for each group, each row:  InterleavedForward, InterleavedBackwardData or InterleavedBackwardWeights
//
// src, dst, and their gradients  [group][channel][row][column][16]  float32; weights and bias OIHW and O
// What is held where, and the bounds, are those of the three.

/// <summary>The convolution kernels one by one; <see cref="InterleavedStages"/> joins them with what follows the convolution.</summary>
/// <remarks>
/// Every method works on <c>count</c> groups of 16 images from <c>first</c> on, from pointers to whole tensors; threads that share a call
/// out take different groups and different scratch.
/// </remarks>
internal static unsafe class InterleavedConvolution
{
    /// <summary>One thread's scratch for <see cref="Forward"/>.</summary>
    public static long ForwardScratchBytes(in InterleavedConv conv) => InterleavedForward.ScratchBytes(conv);

    /// <summary>Convolution, bias and activation: lanes [C, H, W] to lanes [Filters, OutHeight, OutWidth].</summary>
    public static void Forward(
        in InterleavedConv conv, InterleavedActivation activation, float slope, float* src, float* weights, float* bias, float* dst,
        byte* scratch, int first, int count)
    {
        InterleavedArena arena = new(scratch);
        InterleavedForward forward = new(ref arena, conv, weights, bias);
        for (int group = first; group < first + count; group++)
        {
            InterleavedView output = InterleavedView.Dense(dst, group, conv.Filters, conv.OutHeight, conv.OutWidth);
            forward.Start(src, group);
            for (int row = 0; row < conv.OutHeight; row++)
                forward.Row(row, output.Origin + row * output.Row, output.Plane, activation, slope);
        }
    }

    /// <summary>One thread's scratch for <see cref="BackwardData"/>.</summary>
    public static long BackwardDataScratchBytes(in InterleavedConv conv)
    {
        (int left, int right) = InterleavedBackwardData.Sides(conv);
        return PaddedPlanes.Bytes(conv.Filters, conv.OutHeight, left + conv.OutWidth + right) + InterleavedBackwardData.ScratchBytes(conv);
    }

    /// <summary>The gradient of the input from the gradient of the output before the activation.</summary>
    public static void BackwardData(
        in InterleavedConv conv, float* diffDst, float* weights, float* diffSrc, byte* scratch, int first, int count)
    {
        InterleavedArena arena = new(scratch);
        (int left, int right) = InterleavedBackwardData.Sides(conv);
        PaddedPlanes padded = new(
            ref arena, conv.Filters, conv.OutHeight, conv.OutWidth, top: 0, left, conv.OutHeight, left + conv.OutWidth + right);
        InterleavedBackwardData backward = new(ref arena, conv, weights, padded.View);
        for (int group = first; group < first + count; group++)
        {
            InterleavedView diff = InterleavedView.Dense(diffDst, group, conv.Filters, conv.OutHeight, conv.OutWidth);
            InterleavedView result = InterleavedView.Dense(diffSrc, group, conv.Channels, conv.Height, conv.Width);
            padded.Restart();
            for (int row = 0; row < conv.Height; row++)
            {
                padded.Copy(diff, backward.RowsNeeded(row));
                backward.Row(row, padded.View, result);
            }
        }
    }

    /// <summary>One thread's scratch for <see cref="BackwardWeights"/>.</summary>
    public static long BackwardWeightsScratchBytes(in InterleavedConv conv) => InterleavedBackwardWeights.ScratchBytes(conv);

    /// <summary>One thread's part of the sums that <see cref="BackwardWeights"/> leaves for <see cref="ReduceWeights"/>.</summary>
    public static long WeightSumsBytes(in InterleavedConv conv) => InterleavedBackwardWeights.SumsBytes(conv);

    /// <summary>Sets a thread's sums to the gradients of the weights and the bias over its groups; with no group, to zero.</summary>
    /// <param name="diffDst">The gradient of the output before the activation, zero in the lanes that hold no image.</param>
    /// <param name="sums">The thread's own <see cref="WeightSumsBytes"/>.</param>
    public static void BackwardWeights(
        in InterleavedConv conv, float* src, float* diffDst, byte* sums, byte* scratch, int first, int count)
    {
        InterleavedArena arena = new(scratch);
        InterleavedBackwardWeights backward = new(ref arena, conv, sums);
        for (int group = first; group < first + count; group++)
            backward.Add(
                InterleavedView.Dense(src, group, conv.Channels, conv.Height, conv.Width),
                InterleavedView.Dense(diffDst, group, conv.Filters, conv.OutHeight, conv.OutWidth));
    }

    /// <summary>Adds up the sums of all threads, in their order: the same bits for the same share of groups.</summary>
    /// <param name="sums">The sums of all threads, one after another.</param>
    /// <param name="diffWeights">Receives the gradients of filters <paramref name="firstFilter"/> on, at their place in OIHW.</param>
    public static void ReduceWeights(
        in InterleavedConv conv, byte* sums, int threads, float* diffWeights, float* diffBias, int firstFilter, int filters) =>
        InterleavedBackwardWeights.Reduce(conv, sums, threads, diffWeights, diffBias, firstFilter, filters);
}
