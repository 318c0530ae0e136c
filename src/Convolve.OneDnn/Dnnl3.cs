using System.Runtime.InteropServices;

namespace Convolve.OneDnn;

/// <summary>What only oneDNN 3 has: memory descriptors are handles, and primitive descriptors need no operation descriptor.</summary>
internal static unsafe partial class Dnnl3
{
    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_memory_desc_create_with_tag(nint* descriptor, int dimensions, long* sizes, int type, int tag);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_memory_desc_create_with_strides(nint* descriptor, int dimensions, long* sizes, int type,
        long* strides);

    /// <summary>Since 3.4.</summary>
    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_memory_desc_create_with_blob(nint* descriptor, byte* blob);

    /// <summary>Since 3.4.</summary>
    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_memory_desc_get_blob(byte* blob, nuint* size, nint descriptor);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_memory_desc_query(nint descriptor, int what, void* result);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_memory_desc_destroy(nint descriptor);

    /// <summary>Replaces the implementation by the next best.</summary>
    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_primitive_desc_next_impl(nint primitive);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_post_ops_append_eltwise(nint postOps, int algorithm, float alpha, float beta);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_convolution_forward_primitive_desc_create(nint* primitive, nint engine, int propagation,
        int algorithm, nint source, nint weights, nint bias, nint target, long* strides, long* dilates, long* before, long* after,
        nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_convolution_backward_data_primitive_desc_create(nint* primitive, nint engine, int algorithm,
        nint diffSource, nint weights, nint diffTarget, long* strides, long* dilates, long* before, long* after, nint hint,
        nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_convolution_backward_weights_primitive_desc_create(nint* primitive, nint engine, int algorithm,
        nint source, nint diffWeights, nint diffBias, nint diffTarget, long* strides, long* dilates, long* before, long* after, nint hint,
        nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_inner_product_forward_primitive_desc_create(nint* primitive, nint engine, int propagation,
        nint source, nint weights, nint bias, nint target, nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_inner_product_backward_data_primitive_desc_create(nint* primitive, nint engine, nint diffSource,
        nint weights, nint diffTarget, nint hint, nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_inner_product_backward_weights_primitive_desc_create(nint* primitive, nint engine, nint source,
        nint diffWeights, nint diffBias, nint diffTarget, nint hint, nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_pooling_forward_primitive_desc_create(nint* primitive, nint engine, int propagation, int algorithm,
        nint source, nint target, long* strides, long* kernel, long* dilates, long* before, long* after, nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_pooling_backward_primitive_desc_create(nint* primitive, nint engine, int algorithm, nint diffSource,
        nint diffTarget, long* strides, long* kernel, long* dilates, long* before, long* after, nint hint, nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_eltwise_forward_primitive_desc_create(nint* primitive, nint engine, int propagation, int algorithm,
        nint source, nint target, float alpha, float beta, nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_eltwise_backward_primitive_desc_create(nint* primitive, nint engine, int algorithm, nint diffSource,
        nint diffTarget, nint data, float alpha, float beta, nint hint, nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_resampling_forward_primitive_desc_create(nint* primitive, nint engine, int propagation,
        int algorithm, float* factors, nint source, nint target, nint attributes);

    [LibraryImport(Dnnl.Library)]
    internal static partial int dnnl_resampling_backward_primitive_desc_create(nint* primitive, nint engine, int algorithm,
        float* factors, nint diffSource, nint diffTarget, nint hint, nint attributes);
}
