using System.Runtime.InteropServices;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Elementwise;

namespace Convolve.OneDnn;

/// <summary>
/// oneDNN 3.0 and later. Sums are own kernels: the library's divide by the size of the first cache and end the process where a virtual
/// machine keeps that a secret (decisions/0020).
/// </summary>
internal sealed unsafe class OneDnn3(Version version) : OneDnnLibrary(version, new LayoutCodec3())
{
    public override KernelDescription? Describe(Operation operation) =>
        operation is Sum sum ? new SumKernel(sum).Description : base.Describe(operation);

    public override Kernel Compile(Operation operation, string label) =>
        operation is Sum sum ? new SumKernel(sum) { Label = label } : base.Compile(operation, label);

    protected override int Append(nint postOps, ElementwiseFunction function) =>
        Dnnl3.dnnl_post_ops_append_eltwise(postOps, Codes.Forward(function).In3, function.Alpha, 0);

    protected override int Create(nint* primitive, Operation operation, Descriptors descriptors, nint attributes, nint hint)
    {
        int status = CreateFirst(primitive, operation, descriptors, attributes, hint);
        if (status != Status.Success || operation is not ConvolutionBackwardWeights o || !IsReadFromScratch(o))
            return status;
        while (NameOf(*primitive).StartsWith("jit_1x1", StringComparison.Ordinal))
            if (Dnnl3.dnnl_primitive_desc_next_impl(*primitive) != Status.Success)
            {
                _ = Dnnl.dnnl_primitive_desc_destroy(*primitive);
                *primitive = 0;
                return Status.Unimplemented;
            }
        return status;
    }

    // 3.7.2: the gradient of strided 1x1 weights over images of one channel is summed from scratchpad that nobody has written. Its kernel
    // copies pixels in blocks of 16 channels, so that other numbers that don't fill one are left to another kernel too (decisions/0020).
    private static bool IsReadFromScratch(ConvolutionBackwardWeights o) =>
        o.DiffWeights.Sizes is [.., < 16, 1, 1] && o.Forward.Walk.Stride != (1, 1);

    private static string NameOf(nint primitive)
    {
        nint name;
        Status.Check(Dnnl.dnnl_primitive_desc_query(primitive, Numbers.ImplementationName.In3, 0, &name));
        return Marshal.PtrToStringUTF8(name) ?? "";
    }

    private int CreateFirst(nint* primitive, Operation operation, Descriptors d, nint attributes, nint hint)
    {
        int direct = Numbers.Direct.In3, linear = Numbers.Linear.In3;
        switch (operation)
        {
            case ConvolutionForward o:
                {
                    WalkSizes s = new(o.Walk);
                    return Dnnl3.dnnl_convolution_forward_primitive_desc_create(primitive, Engine, Codes.Propagation(o.IsTraining).In3,
                        direct, d[o.Source], d[o.Weights], d[o.Bias], d[o.Target], s.Stride, s.Dilation, s.Before, s.After, attributes);
                }
            case ConvolutionBackwardData o:
                {
                    WalkSizes s = new(o.Forward.Walk);
                    return Dnnl3.dnnl_convolution_backward_data_primitive_desc_create(primitive, Engine, direct, d[o.DiffSource],
                        d[o.Weights], d[o.DiffTarget], s.Stride, s.Dilation, s.Before, s.After, hint, attributes);
                }
            case ConvolutionBackwardWeights o:
                {
                    WalkSizes s = new(o.Forward.Walk);
                    return Dnnl3.dnnl_convolution_backward_weights_primitive_desc_create(primitive, Engine, direct, d[o.Source],
                        d[o.DiffWeights], d[o.DiffBias], d[o.DiffTarget], s.Stride, s.Dilation, s.Before, s.After, hint, attributes);
                }
            case InnerProductForward o:
                return Dnnl3.dnnl_inner_product_forward_primitive_desc_create(primitive, Engine, Codes.Propagation(o.IsTraining).In3,
                    d[o.Source], d[o.Weights], d[o.Bias], d[o.Target], attributes);
            case InnerProductBackwardData o:
                return Dnnl3.dnnl_inner_product_backward_data_primitive_desc_create(primitive, Engine, d[o.DiffSource], d[o.Weights],
                    d[o.DiffTarget], hint, attributes);
            case InnerProductBackwardWeights o:
                return Dnnl3.dnnl_inner_product_backward_weights_primitive_desc_create(primitive, Engine, d[o.Source], d[o.DiffWeights],
                    d[o.DiffBias], d[o.DiffTarget], hint, attributes);
            case PoolingForward o:
                {
                    WalkSizes s = new(o.Walk, o.Kernel);
                    return Dnnl3.dnnl_pooling_forward_primitive_desc_create(primitive, Engine, Codes.Propagation(o.IsTraining).In3,
                        Codes.Of(o.Kind).In3, d[o.Source], d[o.Target], s.Stride, s.Kernel, s.Dilation, s.Before, s.After, attributes);
                }
            case PoolingBackward o:
                {
                    WalkSizes s = new(o.Forward.Walk, o.Forward.Kernel);
                    return Dnnl3.dnnl_pooling_backward_primitive_desc_create(primitive, Engine, Codes.Of(o.Forward.Kind).In3,
                        d[o.DiffSource], d[o.DiffTarget], s.Stride, s.Kernel, s.Dilation, s.Before, s.After, hint, attributes);
                }
            case ElementwiseForward o:
                return Dnnl3.dnnl_eltwise_forward_primitive_desc_create(primitive, Engine, Codes.Propagation(true).In3,
                    Codes.Forward(o.Function).In3, d[o.Data], d[o.Data], o.Function.Alpha, 0, attributes);
            case ElementwiseBackward o:
                return Dnnl3.dnnl_eltwise_backward_primitive_desc_create(primitive, Engine, Codes.Backward(o.Function.Kind).In3,
                    d[o.DiffData], d[o.DiffData], d[o.Data], o.Function.Alpha, 0, hint, attributes);
            case ResamplingForward o:
                return Dnnl3.dnnl_resampling_forward_primitive_desc_create(primitive, Engine, Codes.Propagation(o.IsTraining).In3, linear,
                    null, d[o.Source], d[o.Target], attributes);
            case ResamplingBackward o:
                return Dnnl3.dnnl_resampling_backward_primitive_desc_create(primitive, Engine, linear, null, d[o.DiffSource],
                    d[o.DiffTarget], hint, attributes);
            default:
                throw new NotSupportedException($"No primitive descriptor is known for {operation}.");
        }
    }
}
