namespace Convolve.Testing;

/// <summary>What this machine can do, found without asking the code under test.</summary>
public static class CpuFeatures
{
    /// <summary>Whether bfloat16 is native, and the kernel library may use it, so that a model in it must work; elsewhere its constructor must throw.</summary>
    public static bool HasNativeBFloat16 { get; } =
        OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("DNNL_MAX_CPU_ISA") is null && File.ReadLines("/proc/cpuinfo").Any(line => line.StartsWith("flags", StringComparison.Ordinal) && line.Contains(" avx512_bf16"));
}
