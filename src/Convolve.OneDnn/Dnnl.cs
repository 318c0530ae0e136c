using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace Convolve.OneDnn;

/// <summary>
/// What the C APIs of oneDNN 2 and 3 have in common, names and order of the arguments as in dnnl.h. A memory descriptor is the address of a
/// struct in 2, and a handle in 3.
/// </summary>
internal static unsafe partial class Dnnl
{
    /// <summary>Resolved by <see cref="NativeLibraries"/>.</summary>
    internal const string Library = "dnnl";

    /// <summary>DNNL_MAX_NDIMS.</summary>
    internal const int MaxDimensions = 12;

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
    internal static partial int dnnl_memory_desc_equal(nint left, nint right);

    [LibraryImport(Library)]
    internal static partial nuint dnnl_memory_desc_get_size(nint descriptor);

    [LibraryImport(Library)]
    internal static partial int dnnl_memory_create(nint* memory, nint descriptor, nint engine, nint data);

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
    internal static partial int dnnl_primitive_desc_query(nint primitive, int what, int index, void* result);

    [LibraryImport(Library)]
    internal static partial nint dnnl_primitive_desc_query_md(nint primitive, int what, int index);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_desc_destroy(nint primitive);

    [LibraryImport(Library)]
    internal static partial int dnnl_reorder_primitive_desc_create(nint* primitive, nint source, nint sourceEngine, nint target,
        nint targetEngine, nint attributes);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_create(nint* primitive, nint descriptor);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_execute(nint primitive, nint stream, int count, ExecutionArgument* arguments);

    [LibraryImport(Library)]
    internal static partial int dnnl_primitive_destroy(nint primitive);
}
