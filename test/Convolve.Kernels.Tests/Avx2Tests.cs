using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Convolve.Kernels.BatchInterleaved;
using Convolve.Kernels.Vectors;
using Convolve.Testing;

namespace Convolve.Kernels.Tests;

/// <summary>The same tests on a lesser processor: in a separate process, where kernels see no AVX-512.</summary>
public class Avx2Tests
{
    // What depends on the width of registers; never the starting of a process.
    private const string Subset =
        "FullyQualifiedName!~.Threads.&FullyQualifiedName!~.Memory.&FullyQualifiedName!~Avx2Tests.The_kernels_work";

    private const string Short = "FullyQualifiedName~.The_process_sees|FullyQualifiedName~.Vectors.|FullyQualifiedName~.Winograd."
        + "|FullyQualifiedName~InterleavedPoolingTests|FullyQualifiedName~OtherOperationTests|FullyQualifiedName~.Pixels.";

    [Fact]
    public void The_process_sees_what_it_may_use()
    {
        bool isPreferred = Environment.GetEnvironmentVariable("DOTNET_PreferredVectorBitWidth") == "128";
        bool isWide = Avx512F.IsSupported && !isPreferred, isKept = Environment.GetEnvironmentVariable("DOTNET_EnableAVX512") == "0";
        Assert.False(isWide && isKept);
        Assert.Equal(isWide, Vector512.IsHardwareAccelerated);
        Assert.Equal(isWide, Interleaving.IsWide);
        Assert.Equal(!isPreferred && Features.Has(Feature.Avx2), Floats8.IsRegister);
    }

    [NeedsFact(Feature.WholeProcessor, Feature.Avx2)]
    public async Task The_kernels_work_with_AVX2_alone() =>
        Assert.InRange(await ChildTests.Run(typeof(Avx2Tests).Assembly, Subset, ChildTests.WithoutAvx512), 200, 1000);

    [NeedsFact(Feature.WholeProcessor)]
    public async Task The_kernels_work_with_registers_of_128_bits() =>
        Assert.InRange(await ChildTests.Run(typeof(Avx2Tests).Assembly, Subset, ("DOTNET_PreferredVectorBitWidth", "128")), 200, 1000);

    // As on an old processor: there a product and a sum are two operations.
    [NeedsFact(Feature.WholeProcessor)]
    public async Task The_kernels_work_without_AVX() =>
        Assert.InRange(await ChildTests.Run(typeof(Avx2Tests).Assembly, Short, ("DOTNET_EnableAVX", "0")), 60, 1000);

    [NeedsFact(Feature.WholeProcessor)]
    public async Task The_kernels_work_without_vectors() =>
        Assert.InRange(await ChildTests.Run(typeof(Avx2Tests).Assembly, Short, ("DOTNET_EnableHWIntrinsic", "0")), 60, 1000);
}
