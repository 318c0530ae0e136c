using System.Runtime.InteropServices;

namespace Convolve.OneDnn;

/// <summary>What only oneDNN 2.6 and 2.7 have: memory descriptors and operation descriptors are structs of the caller.</summary>
internal static unsafe partial class Dnnl2
{
    /// <summary>sizeof(dnnl_memory_desc_t).</summary>
    internal const int MemoryDescriptorBytes = 696;

    /// <summary>Large enough for every operation descriptor; the largest, of a recurrent cell, has 15,344 bytes.</summary>
    internal const int OperationDescriptorBytes = 16384;

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_memory_desc_init_by_tag(nint descriptor, int dimensions, long* sizes, int type, int tag);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_post_ops_append_eltwise(nint postOps, float scale, int algorithm, float alpha, float beta);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_primitive_desc_create(nint* primitive, byte* operation, nint attributes, nint engine, nint hint);

    /// <param name="sources">One struct after the other.</param>
    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_sum_primitive_desc_create(nint* primitive, nint target, int count, float* scales, byte* sources,
        nint attributes, nint engine);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_dilated_convolution_forward_desc_init(byte* operation, int propagation, int algorithm, nint source,
        nint weights, nint bias, nint target, long* strides, long* dilates, long* before, long* after);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_dilated_convolution_backward_data_desc_init(byte* operation, int algorithm, nint diffSource,
        nint weights, nint diffTarget, long* strides, long* dilates, long* before, long* after);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_dilated_convolution_backward_weights_desc_init(byte* operation, int algorithm, nint source,
        nint diffWeights, nint diffBias, nint diffTarget, long* strides, long* dilates, long* before, long* after);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_inner_product_forward_desc_init(byte* operation, int propagation, nint source, nint weights,
        nint bias, nint target);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_inner_product_backward_data_desc_init(byte* operation, nint diffSource, nint weights,
        nint diffTarget);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_inner_product_backward_weights_desc_init(byte* operation, nint source, nint diffWeights,
        nint diffBias, nint diffTarget);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_pooling_forward_desc_init(byte* operation, int propagation, int algorithm, nint source, nint target,
        long* strides, long* kernel, long* before, long* after);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_pooling_backward_desc_init(byte* operation, int algorithm, nint diffSource, nint diffTarget,
        long* strides, long* kernel, long* before, long* after);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_eltwise_forward_desc_init(byte* operation, int propagation, int algorithm, nint data, float alpha,
        float beta);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_eltwise_backward_desc_init(byte* operation, int algorithm, nint diffData, nint data, float alpha,
        float beta);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_resampling_forward_desc_init(byte* operation, int propagation, int algorithm, float* factors,
        nint source, nint target);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_resampling_backward_desc_init(byte* operation, int algorithm, float* factors, nint diffSource,
        nint diffTarget);
}
