using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Convolve.Kernels.BatchInterleaved;
using Convolve.Kernels.Winograd;
using Convolve.Testing;

namespace Convolve.Kernels.Tests;

/// <summary>The same tests on a lesser processor: in a separate process, where kernels see no AVX-512.</summary>
public class Avx2Tests
{
    // What depends on the width of registers; never the starting of a process.
    private const string Subset =
        "FullyQualifiedName!~.Threads.&FullyQualifiedName!~.Memory.&FullyQualifiedName!~Avx2Tests.The_kernels_work";

    [Fact]
    public void The_process_sees_what_it_may_use()
    {
        bool isWide = Avx512F.IsSupported, isKept = Environment.GetEnvironmentVariable("DOTNET_EnableAVX512") == "0";
        Assert.False(isWide && isKept);
        Assert.Equal(isWide, Vector512.IsHardwareAccelerated);
        Assert.Equal(isWide, Interleaving.IsWide);
        Assert.Equal(Features.Has(Feature.Avx2),
            Interleaving.IsSupported && WinogradConvolution.IsSupported(8) && WinogradConvolution.IsSupported(16));
    }

    [NeedsFact(Feature.WholeProcessor, Feature.Avx2)]
    public async Task The_kernels_work_with_AVX2_alone() =>
        Assert.InRange(await ChildTests.Run(typeof(Avx2Tests).Assembly, Subset, ChildTests.WithoutAvx512), 200, 1000);
}
