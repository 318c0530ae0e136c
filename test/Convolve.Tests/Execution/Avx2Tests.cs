using Convolve.Execution;
using Convolve.Kernels.BatchInterleaved;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Machines;
using Convolve.Kernels.Managed;
using Convolve.Testing;

namespace Convolve.Tests.Execution;

/// <summary>
/// The same tests on a lesser CPU: processes of their own of which the kernel library, the kernels in C#, or both see no AVX-512. A machine
/// may really be mixed so: by those variables, or by what one of the two knows of a processor.
/// </summary>
public class Avx2Tests
{
    private static readonly (string, string) NarrowLibrary = ("DNNL_MAX_CPU_ISA", "AVX2"),
        WithoutBFloat16 = ("DNNL_MAX_CPU_ISA", "AVX512_CORE"),
        Managed = (Backend.Variable, "managed");

    private const string Itself = "FullyQualifiedName~Avx2Tests.The_process_sees",
        Catalogue = "FullyQualifiedName~CatalogueModelTests.Float32|FullyQualifiedName~CatalogueModelTests.Winograd_is_near";

    // Every layer against the reference, LeNet against PyTorch, plans, masks and steps; never the starting of a process.
    private const string Subset = Itself + "|" + Catalogue
        + "|FullyQualifiedName~NotANumberTests.Float32|(FullyQualifiedName~GoldenTests.Float32&DisplayName~lenet5)"
        + "|FullyQualifiedName~Execution.DropoutTests"
        + "|FullyQualifiedName~Tests.Training.Optimizers.OptimizerTests|FullyQualifiedName~Planning.PlanTests"
        + "|(FullyQualifiedName~GoldenTests.Winograd&DisplayName~alexnet-d2l)";

    [Fact]
    public void The_process_sees_what_it_may_use()
    {
        string? limit = Environment.GetEnvironmentVariable("DNNL_MAX_CPU_ISA");
        bool isWide = System.Runtime.Intrinsics.X86.Avx512F.IsSupported,
            isKept = Environment.GetEnvironmentVariable("DOTNET_EnableAVX512") == "0";
        Assert.False(isWide && isKept);
        Assert.Equal(isWide, System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated);
        Assert.Equal(isWide, Interleaving.IsWide);
        bool isLibrary = KernelLibrary.Current is not ManagedKernels;
        Assert.Equal(isLibrary ? Features.Has(Feature.LibraryAvx512) : isWide || Features.HasNativeBFloat16,
            KernelLibrary.Current.InstructionSet >= InstructionSet.Avx512);
        Assert.Equal(Features.HasNativeBFloat16, Machine.HasNativeBFloat16);
        if (limit == "AVX2" && (isLibrary || !isWide))
            Assert.Equal((InstructionSet.Avx2, "AVX2"), (KernelLibrary.Current.InstructionSet, Machine.InstructionSetName));
    }

    [NeedsFact(Feature.WholeProcessor, Feature.LibraryAvx2, Feature.Avx2)]
    public async Task The_engine_works_with_AVX2_alone() =>
        Assert.InRange(await Run(Subset, [NarrowLibrary, .. ChildTests.WithoutAvx512]), 500, 2000);

    [NeedsFact(Feature.WholeProcessor, Feature.Avx2)]
    public async Task Every_layer_runs_without_a_native_library_with_AVX2_alone() =>
        Assert.InRange(await Run($"{Itself}|{Catalogue}", [Managed, .. ChildTests.WithoutAvx512]), 210, 500);

    [NeedsFact(Feature.WholeProcessor, Feature.LibraryAvx512)]
    public async Task Every_layer_runs_where_only_the_library_has_AVX512() =>
        Assert.InRange(await Run($"{Itself}|{Catalogue}", [WithoutBFloat16, .. ChildTests.WithoutAvx512]), 210, 500);

    [NeedsFact(Feature.WholeProcessor, Feature.BFloat16)]
    public async Task Every_layer_runs_in_bfloat16_where_only_the_library_has_AVX512() =>
        Assert.InRange(await Run(
            $"{Itself}|FullyQualifiedName~CatalogueModelTests.BFloat16|(FullyQualifiedName~BFloat16PathsTests&DisplayName~patches)",
            ChildTests.WithoutAvx512), 210, 500);

    [NeedsFact(Feature.WholeProcessor, Feature.LibraryAvx512)]
    public async Task Every_layer_runs_where_the_library_has_AVX2_alone() =>
        Assert.InRange(await Run($"{Itself}|{Catalogue}", NarrowLibrary), 210, 500);

    [NeedsFact(Feature.WholeProcessor, Feature.Avx2)]
    public async Task The_engine_works_without_a_native_library() => Assert.InRange(await Run(Subset, Managed), 500, 2000);

    private static Task<int> Run(string filter, params (string, string)[] variables) =>
        ChildTests.Run(typeof(Avx2Tests).Assembly, filter, variables);
}
