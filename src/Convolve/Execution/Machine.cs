using Convolve.Kernels;
using Convolve.Kernels.Contract;
using Convolve.Kernels.Machines;
using Convolve.Kernels.Managed;
using Convolve.Kernels.Threads;
using Convolve.Kernels.Vectors;

namespace Convolve.Execution;

/// <summary>What this machine computes with.</summary>
internal static class Machine
{
    private static long _seenPeak;

    /// <summary>Such as "oneDNN 2.6.3".</summary>
    /// <exception cref="KernelLibraryException">The kernel library is not installed.</exception>
    public static string KernelLibraryName => KernelLibrary.Current.Name;

    /// <summary>
    /// Where no native kernel library was found, it was not left out on purpose, and the system has packages of it: why, how to install
    /// one, and what that would gain; else null.
    /// </summary>
    public static string? MissingAccelerator =>
        !OperatingSystem.IsLinux() || KernelLibrary.Current is not ManagedKernels || Backend.Choice != KernelChoice.Auto ? null
        : Processor.HasBFloat16 ? $"oneDNN would compute in bfloat16, up to twice as fast. {Backend.Missing}"
        : $"oneDNN would gain little here. {Backend.Missing}";

    /// <summary>Whether a native kernel library would be much faster.</summary>
    public static bool WouldGain => MissingAccelerator is not null && Processor.HasBFloat16;

    /// <summary>The instruction set that the kernels use; the environment variable DNNL_MAX_CPU_ISA can lower it.</summary>
    public static string InstructionSetName => KernelLibrary.Current.InstructionSet switch
    {
        InstructionSet.Avx512BFloat16 => "AVX-512 with bfloat16",
        InstructionSet.Avx512Vnni => "AVX-512 with VNNI",
        InstructionSet.Avx512 => "AVX-512",
        InstructionSet.Avx2 => "AVX2",
        InstructionSet.Avx => "AVX",
        InstructionSet.Sve => "SVE",
        InstructionSet.AdvSimd => "AdvSIMD",
        InstructionSet.Sse41 => "SSE 4.1",
        _ => "no vectors",
    };

    /// <summary>
    /// The bits of the registers that the kernels in C# work in: 512, 256 or 128, whichever .NET has and is allowed
    /// (DOTNET_EnableAVX512=0, DOTNET_EnableAVX2=0); 32 without vectors.
    /// </summary>
    public static int OwnKernelBits => Floats16.IsSupported ? 512 : Floats8.RegisterBits;

    /// <summary>Whether bfloat16 is faster than float32 here; it is never emulated.</summary>
    public static bool HasNativeBFloat16 => KernelLibrary.Current.InstructionSet == InstructionSet.Avx512BFloat16;

    /// <summary>Why bfloat16 is not available, in a few words.</summary>
    public static string WhyNoBFloat16 => KernelLibrary.Current is ManagedKernels ? "own kernels compute in float32"
        : "the CPU has no native bfloat16";

    /// <summary>The processor as the system names it, or "unknown".</summary>
    public static string ProcessorName => Processor.Name;

    /// <summary>
    /// Resident memory of this process now, and its peak, in bytes; where the system keeps no peak, the largest seen here.
    /// </summary>
    public static (long Resident, long Peak) ProcessMemory
    {
        get
        {
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            _seenPeak = Math.Max(_seenPeak, process.WorkingSet64);
            return (process.WorkingSet64, process.PeakWorkingSet64 is > 0 and var peak ? peak : _seenPeak);
        }
    }

    /// <summary>
    /// Lets the peak of <see cref="ProcessMemory"/> start again from now, where the system can; else it stays that of the whole process.
    /// </summary>
    public static void ForgetPeakMemory()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5"); // resets VmHWM
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A system that forbids it.
        }
    }

    /// <summary>
    /// Memory that a program may still allocate here, within the limits of its control groups, in bytes; null if unknown.
    /// </summary>
    public static long? AvailableMemoryBytes => AvailableMemory.Read();

    /// <summary>The largest team of threads.</summary>
    public const int MostThreads = ThreadTeam.MostThreads;

    /// <summary>Threads of the kernel team.</summary>
    public static int Threads => ThreadTeam.Threads;

    /// <summary>
    /// The number of threads in use at the moment, if other programs keep the cores so busy that waiting for all <see cref="Threads"/>
    /// takes longer; else null.
    /// </summary>
    /// <remarks>The results have the same bits.</remarks>
    public static int? ThreadsLeft => ThreadTeam.IsHeldUp && ThreadTeam.Width is var width && width < Threads ? width : null;
}
