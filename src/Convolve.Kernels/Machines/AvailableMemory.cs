using System.Globalization;

namespace Convolve.Kernels.Machines;

/// <summary>Memory that this process may still take: what Linux has available, within the limits of the control groups it is in.</summary>
internal static class AvailableMemory
{
    // Version 2 and version 1 of control groups: the folder of a group, its limit, its use, and how reclaimable page cache is called.
    private static readonly (string Controller, string Folder, string Limit, string Use, string Cache)[] Versions =
    [
        ("", "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
        ("memory", "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ];

    /// <summary>In bytes; null where the system does not say.</summary>
    /// <param name="root">"/", or a stand-in.</param>
    public static long? Read(string root = "/")
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
