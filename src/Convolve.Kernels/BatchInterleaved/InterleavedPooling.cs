using static Convolve.Kernels.BatchInterleaved.Interleaving;

namespace Convolve.Kernels.BatchInterleaved;

//     for each group, each row of the output:  InterleavedPoolingForward.Row;  backward, for each group:  InterleavedPoolingBackward
//
// src, dst   [group][channel][row][column][16]  float32, positions bytes likewise
// What is held in registers, and the bounds, are those of the two.

/// <summary>Pooling and activation together, forward and backward.</summary>
/// <remarks>
/// A max pooling with an activation takes the maximum first and activates it: the same values at a fraction of the work, because the
/// activations never fall. It needs no scratch, and neither do the others.
/// </remarks>
internal static unsafe class InterleavedPooling
{
    /// <summary>Activation, then pooling: lanes [C, H, W] to lanes [C, OutHeight, OutWidth].</summary>
    /// <param name="activation">Applied to the maximum, or to every value before the average. A leaky slope is not negative.</param>
    /// <param name="src">The values before the activation.</param>
    /// <param name="argmax">Receives where in its window each maximum is; may be null, and is for averages.</param>
    public static void Forward(
        in InterleavedPool pool, InterleavedActivation activation, float slope, float* src, float* dst, byte* argmax, int first, int count)
    {
        for (int group = first; group < first + count; group++)
        {
            InterleavedView input = InterleavedView.Dense(src, group, pool.Channels, pool.Height, pool.Width);
            InterleavedView output = InterleavedView.Dense(dst, group, pool.Channels, pool.OutHeight, pool.OutWidth);
            byte* positions = Positions(pool, argmax, group);
            for (int row = 0; row < pool.OutHeight; row++)
                ForwardRow(pool, activation, slope, input, output, positions, row);
        }
    }

    /// <summary>
    /// The gradient before the activation from the gradient after the pooling. With a max pooling the pooled output determines the
    /// activation's derivative; an average reads <paramref name="activations"/>.
    /// </summary>
    /// <param name="activations">The values between activation and average; null for a max pooling or where there is no activation.</param>
    /// <param name="dst">The pooled output; null for an average.</param>
    public static void Backward(
        in InterleavedPool pool, InterleavedActivation activation, float slope, float* activations, float* dst, byte* argmax,
        float* diffDst,
        float* diffSrc, int first, int count)
    {
        for (int group = first; group < first + count; group++)
            BackwardGroup(
                pool, activation, slope, InterleavedView.Dense(activations, group, pool.Channels, pool.Height, pool.Width),
                InterleavedView.Dense(dst, group, pool.Channels, pool.OutHeight, pool.OutWidth), Positions(pool, argmax, group),
                InterleavedView.Dense(diffDst, group, pool.Channels, pool.OutHeight, pool.OutWidth),
                InterleavedView.Dense(diffSrc, group, pool.Channels, pool.Height, pool.Width));
    }

    /// <summary>Where a group's maxima are kept.</summary>
    internal static byte* Positions(in InterleavedPool pool, byte* argmax, int group) =>
        argmax == null ? null : argmax + (long)group * pool.OutFeatures * Width;

    internal static void ForwardRow(
        in InterleavedPool pool, InterleavedActivation activation, float slope, InterleavedView input, InterleavedView output,
        byte* positions, int row)
    {
        switch (activation)
        {
            case InterleavedActivation.None: InterleavedPoolingForward.Row<Identity>(pool, slope, input, output, positions, row); break;
            case InterleavedActivation.ReLU: InterleavedPoolingForward.Row<Rectify>(pool, slope, input, output, positions, row); break;
            case InterleavedActivation.LeakyReLU:
                InterleavedPoolingForward.Row<LeakyRectify>(pool, slope, input, output, positions, row);
                break;
            case InterleavedActivation.Tanh:
                InterleavedPoolingForward.Row<HyperbolicTangent>(pool, slope, input, output, positions, row);
                break;
            case InterleavedActivation.Sigmoid: InterleavedPoolingForward.Row<Logistic>(pool, slope, input, output, positions, row); break;
        }
    }

    internal static void BackwardGroup(
        in InterleavedPool pool, InterleavedActivation activation, float slope, InterleavedView activations, InterleavedView output,
        byte* positions,
        InterleavedView diffDst, InterleavedView diffSrc)
    {
        switch (activation)
        {
            case InterleavedActivation.None:
                InterleavedPoolingBackward.Group<Identity>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case InterleavedActivation.ReLU:
                InterleavedPoolingBackward.Group<Rectify>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case InterleavedActivation.LeakyReLU:
                InterleavedPoolingBackward.Group<LeakyRectify>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case InterleavedActivation.Tanh:
                InterleavedPoolingBackward.Group<HyperbolicTangent>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case InterleavedActivation.Sigmoid:
                InterleavedPoolingBackward.Group<Logistic>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
        }
    }

    /// <summary>What a sum is multiplied by for the average of a window of which some rows and columns are inside the input.</summary>
    internal static float Share(in InterleavedPool pool, int rows, int columns) =>
        1f / (pool.Kind == InterleavedPoolKind.Average ? rows * columns : pool.KernelHeight * pool.KernelWidth);
}
