using Convolve.Kernels.Contract;

namespace Convolve.OneDnn;

/// <summary>Writes an operation into the descriptor that oneDNN 2.x takes.</summary>
internal static unsafe class OperationDescriptor
{
    /// <summary>The way that convolutions are computed: Winograd's, which the library gave up in 3.2, is an own kernel.</summary>
    internal const int Direct = 1;

    /// <summary>The way of resampling.</summary>
    internal const int Linear = 0x2fff1;

    /// <summary>Fills 16 KiB at <paramref name="result"/>; returns the library's status.</summary>
    public static int Fill(byte* result, Operation operation)
    {
        switch (operation)
        {
            case ConvolutionForward o:
                {
                    Sizes s = new(o.Walk, default);
                    fixed (byte* source = LayoutCodec.Encode(o.Source), weights = LayoutCodec.Encode(o.Weights),
                        bias = LayoutCodec.Encode(o.Bias), target = LayoutCodec.Encode(o.Target))
                        return Dnnl.dnnl_dilated_convolution_forward_desc_init(result, OneDnn2.Propagation(o.IsTraining), Direct,
                            source, weights, bias, target, s.Stride, s.Dilation, s.Before, s.After);
                }
            case ConvolutionBackwardData o:
                {
                    Sizes s = new(o.Forward.Walk, default);
                    fixed (byte* source = LayoutCodec.Encode(o.DiffSource), weights = LayoutCodec.Encode(o.Weights),
                        target = LayoutCodec.Encode(o.DiffTarget))
                        return Dnnl.dnnl_dilated_convolution_backward_data_desc_init(result, Direct,
                            source, weights, target, s.Stride, s.Dilation, s.Before, s.After);
                }
            case ConvolutionBackwardWeights o:
                {
                    Sizes s = new(o.Forward.Walk, default);
                    fixed (byte* source = LayoutCodec.Encode(o.Source), weights = LayoutCodec.Encode(o.DiffWeights),
                        bias = LayoutCodec.Encode(o.DiffBias), target = LayoutCodec.Encode(o.DiffTarget))
                        return Dnnl.dnnl_dilated_convolution_backward_weights_desc_init(result, Direct,
                            source, weights, bias, target, s.Stride, s.Dilation, s.Before, s.After);
                }
            case InnerProductForward o:
                fixed (byte* source = LayoutCodec.Encode(o.Source), weights = LayoutCodec.Encode(o.Weights),
                    bias = LayoutCodec.Encode(o.Bias), target = LayoutCodec.Encode(o.Target))
                    return Dnnl.dnnl_inner_product_forward_desc_init(result, OneDnn2.Propagation(o.IsTraining), source, weights, bias,
                        target);
            case InnerProductBackwardData o:
                fixed (byte* source = LayoutCodec.Encode(o.DiffSource), weights = LayoutCodec.Encode(o.Weights),
                    target = LayoutCodec.Encode(o.DiffTarget))
                    return Dnnl.dnnl_inner_product_backward_data_desc_init(result, source, weights, target);
            case InnerProductBackwardWeights o:
                fixed (byte* source = LayoutCodec.Encode(o.Source), weights = LayoutCodec.Encode(o.DiffWeights),
                    bias = LayoutCodec.Encode(o.DiffBias), target = LayoutCodec.Encode(o.DiffTarget))
                    return Dnnl.dnnl_inner_product_backward_weights_desc_init(result, source, weights, bias, target);
            case PoolingForward o:
                {
                    Sizes s = new(o.Walk, o.Kernel);
                    fixed (byte* source = LayoutCodec.Encode(o.Source), target = LayoutCodec.Encode(o.Target))
                        return Dnnl.dnnl_pooling_forward_desc_init(result, OneDnn2.Propagation(o.IsTraining), CodeOf(o.Kind), source,
                            target,
                            s.Stride, s.Kernel, s.Before, s.After);
                }
            case PoolingBackward o:
                {
                    Sizes s = new(o.Forward.Walk, o.Forward.Kernel);
                    fixed (byte* source = LayoutCodec.Encode(o.DiffSource), target = LayoutCodec.Encode(o.DiffTarget))
                        return Dnnl.dnnl_pooling_backward_desc_init(result, CodeOf(o.Forward.Kind), source, target, s.Stride, s.Kernel,
                            s.Before, s.After);
                }
            case ElementwiseForward o:
                fixed (byte* data = LayoutCodec.Encode(o.Data))
                    return Dnnl.dnnl_eltwise_forward_desc_init(result, OneDnn2.Propagation(true), ForwardAlgorithm(o.Function), data,
                        o.Function.Alpha, 0);
            case ElementwiseBackward o:
                fixed (byte* diff = LayoutCodec.Encode(o.DiffData), given = LayoutCodec.Encode(o.Data))
                    return Dnnl.dnnl_eltwise_backward_desc_init(result, BackwardAlgorithm(o.Function.Kind), diff, given, o.Function.Alpha,
                        0);
            case ResamplingForward o:
                fixed (byte* source = LayoutCodec.Encode(o.Source), target = LayoutCodec.Encode(o.Target))
                    return Dnnl.dnnl_resampling_forward_desc_init(result, OneDnn2.Propagation(o.IsTraining), Linear, null, source, target);
            case ResamplingBackward o:
                fixed (byte* source = LayoutCodec.Encode(o.DiffSource), target = LayoutCodec.Encode(o.DiffTarget))
                    return Dnnl.dnnl_resampling_backward_desc_init(result, Linear, null, source, target);
            default:
                throw new NotSupportedException($"No descriptor is known for {operation}.");
        }
    }

    // A plain ReLU is ELU with factor 0, x or 0 * (exp(x) - 1): the library's ReLU turns NaN into 0 (decisions/0018).
    public static int ForwardAlgorithm(ElementwiseFunction function) => function.Kind switch
    {
        ElementwiseKind.ReLU => function.Alpha == 0 ? 63 : 31,
        ElementwiseKind.Tanh => 47,
        ElementwiseKind.Logistic => 175,
        ElementwiseKind.GeluErf => 48,
        ElementwiseKind.GeluTanh => 207,
        ElementwiseKind.Swish => 223,
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    // The "use_dst_for_bwd" forms where there are.
    internal static int BackwardAlgorithm(ElementwiseKind kind) => kind switch
    {
        ElementwiseKind.ReLU => 256,
        ElementwiseKind.Tanh => 257,
        ElementwiseKind.Logistic => 260,
        _ => ForwardAlgorithm(new(kind)),
    };

    /// <summary>dnnl_alg_kind_t.</summary>
    internal static int CodeOf(PoolingKind kind) => kind switch
    {
        PoolingKind.Max => 511,
        PoolingKind.AverageWithPadding => 767,
        PoolingKind.AverageWithoutPadding => 1023,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The walk in the library's terms: dilation 0 means dense.</summary>
    private ref struct Sizes
    {
        private fixed long _values[10];

        public Sizes(Walk walk, (int Height, int Width) kernel)
        {
            (_values[0], _values[1]) = walk.Stride;
            (_values[2], _values[3]) = (walk.Dilation.Height - 1, walk.Dilation.Width - 1);
            (_values[4], _values[5]) = walk.Before;
            (_values[6], _values[7]) = walk.After;
            (_values[8], _values[9]) = kernel;
        }

        // A ref struct lives on the stack, so its address is fixed.
        public long* Stride => At(0);

        public long* Dilation => At(2);

        public long* Before => At(4);

        public long* After => At(6);

        public long* Kernel => At(8);

        private long* At(int index) => (long*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _values[0]) + index;
    }
}
