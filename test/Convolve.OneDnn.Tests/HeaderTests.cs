using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Convolve.Testing;

namespace Convolve.OneDnn.Tests;

/// <summary>The struct layouts and the numbers that the bindings were written with, against the C header and against the library's answers.</summary>
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
        ("offsetof(dnnl_memory_desc_t, dims)", Constant<Layout>("SizesAt")),
        ("offsetof(dnnl_memory_desc_t, data_type)", Constant<Layout>("TypeAt")),
        ("offsetof(dnnl_memory_desc_t, format_kind)", Constant<Layout>("FormatKindAt")),
        ("offsetof(dnnl_memory_desc_t, format_desc.blocking.strides)", Constant<Layout>("StridesAt")),
        ("offsetof(dnnl_memory_desc_t, format_desc.blocking.inner_nblks)", Constant<Layout>("BlockCountAt")),
        ("offsetof(dnnl_memory_desc_t, format_desc.blocking.inner_blks)", Constant<Layout>("BlocksAt")),
        ("offsetof(dnnl_memory_desc_t, format_desc.blocking.inner_idxs)", Constant<Layout>("BlockAxesAt")),
        ("sizeof(((dnnl_memory_desc_t *)0)->dims[0])", sizeof(long)),
        ("sizeof(((dnnl_memory_desc_t *)0)->ndims)", sizeof(int)),
        ("DNNL_MAX_NDIMS", Dnnl.MaxDimensions),
        ("dnnl_format_kind_any", Constant<Layout>("AnyKind")), ("dnnl_blocked", Constant<Layout>("BlockedKind")),
        ("dnnl_bf16", (long)ElementType.BFloat16), ("dnnl_f32", (long)ElementType.Float32),
        ("dnnl_s32", (long)ElementType.Int32), ("dnnl_u8", (long)ElementType.UInt8),
        ("dnnl_success", Constant<OneDnn2>("Success")), ("dnnl_unimplemented", Constant<OneDnn2>("Unimplemented")),
        ("dnnl_out_of_memory", 1), ("dnnl_invalid_arguments", 2), ("dnnl_runtime_error", 5),
        ("dnnl_cpu", Constant<OneDnn2>("CpuEngine")), ("dnnl_stream_in_order", Constant<OneDnn2>("InOrderStream")),
        ("dnnl_scratchpad_mode_user", Constant<OneDnn2>("UserScratchpad")), ("dnnl_format_tag_any", Constant<OneDnn2>("AnyTag")),
        ("dnnl_forward_training", OneDnn2.Propagation(true)), ("dnnl_forward_inference", OneDnn2.Propagation(false)),
        ("dnnl_query_impl_info_str", Constant<OneDnn2>("ImplementationName")), ("dnnl_query_workspace_md", Constant<OneDnn2>("WorkspaceLayout")),
        ("dnnl_query_scratchpad_md", Constant<OneDnn2>("ScratchpadLayout")), ("dnnl_query_exec_arg_md", Constant<OneDnn2>("ArgumentLayout")),
        ("dnnl_convolution_direct", OperationDescriptor.Direct),
        ("dnnl_pooling_max", (long)PoolingKind.Max), ("dnnl_pooling_avg_include_padding", (long)PoolingKind.AverageWithPadding),
        ("dnnl_pooling_avg_exclude_padding", (long)PoolingKind.AverageWithoutPadding),
        ("dnnl_eltwise_elu", OperationDescriptor.ForwardAlgorithm(new(ElementwiseKind.ReLU))),
        ("dnnl_eltwise_relu", OperationDescriptor.ForwardAlgorithm(new(ElementwiseKind.ReLU, 0.1f))),
        ("dnnl_eltwise_tanh", OperationDescriptor.ForwardAlgorithm(new(ElementwiseKind.Tanh))),
        ("dnnl_eltwise_logistic", OperationDescriptor.ForwardAlgorithm(new(ElementwiseKind.Logistic))),
        ("DNNL_ARG_SRC", (long)Argument.Source), ("DNNL_ARG_DST", (long)Argument.Target), ("DNNL_ARG_WEIGHTS", (long)Argument.Weights),
        ("DNNL_ARG_BIAS", (long)Argument.Bias), ("DNNL_ARG_WORKSPACE", (long)Argument.Workspace),
        ("DNNL_ARG_SCRATCHPAD", (long)Argument.Scratchpad), ("DNNL_ARG_DIFF_SRC", (long)Argument.DiffSource),
        ("DNNL_ARG_DIFF_DST", (long)Argument.DiffTarget), ("DNNL_ARG_DIFF_WEIGHTS", (long)Argument.DiffWeights),
        ("DNNL_ARG_DIFF_BIAS", (long)Argument.DiffBias), ("DNNL_ARG_MULTIPLE_SRC", (long)Argument.FirstSource),
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

    // The same fields where there is no header: a descriptor that the library filled holds the numbers at the places that are read.
    [Fact]
    public void The_library_puts_the_fields_where_they_are_read()
    {
        Layout layout = KernelLibrary.Current.Plain(ElementType.BFloat16, 3, 5, 7, 11);
        ReadOnlySpan<byte> bytes = layout.Descriptor;
        Assert.Equal(696, bytes.Length);
        Assert.Equal(4, Int(bytes, 0));
        Assert.Equal([3L, 5, 7, 11], Longs(bytes, 8));
        Assert.Equal((int)ElementType.BFloat16, Int(bytes, 104));
        Assert.Equal([3L, 5, 7, 11], Longs(bytes, 112)); // padded sizes
        Assert.Equal(0, MemoryMarshal.Read<long>(bytes[304..])); // offset0
        Assert.Equal(2, Int(bytes, 312)); // blocked
        Assert.Equal([385L, 77, 11, 1], Longs(bytes, 320));
        Assert.Equal(0, Int(bytes, 416));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static int Int(ReadOnlySpan<byte> bytes, int offset) => MemoryMarshal.Read<int>(bytes[offset..]);

    private static long[] Longs(ReadOnlySpan<byte> bytes, int offset) => MemoryMarshal.Cast<byte, long>(bytes.Slice(offset, 4 * sizeof(long))).ToArray();

    private static long Constant<T>(string name) => Convert.ToInt64(
        typeof(T).GetField(name, BindingFlags.NonPublic | BindingFlags.Static)!.GetRawConstantValue(), CultureInfo.InvariantCulture);

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
