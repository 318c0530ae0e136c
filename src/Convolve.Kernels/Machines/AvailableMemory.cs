using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Convolve.Kernels.Machines;

/// <summary>
/// Memory that this process may still take: what the system has available; on Linux within the limits of the control groups it is in.
/// </summary>
internal static partial class AvailableMemory
{
    // Version 2 and version 1 of control groups: the folder of a group, its limit, its use, and how reclaimable page cache is called.
    private static readonly (string Controller, string Folder, string Limit, string Use, string Cache)[] Versions =
    [
        ("", "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
        ("memory", "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ];

    /// <summary>In bytes; null where the system does not say.</summary>
    public static long? Read() => OperatingSystem.IsLinux() ? OfLinux("/")
        : OperatingSystem.IsWindows() ? OfWindows()
        : OperatingSystem.IsMacOS() ? FromVmStat(SystemProgram.Output("/usr/bin/vm_stat")) : null;

    /// <summary>In bytes; null where the files do not say.</summary>
    /// <param name="root">"/", or a stand-in.</param>
    internal static long? OfLinux(string root)
    {
        long? least = Field(Path.Combine(root, "proc/meminfo"), "MemAvailable:") * 1024;
        foreach (string[] parts in Lines(Path.Combine(root, "proc/self/cgroup")).Select(line => line.Split(':', 3)))
        {
            foreach (var (controller, folder, limit, use, cache) in Versions)
            {
                if (parts.Length != 3 || !parts[1].Split(',').Contains(controller))
                    continue;
                // The limits of all groups above hold too. In a container the path may be one that only the host has: then the root's
                // holds.
                for (string? group = parts[2].Trim('/'); group is not null;
                group = group.Length == 0 ? null : Path.GetDirectoryName(group) ?? "")
                {
                    string path = Path.Combine(root, folder, group);
                    if (Number(Path.Combine(path, limit)) is { } most && Number(Path.Combine(path, use)) is { } used)
                    {
                        long free = Math.Max(0, most - used + (Field(Path.Combine(path, "memory.stat"), cache) ?? 0));
                        least = Math.Min(least ?? long.MaxValue, free);
                    }
                }
            }
        }
        return least;
    }

    /// <summary>In bytes, from what macOS's vm_stat prints: pages that are free, read ahead, or not used for long.</summary>
    internal static long? FromVmStat(string text)
    {
        long? Number(string before)
        {
            int at = text.IndexOf(before, StringComparison.Ordinal);
            string rest = at < 0 ? "" : text[(at + before.Length)..].TrimStart();
            return long.TryParse(rest.AsSpan(0, rest.TakeWhile(char.IsAsciiDigit).Count()), NumberStyles.None, CultureInfo.InvariantCulture,
                out long value) ? value : null;
        }
        return (Number("Pages free:") + Number("Pages speculative:") + Number("Pages inactive:")) * Number("page size of ");
    }

    [SupportedOSPlatform("windows")]
    private static long? OfWindows()
    {
        MemoryStatus status = new() { Length = (uint)Unsafe.SizeOf<MemoryStatus>() };
        return GlobalMemoryStatusEx(ref status) ? (long)Math.Min(status.AvailablePhysical, status.AvailableCommit) : null;
    }

    [SupportedOSPlatform("windows")]
    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GlobalMemoryStatusEx(ref MemoryStatus status);

    // MEMORYSTATUSEX
    [StructLayout(LayoutKind.Sequential)]
    private struct MemoryStatus
    {
        public uint Length, Load;
        public ulong TotalPhysical, AvailablePhysical, TotalCommit, AvailableCommit, TotalVirtual, AvailableVirtual, AvailableExtended;
    }

    private static long? Number(string path) =>
        Lines(path) is [{ } line, ..] && long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value
            : null;

    private static long? Field(string path, string name)
    {
        string[]? words = Lines(path).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(w => w.Length >= 2 && w[0] == name);
        return words is not null && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
