using static Convolve.Kernels.Lanes.Lanes;

namespace Convolve.Kernels.Lanes;

/// <summary>Pooling and activation together, forward and backward.</summary>
/// <remarks>
/// A max pooling with an activation takes the maximum first and activates it: the same values at a fraction of the work, because the
/// activations never fall. It needs no scratch, and neither do the others.
/// </remarks>
internal static unsafe class LanesPooling
{
    /// <summary>Activation, then pooling: lanes [C, H, W] to lanes [C, OutHeight, OutWidth].</summary>
    /// <param name="activation">Applied to the maximum, or to every value before the average. A leaky slope is not negative.</param>
    /// <param name="src">The values before the activation.</param>
    /// <param name="argmax">Receives where in its window each maximum is; may be null, and is for averages.</param>
    public static void Forward(
        in LanesPool pool, LanesActivation activation, float slope, float* src, float* dst, byte* argmax, int first, int count)
    {
        for (int group = first; group < first + count; group++)
        {
            LanesView input = LanesView.Dense(src, group, pool.Channels, pool.Height, pool.Width);
            LanesView output = LanesView.Dense(dst, group, pool.Channels, pool.OutHeight, pool.OutWidth);
            byte* positions = Positions(pool, argmax, group);
            for (int row = 0; row < pool.OutHeight; row++)
                ForwardRow(pool, activation, slope, input, output, positions, row);
        }
    }

    /// <summary>
    /// The gradient before the activation from the gradient after the pooling. With a max pooling the pooled output tells the
    /// activation's derivative; an average reads <paramref name="activations"/>.
    /// </summary>
    /// <param name="activations">The values between activation and average; null for a max pooling or where there is no activation.</param>
    /// <param name="dst">The pooled output; null for an average.</param>
    public static void Backward(
        in LanesPool pool, LanesActivation activation, float slope, float* activations, float* dst, byte* argmax, float* diffDst,
        float* diffSrc, int first, int count)
    {
        for (int group = first; group < first + count; group++)
            BackwardGroup(
                pool, activation, slope, LanesView.Dense(activations, group, pool.Channels, pool.Height, pool.Width),
                LanesView.Dense(dst, group, pool.Channels, pool.OutHeight, pool.OutWidth), Positions(pool, argmax, group),
                LanesView.Dense(diffDst, group, pool.Channels, pool.OutHeight, pool.OutWidth),
                LanesView.Dense(diffSrc, group, pool.Channels, pool.Height, pool.Width));
    }

    /// <summary>Where a group's maxima are kept.</summary>
    internal static byte* Positions(in LanesPool pool, byte* argmax, int group) =>
        argmax == null ? null : argmax + (long)group * pool.OutFeatures * Width;

    internal static void ForwardRow(
        in LanesPool pool, LanesActivation activation, float slope, LanesView input, LanesView output, byte* positions, int row)
    {
        switch (activation)
        {
            case LanesActivation.None: LanesPoolingForward.Row<Identity>(pool, slope, input, output, positions, row); break;
            case LanesActivation.ReLU: LanesPoolingForward.Row<Rectify>(pool, slope, input, output, positions, row); break;
            case LanesActivation.LeakyReLU: LanesPoolingForward.Row<LeakyRectify>(pool, slope, input, output, positions, row); break;
            case LanesActivation.Tanh: LanesPoolingForward.Row<HyperbolicTangent>(pool, slope, input, output, positions, row); break;
            case LanesActivation.Sigmoid: LanesPoolingForward.Row<Logistic>(pool, slope, input, output, positions, row); break;
        }
    }

    internal static void BackwardGroup(
        in LanesPool pool, LanesActivation activation, float slope, LanesView activations, LanesView output, byte* positions,
        LanesView diffDst, LanesView diffSrc)
    {
        switch (activation)
        {
            case LanesActivation.None:
                LanesPoolingBackward.Group<Identity>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case LanesActivation.ReLU:
                LanesPoolingBackward.Group<Rectify>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case LanesActivation.LeakyReLU:
                LanesPoolingBackward.Group<LeakyRectify>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case LanesActivation.Tanh:
                LanesPoolingBackward.Group<HyperbolicTangent>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
            case LanesActivation.Sigmoid:
                LanesPoolingBackward.Group<Logistic>(pool, slope, activations, output, positions, diffDst, diffSrc); break;
        }
    }

    /// <summary>What a sum is multiplied by for the average of a window of which some rows and columns are inside the input.</summary>
    internal static float Share(in LanesPool pool, int rows, int columns) =>
        1f / (pool.Kind == LanesPoolKind.Average ? rows * columns : pool.KernelHeight * pool.KernelWidth);
}
