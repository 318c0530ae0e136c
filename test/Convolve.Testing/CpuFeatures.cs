namespace Convolve.Testing;

/// <summary>What this machine can do, found without asking the code under test.</summary>
public static class CpuFeatures
{
    /// <summary>Whether bfloat16 is native, so that a model in it must work; elsewhere its constructor must throw.</summary>
    public static bool HasNativeBFloat16 { get; } =
        OperatingSystem.IsLinux() && File.ReadLines("/proc/cpuinfo").Any(line => line.StartsWith("flags", StringComparison.Ordinal) && line.Contains(" avx512_bf16"));
}
