using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Convolve.Execution;
using Convolve.Kernels.Lanes;
using Convolve.Kernels.Winograd;
using Convolve.OneDnn;
using Convolve.Tests.Formats;

namespace Convolve.Tests.Execution;

/// <summary>The same tests on a lesser CPU: a process of its own that sees AVX2 only.</summary>
public partial class Avx2Tests
{
    private const string Variable = "DNNL_MAX_CPU_ISA", Value = "AVX2";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    // Every layer against the reference, LeNet against PyTorch, plans, masks, steps and the kernels that have a form for AVX2; never this class's own starting of a process.
    private const string Subset = "FullyQualifiedName~CatalogueModelTests.Float32|FullyQualifiedName~NotANumberTests.Float32|(FullyQualifiedName~GoldenTests.Float32&DisplayName~lenet5)"
        + "|FullyQualifiedName~Execution.DropoutTests|FullyQualifiedName~Training.OptimizerTests|FullyQualifiedName~Planning.PlanTests"
        + "|FullyQualifiedName~Lanes|FullyQualifiedName~WinogradTests|FullyQualifiedName~FloatsTests|FullyQualifiedName~CatalogueModelTests.Winograd|(FullyQualifiedName~GoldenTests.Winograd&DisplayName~alexnet-d2l)|FullyQualifiedName~Avx2Tests.The_process_sees";

    [Fact]
    public void The_process_sees_what_it_may_use()
    {
        if (Environment.GetEnvironmentVariable(Variable) != Value)
            return;
        Assert.Equal(InstructionSet.Avx2, KernelLibrary.Current.InstructionSet);
        Assert.Equal("AVX2", Machine.InstructionSetName);
        Assert.False(Machine.HasNativeBFloat16);
        Assert.False(System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated);
        Assert.True(Lanes.IsSupported && !Lanes.IsWide && WinogradConvolution.IsSupported(8) && !WinogradConvolution.IsSupported(16));
    }

    [Fact]
    public async Task The_engine_works_with_AVX2_alone()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not null || KernelLibrary.Current.InstructionSet < InstructionSet.Avx2)
            return;
        using TemporaryFolder folder = new();
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["test", typeof(Avx2Tests).Assembly.Location, "--filter", Subset, "--logger", "trx;LogFileName=avx2.trx", "--results-directory", folder.FullName])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.FullName,
        };
        (start.Environment[Variable], start.Environment["DOTNET_EnableAVX512F"], start.Environment["DOTNET_EnableAVX512"]) = (Value, "0", "0");
        using Process process = Process.Start(start)!;
        using CancellationTokenSource patience = new(Patience);
        using CancellationTokenRegistration registration = patience.Token.Register(() => process.Kill(entireProcessTree: true));
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{output}\n{await errors}");
        Match counters = Counters().Match(File.ReadAllText(folder["avx2.trx"]));
        Assert.True(counters.Success);
        Assert.InRange(int.Parse(counters.Groups[1].Value, CultureInfo.InvariantCulture), 150, 2000);
        Assert.Equal("0", counters.Groups[2].Value);
    }

    [GeneratedRegex("passed=\"([0-9]+)\" failed=\"([0-9]+)\"")]
    private static partial Regex Counters();
}
