using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Convolve.Testing;

/// <summary>What this machine can do, found without asking the code under test.</summary>
public static class Features
{
    /// <summary>What keeps a process from a part of the processor: the kernel library first, then .NET.</summary>
    public static readonly string[] Limits = ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "DOTNET_EnableAVX512", "DOTNET_EnableAVX512F",
        "DOTNET_EnableAVX2", "DOTNET_EnableAVX", "DOTNET_EnableHWIntrinsic", "DOTNET_PreferredVectorBitWidth"];

    private static readonly Lazy<HashSet<string>> Flags = new(() => [.. CpuFlags()]);
    private static readonly Lazy<bool> HasLibrary = new(() =>
        new[] { "libdnnl.so.2", "libdnnl.so.3", "libdnnl.so.3.6", "dnnl" }.Any(name => NativeLibrary.TryLoad(name, out _)));
    private static readonly Lazy<bool> Mounts = new(CanMount);
    private static readonly Lazy<string> OpenMpiVersion = new(() => IsOnPath("mpirun") ? FirstLine("mpirun", "--version") : "");

    /// <summary>
    /// Whether bfloat16 is native, and the kernel library may use it, so that a model in it must work; elsewhere its constructor must
    /// throw.
    /// </summary>
    public static bool HasNativeBFloat16 => Has(Feature.BFloat16);

    /// <summary>Whether it is here.</summary>
    public static bool Has(Feature feature) => Missing(feature) is null;

    /// <summary>Why a test that needs these is skipped, or null where all are here.</summary>
    public static string? Missing(params ReadOnlySpan<Feature> features)
    {
        foreach (Feature feature in features)
            if (Missing(feature) is { } reason)
                return reason;
        return null;
    }

    private static string? Missing(Feature feature) => feature switch
    {
        Feature.Avx2 => Avx2.IsSupported && Fma.IsSupported ? null : "needs AVX2",
        Feature.Library => HasLibrary.Value ? null : "needs oneDNN",
        Feature.LibraryAvx2 => LibraryHas("avx2") ? null : "needs the kernel library's AVX2 kernels",
        Feature.LibraryAvx512 => LibraryHas("avx512bw", "AVX2") ? null : "needs the kernel library's AVX-512 kernels",
        Feature.BFloat16 => LibraryHas("avx512_bf16", "AVX2", "AVX512_CORE", "AVX512_CORE_VNNI") ? null : "needs AVX-512 with bfloat16",
        Feature.WholeProcessor => Limits.FirstOrDefault(name => Environment.GetEnvironmentVariable(name) is not null) is { } set
        ? $"{set} is set" : null,
        Feature.Linux => OperatingSystem.IsLinux() ? null : "needs Linux",
        Feature.Unix => OperatingSystem.IsWindows() ? "needs links and permissions of Unix" : null,
        Feature.Mounting => Mounts.Value ? null : "needs the right to mount a file system",
        Feature.FashionMnist => Directory.Exists("/usr/share/datasets/fashion-mnist") ? null : "needs the package dataset-fashion-mnist",
        Feature.KernelHeaders => File.Exists("/usr/include/oneapi/dnnl/dnnl_types.h") && File.Exists("/usr/bin/cc") ? null
        : "needs the packages libdnnl-dev and gcc",
        Feature.PyTorch => Directory.Exists("/usr/lib/python3/dist-packages/torch") ? null : "needs the package python3-torch",
        Feature.Torchvision => Directory.Exists("/usr/lib/python3/dist-packages/torchvision") ? null
            : "needs the package python3-torchvision",
        Feature.H5py => Directory.Exists("/usr/lib/python3/dist-packages/h5py") ? null : "needs the package python3-h5py",
        Feature.OnnxChecker => Directory.Exists("/usr/lib/python3/dist-packages/onnx") ? null : "needs the package python3-onnx",
        Feature.OpenCv => Directory.Exists("/usr/lib/python3/dist-packages")
            && Directory.GetFiles("/usr/lib/python3/dist-packages", "cv2*").Length > 0 ? null : "needs the package python3-opencv",
        Feature.Node => IsOnPath("node") && IsOnPath("npm") ? null : "needs Node and npm",
        Feature.OpenMpi => IsOnPath("mpirun") ? null : "needs the package openmpi-bin",
        Feature.OpenMpi5 => OpenMpiVersion.Value.Contains("(Open MPI) 5.", StringComparison.Ordinal) ? null : "needs Open MPI 5",
        _ => throw new ArgumentOutOfRangeException(nameof(feature), feature, null),
    };

    // A word that the library does not know is no limit to it.
    private static bool LibraryHas(string flag, params ReadOnlySpan<string> narrower)
    {
        if (!HasLibrary.Value || Environment.GetEnvironmentVariable("CONVOLVE_KERNELS") == "managed")
            return false;
        string? limit = Environment.GetEnvironmentVariable("ONEDNN_MAX_CPU_ISA") ?? Environment.GetEnvironmentVariable("DNNL_MAX_CPU_ISA");
        foreach (string name in (ReadOnlySpan<string>)["SSE41", "AVX", .. narrower])
            if (string.Equals(limit, name, StringComparison.OrdinalIgnoreCase))
                return false;
        return Flags.Value.Contains(flag);
    }

    private static string[] CpuFlags() => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal))?.Split(' ') ?? [] : [];

    private static bool IsOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string FirstLine(string program, string argument)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, argument) { RedirectStandardOutput = true })!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text.Split('\n')[0];
    }

    private static bool CanMount()
    {
        if (!OperatingSystem.IsLinux())
            return false;
        string folder = Directory.CreateTempSubdirectory("convolve-mount-").FullName;
        try
        {
            return Run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder) && Run("umount", folder);
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
