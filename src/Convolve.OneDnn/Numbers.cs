namespace Convolve.OneDnn;

/// <summary>A number of the C API by its name there.</summary>
/// <param name="Name">In dnnl_types.h.</param>
/// <param name="In2">In 2.6 and 2.7; <see cref="Absent"/> if they don't have the name.</param>
/// <param name="In3">In 3.0 and later.</param>
internal readonly record struct Number(string Name, int In2, int In3)
{
    public const int Absent = -1;

    /// <summary>The same in both.</summary>
    public Number(string name, int value) : this(name, value, value)
    {
    }

    /// <summary>In a major version of the library.</summary>
    public int In(int major) => major == 2 ? In2 : In3;
}

/// <summary>The numbers of oneDNN's C API that the bindings use, in both major versions. A test compares them with the headers.</summary>
internal static class Numbers
{
    public static readonly Number Success = new("dnnl_success", Status.Success);
    public static readonly Number OutOfMemory = new("dnnl_out_of_memory", Status.OutOfMemory);
    public static readonly Number InvalidArguments = new("dnnl_invalid_arguments", Status.InvalidArguments);
    public static readonly Number Unimplemented = new("dnnl_unimplemented", Status.Unimplemented);
    public static readonly Number RuntimeError = new("dnnl_runtime_error", Status.RuntimeError);

    public static readonly Number CpuEngine = new("dnnl_cpu", 1);
    public static readonly Number InOrderStream = new("dnnl_stream_in_order", 1);
    public static readonly Number UserScratchpad = new("dnnl_scratchpad_mode_user", 1);
    public static readonly Number MostDimensions = new("DNNL_MAX_NDIMS", Dnnl.MaxDimensions);

    public static readonly Number BFloat16 = new("dnnl_bf16", 2);
    public static readonly Number Float32 = new("dnnl_f32", 3);
    public static readonly Number Int32 = new("dnnl_s32", 4);
    public static readonly Number UInt8 = new("dnnl_u8", 6);

    public static readonly Number AnyKind = new("dnnl_format_kind_any", 1);
    public static readonly Number BlockedKind = new("dnnl_blocked", 2);
    public static readonly Number AnyTag = new("dnnl_format_tag_any", 1);

    public static readonly Number ForwardTraining = new("dnnl_forward_training", 64);
    public static readonly Number ForwardInference = new("dnnl_forward_inference", 96);

    /// <summary>The way that convolutions are computed: Winograd's, which the library gave up in 3.2, is an own kernel.</summary>
    public static readonly Number Direct = new("dnnl_convolution_direct", 1);

    public static readonly Number Linear = new("dnnl_resampling_linear", 0x2fff1);

    public static readonly Number MaxPooling = new("dnnl_pooling_max", 0x1ff);
    public static readonly Number AverageWithPadding = new("dnnl_pooling_avg_include_padding", 0x2ff);
    public static readonly Number AverageWithoutPadding = new("dnnl_pooling_avg_exclude_padding", 0x3ff);

    public static readonly Number ReLU = new("dnnl_eltwise_relu", 0x1f, 0x20);
    public static readonly Number Elu = new("dnnl_eltwise_elu", 0x3f, 0x22);
    public static readonly Number Tanh = new("dnnl_eltwise_tanh", 0x2f, 0x21);
    public static readonly Number Logistic = new("dnnl_eltwise_logistic", 0xaf, 0x29);
    public static readonly Number GeluErf = new("dnnl_eltwise_gelu_erf", 0x30, 0x31);
    public static readonly Number GeluTanh = new("dnnl_eltwise_gelu_tanh", 0xcf, 0x2b);
    public static readonly Number Swish = new("dnnl_eltwise_swish", 0xdf, 0x2c);
    public static readonly Number ReLUFromTarget = new("dnnl_eltwise_relu_use_dst_for_bwd", 0x100);
    public static readonly Number TanhFromTarget = new("dnnl_eltwise_tanh_use_dst_for_bwd", 0x101);
    public static readonly Number LogisticFromTarget = new("dnnl_eltwise_logistic_use_dst_for_bwd", 0x104);

    public static readonly Number ImplementationName = new("dnnl_query_impl_info_str", 8);
    public static readonly Number WorkspaceLayout = new("dnnl_query_workspace_md", 135);
    public static readonly Number ScratchpadLayout = new("dnnl_query_scratchpad_md", 136);
    public static readonly Number ArgumentLayout = new("dnnl_query_exec_arg_md", 255);

    public static readonly Number Strides = new("dnnl_query_strides", Number.Absent, 14);
    public static readonly Number Rank = new("dnnl_query_ndims_s32", Number.Absent, 256);
    public static readonly Number Sizes = new("dnnl_query_dims", Number.Absent, 257);
    public static readonly Number Type = new("dnnl_query_data_type", Number.Absent, 258);
    public static readonly Number FirstOffset = new("dnnl_query_submemory_offset_s64", Number.Absent, 259);
    public static readonly Number PaddedSizes = new("dnnl_query_padded_dims", Number.Absent, 260);
    public static readonly Number PaddedOffsets = new("dnnl_query_padded_offsets", Number.Absent, 261);
    public static readonly Number FormatKind = new("dnnl_query_format_kind", Number.Absent, 262);
    public static readonly Number BlockCount = new("dnnl_query_inner_nblks_s32", Number.Absent, 263);
    public static readonly Number Blocks = new("dnnl_query_inner_blks", Number.Absent, 264);
    public static readonly Number BlockAxes = new("dnnl_query_inner_idxs", Number.Absent, 265);

    public static readonly Number Source = new("DNNL_ARG_SRC", 1);
    public static readonly Number Target = new("DNNL_ARG_DST", 17);
    public static readonly Number Weights = new("DNNL_ARG_WEIGHTS", 33);
    public static readonly Number Bias = new("DNNL_ARG_BIAS", 41);
    public static readonly Number Workspace = new("DNNL_ARG_WORKSPACE", 64);
    public static readonly Number Scratchpad = new("DNNL_ARG_SCRATCHPAD", 80);
    public static readonly Number DiffSource = new("DNNL_ARG_DIFF_SRC", 129);
    public static readonly Number DiffTarget = new("DNNL_ARG_DIFF_DST", 145);
    public static readonly Number DiffWeights = new("DNNL_ARG_DIFF_WEIGHTS", 161);
    public static readonly Number DiffBias = new("DNNL_ARG_DIFF_BIAS", 169);
    public static readonly Number FirstSource = new("DNNL_ARG_MULTIPLE_SRC", 1024);
}
