using Convolve.Kernels.BatchInterleaved;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Kernels.Winograd;
using Convolve.Planning;

namespace Convolve.Profiling;

/// <summary>What a step of a plan does, as it is executed: with Winograd the products of Winograd.</summary>
/// <param name="Flops">Floating-point operations; a multiply-add is 2. Of convolutions, what meets the padding is left out.</param>
/// <param name="Bytes">What it must move at least: each tensor that it reads and each that it writes once.</param>
/// <param name="IsBFloat16">Whether it multiplies in bfloat16.</param>
internal readonly record struct StepWork(double Flops, long Bytes, bool IsBFloat16)
{
    // Of one transform of a line, read off WinogradTransform; a fused multiply-add is 2.
    private const int InputLine = 38;
    private const int ElementwisePerValue = 1, SoftmaxPerValue = 4, LossPerValue = 5, BilinearPerValue = 7;
    private const int BatchNormForward = 6, BatchNormEvaluation = 2, BatchNormBackward = 9, ResponseNormRest = 5;

    /// <summary>Of a step, for as many images.</summary>
    public static StepWork Of(Step step, int batch) => new(FlopsOf(step, step.Work, batch), BytesOf(step), MultipliesBFloat16(step.Work));

    private static long BytesOf(Step step) => step.Uses.Sum(use =>
        use.Tensor.Layout.Bytes * (use.Access == Access.ReadWrite ? 2 : 1));

    private static bool MultipliesBFloat16(Work work) => work switch
    {
        NativeWork native => IsBFloat16Product(native.Operation),
        SharesWork shares => IsBFloat16Product(shares.Shares[0].Operation),
        UnseenTapsWork unseen => MultipliesBFloat16(unseen.Kernel),
        _ => false,
    };

    private static bool IsBFloat16Product(Operation operation) => operation switch
    {
        ConvolutionForward o => o.Source.Type == ElementType.BFloat16,
        ConvolutionBackwardData o => o.DiffTarget.Type == ElementType.BFloat16,
        ConvolutionBackwardWeights o => o.DiffTarget.Type == ElementType.BFloat16,
        InnerProductForward o => o.Source.Type == ElementType.BFloat16,
        InnerProductBackwardData o => o.DiffTarget.Type == ElementType.BFloat16,
        InnerProductBackwardWeights o => o.DiffTarget.Type == ElementType.BFloat16,
        _ => false,
    };

    private static double FlopsOf(Step step, Work work, int batch) => work switch
    {
        NativeWork native => FlopsOf(native.Operation),
        SharesWork shares => shares.Shares.Sum(share => FlopsOf(share.Operation)),
        UnseenTapsWork unseen => FlopsOf(step, unseen.Kernel, batch),
        WinogradWork winograd => FlopsOf(winograd.Shape),
        WinogradGradientWork gradient => GradientFlops(gradient.Shape),
        InterleavedForwardWork forward => 2.0 * Lanes(batch) * forward.Stage.Conv.MultiplyAdds,
        InterleavedBackwardWork backward => 2.0 * Lanes(batch) * backward.Stage.Conv.MultiplyAdds
            * (step.Uses.Any(use => use.Argument == Argument.DiffSource) ? 2 : 1),
        BatchNormWork norm => (double)norm.Shape.Count * norm.Shape.Channels * (norm.IsTraining ? BatchNormForward : BatchNormEvaluation),
        BatchNormBackwardWork norm => (double)norm.Shape.Count * norm.Shape.Channels * BatchNormBackward,
        ResponseNormWork norm => (double)norm.Shape.Batch * norm.Shape.Channels * norm.Shape.Pixels
            * (norm.Shape.Before + norm.Shape.After + ResponseNormRest) * (norm.IsBack ? 2 : 1),
        SoftmaxWork softmax => (double)batch * softmax.Features * SoftmaxPerValue,
        LossWork loss => (double)batch * loss.Classes * LossPerValue,
        BlockedPoolingWork pooling => Elements(step[pooling.IsBack ? Argument.DiffTarget : Argument.Target].Layout)
            * pooling.Pool.KernelHeight * pooling.Pool.KernelWidth,
        AdaptiveAverageWork average => (double)average.Shape.Planes * average.Shape.Height * average.Shape.Width,
        DropoutWork or RectifierWork => Elements(step.Uses[0].Tensor.Layout) * ElementwisePerValue,
        _ => 0, // copies
    };

    private static double FlopsOf(Operation operation) => operation switch
    {
        ConvolutionForward o => 2 * Products(o),
        ConvolutionBackwardData o => 2 * Products(o.Forward),
        ConvolutionBackwardWeights o => 2 * Products(o.Forward),
        InnerProductForward o => 2 * Products(o),
        InnerProductBackwardData o => 2 * Products(o.Forward),
        InnerProductBackwardWeights o => 2 * Products(o.Forward),
        PoolingForward o => Elements(o.Target) * o.Kernel.Height * o.Kernel.Width,
        PoolingBackward o => Elements(o.DiffTarget) * o.Forward.Kernel.Height * o.Forward.Kernel.Width,
        ElementwiseForward o => Elements(o.Data) * ElementwisePerValue,
        ElementwiseBackward o => Elements(o.Data) * ElementwisePerValue,
        ResamplingForward o => Elements(o.Target) * BilinearPerValue,
        ResamplingBackward o => Elements(o.DiffTarget) * BilinearPerValue,
        Sum o => Elements(o.Data) * (o.Count - 1),
        _ => 0,
    };

    private static double Products(InnerProductForward o) => Elements(o.Source) * o.Target.Sizes[1];

    // Those with a number of the image: kernels need not multiply the padding.
    private static double Products(ConvolutionForward o)
    {
        double rows = Taps(o.Target.Sizes[2], o.Source.Sizes[2], o.Weights.Sizes[^2], o.Walk.Stride.Height, o.Walk.Dilation.Height,
            o.Walk.Before.Height);
        double columns = Taps(o.Target.Sizes[3], o.Source.Sizes[3], o.Weights.Sizes[^1], o.Walk.Stride.Width, o.Walk.Dilation.Width,
            o.Walk.Before.Width);
        return (double)o.Source.Sizes[0] * o.Target.Sizes[1] * o.Weights.Sizes[^3] * rows * columns;
    }

    /// <summary>The taps along one side that meet the image, over all outputs.</summary>
    internal static long Taps(long outputs, long inputs, long kernel, int stride, int dilation, int before)
    {
        long taps = 0;
        for (long output = 0; output < outputs; output++)
            for (long tap = 0; tap < kernel; tap++)
                taps += output * stride - before + tap * dilation is var at && at >= 0 && at < inputs ? 1 : 0;
        return taps;
    }

    /// <summary>The products of all tiles, and the transforms of weights, inputs and outputs.</summary>
    internal static double FlopsOf(in WinogradShape shape)
    {
        double pairs = (double)shape.Channels * shape.Filters, tiles = shape.Tiles;
        return 2 * WinogradShape.Points * tiles * pairs
            + tiles * shape.Channels * 2 * WinogradShape.Side * InputLine
            + tiles * shape.Filters * (WinogradShape.Side + shape.OutSide) * CollectLine(shape.OutSide)
            + pairs * ((shape.Kernel + WinogradShape.Side) * EvaluateLine(shape.Kernel) + WinogradShape.Points);
    }

    /// <summary>The products of all tiles, and the transforms of inputs, gradients and weights.</summary>
    internal static double GradientFlops(in WinogradShape shape)
    {
        double pairs = (double)shape.Channels * shape.Filters, tiles = shape.Tiles;
        return 2 * WinogradShape.Points * tiles * pairs
            + tiles * shape.Channels * 2 * WinogradShape.Side * InputLine
            + tiles * shape.Filters * (shape.OutSide + WinogradShape.Side) * EvaluateLine(shape.OutSide)
            + pairs * ((WinogradShape.Side + shape.Kernel) * CollectLine(shape.Kernel) + WinogradShape.Points);
    }

    // Coefficients to values at the 8 points.
    private static int EvaluateLine(int side) => side switch { 3 => 13, 4 => 18, 5 => 23, _ => 28 };

    // Values at the 8 points to so many sums.
    private static int CollectLine(int side) => 6 + 3 + 4 * (side - 1) + 1;

    private static long Lanes(int batch) => (long)(batch + InterleavedLanes - 1) / InterleavedLanes * InterleavedLanes;

    private const int InterleavedLanes = Interleaving.Width;

    private static double Elements(Layout layout) => layout.Sizes.Aggregate(1.0, (product, size) => product * size);
}
