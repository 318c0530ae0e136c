using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace Convolve.OneDnn;

/// <summary>The C API of oneDNN 2.6 and 2.7, names and order of the arguments as in dnnl.h.</summary>
internal static unsafe partial class Dnnl
{
    /// <summary>Resolved by <see cref="NativeLibraries"/>.</summary>
    internal const string Library = "dnnl";

    /// <summary>DNNL_MAX_NDIMS.</summary>
    internal const int MaxDimensions = 12;

    /// <summary>sizeof(dnnl_memory_desc_t).</summary>
    internal const int MemoryDescriptorBytes = 696;

    /// <summary>Large enough for every operation descriptor; the largest, of a recurrent cell, has 15,344 bytes.</summary>
    internal const int OperationDescriptorBytes = 16384;

    /// <summary>dnnl_exec_arg_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ExecutionArgument
    {
        public int Argument;
        public nint Memory;
    }

    [LibraryImport(Library)]
    internal static partial nint dnnl_version();

    [LibraryImport(Library)]
    internal static partial int dnnl_get_effective_cpu_isa();

    [LibraryImport(Library)]
    internal static partial int dnnl_engine_create(nint* engine, int kind, nuint index);

    [LibraryImport(Library)]
    internal static partial int dnnl_stream_create(nint* stream, nint engine, uint flags);

    [LibraryImport(Library)]
    internal static partial int dnnl_memory_desc_init_by_tag(byte* descriptor, int dimensions, long* sizes, int type, int tag);

    [LibraryImport(Library)]
    internal static partial int dnnl_memory_desc_equal(byte* left, byte* right);

    [LibraryImport(Library)]
    internal static partial nuint dnnl_memory_desc_get_size(byte* descriptor);

    [LibraryImport(Library)]
    internal static partial int dnnl_memory_create(nint* memory, byte* descriptor, nint engine, nint data);

    [LibraryImport(Library)]
    internal static partial int dnnl_memory_destroy(nint memory);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_attr_create(nint* attributes);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_attr_destroy(nint attributes);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_attr_set_scratchpad_mode(nint attributes, int mode);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_attr_set_post_ops(nint attributes, nint postOps);

    [LibraryImport(Library)]
    internal static partial int dnnl_post_ops_create(nint* postOps);

    [LibraryImport(Library)]
    internal static partial int dnnl_post_ops_destroy(nint postOps);

    [LibraryImport(Library)]
    internal static partial int dnnl_post_ops_append_eltwise(nint postOps, float scale, int algorithm, float alpha, float beta);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_desc_create(nint* descriptor, byte* operation, nint attributes, nint engine, nint hint);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_desc_query(nint descriptor, int what, int index, void* result);

    [LibraryImport(Library)]
    internal static partial byte* dnnl_primitive_desc_query_md(nint descriptor, int what, int index);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_desc_destroy(nint descriptor);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_create(nint* primitive, nint descriptor);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_execute(nint primitive, nint stream, int count, ExecutionArgument* arguments);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_destroy(nint primitive);

    [LibraryImport(Library)]
    internal static partial int dnnl_reorder_primitive_desc_create(nint* descriptor, byte* source, nint sourceEngine, byte* target,
        nint targetEngine, nint attributes);

    [LibraryImport(Library)]
    internal static partial int dnnl_sum_primitive_desc_create(nint* descriptor, byte* target, int count, float* scales, byte* sources,
        nint attributes, nint engine);

    [LibraryImport(Library)]
    internal static partial int dnnl_dilated_convolution_forward_desc_init(byte* operation, int propagation, int algorithm, byte* source,
        byte* weights,
        byte* bias, byte* target, long* strides, long* dilates, long* before, long* after);

    [LibraryImport(Library)]
    internal static partial int dnnl_dilated_convolution_backward_data_desc_init(byte* operation, int algorithm, byte* diffSource,
        byte* weights,
        byte* diffTarget, long* strides, long* dilates, long* before, long* after);

    [LibraryImport(Library)]
    internal static partial int dnnl_dilated_convolution_backward_weights_desc_init(byte* operation, int algorithm, byte* source,
        byte* diffWeights,
        byte* diffBias, byte* diffTarget, long* strides, long* dilates, long* before, long* after);

    [LibraryImport(Library)]
    internal static partial int dnnl_inner_product_forward_desc_init(byte* operation, int propagation, byte* source, byte* weights,
        byte* bias, byte* target);

    [LibraryImport(Library)]
    internal static partial int dnnl_inner_product_backward_data_desc_init(byte* operation, byte* diffSource, byte* weights,
        byte* diffTarget);

    [LibraryImport(Library)]
    internal static partial int dnnl_inner_product_backward_weights_desc_init(byte* operation, byte* source, byte* diffWeights,
        byte* diffBias, byte* diffTarget);

    [LibraryImport(Library)]
    internal static partial int dnnl_pooling_forward_desc_init(byte* operation, int propagation, int algorithm, byte* source, byte* target,
        long* strides, long* kernel, long* before, long* after);

    [LibraryImport(Library)]
    internal static partial int dnnl_pooling_backward_desc_init(byte* operation, int algorithm, byte* diffSource, byte* diffTarget,
        long* strides, long* kernel, long* before, long* after);

    [LibraryImport(Library)]
    internal static partial int dnnl_eltwise_forward_desc_init(byte* operation, int propagation, int algorithm, byte* data, float alpha,
        float beta);

    [LibraryImport(Library)]
    internal static partial int dnnl_eltwise_backward_desc_init(byte* operation, int algorithm, byte* diffData, byte* data, float alpha,
        float beta);

    [LibraryImport(Library)]
    internal static partial int dnnl_resampling_forward_desc_init(byte* operation, int propagation, int algorithm, float* factors,
        byte* source, byte* target);

    [LibraryImport(Library)]
    internal static partial int dnnl_resampling_backward_desc_init(byte* operation, int algorithm, float* factors, byte* diffSource,
        byte* diffTarget);
}
