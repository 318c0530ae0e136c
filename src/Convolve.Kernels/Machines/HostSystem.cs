using System.Runtime.InteropServices;

namespace Convolve.Kernels.Machines;

/// <summary>The operating systems that something is done differently on.</summary>
internal enum HostSystem
{
    /// <summary>Linux with GNU's C library.</summary>
    Linux,

    /// <summary>Linux with musl, such as Alpine.</summary>
    Musl,
    Windows,
    MacOS,
    Other,
}

/// <summary>The operating system of this process.</summary>
internal static class Host
{
    public static HostSystem Current { get; } = OperatingSystem.IsWindows() ? HostSystem.Windows
        : OperatingSystem.IsMacOS() ? HostSystem.MacOS
        : !OperatingSystem.IsLinux() ? HostSystem.Other
        : IsMusl(RuntimeInformation.RuntimeIdentifier) ? HostSystem.Musl : HostSystem.Linux;

    /// <summary>Whether a runtime for this identifier is linked with musl.</summary>
    internal static bool IsMusl(string runtimeIdentifier) => runtimeIdentifier.Contains("musl", StringComparison.Ordinal)
        || runtimeIdentifier.StartsWith("alpine", StringComparison.Ordinal);
}
