using Convolve.Kernels.Contract;

namespace Convolve.OneDnn;

/// <summary>oneDNN 2.6 and 2.7.</summary>
internal sealed unsafe class OneDnn2(Version version) : OneDnnLibrary(version, new LayoutCodec2())
{
    protected override int Create(nint* primitive, Operation operation, Descriptors descriptors, nint attributes, nint hint)
    {
        if (operation is Sum sum)
            return CreateSum(primitive, sum, descriptors, attributes);
        byte* description = stackalloc byte[Dnnl2.OperationDescriptorBytes];
        int status = Fill(description, operation, descriptors);
        return status == Status.Success ? Dnnl2.dnnl_primitive_desc_create(primitive, description, attributes, Engine, hint) : status;
    }

    protected override int Append(nint postOps, ElementwiseFunction function) =>
        Dnnl2.dnnl_post_ops_append_eltwise(postOps, 1, Codes.Forward(function).In2, function.Alpha, 0);

    private int CreateSum(nint* primitive, Sum sum, Descriptors descriptors, nint attributes)
    {
        nint data = descriptors[sum.Data];
        byte[] sources = new byte[sum.Count * Dnnl2.MemoryDescriptorBytes];
        for (int i = 0; i < sum.Count; i++)
            new ReadOnlySpan<byte>((void*)data, Dnnl2.MemoryDescriptorBytes).CopyTo(sources.AsSpan(i * Dnnl2.MemoryDescriptorBytes));
        float[] scales = new float[sum.Count];
        scales.AsSpan().Fill(1);
        fixed (byte* source = sources)
        fixed (float* scale = scales)
            return Dnnl2.dnnl_sum_primitive_desc_create(primitive, data, sum.Count, scale, source, attributes, Engine);
    }

    private static int Fill(byte* result, Operation operation, Descriptors d)
    {
        int direct = Numbers.Direct.In2, linear = Numbers.Linear.In2;
        switch (operation)
        {
            case ConvolutionForward o:
                {
                    WalkSizes s = new(o.Walk);
                    return Dnnl2.dnnl_dilated_convolution_forward_desc_init(result, Codes.Propagation(o.IsTraining).In2, direct,
                        d[o.Source], d[o.Weights], d[o.Bias], d[o.Target], s.Stride, s.Dilation, s.Before, s.After);
                }
            case ConvolutionBackwardData o:
                {
                    WalkSizes s = new(o.Forward.Walk);
                    return Dnnl2.dnnl_dilated_convolution_backward_data_desc_init(result, direct, d[o.DiffSource], d[o.Weights],
                        d[o.DiffTarget], s.Stride, s.Dilation, s.Before, s.After);
                }
            case ConvolutionBackwardWeights o:
                {
                    WalkSizes s = new(o.Forward.Walk);
                    return Dnnl2.dnnl_dilated_convolution_backward_weights_desc_init(result, direct, d[o.Source], d[o.DiffWeights],
                        d[o.DiffBias], d[o.DiffTarget], s.Stride, s.Dilation, s.Before, s.After);
                }
            case InnerProductForward o:
                return Dnnl2.dnnl_inner_product_forward_desc_init(result, Codes.Propagation(o.IsTraining).In2, d[o.Source], d[o.Weights],
                    d[o.Bias], d[o.Target]);
            case InnerProductBackwardData o:
                return Dnnl2.dnnl_inner_product_backward_data_desc_init(result, d[o.DiffSource], d[o.Weights], d[o.DiffTarget]);
            case InnerProductBackwardWeights o:
                return Dnnl2.dnnl_inner_product_backward_weights_desc_init(result, d[o.Source], d[o.DiffWeights], d[o.DiffBias],
                    d[o.DiffTarget]);
            case PoolingForward o:
                {
                    WalkSizes s = new(o.Walk, o.Kernel);
                    return Dnnl2.dnnl_pooling_forward_desc_init(result, Codes.Propagation(o.IsTraining).In2, Codes.Of(o.Kind).In2,
                        d[o.Source], d[o.Target], s.Stride, s.Kernel, s.Before, s.After);
                }
            case PoolingBackward o:
                {
                    WalkSizes s = new(o.Forward.Walk, o.Forward.Kernel);
                    return Dnnl2.dnnl_pooling_backward_desc_init(result, Codes.Of(o.Forward.Kind).In2, d[o.DiffSource], d[o.DiffTarget],
                        s.Stride, s.Kernel, s.Before, s.After);
                }
            case ElementwiseForward o:
                return Dnnl2.dnnl_eltwise_forward_desc_init(result, Codes.Propagation(true).In2, Codes.Forward(o.Function).In2, d[o.Data],
                    o.Function.Alpha, 0);
            case ElementwiseBackward o:
                return Dnnl2.dnnl_eltwise_backward_desc_init(result, Codes.Backward(o.Function.Kind).In2, d[o.DiffData], d[o.Data],
                    o.Function.Alpha, 0);
            case ResamplingForward o:
                return Dnnl2.dnnl_resampling_forward_desc_init(result, Codes.Propagation(o.IsTraining).In2, linear, null, d[o.Source],
                    d[o.Target]);
            case ResamplingBackward o:
                return Dnnl2.dnnl_resampling_backward_desc_init(result, linear, null, d[o.DiffSource], d[o.DiffTarget]);
            default:
                throw new NotSupportedException($"No descriptor is known for {operation}.");
        }
    }
}
