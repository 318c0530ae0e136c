using System.Globalization;

namespace Convolve.Testing;

/// <summary>What the system says of this process.</summary>
internal static class ProcessMemory
{
    /// <summary>Resident memory; 0 where the system does not say.</summary>
    public static long ResidentBytes => Status("VmRSS:") * 1024;

    /// <summary>Address space; 0 where the system does not say.</summary>
    public static long VirtualBytes => Status("VmSize:") * 1024;

    /// <summary>Mappings of memory; 0 where the system does not say.</summary>
    public static int Mappings => OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/maps").Count() : 0;

    private static long Status(string field) => !OperatingSystem.IsLinux() ? 0
        : long.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith(field, StringComparison.Ordinal))
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[^2],
            CultureInfo.InvariantCulture);
}
