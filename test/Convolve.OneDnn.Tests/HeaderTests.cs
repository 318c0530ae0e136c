using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Convolve.Testing;

namespace Convolve.OneDnn.Tests;

/// <summary>The numbers and struct layouts that the bindings were written with, against the C headers of every version.</summary>
public sealed class HeaderTests : IDisposable
{
    private const string Compiler = "/usr/bin/cc";
    private readonly string _folder = Directory.CreateTempSubdirectory("convolve-header-").FullName;

    private static readonly Number[] All = [.. typeof(Numbers).GetFields().Select(field => (Number)field.GetValue(null)!)];

    private static IEnumerable<string> Files => Directory.GetFiles(ExtractFolder(), "onednn-*.txt").Select(file => Path.GetFileName(file));

    public static TheoryData<string> Extracts => [.. Files];

    /// <summary>C expressions, and what the bindings say in their place.</summary>
    private static IEnumerable<(string Expression, long Value)> Structs(int major)
    {
        yield return ("sizeof(dnnl_exec_arg_t)", Unsafe.SizeOf<Dnnl.ExecutionArgument>());
        yield return ("offsetof(dnnl_exec_arg_t, memory)",
            Marshal.OffsetOf<Dnnl.ExecutionArgument>(nameof(Dnnl.ExecutionArgument.Memory)));
        yield return ("offsetof(dnnl_version_t, minor)", sizeof(int));
        yield return ("offsetof(dnnl_version_t, patch)", 2 * sizeof(int));
        yield return ("sizeof(dnnl_dim_t)", sizeof(long));
        if (major != 2)
            yield break;
        yield return ("sizeof(dnnl_memory_desc_t)", Dnnl2.MemoryDescriptorBytes);
        yield return ("offsetof(dnnl_memory_desc_t, ndims)", 0);
        yield return ("sizeof(((dnnl_memory_desc_t *)0)->ndims)", sizeof(int));
        foreach ((string field, string constant) in new[] { ("dims", "SizesAt"), ("padded_dims", "PaddedSizesAt"),
            ("padded_offsets", "PaddedOffsetsAt"), ("offset0", "FirstOffsetAt"), ("extra.flags", "ExtraFlagsAt"), ("data_type", "TypeAt"),
            ("format_kind", "FormatKindAt"), ("format_desc.blocking.strides", "StridesAt"),
            ("format_desc.blocking.inner_nblks", "BlockCountAt"), ("format_desc.blocking.inner_blks", "BlocksAt"),
            ("format_desc.blocking.inner_idxs", "BlockAxesAt") })
            yield return ($"offsetof(dnnl_memory_desc_t, {field})", Convert.ToInt64(typeof(LayoutCodec2)
                .GetField(constant, BindingFlags.NonPublic | BindingFlags.Static)!.GetRawConstantValue(), CultureInfo.InvariantCulture));
    }

    // scripts/onednn-numbers.sh makes them.
    [Theory, MemberData(nameof(Extracts))]
    public void The_numbers_are_those_of_the_extracted_header(string extract)
    {
        string[] lines = File.ReadAllLines(Path.Combine(ExtractFolder(), extract));
        Dictionary<string, int> header = lines.Where(line => line[0] != '#').Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => int.Parse(parts[1], CultureInfo.InvariantCulture));
        Assert.Equal($"# oneDNN {extract["onednn-".Length..^".txt".Length]}", lines[0]);
        int major = lines[0]["# oneDNN ".Length] - '0';
        Assert.Equal(All.Select(n => $"{n.Name} = {n.In(major)}"),
            All.Select(n => $"{n.Name} = {header.GetValueOrDefault(n.Name, Number.Absent)}"));
    }

    [Fact]
    public void Both_versions_have_an_extract() =>
        Assert.Equal(['2', '3'], Files.Select(file => file["onednn-".Length]).Distinct().Order());

    [NeedsFact(Feature.KernelHeaders)]
    public void The_bindings_agree_with_the_installed_header()
    {
        int major = int.Parse(CompileAndRun("printf(\"%d\\n\", DNNL_VERSION_MAJOR);")[0], CultureInfo.InvariantCulture);
        (string Expression, long Value)[] expected = [.. Structs(major),
            .. All.Where(n => n.In(major) != Number.Absent).Select(n => (n.Name, (long)n.In(major)))];
        string[] lines = CompileAndRun(string.Concat(expected.Select(e => $"printf(\"%lld\\n\", (long long)({e.Expression}));\n")));
        Assert.Equal(expected.Select(e => $"{e.Expression} = {e.Value}"), expected.Zip(lines, (e, line) => $"{e.Expression} = {line}"));
        if (major != 2)
            return;
        string[] kinds = ["convolution", "inner_product", "pooling", "eltwise", "rnn"];
        string[] sizes = CompileAndRun(string.Concat(kinds.Select(kind => $"printf(\"%zu\\n\", sizeof(dnnl_{kind}_desc_t));\n")));
        Assert.Equal(kinds.Length, sizes.Length);
        Assert.All(sizes, size => Assert.InRange(int.Parse(size, CultureInfo.InvariantCulture), 1, Dnnl2.OperationDescriptorBytes));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string ExtractFolder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Headers");

    private string[] CompileAndRun(string statements)
    {
        string source = Path.Combine(_folder, "numbers.c"), binary = Path.Combine(_folder, "numbers");
        StringBuilder program = new("#include <stdio.h>\n#include <stddef.h>\n#include <oneapi/dnnl/dnnl_types.h>\n");
        program.Append("#include <oneapi/dnnl/dnnl_version.h>\nint main(void) {\n").Append(statements).Append("return 0; }\n");
        File.WriteAllText(source, program.ToString());
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
