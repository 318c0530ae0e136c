using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Layouts;
using Convolve.Testing;

namespace Convolve.OneDnn.Tests;

/// <summary>
/// The struct layouts and the numbers that the bindings were written with, against the C header and against the library's answers.
/// </summary>
public sealed class HeaderTests : IDisposable
{
    private const string Header = "/usr/include/oneapi/dnnl/dnnl_types.h", Compiler = "/usr/bin/cc";
    private readonly string _folder = Directory.CreateTempSubdirectory("convolve-header-").FullName;

    /// <summary>C expressions, and what the bindings say in their place.</summary>
    private static IEnumerable<(string Expression, long Value)> Numbers =>
    [
        ("sizeof(dnnl_memory_desc_t)", Dnnl.MemoryDescriptorBytes),
        ("sizeof(dnnl_exec_arg_t)", Unsafe.SizeOf<Dnnl.ExecutionArgument>()),
        ("offsetof(dnnl_exec_arg_t, memory)", Marshal.OffsetOf<Dnnl.ExecutionArgument>(nameof(Dnnl.ExecutionArgument.Memory))),
        ("offsetof(dnnl_memory_desc_t, ndims)", 0),
        ("offsetof(dnnl_memory_desc_t, dims)", Codec("SizesAt")),
        ("offsetof(dnnl_memory_desc_t, padded_dims)", Codec("PaddedSizesAt")),
        ("offsetof(dnnl_memory_desc_t, padded_offsets)", Codec("PaddedOffsetsAt")),
        ("offsetof(dnnl_memory_desc_t, offset0)", Codec("FirstOffsetAt")),
        ("offsetof(dnnl_memory_desc_t, extra.flags)", Codec("ExtraFlagsAt")),
        ("offsetof(dnnl_memory_desc_t, data_type)", Codec("TypeAt")),
        ("offsetof(dnnl_memory_desc_t, format_kind)", Codec("FormatKindAt")),
        ("offsetof(dnnl_memory_desc_t, format_desc.blocking.strides)", Codec("StridesAt")),
        ("offsetof(dnnl_memory_desc_t, format_desc.blocking.inner_nblks)", Codec("BlockCountAt")),
        ("offsetof(dnnl_memory_desc_t, format_desc.blocking.inner_blks)", Codec("BlocksAt")),
        ("offsetof(dnnl_memory_desc_t, format_desc.blocking.inner_idxs)", Codec("BlockAxesAt")),
        ("sizeof(((dnnl_memory_desc_t *)0)->dims[0])", sizeof(long)),
        ("sizeof(((dnnl_memory_desc_t *)0)->ndims)", sizeof(int)),
        ("DNNL_MAX_NDIMS", Dnnl.MaxDimensions),
        ("dnnl_format_kind_any", Codec("AnyKind")), ("dnnl_blocked", Codec("BlockedKind")),
        ("dnnl_bf16", LayoutCodec.CodeOf(ElementType.BFloat16)), ("dnnl_f32", LayoutCodec.CodeOf(ElementType.Float32)),
        ("dnnl_s32", LayoutCodec.CodeOf(ElementType.Int32)), ("dnnl_u8", LayoutCodec.CodeOf(ElementType.UInt8)),
        ("dnnl_success", Library("Success")), ("dnnl_unimplemented", Library("Unimplemented")),
        ("dnnl_out_of_memory", 1), ("dnnl_invalid_arguments", 2), ("dnnl_runtime_error", 5),
        ("dnnl_cpu", Library("CpuEngine")), ("dnnl_stream_in_order", Library("InOrderStream")),
        ("dnnl_scratchpad_mode_user", Library("UserScratchpad")),
        ("dnnl_forward_training", OneDnn2.Propagation(true)), ("dnnl_forward_inference", OneDnn2.Propagation(false)),
        ("dnnl_query_impl_info_str", Library("ImplementationName")), ("dnnl_query_workspace_md", Library("WorkspaceLayout")),
        ("dnnl_query_scratchpad_md", Library("ScratchpadLayout")), ("dnnl_query_exec_arg_md", Library("ArgumentLayout")),
        ("dnnl_convolution_direct", OperationDescriptor.Direct),
        ("dnnl_pooling_max", OperationDescriptor.CodeOf(PoolingKind.Max)),
        ("dnnl_pooling_avg_include_padding", OperationDescriptor.CodeOf(PoolingKind.AverageWithPadding)),
        ("dnnl_pooling_avg_exclude_padding", OperationDescriptor.CodeOf(PoolingKind.AverageWithoutPadding)),
        ("dnnl_eltwise_elu", OperationDescriptor.ForwardAlgorithm(new(ElementwiseKind.ReLU))),
        ("dnnl_eltwise_relu", OperationDescriptor.ForwardAlgorithm(new(ElementwiseKind.ReLU, 0.1f))),
        ("dnnl_eltwise_tanh", OperationDescriptor.ForwardAlgorithm(new(ElementwiseKind.Tanh))),
        ("dnnl_eltwise_logistic", OperationDescriptor.ForwardAlgorithm(new(ElementwiseKind.Logistic))),
        ("DNNL_ARG_SRC", LayoutCodec.CodeOf(Argument.Source)), ("DNNL_ARG_DST", LayoutCodec.CodeOf(Argument.Target)),
        ("DNNL_ARG_WEIGHTS", LayoutCodec.CodeOf(Argument.Weights)),
        ("DNNL_ARG_BIAS", LayoutCodec.CodeOf(Argument.Bias)), ("DNNL_ARG_WORKSPACE", LayoutCodec.CodeOf(Argument.Workspace)),
        ("DNNL_ARG_SCRATCHPAD", LayoutCodec.CodeOf(Argument.Scratchpad)), ("DNNL_ARG_DIFF_SRC", LayoutCodec.CodeOf(Argument.DiffSource)),
        ("DNNL_ARG_DIFF_DST", LayoutCodec.CodeOf(Argument.DiffTarget)), ("DNNL_ARG_DIFF_WEIGHTS", LayoutCodec.CodeOf(Argument.DiffWeights)),
        ("DNNL_ARG_DIFF_BIAS", LayoutCodec.CodeOf(Argument.DiffBias)), ("DNNL_ARG_MULTIPLE_SRC", LayoutCodec.CodeOf(Argument.FirstSource)),
    ];

    [NeedsFact(Feature.KernelHeaders)]
    public void The_bindings_agree_with_the_C_header()
    {
        (string Expression, long Value)[] numbers = [.. Numbers];
        StringBuilder program = new("#include <stdio.h>\n#include <stddef.h>\n#include <oneapi/dnnl/dnnl_types.h>\nint main(void) {\n");
        foreach ((string expression, _) in numbers)
            program.Append(CultureInfo.InvariantCulture, $"printf(\"%lld\\n\", (long long)({expression}));\n");
        string[] lines = CompileAndRun(program.Append("return 0; }\n").ToString());
        Assert.Equal(numbers.Select(n => $"{n.Expression} = {n.Value}"), numbers.Zip(lines, (n, line) => $"{n.Expression} = {line}"));
    }

    [NeedsFact(Feature.KernelHeaders)]
    public void An_operation_descriptor_fits_its_buffer()
    {
        string[] kinds = ["convolution", "inner_product", "pooling", "eltwise", "rnn"];
        string prints = string.Concat(kinds.Select(kind => $"printf(\"%zu\\n\", sizeof(dnnl_{kind}_desc_t));"));
        string[] sizes = CompileAndRun($"#include <stdio.h>\n#include <oneapi/dnnl/dnnl_types.h>\nint main(void) {{ {prints} return 0; }}");
        Assert.Equal(kinds.Length, sizes.Length);
        Assert.All(sizes, size => Assert.InRange(int.Parse(size, CultureInfo.InvariantCulture), 1, Dnnl.OperationDescriptorBytes));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static long Codec(string name) => Constant(typeof(LayoutCodec), name);

    private static long Library(string name) => Constant(typeof(OneDnn2), name);

    private static long Constant(Type type, string name) => Convert.ToInt64(
        type.GetField(name, BindingFlags.NonPublic | BindingFlags.Static)!.GetRawConstantValue(), CultureInfo.InvariantCulture);

    private string[] CompileAndRun(string program)
    {
        string source = Path.Combine(_folder, "sizes.c"), binary = Path.Combine(_folder, "sizes");
        File.WriteAllText(source, program);
        Run(Compiler, "-o", binary, source);
        return Run(binary).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Run(string file, params string[] arguments)
    {
        ProcessStartInfo start = new(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return output;
    }
}
